/** Limits of reports, each at its edge. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { REPORT_FREE_BYTES_MIN } from '../../../../collector/report/issue/issue.ts';
import { openReportsOf } from '../../../../collector/report/issue/open-reports.ts';
import { parseReportPeriod } from '../../../../collector/report/issue/period.ts';
import { REPORTS_WAITING_MAX, type Reports } from '../../../../collector/report/issue/reports.ts';
import { signReport } from '../../../../collector/report/issue/signed.ts';
import type { ReportRecord } from '../../../../collector/report/issue/types.ts';
import { type MeasuredOffice, openMeasuredOffice } from '../../harness.ts';

const HOUR_MS = 3_600_000;
const SITE = 'socson-hq';
const ASK = {
  site: SITE,
  period: { from_ms: Date.UTC(2026, 10, 23, 1), to_ms: Date.UTC(2026, 10, 23, 2) },
  masked: false,
  formats: ['json'],
  author: 'test',
} as const;

let office: MeasuredOffice;
let folder: string;
before(async () => {
  office = await openMeasuredOffice();
  folder = mkdtempSync(join(tmpdir(), 'lanproof-limits-'));
});
after(async () => {
  await office.harness.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ended(reports: Reports, id: string): Promise<ReportRecord> {
  const until = performance.now() + 30_000;
  for (;;) {
    const report = reports.get(id);
    assert.ok(report !== null && performance.now() < until, 'the report was not made in time');
    if (report.finished_ms !== null) return report;
    await new Promise(setImmediate);
  }
}

test('with a byte less than the least room a report fails, with it one is made', async () => {
  const { deps } = office.harness;
  for (const [free_bytes, state] of [
    [REPORT_FREE_BYTES_MIN - 1, 'failed'],
    [REPORT_FREE_BYTES_MIN, 'done'],
  ] as const) {
    const health = async () => ({ ...(await deps.store.health()), free_bytes });
    const store = Object.assign(Object.create(deps.store), { health });
    const reports_folder = join(folder, `room-${free_bytes}`);
    const reports = await openReportsOf({ ...deps, store, reports_folder });
    const { id } = await reports.ask(ASK);
    const report = await ended(reports, id);
    assert.equal(report.state, state);
    if (state === 'failed') assert.equal(report.error?.code, 'DISK_FULL');
    await reports.close();
  }
});

test('so many reports wait and no more', async () => {
  const reports = await openReportsOf({
    ...office.harness.deps,
    reports_folder: join(folder, 'many'),
  });
  const asked = Array.from({ length: REPORTS_WAITING_MAX + 1 }, () => reports.ask(ASK));
  const results = await Promise.allSettled(asked);
  const refused = results.filter((one) => one.status === 'rejected');
  assert.equal(refused.length, 1);
  const { code, status } = Object(refused[0]?.reason);
  assert.deepEqual([code, status], ['REPORTS_BUSY', 503]);
  assert.equal(reports.list().length, REPORTS_WAITING_MAX);
  await reports.close();
});

test('a date of a letter counts from where it begins first on earth', async () => {
  const { deps } = office.harness;
  const day_ms = Date.UTC(2026, 10, 25);
  const report = { id: 'r', site: SITE, state: 'done' } as ReportRecord;
  const copy = {
    ...{ name: 'a.pdf', bytes: 1, sha256: 'ab'.repeat(32) },
    ...{ number: '1', date: '2026-11-25' },
  };
  const sign = (now_ms: number) =>
    signReport({ ...deps, now_ms: () => now_ms }, report, copy, 'test');
  await assert.rejects(sign(day_ms - 14 * HOUR_MS - 1), { code: 'TIME_FUTURE' });
  assert.equal((await sign(day_ms - 14 * HOUR_MS)).changed, true);
});

test('a local midnight is found at the farthest offsets of the earth', () => {
  const times = (from: string, to: string) => {
    return { from_ms: Date.parse(from), to_ms: Date.parse(to) };
  };
  for (const hours of [-24, -12, 0, 14, 24]) {
    const offsets = [{ from_ms: Number.MIN_SAFE_INTEGER, offset_min: hours * 60 }];
    const { from_ms } = parseReportPeriod({ offsets }, '2026-11-23', '2026-11-23', times);
    assert.equal(from_ms, Date.UTC(2026, 10, 23) - hours * HOUR_MS, `${hours} h`);
  }
});
