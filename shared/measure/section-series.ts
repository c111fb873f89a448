import {
  PRIVATE_SECTIONS,
  type RttColumns,
  type SectionName,
  TARGETS_MAX,
  TICKS_MAX,
} from './batch.ts';
import { CHECKS_MAX, INTERVALS_S, isCheckProbe, SERIES_PROBES, type SeriesProbe } from './codes.ts';
import { countRuns } from './runs.ts';
import { claim, type Spans, spanKey } from './section-spans.ts';
import type { Strict } from './strict.ts';
import type { MeasuredTarget } from './targets.ts';

const MS_PER_S = 1_000;
const INTERVALS_MS: ReadonlySet<number> = new Set(INTERVALS_S.map((s) => s * MS_PER_S));
/** Round trips are below the longest interval, µs. */
const RTT_US_MAX = 600_000_000;

/** What the series of one section are held against. */
export interface SeriesContext {
  readonly targets: readonly MeasuredTarget[] | null;
  readonly name: SectionName | undefined;
  readonly spans: Spans;
}

/**
 * One member of `series`. Target indexes are held against `targets` (null: only against
 * TARGETS_MAX); `spans` are those of the section so far.
 */
export function checkSeries(
  strict: Strict,
  value: unknown,
  place: string,
  { targets, name, spans }: SeriesContext,
): void {
  const part = strict.object(value, place);
  const probe = strict.oneOf(part.probe, `${place}.probe`, SERIES_PROBES);
  const check = readCheckNumber(strict, part.check, `${place}.check`, probe);
  const t0 = strict.integer(part.t0, `${place}.t0`, Number.MIN_SAFE_INTEGER);
  const i = strict.integer(part.i, `${place}.i`, 1);
  if (!INTERVALS_MS.has(i)) strict.fail(`${place}.i`, 'is not in the grid', 'SECTION_INTERVAL');
  const n0 = strict.integer(part.n0, `${place}.n0`);
  const n = strict.integer(part.n, `${place}.n`, 1);
  if (n > TICKS_MAX) strict.fail(`${place}.n`, `is more than ${TICKS_MAX}`, 'SECTION_TICKS');
  const first = t0 + n0 * i;
  const last = first + (n - 1) * i;
  if (first < 0 || !Number.isSafeInteger(last)) strict.fail(`${place}.t0`, 'is outside the boot');
  const indexes = strict.list(part.targets, `${place}.targets`, TARGETS_MAX);
  const strings = strict.list(part.s, `${place}.s`, TARGETS_MAX);
  if (strings.length !== indexes.length) strict.fail(`${place}.s`, 'is not one per target');
  checkRuns(strict, strings, `${place}.s`, n);
  let fitting: MeasuredTarget['probes'] | undefined;
  for (let k = 0; k < indexes.length; k++) {
    const index = indexes[k];
    const target = checkTarget(strict, index, place, k, targets, name);
    // Most targets of a list share one object of probes.
    if (target !== null && target.probes !== fitting) {
      if (listInterval(target, probe, check) !== i) {
        strict.fail(`${place}.i`, `is not the list's for target ${index}`, 'SECTION_INTERVAL');
      }
      fitting = target.probes;
    }
  }
  // Each was found to be an index above.
  const own = { span: [first, last], targets: indexes as readonly number[] } as const;
  claim(strict, spans, spanKey(probe, check), own, (k) => `${place}.targets[${k}]`);
  if (part.lag !== undefined) checkLag(strict, part.lag, `${place}.lag`, n0, n);
  if (part.rtt !== undefined) checkRtt(strict, part.rtt, `${place}.rtt`, indexes.length);
}

/** In most minutes one text stands for each target: `r60`. */
function checkRuns(strict: Strict, strings: readonly unknown[], place: string, n: number): void {
  let sound: unknown;
  for (let k = 0; k < strings.length; k++) {
    const runs = strings[k];
    if (runs === sound) continue;
    if (typeof runs !== 'string' || countRuns(runs) !== n) {
      strict.fail(`${place}[${k}]`, `is not a run-length string of ${n} ticks`, 'SECTION_RUNS');
    }
    sound = runs;
  }
}

function checkTarget(
  strict: Strict,
  index: unknown,
  place: string,
  k: number,
  targets: readonly MeasuredTarget[] | null,
  name: SectionName | undefined,
): MeasuredTarget | null {
  const count = targets?.length ?? TARGETS_MAX;
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0 || index >= count) {
    return strict.fail(`${place}.targets[${k}]`, 'is no index of the list', 'SECTION_TARGET');
  }
  const target = targets?.[index] ?? null;
  if (!isOfKind(target, name)) checkKind(strict, target, name, `${place}.targets[${k}]`);
  return target;
}

/** A PC's results outside the private section could not be masked or deleted. */
export function checkKind(
  strict: Strict,
  target: MeasuredTarget | null,
  name: SectionName | undefined,
  place: string,
): void {
  if (target === null || isOfKind(target, name)) return;
  strict.fail(place, `is a ${target.kind} in ${name}`, 'SECTION_TARGET');
}

function isOfKind(target: MeasuredTarget | null, name: SectionName | undefined): boolean {
  if (target === null || name === undefined) return true;
  return (target.kind === 'pc') === PRIVATE_SECTIONS.has(name);
}

/** The list's interval of a probe; undefined, which no interval equals, if it has none. */
function listInterval(
  target: MeasuredTarget,
  probe: SeriesProbe,
  check: number,
): number | undefined {
  const { probes } = target;
  return isCheckProbe(probe) ? probes[probe]?.[check]?.interval_ms : probes[probe]?.interval_ms;
}

/** Only what a target can have several of is numbered. */
function readCheckNumber(
  strict: Strict,
  value: unknown,
  place: string,
  probe: SeriesProbe,
): number {
  if (value === undefined) return 0;
  if (!isCheckProbe(probe)) return strict.fail(place, `stands beside ${probe}`);
  return strict.integer(value, place, 0, CHECKS_MAX - 1);
}

function checkLag(strict: Strict, value: unknown, place: string, n0: number, n: number): void {
  for (const [index, item] of strict.list(value, place, TICKS_MAX).entries()) {
    const pair = strict.list(item, `${place}[${index}]`, 2);
    strict.integer(pair[0], `${place}[${index}][0]`, n0, n0 + n - 1);
    strict.integer(pair[1], `${place}[${index}][1]`);
  }
}

function checkRtt(strict: Strict, value: unknown, place: string, count: number): void {
  const rtt = strict.object(value, place);
  const columnOf = (name: keyof RttColumns): readonly unknown[] => {
    const column = strict.list(rtt[name], `${place}.${name}`, TARGETS_MAX);
    if (column.length !== count) strict.fail(`${place}.${name}`, 'is not one per target');
    return column;
  };
  const [min, med] = [columnOf('min'), columnOf('med')];
  const [p95, max] = [columnOf('p95'), columnOf('max')];
  for (let k = 0; k < count; k++) {
    if (areRoundTrips(min[k], med[k], p95[k], max[k])) continue;
    strict.fail(`${place}.min[${k}]`, 'and its med, p95, max are no round trips', 'SECTION_RTT');
  }
}

/** Rising whole µs, or all of them null. */
function areRoundTrips(min: unknown, med: unknown, p95: unknown, max: unknown): boolean {
  if (min === null) return med === null && p95 === null && max === null;
  return isWhole(min) && isWhole(med) && isWhole(p95) && isWhole(max)
    ? 0 <= min && min <= med && med <= p95 && p95 <= max && max <= RTT_US_MAX
    : false;
}

function isWhole(us: unknown): us is number {
  return Number.isSafeInteger(us);
}
