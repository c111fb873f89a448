import type { FinalInterval } from '../final.ts';
import type { SeenRow } from '../observe/types.ts';
import { intersect, type Span, subtract, union } from '../spans.ts';
import type { MaintenanceWindow, SiteDocuments } from './types.ts';

/** Announced too late: it counts for nothing, but figures are printed with it, too. */
export interface LateMaintenance extends Span {
  readonly id: string;
  /** Codes of devices; null: the whole site. */
  readonly devices: readonly string[] | null;
}

interface Parts {
  readonly window: MaintenanceWindow;
  /** Slots measured by an agent that had seen the window's leaf inside a checkpoint. */
  readonly counts: Span | null;
  readonly late: Span | null;
}

/** Each window by the seen-before test (accounting §5); `seen` must hold all document_seen rows. */
export class Maintenance {
  readonly #parts: readonly Parts[];

  constructor(documents: Pick<SiteDocuments, 'maintenance'>, seen: readonly SeenRow[]) {
    const known = new Map<number, number>();
    for (const row of seen) {
      if (row.seen.what !== 'document_seen') continue;
      const { leaf, at_ms } = row.seen;
      known.set(leaf, Math.min(at_ms, known.get(leaf) ?? at_ms));
    }
    this.#parts = documents.maintenance.map((window) => {
      const { from_ms } = window;
      const to_ms = Math.min(window.to_ms, window.cancelled_ms ?? window.to_ms);
      const seen_ms = known.get(window.leaf) ?? Number.POSITIVE_INFINITY;
      const late_ms = Math.min(to_ms, Math.max(from_ms, seen_ms));
      return { window, counts: spanOf(late_ms, to_ms), late: spanOf(from_ms, late_ms) };
    });
  }

  /** When a device was under maintenance that was known in time. */
  of(device: string): Span[] {
    return union(
      this.#parts.flatMap(({ window, counts }) =>
        counts !== null && (window.devices?.includes(device) ?? true) ? [counts] : [],
      ),
    );
  }

  /** What was announced too late in [from_ms, to_ms), clipped to it, in order of the documents. */
  late(from_ms: number, to_ms: number): LateMaintenance[] {
    return this.#parts.flatMap(({ window, late }) => {
      const span =
        late === null ? null : spanOf(Math.max(late.from_ms, from_ms), Math.min(late.to_ms, to_ms));
      return span === null ? [] : [{ ...span, id: window.id, devices: window.devices }];
    });
  }
}

function spanOf(from_ms: number, to_ms: number): Span | null {
  return from_ms < to_ms ? { from_ms, to_ms } : null;
}

/** Reasons that maintenance does not cover (accounting §1). */
const ABOVE: ReadonlySet<string | null> = new Set([
  'withheld',
  'unreadable',
  'conflict',
  'clock_invalid',
  'clock_pending',
]);

/**
 * The same intervals as if late maintenance had been known in time: for the second figures that
 * stand beside. Time under it is maintenance; the rest of an interval stays as it is. `end_ms` is
 * where open intervals are cut.
 */
export function withLateMaintenance(
  intervals: readonly FinalInterval[],
  late: readonly LateMaintenance[],
  end_ms: number,
): FinalInterval[] {
  if (late.length === 0) return [...intervals];
  return intervals.flatMap((one) => {
    const own = union(late.filter(({ devices }) => devices?.includes(one.device) ?? true));
    const whole = { from_ms: one.from_ms, to_ms: one.to_ms ?? end_ms };
    const under = intersect([whole], own);
    if (under.length === 0 || ABOVE.has(one.reason)) return [one];
    const rest = subtract([whole], own).map((span) => ({
      ...one,
      from_ms: span.from_ms,
      to_ms: span.to_ms === whole.to_ms ? one.to_ms : span.to_ms,
      earliest_ms: span.from_ms === one.from_ms ? one.earliest_ms : null,
      latest_ms: span.to_ms === one.to_ms ? one.latest_ms : null,
    }));
    const covered = under.map((span): FinalInterval => ({ ...one, ...NOTHING, ...span }));
    return [...rest, ...covered].sort((a, b) => a.from_ms - b.from_ms);
  });
}

const NOTHING = {
  state: 'maintenance',
  reason: null,
  earliest_ms: null,
  latest_ms: null,
  incident: null,
  cause: null,
  confidence: null,
} as const;
