import type { State, StateInterval, UnknownReason } from './types.ts';

/** Shorter outages are time, but no outages that are counted, ms. */
export const OUTAGE_MS_MIN = 60_000;

export interface AvailabilityAsk {
  /** All of one device that touch the period; clipped here. `to_ms` null: to `known_to_ms`. */
  readonly intervals: readonly StateInterval[];
  /** The period [from_ms, to_ms). */
  readonly from_ms: number;
  readonly to_ms: number;
  /** When the device was expected (list_applied to removal); disjoint. */
  readonly windows: readonly { readonly from_ms: number; readonly to_ms: number | null }[];
  /** The owning agent's closed_to; null: nothing was closed. */
  readonly known_to_ms: number | null;
  /** End of the figures, see asOf: no later time is part of any period. */
  readonly as_of_ms: number;
  /** Why time after known_to_ms is unknown; default `not_received`. */
  readonly late_reason?: UnknownReason;
}

/** One row of contracts §3. Ratios are exact quotients, not rounded. */
export interface AvailabilityRow {
  readonly expected_ms: number;
  readonly up_ms: number;
  readonly degraded_ms: number;
  readonly down_ms: number;
  readonly unreachable_ms: number;
  readonly off_ms: number;
  readonly unknown_ms: number;
  /** Only reasons that occurred; their sum is unknown_ms. */
  readonly unknown_by: Readonly<Partial<Record<UnknownReason, number>>>;
  readonly maintenance_ms: number;
  /** Null until causes are judged (rules 0), as the next three. */
  readonly down_by_cause_ms: null;
  readonly availability_lan: null;
  readonly lan_excluded_ms: null;
  /** Null: nothing is left to divide by; so for the next three. */
  readonly coverage: number | null;
  readonly availability: number | null;
  /** Unknown counted as down. */
  readonly worst: number | null;
  /** Unknown counted as up. */
  readonly best: number | null;
  /** Outages of at least OUTAGE_MS_MIN that start in the period; an open one counts. */
  readonly outages: number;
  /** Their whole length, also beyond the period's end: parts of a split period add up. */
  readonly outages_ms: number;
  readonly longest_ms: number | null;
  /** Mean length of those that ended. */
  readonly mttr_ms: number | null;
}

/** Figures of one device (accounting §6), exact in ms. */
export function availability(ask: AvailabilityAsk): AvailabilityRow {
  const sums = new Map<State, number>();
  const unknown_by: Partial<Record<UnknownReason, number>> = {};
  const add = (state: State, reason: UnknownReason | null, ms: number) => {
    if (ms <= 0) return;
    sums.set(state, (sums.get(state) ?? 0) + ms);
    if (state === 'unknown')
      unknown_by[reason ?? 'not_received'] = ms + (unknown_by[reason ?? 'not_received'] ?? 0);
  };
  const late = ask.late_reason ?? 'not_received';
  let expected_ms = 0;
  for (const window of ask.windows) {
    const from = Math.max(ask.from_ms, window.from_ms);
    const to = Math.min(ask.to_ms, window.to_ms ?? ask.to_ms, ask.as_of_ms);
    if (to <= from) continue;
    expected_ms += to - from;
    let covered = 0;
    for (const span of ask.intervals) {
      const ms = Math.min(to, endOf(span, ask)) - Math.max(from, span.from_ms);
      if (ms <= 0) continue;
      add(span.state, span.reason, ms);
      covered += ms;
    }
    add('unknown', late, to - from - covered);
  }
  const ms = (state: State) => sums.get(state) ?? 0;
  const up = ms('up') + ms('degraded');
  const bad = ms('down') + ms('unreachable');
  const unknown = ms('unknown');
  const answerable = expected_ms - ms('maintenance') - ms('off');
  return {
    expected_ms,
    up_ms: ms('up'),
    degraded_ms: ms('degraded'),
    down_ms: ms('down'),
    unreachable_ms: ms('unreachable'),
    off_ms: ms('off'),
    unknown_ms: unknown,
    unknown_by,
    maintenance_ms: ms('maintenance'),
    down_by_cause_ms: null,
    availability_lan: null,
    lan_excluded_ms: null,
    coverage: ratio(answerable - unknown, answerable),
    availability: ratio(up, up + bad),
    worst: ratio(up, up + bad + unknown),
    best: ratio(up + unknown, up + bad + unknown),
    ...outagesOf(ask),
  };
}

function outagesOf(
  ask: AvailabilityAsk,
): Pick<AvailabilityRow, 'outages' | 'outages_ms' | 'longest_ms' | 'mttr_ms'> {
  const all: number[] = [];
  const ended: number[] = [];
  for (const span of ask.intervals) {
    if (span.state !== 'down') continue;
    if (span.from_ms < ask.from_ms || span.from_ms >= Math.min(ask.to_ms, ask.as_of_ms)) continue;
    const end_ms = endOf(span, ask);
    const length_ms = Math.min(end_ms, ask.as_of_ms) - span.from_ms;
    if (length_ms < OUTAGE_MS_MIN) continue;
    all.push(length_ms);
    if (span.to_ms !== null && end_ms <= ask.as_of_ms) ended.push(length_ms);
  }
  return {
    outages: all.length,
    outages_ms: sum(all),
    longest_ms: all.length === 0 ? null : Math.max(...all),
    mttr_ms: ended.length === 0 ? null : sum(ended) / ended.length,
  };
}

function endOf(span: StateInterval, ask: AvailabilityAsk): number {
  return span.to_ms ?? Math.max(span.from_ms, ask.known_to_ms ?? span.from_ms);
}

function ratio(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
