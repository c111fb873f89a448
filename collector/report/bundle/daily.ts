/** How many leaves each UTC day of a log had. */
import { dayOf } from '../../../shared/evidence/bundle/lines.ts';
import type { BundleDay } from '../../../shared/evidence/bundle/types.ts';
import type { EvidenceReads } from '../../store/store-evidence.ts';

const DAY_MS = 86_400_000;
/** Logs up to this size are read leaf by leaf; of larger ones days are found by halving. */
const READ_LEAVES_MAX = 200_000;
const LEAVES_PER_READ = 2_000;
/** Around a midnight receive times may change places: so many leaves before one are looked at. */
const LOOK_BACK_LEAVES = 512;

type Reads = Pick<EvidenceReads, 'leaf' | 'leaves' | 'siteLeafCount'>;

/** Where a day's leaves begin. */
interface DayStart {
  readonly day_ms: number;
  readonly first: number;
}

export async function dailyCounts(
  store: Reads,
  { log, size }: { readonly log: number; readonly size: number },
  site: string,
  breathe: () => Promise<void>,
): Promise<BundleDay[]> {
  const starts =
    size <= READ_LEAVES_MAX
      ? await readStarts(store, log, size, breathe)
      : await findStarts(store, log, size, breathe);
  const days: BundleDay[] = [];
  for (const [at, { day_ms, first }] of starts.entries()) {
    const end = starts[at + 1]?.first ?? size;
    const { batches, documents } = await store.siteLeafCount(site, log, first, end);
    const counts = { site_batches: batches, site_documents: documents };
    days.push({ day: dayOf(day_ms), first, leaves: end - first, ...counts });
    await breathe();
  }
  return days;
}

async function readStarts(
  store: Reads,
  log: number,
  size: number,
  breathe: () => Promise<void>,
): Promise<DayStart[]> {
  const starts: DayStart[] = [];
  for (let from = 0; from < size; from += LEAVES_PER_READ) {
    const rows = await store.leaves(log, from, Math.min(size, from + LEAVES_PER_READ));
    for (const { recv_ms, index } of rows) {
      const day_ms = recv_ms - (recv_ms % DAY_MS);
      if (day_ms > (starts.at(-1)?.day_ms ?? -1)) starts.push({ day_ms, first: index });
    }
    await breathe();
  }
  return starts;
}

/** A log of a province has millions of leaves a day: each day's first one is searched. */
async function findStarts(
  store: Reads,
  log: number,
  size: number,
  breathe: () => Promise<void>,
): Promise<DayStart[]> {
  const starts: DayStart[] = [];
  let first = 0;
  while (first < size) {
    const recv_ms = (await store.leaf(log, first))?.recv_ms ?? 0;
    const day_ms = recv_ms - (recv_ms % DAY_MS);
    starts.push({ day_ms, first });
    first = await firstFrom(store, log, { from: first + 1, size, at_ms: day_ms + DAY_MS });
    await breathe();
  }
  return starts;
}

async function firstFrom(
  store: Reads,
  log: number,
  { from, size, at_ms }: { readonly from: number; readonly size: number; readonly at_ms: number },
): Promise<number> {
  let [low, high] = [from, size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (((await store.leaf(log, middle))?.recv_ms ?? 0) < at_ms) low = middle + 1;
    else high = middle;
  }
  const near = await store.leaves(log, Math.max(from, low - LOOK_BACK_LEAVES), low);
  return near.find(({ recv_ms }) => recv_ms >= at_ms)?.index ?? low;
}
