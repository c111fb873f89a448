/** A data directory as a collector leaves it after weeks, made in minutes. */
import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { openEngine } from '../../collector/engine.ts';
import type { LedgerUnit } from '../../collector/ledger/types.ts';
import type { AgentRow } from '../../collector/store/rows.ts';
import type { Store, WriteUnit } from '../../collector/store/store.ts';
import type { Inventory } from '../../shared/measure/inventory-types.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { ModelledAgent } from './modelled-agent.ts';
import { type EnrolledAgent, openLedgerOf, prepareCollector } from './prepared-collector.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MINUTES_PER_HOUR = 60;
/** The newest minutes are real ones, through ingest and judge. */
const REAL_MINUTES = 60;
/** A batch arrives so long after the end of its minute, ms. */
const ARRIVES_MS = 5_000;
/** Bytes of a small office's header, of a signature and of a section that nobody will read. */
const HEADER_BYTES = 650;
const SIGNATURE_BYTES = 64;
const SECTION_BYTES = 16;
/** Random bytes are cut out of one pool: they only must not be alike. */
const POOL_BYTES = 1 << 20;

export interface FilledStore {
  /** Leaves of batches in the store. */
  readonly batches: number;
  /** Seals the next minute of every agent; one batch each, in the order of the sites. */
  nextMinute(): Uint8Array[];
}

export interface FillOptions {
  readonly data_dir: string;
  readonly inventories: readonly Inventory[];
  readonly days: number;
  /** The last minute that is filled ends here, UTC epoch ms, a whole minute. */
  readonly end_ms: number;
  readonly say: (line: string) => void;
}

/**
 * Fills a new data directory with a batch a minute of each site. All but the last hour are rows
 * with random bytes in them, appended by the ledger an hour at a time; the judge is told that it
 * has judged them. The last hour is measured by modelled agents, taken in and judged as always,
 * and the collector's own clean end is the end.
 */
export async function fillStore(options: FillOptions): Promise<FilledStore> {
  const { data_dir, inventories, days, end_ms } = options;
  const clock = { now_ms: end_ms - days * DAY_MS };
  const now_ms = (): number => clock.now_ms;
  const enrolled = await prepareCollector(data_dir, inventories, undefined, now_ms);
  // The judge reads enrolment and lists, so that its state is one it made itself.
  await (await open(data_dir, now_ms)).close();
  const real_ms = end_ms - REAL_MINUTES * MINUTE_MS;
  await appendHours(options, clock, real_ms);
  const modelled = await modelAgents(data_dir, enrolled, real_ms, now_ms);
  const nextMinute = (): Uint8Array[] => modelled.map((next) => next());
  const engine = await open(data_dir, now_ms);
  try {
    while (clock.now_ms < end_ms) {
      clock.now_ms = (Math.floor(clock.now_ms / MINUTE_MS) + 1) * MINUTE_MS + ARRIVES_MS;
      const sent = nextMinute().map((body) =>
        engine.deps.ingest.submitBatch(body, { insecure: false }),
      );
      for (const result of await Promise.all(sent)) {
        if (result.kind !== 'accepted') throw new Error(`a batch was refused: ${result.code}`);
      }
    }
  } finally {
    await engine.close();
  }
  return { batches: (days * DAY_MS * enrolled.length) / MINUTE_MS, nextMinute };
}

function open(data_dir: string, now_ms: () => number): ReturnType<typeof openEngine> {
  return openEngine({
    ...{ data_dir, now_ms, origin: 'unused', logger: pino({ level: 'silent' }) },
    crypto: createNodeCrypto(),
    mono_ms: () => performance.now(),
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
  });
}

/** Appends from the clock's time to `to_ms`; every unit of work is an hour of all sites. */
async function appendHours(
  { data_dir, say }: FillOptions,
  clock: { now_ms: number },
  to_ms: number,
): Promise<void> {
  const { store, ledger, close } = await openLedgerOf(data_dir, () => clock.now_ms);
  const cut = createPool();
  const begun_ms = performance.now();
  try {
    let heads = await store.agents();
    for (let hours = 1; clock.now_ms < to_ms; hours += 1) {
      const minutes = Math.min(MINUTES_PER_HOUR, (to_ms - clock.now_ms) / MINUTE_MS);
      const done = await ledger.commit((unit) => appendMinutes(unit, heads, clock, minutes, cut));
      heads = done.value;
      if (hours % 24 === 0) say(progress(hours / 24, done.checkpoint.size, begun_ms));
    }
    await store.write((tx) => passJudge(store, tx, heads));
  } finally {
    await close();
  }
}

async function appendMinutes(
  unit: LedgerUnit,
  heads: readonly AgentRow[],
  clock: { now_ms: number },
  minutes: number,
  cut: (bytes: number) => Uint8Array,
): Promise<AgentRow[]> {
  let rows = [...heads];
  for (let minute = 0; minute < minutes; minute += 1) {
    clock.now_ms += MINUTE_MS;
    const next: AgentRow[] = [];
    for (const row of rows) next.push(await appendBatch(unit, row, clock.now_ms, cut));
    rows = next;
  }
  for (const row of rows) await unit.tx.putAgent(row);
  return rows;
}

/** What admitting a batch writes, in the same order; the agent's row follows once an hour. */
async function appendBatch(
  { tx, log, append }: LedgerUnit,
  row: AgentRow,
  minute_end_ms: number,
  cut: (bytes: number) => Uint8Array,
): Promise<AgentRow> {
  const { site, agent, epoch } = row;
  const recv_ms = minute_end_ms + ARRIVES_MS;
  const hash = cut(row.hash.length);
  const key = { site, agent, epoch, seq: row.seq + 1 };
  const sections = [
    { name: 'infra', ...(await tx.putBody('infra', recv_ms, cut(SECTION_BYTES))) },
    { name: 'endpoints', ...(await tx.putBody('endpoints', recv_ms, cut(SECTION_BYTES))) },
  ];
  const leaf = await append({ kind: 'batch', ...key, hash, recv_ms });
  const [header, signature] = [cut(HEADER_BYTES), cut(SIGNATURE_BYTES)];
  const bytes = { hash, header, signature, fault: null, sections };
  await tx.addBatch({ ...key, recv_ms, log, leaf, ...bytes });
  const closed_to_ms = minute_end_ms;
  return { ...row, seq: key.seq, hash, last_seen_ms: recv_ms, closed_to_ms, list_version: 1 };
}

/** The judge goes on behind the appended leaves, as if it had folded them. */
async function passJudge(store: Store, tx: WriteUnit, heads: readonly AgentRow[]): Promise<void> {
  for (const { site, last_seen_ms } of heads) {
    const [state, newest] = [await store.judgeState(site), await store.newestSiteLeaf(site)];
    if (state === null || newest === null) throw new Error(`the judge does not know ${site}`);
    await tx.putJudgeState({ ...state, ...newest, saved_ms: last_seen_ms ?? state.saved_ms });
    await tx.putJudgeProgress(site, newest);
  }
}

/** Agents that go on where the store's rows end. */
async function modelAgents(
  data_dir: string,
  enrolled: readonly EnrolledAgent[],
  start_ms: number,
  now_ms: () => number,
): Promise<(() => Uint8Array)[]> {
  const { store, close } = await openLedgerOf(data_dir, now_ms);
  try {
    const agents: (() => Uint8Array)[] = [];
    for (const [seed, { identity, list }] of enrolled.entries()) {
      const { site, agent, log, signer } = identity;
      const origin = await store.agent(site, agent);
      if (origin === null) throw new Error(`${site} lost its agent`);
      const bodies: Uint8Array[] = [];
      const modelled = new ModelledAgent({
        ...{ site, agent, signer, list, origin, seed, start_ms },
        seen: () => ({ log, size: 1 }),
        put: ({ body }) => bodies.push(body),
      });
      agents.push(() => {
        // The first batch is sealed when its last verdict is there: within the second minute.
        while (bodies.length === 0) modelled.minute();
        return bodies.shift() ?? new Uint8Array();
      });
    }
    return agents;
  } finally {
    await close();
  }
}

function createPool(): (bytes: number) => Uint8Array {
  const pool = new Uint8Array(randomBytes(POOL_BYTES));
  let at = 0;
  return (bytes) => {
    // An odd step: the pool's end is met at another place each time round.
    at = (at + bytes + 1) % (POOL_BYTES - HEADER_BYTES);
    return pool.subarray(at, at + bytes);
  };
}

function progress(days: number, leaves: number, begun_ms: number): string {
  const seconds = Math.round((performance.now() - begun_ms) / 1_000);
  return `  filled ${days} days, ${leaves} leaves, ${seconds} s`;
}
