import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CHECKS } from '../../../shared/evidence/verify/types.ts';
import { openMeasuredOffice, START_MS } from '../../collector/harness.ts';
import { edit, putTogether, takeApart, textOf } from '../../support/tamper.ts';
import { bundleOf } from '../../support/verify-kit.ts';
import { ran } from './cli-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'lanproof-verify-'));
const good = join(folder, 'good.zip');
const false_one = join(folder, 'false.zip');
const open_one = join(folder, 'open.zip');
const policy = join(folder, 'policy.txt');
const checkpoint = join(folder, 'checkpoint.txt');

before(async () => {
  const { harness } = await openMeasuredOffice();
  const period = { from_ms: START_MS, to_ms: START_MS + 3_600_000 };
  const bundle = await bundleOf(harness, 'socson-hq', period);
  writeFileSync(good, bundle);
  const longer = { ...period, to_ms: period.to_ms + 3_600_000 };
  writeFileSync(open_one, await bundleOf(harness, 'socson-hq', longer));
  const parts = await takeApart(bundle);
  writeFileSync(policy, textOf(parts, 'policy.txt'));
  writeFileSync(checkpoint, textOf(parts, 'logs/1/checkpoint.txt'));
  edit(parts, 'figures.json', (text) => text.replace('"outages":1', '"outages":2'));
  writeFileSync(false_one, putTogether(parts));
  await harness.close();
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('a good bundle prints fifteen checks, the exposure and the outcome', async () => {
  const held = ['--trust', policy, '--checkpoint', checkpoint];
  const { code, out, err } = await ran(['verify', good, ...held]);
  assert.equal(code, 0, out + err);
  const lines = out.split('\n');
  assert.equal(lines.filter((line) => /^ ?\d+ /.test(line)).length, CHECKS.length);
  assert.equal(lines.at(-1), 'KHỚP');
  assert.match(out, /Không ai ở ngoài xác nhận số liệu của kỳ này/);
  assert.match(out, /Khóa đã được đối chiếu/);
  assert.equal(lines[1], 'SỐ LIỆU MÔ PHỎNG (DEMO), không phải số liệu đo thật');
  assert.doesNotMatch(out, /\{\w+\}/, 'every value was filled in');
  assert.equal(err, '');
});

test('the three lines of a printed checkpoint may be typed as words', async () => {
  const lines = textOf(await takeApart(await fileBytes(good)), 'logs/1/checkpoint.txt').split('\n');
  const words = lines.slice(0, 3).join(' ');
  const { code, out } = await ran(['verify', good, '--checkpoint', words, '--lang', 'en']);
  assert.equal(code, 0, out);
  assert.match(out, /Printed heads that were typed in and fit: 1/);
});

test('a second checkpoint in one file or in one text is refused, not passed over', async () => {
  const note = textOf(await takeApart(await fileBytes(good)), 'logs/1/checkpoint.txt');
  const three = note.split('\n').slice(0, 3).join('\n');
  const two = join(folder, 'two.txt');
  writeFileSync(two, `${note}\n${note}`);
  const words = three.replaceAll('\n', ' ');
  for (const given of [two, `${three}\n${three}`, `${words} ${words}`]) {
    const { code, err } = await ran(['verify', good, '--checkpoint', given]);
    assert.equal(code, 2);
    assert.match(err, /not the three lines of one checkpoint/);
  }
  const twice = await ran(['verify', good, '--checkpoint', words, '--checkpoint', checkpoint]);
  assert.equal(twice.code, 0, twice.out);
});

test('time without data is a gap, an altered figure a fail; both name their check', async () => {
  const gaps = await ran(['verify', open_one, '--lang', 'en']);
  assert.equal(gaps.code, 1, gaps.out);
  assert.equal(gaps.out.split('\n').at(-1), 'PASS WITH GAPS');
  assert.match(gaps.out, /PERIOD_OPEN/);

  const failed = await ran(['verify', false_one, '--lang', 'en']);
  assert.equal(failed.code, 2);
  const outcome = failed.out.split('\n').at(-1) ?? '';
  assert.match(outcome, /^FAIL \(1 The file is whole; 14 Figures computed again\)$/);
});

test('the verdict as JSON has every check', async () => {
  const { code, out } = await ran(['verify', good, '--json', '--every']);
  assert.equal(code, 0);
  const verdict = JSON.parse(out);
  assert.deepEqual(
    verdict.checks.map(({ id }: { id: string }) => id),
    [...CHECKS],
  );
  assert.equal(verdict.outcome, 'pass');
  assert.equal(verdict.checks[6].counted.signatures, 60);
});

test('what cannot be read is no pass for a script', async () => {
  const missing = await ran(['verify', join(folder, 'none.zip')]);
  assert.equal(missing.code, 2);
  assert.match(missing.err, /FILE_UNUSABLE/);
  const odd = await ran(['verify', good, '--sha256', 'abc']);
  assert.equal(odd.code, 2);
  assert.match(odd.err, /USAGE/);
  const held = [
    ['--checkpoint', 'one two three'],
    ['--checkpoint', join(folder, 'none.txt')],
    ['--trust', join(folder, 'none.txt')],
    ['--trust', good],
    ['--tsa-ca', join(folder, 'none.pem')],
    ['--tsa-ca', policy],
  ];
  for (const words of held) {
    const slip = await ran(['verify', good, ...words]);
    assert.equal(slip.code, 2);
    assert.match(slip.err, new RegExp(`^USAGE: .*${words[0]}`), words.join(' '));
    assert.equal(slip.out, '', 'nothing was verified');
  }
  const language = await ran(['verify', good, '--lang', 'fr']);
  assert.equal(language.code, 2);
});

async function fileBytes(path: string): Promise<Uint8Array> {
  const { readFile } = await import('node:fs/promises');
  return new Uint8Array(await readFile(path));
}
