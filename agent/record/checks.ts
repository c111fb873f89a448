import type { CheckPart, CheckTick } from '../../shared/measure/batch.ts';
import { type CheckProbe, isCheckProbe, type RawCode } from '../../shared/measure/codes.ts';
import { CHECK_TICKS_MAX } from '../../shared/measure/section-checks.ts';
import type { CheckDetail, Row, Series } from '../probe/prober.ts';

interface Kept {
  /** When the tick was due: decides into which batch it goes, as its verdict does. */
  readonly due_ms: number;
  readonly detail: CheckDetail;
}

interface Check {
  readonly target: number;
  readonly probe: CheckProbe;
  readonly check: number;
  readonly list_version: number;
  kept: Kept[];
}

/** How the checks of the open batch went, beside the verdicts in their series. */
export class CheckBook {
  readonly #checks = new Map<string, Check>();

  /** `codes` are the row's codes after carrier and neighbours were looked at. */
  add(series: Series, list_version: number, row: Row, codes: readonly RawCode[]): void {
    const { probe, check = 0, targets } = series;
    if (row.details === undefined || !isCheckProbe(probe)) return;
    const due_ms = series.t0_ms + row.n * series.interval_ms;
    for (const [position, detail] of row.details.entries()) {
      const target = targets[position];
      if (target === undefined || detail === undefined) continue;
      // Where another machine answered in its place, how it answered is not the target's doing.
      const code = codes[position];
      if (code !== detail.result.code && code !== 'l') continue;
      const key = `${list_version} ${target} ${probe} ${check}`;
      let known = this.#checks.get(key);
      if (known === undefined) {
        known = { target, probe, check, list_version, kept: [] };
        this.#checks.set(key, known);
      }
      known.kept.push({ due_ms, detail });
    }
  }

  /** Forgets what belongs to other lists: their indexes mean nothing any more. */
  useList(version: number): void {
    for (const [key, { list_version }] of this.#checks) {
      if (list_version !== version) this.#checks.delete(key);
    }
  }

  /** Removes what was due before `end_mono_ms` under this list, as parts in order of the targets. */
  take(list_version: number, end_mono_ms: number): CheckPart[] {
    const parts: CheckPart[] = [];
    for (const [key, check] of this.#checks) {
      if (check.list_version !== list_version) continue;
      const taken = check.kept.filter(({ due_ms }) => due_ms < end_mono_ms);
      check.kept = check.kept.filter(({ due_ms }) => due_ms >= end_mono_ms);
      if (check.kept.length === 0) this.#checks.delete(key);
      const ticks = inOrder(taken.map(({ detail }) => detail));
      for (let at = 0; at < ticks.length; at += CHECK_TICKS_MAX) {
        parts.push(partOf(check, ticks.slice(at, at + CHECK_TICKS_MAX)));
      }
    }
    return parts.sort((a, b) => a.target - b.target);
  }
}

/**
 * Series that follow each other may end later than the next one begins, and a full queue may let
 * two questions go in one millisecond; a reader wants ticks that rise.
 */
function inOrder(details: readonly CheckDetail[]): CheckTick[] {
  let before = -1;
  return details
    .toSorted((a, b) => a.sent_ms - b.sent_ms)
    .map(({ sent_ms, result }) => {
      before = Math.max(sent_ms, before + 1);
      const { outcome, phases_us, status } = result;
      return status === undefined
        ? [before, outcome, phases_us]
        : [before, outcome, phases_us, status];
    });
}

/** The outcomes of a probe come from that probe alone, which the map's key cannot tell the types. */
function partOf({ target, probe, check }: Check, ticks: readonly CheckTick[]): CheckPart {
  return { target, probe, check, ticks } as CheckPart;
}
