import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { toBase64, utf8 } from '../../shared/bytes.ts';
import { timestampRequest } from '../../shared/evidence/timestamp/request.ts';
import { readTimestampResponse } from '../../shared/evidence/timestamp/response.ts';
import { verifyTimestamp } from '../../shared/evidence/timestamp/verify.ts';
import { launchChromium, missingChromium } from '../support/chromium.ts';
import { newFolder, removeFolder } from '../support/collector-core.ts';
import { createTimeAuthority, missingOpenssl } from '../support/time-authority.ts';

const ROOT = join(import.meta.dirname, '../..');
const DATA = 'demo/1/log-1\n42\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n';
/** The page of the verifier is one file that people send by mail, in bytes. */
const SCRIPT_BYTES_MAX = 450_000;

const ENTRY = `
import { fromBase64, utf8 } from './shared/bytes.ts';
import { verifyTimestamp } from './shared/evidence/timestamp/verify.ts';
globalThis.check = (token, data, root) =>
  verifyTimestamp(fromBase64(token), utf8(data), [fromBase64(root)]);
`;

test('a page that was opened from disk believes what Node believes', {
  skip: missingChromium() || missingOpenssl(),
}, async (t) => {
  const folder = newFolder();
  const authorities = [createTimeAuthority(), createTimeAuthority({ key: 'rsa' })];
  t.after(() => {
    removeFolder(folder);
    for (const authority of authorities) authority.remove();
  });
  const made = await build({
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: 'ts' },
    ...{ bundle: true, minify: true, write: false, format: 'iife', platform: 'browser' },
    logLevel: 'silent',
  });
  const script = made.outputFiles[0]?.text ?? '';
  assert.ok(script.length < SCRIPT_BYTES_MAX, `${script.length} bytes`);
  writeFileSync(join(folder, 'page.html'), `<!doctype html><script>${script}</script>`);
  const browser = await launchChromium();
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`file://${join(folder, 'page.html')}`);
  const hash = new Uint8Array(createHash('sha256').update(DATA).digest());
  for (const authority of authorities) {
    const answer = authority.reply(timestampRequest(hash, Uint8Array.of(7)));
    const { token } = readTimestampResponse(answer);
    assert.ok(token !== null);
    const inPage = async (data: string, root: Uint8Array): Promise<unknown> =>
      JSON.parse(
        String(
          await page.evaluate(
            `check(${JSON.stringify(toBase64(token))}, ${JSON.stringify(data)}, ` +
              `${JSON.stringify(toBase64(root))}).then(JSON.stringify)`,
          ),
        ),
      );
    const verdict = await verifyTimestamp(token, utf8(DATA), [authority.root]);
    assert.equal(verdict.ok, true);
    assert.deepEqual(await inPage(DATA, authority.root), verdict);
    assert.deepEqual(await inPage('other', authority.root), {
      ...verdict,
      ok: false,
      problem: 'other_data',
    });
    const other = authorities.find((found) => found !== authority)?.root ?? new Uint8Array();
    assert.deepEqual(await inPage(DATA, other), {
      ...verdict,
      ok: false,
      problem: 'untrusted_root',
    });
  }
});
