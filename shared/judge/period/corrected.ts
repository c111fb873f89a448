import { correctedIntervals } from '../day/corrected.ts';
import { withLateMaintenance } from '../day/maintenance.ts';
import type { MaintenanceWindow } from '../day/types.ts';
import { endOf } from '../figures/outages.ts';
import type { FinalInterval } from '../final.ts';
import { clip, intersect, type Span, subtract, union } from '../spans.ts';
import type { UnknownReason } from '../types.ts';
import type { Judged } from './judged.ts';

/** Slots whose content is not known at all: maintenance is asked after these (accounting §1). */
const ABOVE_MAINTENANCE: ReadonlySet<UnknownReason> = new Set<UnknownReason>([
  'withheld',
  'unreadable',
  'conflict',
  'clock_invalid',
  'clock_pending',
]);

/**
 * The intervals with the causes that people gave; null where that changes none of the period: what
 * was read of the time before it is no part of its figures.
 */
export function correctedOf(
  { intervals, reclassified }: Pick<Judged, 'intervals' | 'reclassified'>,
  { from_ms, to_ms }: Span,
): FinalInterval[] | null {
  if (reclassified.size === 0) return null;
  const corrected = correctedIntervals(intervals, reclassified);
  const differs = corrected.some((one, at) => {
    const touches = one.from_ms < to_ms && (one.to_ms ?? Number.POSITIVE_INFINITY) > from_ms;
    return touches && one.cause !== intervals[at]?.cause;
  });
  return differs ? corrected : null;
}

/** A window of which some device's time was measured without knowing it. */
export interface LateWindow {
  readonly id: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly issued_ms: number;
  readonly author: string;
  readonly reason: string;
  /** Σ over devices: time that keeps its state because the window came too late. */
  readonly late_ms: number;
}

/**
 * What the intervals would be, had every window been known in time; null where none was late.
 * `period` limits what is looked at.
 */
export function lateMaintenanceOf(
  judged: Pick<Judged, 'intervals' | 'windows' | 'closed' | 'documents' | 'as_of'>,
  period: Span,
): { readonly intervals: FinalInterval[]; readonly windows: readonly LateWindow[] } | null {
  const { documents, as_of } = judged;
  const end_ms = Math.min(period.to_ms, as_of.to_ms);
  const planned = documents.maintenance.filter(
    (window) => window.from_ms < end_ms && endOfPlan(window) > period.from_ms,
  );
  if (planned.length === 0) return null;
  const late_ms = new Map<MaintenanceWindow, number>();
  const byDevice = Map.groupBy(judged.intervals, ({ device }) => device);
  for (const [device, own] of byDevice) {
    const mine = planned.filter(({ devices }) => devices === null || devices.includes(device));
    const expected = judged.windows
      .filter((window) => window.device === device)
      .map(({ from_ms, to_ms }) => ({ from_ms, to_ms: to_ms ?? Number.POSITIVE_INFINITY }));
    const known_ms = knownTo(judged, device);
    const fixed = union(
      own
        .filter(
          ({ state, reason }) =>
            state === 'maintenance' || (reason !== null && ABOVE_MAINTENANCE.has(reason)),
        )
        .map((one) => ({ from_ms: one.from_ms, to_ms: endOf(one, known_ms) })),
    );
    const open = subtract(clip(union(expected), period.from_ms, end_ms), fixed);
    for (const window of mine) {
      const late = intersect(open, [{ from_ms: window.from_ms, to_ms: endOfPlan(window) }]);
      const ms = late.reduce((sum, span) => sum + span.to_ms - span.from_ms, 0);
      if (ms > 0) late_ms.set(window, ms + (late_ms.get(window) ?? 0));
    }
  }
  if (late_ms.size === 0) return null;
  const windows = [...late_ms].map(([window, ms]): LateWindow => {
    const { id, from_ms, to_ms, issued_ms, author, reason } = window;
    return { id, from_ms, to_ms, issued_ms, author, reason, late_ms: ms };
  });
  // Windows that were known in time change nothing a second time.
  const plans = planned.map((window) => ({ ...window, to_ms: endOfPlan(window) }));
  return { intervals: withLateMaintenance(judged.intervals, plans, as_of.to_ms), windows };
}

function endOfPlan({ to_ms, cancelled_ms }: MaintenanceWindow): number {
  return Math.min(to_ms, cancelled_ms ?? to_ms);
}

function knownTo({ windows, closed }: Pick<Judged, 'windows' | 'closed'>, device: string) {
  const owner = windows.findLast((window) => window.device === device)?.agent ?? '';
  return closed.get(owner)?.ms ?? null;
}
