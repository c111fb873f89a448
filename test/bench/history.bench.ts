import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { openEngine } from '../../collector/engine.ts';
import { createSeriesKeeper } from '../../collector/series/keeper.ts';
import { unpackPart } from '../../collector/series/pack.ts';
import { createSeriesReader } from '../../collector/series/series.ts';
import type { Store } from '../../collector/store/store.ts';
import type { SeriesDayRow } from '../../collector/store/store-series.ts';
import { decodeMinutes, decodeTrack, partOf } from '../../shared/judge/series/day-chunk.ts';
import {
  DAY_MS,
  MINUTE_MS,
  PORT_METRICS,
  type SeriesMetric,
} from '../../shared/judge/series/types.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { ModelledAgent } from '../support/modelled-agent.ts';
import { officeInventory, SWITCH_PORTS } from '../support/office.ts';
import { prepareCollector } from '../support/prepared-collector.ts';

const SITE = 'xa-mau';
/** A whole UTC day. */
const DAY = Date.UTC(2026, 10, 23);
/** The hour after the day must be closed before the day is kept. */
const MINUTES = (DAY_MS + 90 * MINUTE_MS) / MINUTE_MS;
const ARRIVES_MS = 5_000;
const DAYS = 30;
const ROUNDS = 20;

/** History of the budget's office: bytes a value, and what reading it costs. */
export async function bench(): Promise<{
  name: string;
  figures: Record<string, number>;
  note: string;
}> {
  const data_dir = mkdtempSync(join(tmpdir(), 'lanproof-history-'));
  const clock = { now_ms: DAY };
  const now_ms = (): number => clock.now_ms;
  try {
    const [enrolled] = await prepareCollector(
      data_dir,
      [officeInventory(SITE, 'large')],
      undefined,
      now_ms,
    );
    if (enrolled === undefined) throw new Error('nobody was enrolled');
    const engine = await openEngine({
      ...{ data_dir, now_ms, origin: 'unused', logger: pino({ level: 'silent' }) },
      crypto: createNodeCrypto(),
      mono_ms: () => performance.now(),
      random: (bytes) => new Uint8Array(randomBytes(bytes)),
    });
    try {
      const { store, ingest, judge } = engine.deps;
      const { identity, list } = enrolled;
      const { site, agent, log, signer } = identity;
      const origin = await store.agent(site, agent);
      if (origin === null) throw new Error('the agent is not known');
      const sealed: Uint8Array[] = [];
      const modelled = new ModelledAgent({
        ...{ site, agent, signer, list, origin, seed: 7, start_ms: DAY },
        seen: () => ({ log, size: 1 }),
        put: ({ body }) => sealed.push(body),
      });
      for (let minute = 0; minute < MINUTES; minute += 1) {
        modelled.minute();
        clock.now_ms = modelled.utc_ms + ARRIVES_MS;
        for (const body of sealed.splice(0)) await ingest.submitBatch(body, { insecure: false });
      }
      await judge.slots(site, 'gw-1', DAY, DAY + MINUTE_MS);
      const making_ms = await cpuOf(1, async () => {
        const kept = await createSeriesKeeper(store).keepNext(site, agent, async () => undefined);
        if (!kept) throw new Error('the day was not kept');
      });
      const size = await sizeOf(
        store,
        list.targets.map(({ code }) => code),
      );
      await copyDays(
        store,
        agent,
        list.targets.map(({ code }) => code),
      );
      const as_of = { log: 'bench', size: 1, to_ms: DAY + DAYS * DAY_MS, at_ms: now_ms() };
      // The copied days are in the future of what was judged.
      const slots: typeof judge.slots = async (...ask) => ({
        ...(await judge.slots(...ask)),
        as_of,
      });
      const reader = createSeriesReader({ store, judge: { slots }, wanted: () => undefined });
      const read = (device: string, metric: SeriesMetric, days: number) =>
        cpuOf(ROUNDS, async () => {
          const to_ms = DAY + days * DAY_MS;
          const step_ms = Math.ceil((days * DAY_MS) / MINUTE_MS / 1_440) * MINUTE_MS;
          const port = SWITCH_PORTS;
          const ask = { site, device, metric, port, arp_is_lost: true };
          const answer = await reader.read({ ...ask, from_ms: DAY, to_ms, step_ms });
          if (answer.pending_days > 0) throw new Error('a day was not kept');
        });
      return {
        name: 'history of 60 devices and 5 switches of 28 ports',
        figures: {
          bytes_per_value: round(size.bytes / size.values),
          values: size.values,
          kb_per_day: round(size.bytes / 1_000),
          device_day_ms: round(await read('gw-1', 'rtt', 1)),
          device_30_days_ms: round(await read('gw-1', 'rtt', DAYS)),
          port_day_ms: round(await read('sw-1', 'in_octets', 1)),
          port_30_days_ms: round(await read('sw-1', 'in_octets', DAYS)),
          making_day_ms: Math.round(making_ms),
        },
        note:
          'one modelled day through ingest, judge and keeper; 30 days are copies of it. A value is ' +
          'a known one: min, med, p95, max, slots, lost of a minute, and what one counter of one ' +
          'port counted between two readings; nulls are not counted',
      };
    } finally {
      await engine.close();
    }
  } finally {
    rmSync(data_dir, { recursive: true, force: true });
  }
}

/** Mean CPU ms of one run, the first ones left out where there are several. */
async function cpuOf(rounds: number, work: () => Promise<void>): Promise<number> {
  for (let warm = 0; warm < rounds - 1; warm += 1) await work();
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / rounds;
}

function known(column: readonly (number | null)[]): number {
  return column.filter((value) => value !== null).length;
}

async function sizeOf(
  store: Store,
  devices: readonly string[],
): Promise<{ bytes: number; values: number }> {
  const size = { bytes: 0, values: 0 };
  for (const device of devices) {
    for (const { body } of await store.seriesDays(SITE, device, DAY, DAY + DAY_MS)) {
      size.bytes += body.length;
      const { rtt, loss } = decodeMinutes(unpackPart(body, 0));
      size.values += known(rtt?.min ?? []) * 4 + known(loss?.slots ?? []) * 2;
      const index = unpackPart(body, 1);
      if (index.length === 0) continue;
      for (const metric of PORT_METRICS) {
        const columns = unpackPart(body, partOf(metric));
        for (let port = 1; port <= SWITCH_PORTS; port += 1) {
          const track = decodeTrack(index, columns, DAY, port, metric);
          size.values += known(track?.deltas ?? []);
        }
      }
    }
  }
  return size;
}

async function copyDays(store: Store, agent: string, devices: readonly string[]): Promise<void> {
  const rows: SeriesDayRow[] = [];
  for (const device of devices) {
    rows.push(...(await store.seriesDays(SITE, device, DAY, DAY + DAY_MS)));
  }
  const [kept] = await store.seriesKept(SITE, DAY, DAY + DAY_MS);
  if (kept === undefined) throw new Error('the day was not kept');
  await store.write(async (tx) => {
    for (let day = 1; day < DAYS; day += 1) {
      await tx.keepSeriesDay({ ...kept, agent, day_ms: DAY + day * DAY_MS }, rows);
    }
  });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
