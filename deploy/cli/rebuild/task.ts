import { createHash } from 'node:crypto';
import { setTimeout as timer } from 'node:timers/promises';
import type { RebuildOptions } from '../../../collector/rebuild/rebuild.ts';
import type { Position } from '../../../collector/store/rows.ts';
import type { ReadUnit } from '../../../collector/store/store.ts';
import { type Io, usage } from '../command.ts';

/** Between two lines about one site: often enough to see that it goes on, ms. */
const SAY_EVERY_MS = 2_000;
/** Of the time of one site; whole days take the rest. */
const LEAVES_PART = 0.8;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** What both forms of the command are asked. */
export interface RebuildTask {
  readonly data_dir: string;
  /** Undefined: all sites. */
  readonly site: string | undefined;
  readonly io: Io;
  readonly signal: AbortSignal;
  /** Wall clock, UTC epoch ms: which days are over. */
  readonly now_ms: () => number;
}

/** Sites to be worked on, in the order of their codes. An unknown one is a usage error. */
export async function sitesOf(
  store: Pick<ReadUnit, 'judgeableSites'>,
  { site }: RebuildTask,
): Promise<string[]> {
  const all = (await store.judgeableSites()).sort();
  if (site === undefined) return all;
  if (all.includes(site)) return [site];
  const known = all.length === 0 ? 'it has none yet' : `it has ${all.slice(0, 20).join(', ')}`;
  throw usage(`the ledger has nothing of site ${JSON.stringify(site)}`, known);
}

/** Clocks, hashing and progress, as the collector's parts want them. */
export async function surroundings(
  store: Pick<ReadUnit, 'logs' | 'newestSiteLeaf'>,
  sites: readonly string[],
  { io, signal, now_ms }: RebuildTask,
): Promise<Omit<RebuildOptions, 'store'>> {
  const passed = await leafCounter(store);
  const ends = new Map<string, number>();
  for (const site of sites) ends.set(site, passed(await store.newestSiteLeaf(site)));
  const begun_ms = performance.now();
  let said_ms = begun_ms;
  return {
    signal,
    now_ms,
    wait: async (ms) => void (await timer(ms, undefined, { signal })),
    sha256: (text) => createHash('sha256').update(text, 'utf8').digest('hex'),
    onRound(site, position) {
      const mono_ms = performance.now();
      if (mono_ms - said_ms < SAY_EVERY_MS) return;
      said_ms = mono_ms;
      const at = sites.indexOf(site);
      const end = ends.get(site) ?? 0;
      const leaf = position === null ? end : passed(position);
      const part = (position === null ? LEAVES_PART : LEAVES_PART * (leaf / Math.max(end, 1))) + at;
      const left_ms = ((mono_ms - begun_ms) / Math.max(part, 0.01)) * (sites.length - part);
      const what = position === null ? 'whole days' : `leaf ${leaf} of ${end}`;
      io.err(`site ${at + 1} of ${sites.length} ${site}: ${what}, about ${spoken(left_ms)} left`);
    },
  };
}

/** How many leaves of all logs lie up to a place. */
async function leafCounter(
  store: Pick<ReadUnit, 'logs'>,
): Promise<(position: Position | null) => number> {
  const logs = await store.logs();
  return (position) => {
    if (position === null) return 0;
    const earlier = logs.filter(({ log }) => log < position.log);
    return earlier.reduce((sum, { size }) => sum + size, 0) + position.leaf + 1;
  };
}

function spoken(ms: number): string {
  return ms < 2 * MINUTE_MS
    ? `${Math.ceil(ms / SECOND_MS)} s`
    : `${Math.ceil(ms / MINUTE_MS)} minutes`;
}

/** Says from when on there are bodies; judgement before it stays as it was. */
export function tellArchived(before_ms: number, io: Pick<Io, 'err'>): void {
  if (before_ms === 0) return;
  const time = new Date(before_ms).toISOString();
  io.err(`before ${time} bodies were deleted by the retention: judgement of it stays as archived`);
}
