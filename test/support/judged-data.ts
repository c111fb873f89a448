/** A data directory as a collector leaves it after some days of one site that had its troubles. */
import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { type Engine, openEngine } from '../../collector/engine.ts';
import { createSeriesKeeper } from '../../collector/series/keeper.ts';
import type { Store } from '../../collector/store/store.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { enrolledTestAgent, type TestAgent } from './batches.ts';
import { ModelledAgent } from './modelled-agent.ts';
import { officeInventory } from './office.ts';
import { type EnrolledAgent, prepareCollector } from './prepared-collector.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HOUR_TICKS = 3_600;
const ARRIVES_MS = 5_000;

/** A site of hour-long batches; one that delivers the last half late; one with polled switches. */
export const HOURS_SITE = 'xa-gio';
export const LATE_SITE = 'xa-tre';
export const POLLED_SITE = 'xa-dien';
/** A Monday, 13:00 in Vietnam. */
export const BEGIN_MS = Date.UTC(2025, 2, 3, 6);
/** Local midnights are 11, 35 and 59 hours behind the begin. */
export const HOURS = 62;
/** From this hour on the late site delivers nothing: a day is judged without it after 26 hours. */
const LATE_HOUR = 32;
const POLLED_MINUTES = 80;
export const END_MS = BEGIN_MS + HOURS * HOUR_MS;
/** Devices that are asked every second, by their place in the list, that the story lets fail. */
const TROUBLED = 3;

export interface JudgedDataOptions {
  readonly data_dir: string;
  /** Called after each hour, while the collector works on. */
  readonly atHour?: (hour: number) => void;
  /** Called while the collector is open and rests. */
  readonly whileOpen?: (engine: Engine) => Promise<void>;
}

/** The collector of a data directory, in this process; its wall clock stands at `END_MS`. */
export function openAt(data_dir: string, now_ms: () => number = () => END_MS): Promise<Engine> {
  return openEngine({
    ...{ data_dir, now_ms, origin: 'unused', logger: pino({ level: 'silent' }) },
    crypto: createNodeCrypto(),
    mono_ms: () => performance.now(),
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
  });
}

/** Lives through the story with real ingest, ledger and judge; days and history are made. */
export async function makeJudgedData({
  data_dir,
  atHour,
  whileOpen,
}: JudgedDataOptions): Promise<void> {
  const clock = { now_ms: BEGIN_MS };
  const now_ms = (): number => clock.now_ms;
  const small = [HOURS_SITE, LATE_SITE].map((site) => officeInventory(site, 'small'));
  const offices = [...small, officeInventory(POLLED_SITE, 'large')];
  const [first, tardy, second] = await prepareCollector(data_dir, offices, undefined, now_ms);
  if (first === undefined || tardy === undefined || second === undefined) {
    throw new Error('nobody was enrolled');
  }
  // Two runs of the collector, with a clean end between them.
  let engine = await openAt(data_dir, now_ms);
  const { ingest } = engine.deps;
  const submit = async (to: Engine, body: Uint8Array): Promise<void> => {
    const result = await to.deps.ingest.submitBatch(body, { insecure: false });
    if (result.kind !== 'accepted') throw new Error(`a batch was refused: ${result.code}`);
  };
  const agent = enrolledTestAgent(first, BEGIN_MS);
  const late = enrolledTestAgent(tardy, BEGIN_MS);
  const owed: Uint8Array[] = [];
  for (let hour = 0; hour < HOURS; hour += 1) {
    if (hour === 20) {
      await ingest.submitHole(agent.hole(2), { insecure: false });
      agent.skip(2 * HOUR_MS);
      continue;
    }
    if (hour === 21) continue;
    if (hour === 30) {
      await engine.close();
      engine = await openAt(data_dir, now_ms);
    }
    const { body } = agent.next({ ticks: HOUR_TICKS, codes: troubles(agent, hour) });
    clock.now_ms = agent.at_ms + ARRIVES_MS;
    owed.push(late.next({ ticks: HOUR_TICKS, codes: troubles(late, hour) }).body);
    const coming = [body, ...(hour < LATE_HOUR ? owed.splice(0) : [])];
    await Promise.all(coming.map((batch) => submit(engine, batch)));
    atHour?.(hour);
    if (hour % 13 === 5) await engine.deps.judge.judged(HOURS_SITE, BEGIN_MS, BEGIN_MS + HOUR_MS);
  }
  const polled = polledAgent(second);
  for (let minute = 0; minute < POLLED_MINUTES; minute += 1) {
    for (const body of polled()) await submit(engine, body);
  }
  clock.now_ms = END_MS;
  await engine.deps.judge.judged(LATE_SITE, END_MS - HOUR_MS, END_MS);
  atHour?.(HOURS);
  for (const batch of owed) await submit(engine, batch);
  for (const site of [HOURS_SITE, LATE_SITE, POLLED_SITE]) {
    await engine.deps.judge.judged(site, END_MS - HOUR_MS, END_MS);
  }
  await keepHistory(engine.deps.store);
  await whileOpen?.(engine);
  await engine.close();
}

/** Makes the history of all sites, which a collector does in its spare time. */
export async function keepHistory(store: Store): Promise<void> {
  const keeper = createSeriesKeeper(store);
  for (const { site, agent } of await store.agents()) {
    while (await keeper.keepNext(site, agent, async () => undefined));
  }
}

/** Losses, short and long outages, one over a midnight, and one of everything. */
function troubles(agent: TestAgent, hour: number): Record<number, string> {
  const fast = agent.list.targets.flatMap(({ probes }, index) =>
    probes.icmp?.interval_ms === 1_000 ? [index] : [],
  );
  const [a, b, c] = fast.slice(-TROUBLED);
  const codes: Record<number, string> = {};
  if (a === undefined || b === undefined || c === undefined) throw new Error('no fast devices');
  if (hour % 9 === 4) codes[a] = 'r600n900r2100';
  if (hour % 7 === 2) codes[b] = 'r1000n2r100n2r2496';
  if (hour === 10) codes[c] = 'r1800n1800';
  if (hour === 11) codes[c] = 'n2700r900';
  if (hour === 40) for (const at of fast) codes[at] = 'r100n300r3200';
  return codes;
}

/** A modelled agent with switches, which lives through the last hours before END_MS. */
function polledAgent({ identity, list }: EnrolledAgent): () => Uint8Array[] {
  const { site, agent, log, signer, origin } = identity;
  const start_ms = END_MS - (POLLED_MINUTES + 1) * MINUTE_MS;
  const sealed: Uint8Array[] = [];
  const modelled = new ModelledAgent({
    ...{ site, agent, signer, list, origin, seed: 7, start_ms },
    seen: () => ({ log, size: 1 }),
    put: ({ body }) => sealed.push(body),
  });
  return () => {
    modelled.minute();
    return sealed.splice(0);
  };
}
