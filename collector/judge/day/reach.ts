import type { JudgedWindow } from '../../../shared/judge/day/types.ts';
import type { FinalInterval } from '../../../shared/judge/final.ts';
import type { State } from '../../../shared/judge/types.ts';
import type { JudgementReads } from '../../store/store-judgement.ts';
import { unpackDay } from './row.ts';

/**
 * What is bad as a period begins is followed back so far, ms: a camera that died last year would
 * cost every read of a minute a whole year of days. No outage is counted where it did not begin.
 */
export const REACH_BACK_MS = 40 * 24 * 3_600_000;

/** Time that is told whole, so that an outage over midnight is one. */
const WHOLE: ReadonlySet<State> = new Set<State>(['down', 'unreachable', 'degraded']);

export interface Reach {
  readonly store: Pick<JudgementReads, 'days'>;
  readonly site: string;
  /** End of the newest judged day; null: there is none. */
  readonly newest_end_ms: number | null;
  /** What is asked for, ms; it ends where knowledge ends. */
  readonly from_ms: number;
  readonly end_ms: number;
}

/**
 * Puts the days behind `parts` to them while something of the period goes on in them, and at least
 * one: what happened at the end is settled only there. `tail` gives the time behind all days.
 */
export async function reachOn(
  { store, site, newest_end_ms, from_ms, end_ms }: Reach,
  parts: JudgedWindow[],
  tail: () => Promise<JudgedWindow | null>,
): Promise<void> {
  const touches = (begin_ms: number, over_ms: number | null): boolean =>
    begin_ms < end_ms && (over_ms ?? Number.POSITIVE_INFINITY) > from_ms;
  const followed = new Followed();
  for (const part of parts) {
    for (const one of part.intervals) {
      if (touches(one.from_ms, one.to_ms)) followed.add(one);
    }
    for (const { id, started_at_ms, ended_at_ms } of part.incidents) {
      if (touches(started_at_ms, ended_at_ms)) followed.incidents.add(id);
    }
  }
  for (;;) {
    const at_ms = parts.at(-1)?.to_ms ?? null;
    const [row] =
      at_ms === null || newest_end_ms === null || at_ms >= newest_end_ms
        ? []
        : await store.days(site, at_ms, at_ms + 1);
    if (row === undefined) {
      if (at_ms === null && newest_end_ms !== null && end_ms <= newest_end_ms) return;
      const last = await tail();
      if (last !== null) parts.push(last);
      return;
    }
    const next = unpackDay(row);
    parts.push(next);
    const goesOn = next.intervals.filter(
      (one) => one.to_ms === next.to_ms && WHOLE.has(one.state) && followed.has(one),
    );
    if (goesOn.length === 0) return;
    for (const one of goesOn) followed.add(one);
  }
}

/** Bad time and the incidents that it is part of: another device may keep one of them open. */
class Followed {
  readonly incidents = new Set<string>();
  readonly #devices = new Set<string>();

  add(one: FinalInterval): void {
    if (WHOLE.has(one.state)) this.#devices.add(one.device);
    if (one.incident !== null) this.incidents.add(one.incident);
  }

  has(one: FinalInterval): boolean {
    return this.#devices.has(one.device) || this.incidents.has(one.incident ?? '');
  }
}

/**
 * Puts earlier days before `parts` while something that is bad as the period comes goes back into
 * them, as far as REACH_BACK_MS.
 */
export async function reachBack(reach: Reach, parts: JudgedWindow[]): Promise<void> {
  const { store, site, newest_end_ms, from_ms } = reach;
  let devices: ReadonlySet<string> | null = null;
  for (;;) {
    const [first] = parts;
    if (first === undefined || newest_end_ms === null || first.from_ms > newest_end_ms) return;
    if (first.from_ms <= from_ms - REACH_BACK_MS) return;
    const known: ReadonlySet<string> | null = devices;
    const bad: FinalInterval[] = first.intervals.filter(
      (one) =>
        one.from_ms === first.from_ms &&
        WHOLE.has(one.state) &&
        (known?.has(one.device) ?? (one.to_ms === null || one.to_ms > from_ms)),
    );
    if (bad.length === 0) return;
    devices = new Set(bad.map(({ device }) => device));
    const [before] = await store.days(site, first.from_ms - 1, first.from_ms);
    if (before === undefined) return;
    parts.unshift(unpackDay(before));
  }
}
