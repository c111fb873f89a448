/** A judged site over days, from real batches of an hour each, for tests. */
import assert from 'node:assert/strict';
import { createHandover, type Handover } from '../../../collector/judge/handover.ts';
import { createJudgeReader } from '../../../collector/judge/read.ts';
import type { JudgeReader } from '../../../collector/judge/read-types.ts';
import { createJudge, type Judge } from '../../../collector/judge/runner.ts';
import type { DayStoreRow } from '../../../collector/store/rows-judgement.ts';
import type { Store } from '../../../collector/store/store.ts';
import { type SignedDocuments, signDocument } from '../../../shared/evidence/documents.ts';
import type { LeafKind } from '../../../shared/evidence/leaf.ts';
import { createTestAgent, type TestAgent, type TestBatch } from '../../support/batches.ts';
import {
  type Core,
  enrolAgent,
  openCore,
  removeFolder,
  shortTurns,
  T0,
} from '../../support/collector-core.ts';

export const SITE = 'a-site';
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
const HOUR_TICKS = 3_600;

export interface Site extends Core {
  readonly judge: Judge;
  readonly reader: JudgeReader;
  readonly warned: unknown[];
}

export function judgeOver(core: Core, handover: Handover, store: Store = core.store) {
  const warned: unknown[] = [];
  const now_ms = (): number => core.clock.now_ms;
  const judge = createJudge({
    ...{ store, ledger: core.ledger, handover, findList: core.findList, now_ms },
    wait: shortTurns,
    log: { warn: (fields, message) => void warned.push({ ...fields, message }) },
  });
  const reader = createJudgeReader({ store, ledger: core.ledger, judge, now_ms });
  return { judge, reader, warned };
}

export async function withSite(
  work: (site: Site, agent: TestAgent) => Promise<void>,
  wrap: (store: Store) => Store = (store) => store,
  prepare: (agent: TestAgent) => void = () => undefined,
): Promise<void> {
  const core = await openCore({ wrap, wait: shortTurns });
  const site = { ...core, ...judgeOver(core, core.handover) };
  try {
    const agent = createTestAgent({ site: SITE, agent: 'do-1', start_ms: T0 });
    prepare(agent);
    await enrolAgent(core, agent);
    await work(site, agent);
    assert.deepEqual(site.warned, []);
  } finally {
    await site.judge.close();
    await core.close();
    removeFolder(core.data_dir);
  }
}

/** Codes of one hour of a device that is probed every second: silent in [from, to) s of it. */
export function silentIn(from_s: number, to_s: number): string {
  const parts = [`r${from_s}`, `n${to_s - from_s}`, `r${HOUR_TICKS - to_s}`];
  return parts.filter((part) => !/^[rn]0$/.test(part)).join('');
}

export function nextHour(agent: TestAgent, codes: Record<number, string> = {}): TestBatch {
  return agent.next({ ticks: HOUR_TICKS, codes });
}

export async function deliver(core: Core, batch: TestBatch, late_ms = 100): Promise<void> {
  core.clock.now_ms = Math.max(core.clock.now_ms, batch.header.sealed_ms + late_ms);
  const result = await core.ingest.submitBatch(batch.body, { insecure: false });
  assert.equal(result.kind, 'accepted', JSON.stringify(result));
}

/** Leafs a paper of the site under the document key. */
export async function leafPaper(
  core: Core,
  kind: keyof SignedDocuments & LeafKind,
  body: object,
): Promise<number> {
  const at_ms = core.clock.now_ms;
  const committed = await core.ledger.commit(async (unit) => {
    const head = { v: 1, log: unit.origin, site: SITE, issued_ms: at_ms, author: 'test' };
    const payload = { ...head, ...body };
    // The test writes what the parser of the kind reads.
    const text = signDocument(core.crypto, core.documentSigner, kind, payload as never);
    const item = { kind, site: SITE, agent: null, epoch: 0, seq: 0, text } as const;
    return (await unit.appendDocument(item, at_ms)).leaf;
  });
  return committed.value;
}

/** Days without the place in the ledger at which they happened to be judged. */
export async function dayRows(core: Core): Promise<Omit<DayStoreRow, 'log' | 'leaf'>[]> {
  const rows = await core.store.days(SITE, 0, Number.MAX_SAFE_INTEGER);
  return rows.map(({ log, leaf, ...row }) => row);
}

/** What a reader says of all time, and the rows behind it. */
export async function everySecond(core: Core, reader: JudgeReader): Promise<unknown> {
  const to_ms = core.clock.now_ms - (core.clock.now_ms % MINUTE_MS);
  const { as_of, ...judged } = await reader.judged(SITE, T0, to_ms);
  const current = await reader.current(SITE);
  return {
    judged,
    to_ms: as_of.to_ms,
    rows: await dayRows(core),
    seen: await core.store.seen(SITE, 0, Number.MAX_SAFE_INTEGER),
    current: current.map((one) => ({ ...one, rtt_us: 0 })),
  };
}

export function lateJudge(core: Core) {
  return judgeOver(core, createHandover());
}
