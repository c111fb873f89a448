/** How many leaves each UTC day of a log had. */
import { dayOf } from '../../../shared/evidence/bundle/lines.ts';
import type { BundleDay } from '../../../shared/evidence/bundle/types.ts';
import type { EvidenceReads } from '../../store/store-evidence.ts';

const DAY_MS = 86_400_000;
/** Leaves looked at between two breaths: some milliseconds of work. */
export const READ_LEAVES_MAX = 20_000;

type Reads = Pick<EvidenceReads, 'leaf' | 'receivedFrom' | 'siteLeafCount'>;

/** Where a day's leaves begin. */
interface DayStart {
  readonly day_ms: number;
  readonly first: number;
}

/** Where days begin in the first leaves of a log; what was found once never changes. */
interface KnownStarts {
  readonly starts: readonly DayStart[];
  /** Leaves that were looked at. */
  readonly size: number;
}

/** A log of a province has a billion leaves: only those that came since are read again. */
const known = new WeakMap<Reads, Map<number, KnownStarts>>();

/** The same for the same leaves, whatever was asked before; `read_max` leaves between breaths. */
export async function dailyCounts(
  store: Reads,
  { log, size }: { readonly log: number; readonly size: number },
  site: string,
  breathe: () => Promise<void>,
  read_max = READ_LEAVES_MAX,
): Promise<BundleDay[]> {
  const logs = known.get(store) ?? new Map<number, KnownStarts>();
  known.set(store, logs);
  const before = logs.get(log) ?? { starts: [], size: 0 };
  const found =
    before.size >= size ? before : await readOn(store, log, before, size, read_max, breathe);
  if (found.size > (logs.get(log)?.size ?? 0)) logs.set(log, found);
  const starts = found.starts.filter(({ first }) => first < size);
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

/**
 * A day begins with the first leaf that was received on it or later. Receive times go back where a
 * clock was set back, so no leaf can be passed over.
 */
async function readOn(
  store: Reads,
  log: number,
  before: KnownStarts,
  size: number,
  read_max: number,
  breathe: () => Promise<void>,
): Promise<KnownStarts> {
  const starts = [...before.starts];
  let at = before.size;
  while (at < size) {
    const end = Math.min(size, at + read_max);
    const day_ms = starts.at(-1)?.day_ms;
    const next_ms = day_ms === undefined ? 0 : day_ms + DAY_MS;
    const first = await store.receivedFrom(log, at, end, next_ms);
    if (first !== null) {
      const recv_ms = (await store.leaf(log, first))?.recv_ms ?? 0;
      starts.push({ day_ms: recv_ms - (recv_ms % DAY_MS), first });
    }
    at = first === null ? end : first + 1;
    await breathe();
  }
  return { starts, size };
}
