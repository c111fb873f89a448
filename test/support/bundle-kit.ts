/** Bundles of a real collector, and what stands in them. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate as afterIo } from 'node:timers/promises';
import { createListFinder } from '../../collector/judge/batch-parts.ts';
import { createHandover } from '../../collector/judge/handover.ts';
import { createJudge } from '../../collector/judge/runner.ts';
import { createDayKeeper } from '../../collector/papers/day/keeper.ts';
import { buildBundle } from '../../collector/report/bundle/build.ts';
import { prepareBundle } from '../../collector/report/bundle/prepare.ts';
import type { BuiltBundle, BundleAsk, BundleDeps } from '../../collector/report/bundle/types.ts';
import type { OwedDay } from '../../collector/store/store-day-leaves.ts';
import { fromUtf8 } from '../../shared/bytes.ts';
import { bytesSource, openZip } from '../../shared/evidence/bundle/zip-reading.ts';
import type { Span } from '../../shared/judge/spans.ts';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  measureTogether,
  openHarness,
  START_MS,
} from '../collector/harness.ts';
import type { TestAgent } from './batches.ts';

export const SITE = 'socson-hq';
export const OTHER_SITE = 'donganh-hq';
/** Stands in a note: nothing of it may be in a masked bundle. */
export const NOTE_TEXT = 'Thợ điện Trần Văn Bảo đang sửa';
const HOUR_MS = 3_600_000;
const TICKS = 600;
const PER_HOUR = HOUR_MS / TICKS / 1_000;

export interface LongOffice {
  readonly harness: Harness;
  readonly agent: TestAgent;
  readonly operator: string;
  /** Half of the second local day: judging begins at its midnight, batches with the first one. */
  readonly second_day: Span;
  /** Some hours of the third local day: the first batches are not needed for it. */
  readonly third_day: Span;
}

/**
 * Two sites. Of `socson-hq` two days and some hours, in batches of ten minutes, with an outage and
 * a note on it, a hole, and `day` documents of both midnights.
 */
export async function openLongOffice(): Promise<LongOffice> {
  const harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son');
  await importSite(harness, OTHER_SITE, 'xa-dong-anh');
  const agent = await enrolTestAgent(harness, SITE);
  const other = await enrolTestAgent(harness, OTHER_SITE);
  const operator = await harness.token('operator');
  const outage = (batch: number) => ({
    ticks: TICKS,
    ...(batch === 8 ? { codes: { 0: 'n300r300' } } : {}),
  });
  const run = (hours: number) => measureTogether(harness, agent, hours * PER_HOUR, outage);
  await run(16);
  await measureTogether(harness, other, 3, () => ({ ticks: TICKS }));
  await noteOutage(harness, operator);
  await run(20);
  await harness.deps.ingest.submitHole(agent.hole(2), { insecure: false });
  agent.skip(20 * 60_000);
  await run(16);
  await keepDays(harness);
  const hour = (after: number): number => START_MS + after * HOUR_MS;
  const second_day = { from_ms: hour(28), to_ms: hour(40) };
  const third_day = { from_ms: hour(41), to_ms: hour(46) };
  return { harness, agent, operator, second_day, third_day };
}

async function noteOutage(harness: Harness, operator: string): Promise<void> {
  const period = 'from=2026-11-23T01:00:00Z&to=2026-11-23T12:00:00Z';
  const found = await harness.get(`/api/v1/sites/${SITE}/incidents?${period}`, operator);
  const url = `/api/v1/sites/${SITE}/incidents/${found.body.items[0].id}/notes`;
  const noted = await harness.send({ method: 'POST', url, payload: { text: NOTE_TEXT } }, operator);
  if (noted.status !== 200) throw new Error(noted.text);
}

/** Ledgers the days that are over, as the collector does once a minute. */
export async function keepDays({ deps }: Harness): Promise<void> {
  const { store, ledger, now_ms, logger: log } = deps;
  const wait = async () => await afterIo();
  const reading = { handover: createHandover(), findList: createListFinder(store) };
  const judge = createJudge({ store, ledger, ...reading, now_ms, wait, log });
  await judge.catchUp();
  await deps.judge.judged(SITE, START_MS, START_MS + HOUR_MS);
  const keeper = createDayKeeper({ ...deps, judge, holder: 'test', log });
  for (let after: OwedDay | null = null; ; ) {
    const { last } = await keeper.next(after);
    if (last === null) break;
    after = last;
  }
  await keeper.close();
  await judge.close();
}

export function bundleDeps(harness: Harness): BundleDeps {
  return { ...harness.deps, verifier: [], witnesses: [], breathe: async () => await afterIo() };
}

export function askFor(
  harness: Harness,
  period: Span,
  masked = false,
  site = SITE,
): Promise<BundleAsk> {
  return prepareBundle(harness.deps, site, period, masked);
}

/** A new folder that goes with the test. */
export function newFolder(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-bundle-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface ReadBundle extends BuiltBundle {
  readonly zip: Uint8Array;
  readonly entries: ReadonlyMap<string, Uint8Array>;
  text(name: string): string;
}

/** Builds in a folder of its own and reads what was written. */
export async function build(
  t: Pick<TestContext, 'after'>,
  deps: BundleDeps,
  ask: BundleAsk,
): Promise<ReadBundle> {
  const folder = join(newFolder(t), 'one');
  mkdirSync(folder);
  const signal = new AbortController().signal;
  const built = await buildBundle(deps, ask, { folder, name: 'a.zip', onProgress() {}, signal });
  const zip = new Uint8Array(readFileSync(built.path));
  const entries = new Map<string, Uint8Array>();
  for (const { name, offset, size } of await openZip(bytesSource(zip))) {
    entries.set(name, zip.subarray(offset, offset + size));
  }
  return {
    ...built,
    zip,
    entries,
    text: (name) => fromUtf8(entries.get(name) ?? new Uint8Array()),
  };
}
