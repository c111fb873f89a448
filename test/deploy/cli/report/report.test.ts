import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test, { after, before } from 'node:test';
import { saveBody } from '../../../../deploy/cli/save-body.ts';
import { type MeasuredOffice, openMeasuredOffice } from '../../../collector/harness.ts';
import { ran } from '../cli-kit.ts';

let office: MeasuredOffice;
let folder: string;
let client: string[];

before(async () => {
  office = await openMeasuredOffice();
  folder = mkdtempSync(join(tmpdir(), 'lanproof-report-'));
  const { app } = office.harness;
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  client = ['--collector', `http://127.0.0.1:${port}`, '--token', office.operator];
});
after(async () => {
  await office.harness.close();
  rmSync(folder, { recursive: true, force: true });
});

const DATES = ['--site', 'socson-hq', '--from', '2026-11-23', '--to', '2026-11-23'];

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

test('report writes the files and their proofs, and says what to do next', async () => {
  const out = join(folder, 'a');
  const words = [...DATES, '--format', 'bundle,json', '--masked', '--out', out];
  const done = await ran(['report', ...words, ...client]);
  assert.equal(done.code, 0, done.err);
  const stem = join(out, 'lanproof-socson-hq-20261123-20261123-masked');
  assert.deepEqual(done.out.split('\n'), [
    `${sha256(`${stem}.zip`)}  ${stem}.zip`,
    `${sha256(`${stem}.json`)}  ${stem}.json`,
  ]);
  const id = /^report (\S+) of socson-hq, /.exec(done.err)?.[1];
  assert.deepEqual(readdirSync(out).sort(), [
    `${id}.receipt.tlog-proof`,
    `${id}.report.dsse.json`,
    'lanproof-socson-hq-20261123-20261123-masked.json',
    'lanproof-socson-hq-20261123-20261123-masked.zip',
  ]);
  assert.equal(statSync(out).mode & 0o777, 0o700);
  for (const name of readdirSync(out)) {
    assert.equal(statSync(join(out, name)).mode & 0o777, 0o600, name);
  }
  assert.ok(done.err.startsWith(`report ${id} of socson-hq, 2026-11-23 to 2026-11-23\n`));
  assert.match(
    done.err,
    /\nwarning: the period is not over: figures end at 2026-11-23 \d\d:\d\d \+07:00\n/,
  );
  const letter = /three lines:\n {4}(\S+)\n {4}(\d+)\n {4}(\S+)\n/.exec(done.err);
  assert.ok(done.err.includes(`  SHA-256: ${sha256(`${stem}.zip`)}\n`));
  const held = [
    '--checkpoint',
    letter?.slice(1).join(' ') ?? '',
    '--sha256',
    sha256(`${stem}.zip`),
  ];
  const verdict = await ran(['verify', `${stem}.zip`, ...held, '--lang', 'en']);
  assert.match(verdict.out, /Printed heads that were typed in and fit: 1/);
  assert.match(done.err, /\nledgered as leaf \d+ of demo\//);
  assert.match(done.err, new RegExp(`next: lanproof verify ${stem}\\.zip$`));

  const signed = join(folder, 'ky.pdf');
  writeFileSync(signed, 'signed');
  const sign = ['report', 'signed', id ?? '', signed, '--so', '12/BC-UBND', '--ngay', '2026-11-23'];
  const first = await ran([...sign, ...client]);
  assert.equal(first.code, 0, first.err);
  assert.ok(first.out.startsWith(`${sha256(signed)}  ${signed}: ledgered, leaf `));
  assert.match((await ran([...sign, ...client])).out, /: in the ledger already, leaf /);
  const later = await ran([...sign.with(-1, '2026-12-02'), ...client]);
  assert.match(later.err, /TIME_FUTURE: .*2026-12-02 is in the future/);
  const odd = await ran([...sign.with(-1, '24/11/2026'), ...client]);
  assert.equal(odd.code, 2);
  assert.match(odd.err, /write 2026-11-24/);
  const unknown = await ran([...sign.with(2, '20260101t000000-00000000'), ...client]);
  assert.match(unknown.err, /GET \/api\/v1\/reports lists them/);
});

test('what cannot be issued ends with the reason and exit code 1, and writes nothing', async () => {
  const out = join(folder, 'b');
  const words = ['report', ...DATES, '--out', out, ...client];
  const pdf = await ran([...words, '--format', 'pdf']);
  assert.equal(pdf.code, 1);
  assert.match(pdf.err, /^REPORT_FORMAT: .*later release/);
  const words2028 = words.map((word) => word.replace('2026', '2028'));
  const future = await ran(words2028);
  assert.equal(future.code, 1);
  assert.match(future.err, /TIME_FUTURE: .*the period begins in the future/);
  assert.deepEqual(readdirSync(out), []);
  const usage = await ran(['report', '--site', 'socson-hq', ...client]);
  assert.equal(usage.code, 2);
  assert.match(usage.err, /--from is missing/);
  const help = await ran(['report', '--help']);
  assert.match(help.out, /both included/);
});

test('an earlier bundle of the same name is kept, and nothing is issued in vain', async () => {
  const out = join(folder, 'c');
  const path = join(out, 'lanproof-socson-hq-20261123-20261123.zip');
  mkdirSync(out);
  writeFileSync(path, 'the earlier one');
  const issued = () => office.harness.get('/api/v1/reports', office.operator);
  const before_it = (await issued()).body.items.length;
  const words = ['report', '--out', out, ...client];
  const refused = await ran([...words, ...DATES]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /^FILE_EXISTS: /);
  assert.match(refused.err, /--force/);
  assert.equal((await issued()).body.items.length, before_it);

  const site = ['--site', 'socson-hq'];
  const times = ['--from', '2026-11-23T01:00:00Z', '--to', '2026-11-23T02:00:00Z'];
  const beside = await ran([...words, ...site, ...times]);
  assert.equal(beside.code, 0, beside.err);
  assert.equal(readFileSync(path, 'utf8'), 'the earlier one');
  assert.match(beside.out, /\/c\/2026\d{4}t\d{6}-\w+\.lanproof-socson-hq-/);

  const forced = await ran([...words, ...DATES, '--force']);
  assert.equal(forced.code, 0, forced.err);
  assert.equal(forced.out, `${sha256(path)}  ${path}`);
});

test('a folder that cannot be made is told at once, and nothing is issued', async (t) => {
  if (!existsSync('/proc/self')) return t.skip('no /proc');
  const asked = await ran(['report', ...DATES, '--out', '/proc/lanproof/x', ...client]);
  assert.equal(asked.code, 1);
  assert.match(asked.err, /ENOENT|EACCES|EPERM|FILE_UNUSABLE/);
  assert.doesNotMatch(asked.err, /^report /m);
});

test('a download replaces what an earlier one left half, for this user only', async () => {
  const file = join(folder, 'saved.zip');
  writeFileSync(`${file}.part`, 'half of another, longer than this', { mode: 0o644 });
  writeFileSync(file, 'before', { mode: 0o644 });
  const { bytes, sha256: hash } = await saveBody(Readable.from([Buffer.from('whole')]), file);
  assert.deepEqual([bytes, hash], [5, sha256(file)]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!existsSync(`${file}.part`));
});
