import fc from 'fast-check';
import { CAUSES } from '../../../../shared/judge/cause-names.ts';
import type { FiguresAsk, Window } from '../../../../shared/judge/figures/device.ts';
import type { FinalInterval } from '../../../../shared/judge/final.ts';
import { clip, type Span, union } from '../../../../shared/judge/spans.ts';
import { STATES, type UnknownReason } from '../../../../shared/judge/types.ts';

export const S = 1_000;
export const MINUTE = 60 * S;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Random worlds last so many seconds: long enough for outages that count. */
export const WORLD_S = 600;

/** One interval with what a test says of it; settled, no cause, no incident. */
export function interval(
  from_ms: number,
  to_ms: number | null,
  state: FinalInterval['state'],
  more: Partial<FinalInterval> = {},
): FinalInterval {
  return {
    device: 'D',
    from_ms,
    to_ms,
    state,
    reason: state === 'unknown' ? 'not_received' : null,
    earliest_ms: null,
    latest_ms: null,
    incident: null,
    cause: null,
    confidence: null,
    settled: true,
    ...more,
  };
}

/** A question about one period that is wholly past, expected and known. */
export function ask(
  from_ms: number,
  to_ms: number,
  intervals: readonly FinalInterval[],
  more: Partial<FiguresAsk> = {},
): FiguresAsk {
  return {
    intervals,
    windows: [{ from_ms: 0, to_ms: null }],
    hours: [{ from_ms, to_ms }],
    as_of_to_ms: to_ms,
    known_to_ms: to_ms,
    ...more,
  };
}

export const moment = fc.integer({ min: 0, max: WORLD_S }).map((s) => s * S);
const cause = fc.option(fc.constantFrom(...CAUSES));
const reason = fc.constantFrom<UnknownReason>('not_received', 'agent_off', 'short_run');
const step = fc.record({
  gap: fc.constantFrom(0, 0, 0, 1, 17),
  seconds: fc.integer({ min: 1, max: 150 }),
  state: fc.constantFrom(...STATES, 'down' as const),
  reason,
  cause,
  settled: fc.boolean(),
});

/** Disjoint intervals of one device; the last one may be open. */
export const intervals = fc
  .tuple(fc.array(step, { maxLength: 14 }), fc.boolean())
  .map(([steps, open]) => {
    let at = 0;
    return steps.map((one, i): FinalInterval => {
      const from_ms = (at + one.gap) * S;
      at += one.gap + one.seconds;
      const to_ms = open && i === steps.length - 1 ? null : at * S;
      const causes = ['down', 'unreachable', 'unknown'].includes(one.state) ? one.cause : null;
      return interval(from_ms, to_ms, one.state, {
        reason: one.state === 'unknown' ? one.reason : null,
        cause: causes,
        settled: one.settled,
      });
    });
  });

const WORLD: Span = { from_ms: 0, to_ms: WORLD_S * S };
/** Mostly the end: else half of all worlds would have no time to judge. */
const late = fc.oneof(moment, fc.constant(WORLD.to_ms), fc.constant(WORLD.to_ms));
export const span = fc
  .tuple(moment, moment)
  .map(([a, b]): Span => ({ from_ms: Math.min(a, b), to_ms: Math.max(a, b) }));
const ALWAYS: Window[] = [{ from_ms: 0, to_ms: null }];
export const windows: fc.Arbitrary<Window[]> = fc.oneof(
  fc.constant(ALWAYS),
  fc.constant(ALWAYS),
  fc.array(
    fc.tuple(span, fc.boolean()).map(([one, open]) => ({ ...one, to_ms: open ? null : one.to_ms })),
    { minLength: 1, maxLength: 3 },
  ),
);
export const calendar = fc.oneof(
  fc.constant(null),
  fc.array(span, { minLength: 1, maxLength: 5 }).map(union),
);

/** Any question: carried-in and open outages, gaps, removals, breaks, a late agent. */
export const question: fc.Arbitrary<FiguresAsk> = fc
  .record({
    intervals,
    windows,
    calendar,
    period: fc.oneof(span, fc.constant(WORLD)),
    as_of: late,
    known: fc.option(late),
  })
  .map(({ calendar: all, period, as_of, known, ...rest }) => ({
    ...rest,
    hours: clip(all ?? [WORLD], period.from_ms, period.to_ms),
    ...(all === null ? {} : { calendar: all }),
    as_of_to_ms: as_of,
    known_to_ms: known,
    late_reason: 'agent_off' as const,
  }));
