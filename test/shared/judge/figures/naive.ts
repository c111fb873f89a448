import { type FiguresAsk, LAN_CAUSES } from '../../../../shared/judge/figures/device.ts';
import { type FigureSums, newTally } from '../../../../shared/judge/figures/sums.ts';
import { S, WORLD_S } from './world.ts';

/** The last second that a random world can reach: 14 intervals of at most 167 s. */
const LAST_S = 14 * 167 + WORLD_S;

/** The same figures by asking every second; nothing is shared with what it checks. */
export function naiveFigures(ask: FiguresAsk): FigureSums {
  const sums = newTally();
  const bad = new Map<string, { down_ms: number; unreachable_ms: number; unknown_ms: number }>();
  const inWindow = (t: number) =>
    ask.windows.some((one) => one.from_ms <= t && (one.to_ms === null || t < one.to_ms));
  const inside = (spans: FiguresAsk['hours'], t: number) =>
    spans.some((one) => one.from_ms <= t && t < one.to_ms);
  const end = (one: FiguresAsk['intervals'][number]) =>
    one.to_ms ?? Math.max(one.from_ms, ask.known_to_ms ?? one.from_ms);
  const at = (t: number) => ask.intervals.find((one) => one.from_ms <= t && t < end(one));
  const booked = (t: number) => inWindow(t) && inside(ask.hours, t) && t < ask.as_of_to_ms;
  const counted = (t: number) =>
    inWindow(t) && t < ask.as_of_to_ms && (ask.calendar === undefined || inside(ask.calendar, t));
  for (let t = 0; t < LAST_S * S; t += S) {
    if (!booked(t)) continue;
    const one = at(t);
    const state = one?.state ?? 'unknown';
    sums.expected_ms += S;
    sums[`${state}_ms`] += S;
    if (state === 'unknown') {
      const reason = one?.reason ?? ask.late_reason ?? 'not_received';
      sums.unknown_by[reason] = (sums.unknown_by[reason] ?? 0) + S;
    }
    const isBad = state === 'down' || state === 'unreachable';
    const cause = one?.cause ?? (isBad ? 'undetermined' : null);
    if (cause !== null && (isBad || state === 'unknown')) {
      const row = bad.get(cause) ?? { down_ms: 0, unreachable_ms: 0, unknown_ms: 0 };
      row[`${state}_ms`] += S;
      bad.set(cause, row);
    }
    if (!isBad) continue;
    const loose = cause === 'undetermined' || cause === null || one?.settled !== true;
    if (loose) sums.undetermined_ms += S;
    if (loose || !LAN_CAUSES.has(cause)) sums.lan_excluded_ms += S;
  }
  sums.down_by_cause_ms = Object.fromEntries(bad);
  for (let t = 0; t < LAST_S * S; t += S) {
    if (at(t)?.state !== 'down' || at(t - S)?.state === 'down') continue;
    let to = t;
    let length = 0;
    let first: number | null = null;
    for (; at(to)?.state === 'down'; to += S) {
      if (!counted(to)) continue;
      first ??= to;
      length += S;
    }
    if (first === null || length < 60 * S || !booked(first)) continue;
    sums.outages += 1;
    sums.outages_ms += length;
    sums.longest_ms = Math.max(sums.longest_ms ?? 0, length);
    const open = ask.intervals.some(
      (one) => one.to_ms === null && one.state === 'down' && end(one) === to,
    );
    if (open || to >= ask.as_of_to_ms || !inWindow(to)) continue;
    sums.ended += 1;
    sums.ended_ms += length;
  }
  return sums;
}
