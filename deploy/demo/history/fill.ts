import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SubmitResult } from '../../../collector/ingest/types.ts';
import { LanProofError } from '../../../shared/errors.ts';
import type { ModelledBatch, SiteHistory } from './history.ts';

const MINUTE_MS = 60_000;
/** Minutes of every site in one slice: they share commits, and the event loop turns after it. */
const SLICE_MINUTES = 24;
/** A whole minute is modelled only when even its last batch lies in the past, ms. */
const SEAL_MARGIN_MS = 2_500;

export interface FillOptions {
  readonly histories: readonly { readonly history: SiteHistory; readonly from_ms: number }[];
  /** Takes one batch as received at `recv_ms`. */
  readonly submit: (body: Uint8Array, recv_ms: number) => Promise<SubmitResult>;
  /** Resolves when the judge has not too much to catch up with. */
  readonly breathe: () => Promise<void>;
  readonly now_ms: () => number;
  readonly signal: AbortSignal;
  /** Minutes done of the longest history, batches taken in all. */
  readonly onProgress: (minutes: number, batches: number) => void;
}

/**
 * Plays the histories into the collector, slice by slice, until they meet the present. Returns
 * false if the signal ended it early. Throws LanProofError DEMO_REFUSED if a batch is refused.
 */
export async function fillHistory(options: FillOptions): Promise<boolean> {
  const { histories, now_ms, signal } = options;
  const first_ms = Math.min(...histories.map(({ from_ms }) => from_ms));
  let at_ms = first_ms;
  let batches = 0;
  while (!signal.aborted) {
    const whole_ms = Math.floor((now_ms() - SEAL_MARGIN_MS) / MINUTE_MS) * MINUTE_MS;
    const end_ms = Math.min(at_ms + SLICE_MINUTES * MINUTE_MS, whole_ms);
    if (end_ms <= at_ms) break;
    for (const { history, from_ms } of histories) {
      const slice: ModelledBatch[] = [];
      for (let minute = Math.max(at_ms, from_ms); minute < end_ms; minute += MINUTE_MS) {
        const batch = history.next(minute);
        if (batch !== undefined) slice.push(batch);
      }
      batches += slice.length;
      await nextTurn();
      await deliver(options, slice);
      await nextTurn();
    }
    at_ms = end_ms;
    options.onProgress((at_ms - first_ms) / MINUTE_MS, batches);
    await options.breathe();
  }
  if (signal.aborted) return false;
  const end_ms = Math.floor(now_ms() / 1_000) * 1_000;
  for (const { history } of histories) {
    // The slices end within a minute of now; a longer rest would be a minute without its batch.
    if (end_ms - at_ms <= 0 || end_ms - at_ms >= MINUTE_MS) continue;
    const last = history.next(at_ms, end_ms);
    if (last !== undefined) await deliver(options, [last]);
  }
  return true;
}

/** One chain in order; batches of a slice are under way together, backlog comes one by one. */
async function deliver(options: FillOptions, slice: readonly ModelledBatch[]): Promise<void> {
  const now = options.now_ms();
  const under_way: Promise<SubmitResult>[] = [];
  for (const { body, recv_ms, late } of slice) {
    if (late) check(await Promise.all(under_way.splice(0)));
    under_way.push(options.submit(body, Math.min(recv_ms, now)));
    if (late) check(await Promise.all(under_way.splice(0)));
  }
  check(await Promise.all(under_way));
}

function check(results: readonly SubmitResult[]): void {
  for (const result of results) {
    if (result.kind === 'accepted') continue;
    throw new LanProofError('DEMO_REFUSED', `${result.code}: ${result.message}`, {
      hint: `this is a fault of the demo; try --fresh, and report it (${result.hint})`,
    });
  }
}
