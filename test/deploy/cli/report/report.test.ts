import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
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
  assert.match(done.err, /\nledgered as leaf \d+ of demo\//);
  assert.match(done.err, new RegExp(`next: lanproof verify ${stem}\\.zip$`));

  const signed = join(folder, 'ky.pdf');
  writeFileSync(signed, 'signed');
  const sign = ['report', 'signed', id ?? '', signed, '--so', '12/BC-UBND', '--ngay', '2026-12-02'];
  const first = await ran([...sign, ...client]);
  assert.equal(first.code, 0, first.err);
  assert.ok(first.out.startsWith(`${sha256(signed)}  ${signed}: ledgered, leaf `));
  assert.match((await ran([...sign, ...client])).out, /: in the ledger already, leaf /);
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
  assert.match(future.err, /REPORT_PERIOD: nothing of this period is known yet/);
  assert.deepEqual(readdirSync(out), []);
  const usage = await ran(['report', '--site', 'socson-hq', ...client]);
  assert.equal(usage.code, 2);
  assert.match(usage.err, /--from is missing/);
  const help = await ran(['report', '--help']);
  assert.match(help.out, /both included/);
});
