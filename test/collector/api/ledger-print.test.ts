import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { qrModules, qrSvg } from '../../../collector/report/qr.ts';
import { formatCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import { encodeVerifierKey } from '../../../shared/evidence/note.ts';
import { openHarness } from '../harness.ts';

test('the page holds the three lines, the keys and a QR code of the lines', async (t) => {
  const harness = await openHarness({ demo: true });
  t.after(() => harness.close());
  const auditor = await harness.token('auditor');
  const { status, headers, text } = await harness.get('/api/v1/ledger/current/print', auditor);
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /^text\/html/);
  const head = harness.deps.ledger.checkpoint();
  const lines = formatCheckpoint(head);
  assert.ok(text.includes(`<pre>${lines}</pre>`));
  assert.ok(text.includes(qrSvg(lines, 'Mã QR chứa đúng ba dòng trên')));
  const key = { name: head.origin, publicKey: harness.deps.log_key };
  assert.ok(text.includes(encodeVerifierKey(harness.deps.crypto, key)));
  assert.ok(text.includes('DEMO'));
  assert.ok(text.includes('23/11/2026 08:00'), 'local time of the signature');
  // The style is the only thing that the policy lets in, and nothing is fetched.
  const style = /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  assert.match(String(headers['content-security-policy']), /default-src 'none'/);
  assert.ok(String(headers['content-security-policy']).includes(`'sha256-${hash}'`));
  assert.ok(!/https?:|<script|style=/.test(text));
});

test('only who may verify sees it; there is no other log', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  const url = '/api/v1/ledger/current/print';
  assert.equal((await harness.get(url)).status, 401);
  assert.equal((await harness.get(url, await harness.token('metrics'))).status, 403);
  const admin = await harness.token('admin');
  const first = await harness.get('/api/v1/ledger/1/print', admin);
  assert.equal(first.status, 200);
  assert.ok(!first.text.includes('DEMO ·'));
  assert.equal((await harness.get('/api/v1/ledger/2/print', admin)).status, 404);
});

/** Modules as the path of the SVG draws them. */
function drawn(svg: string): boolean[][] {
  const side = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1]) - 8;
  const modules = Array.from({ length: side }, () => Array<boolean>(side).fill(false));
  for (const [, x, y, length] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let i = 0; i < Number(length); i++) {
      const row = modules[Number(y) - 4];
      if (row?.[Number(x) - 4 + i] === false) row[Number(x) - 4 + i] = true;
    }
  }
  return modules;
}

test('the drawing is the code, module by module', () => {
  const text = 'demo/1a2b3c4d/log-1\n42\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n';
  const modules = qrModules(text);
  assert.deepEqual(drawn(qrSvg(text, 'x')), modules);
  // This matrix was read back with zbarimg: the text came out.
  const bits = modules
    .flat()
    .map((dark) => (dark ? '1' : '0'))
    .join('');
  assert.equal(modules.length, 37);
  assert.equal(
    createHash('sha256').update(bits).digest('hex'),
    '49493c27ba78949d5f925bfd5d9d32f7ea3220f615482bba5d4c1f9e66d3f40d',
  );
  // The longest origin that a checkpoint may have still fits.
  assert.ok(qrModules(`${'x'.repeat(200)}\n${2 ** 53 - 1}\n${'q'.repeat(44)}\n`).length < 100);
  assert.throws(() => qrModules('đ'), TypeError);
});
