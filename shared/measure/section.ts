import { utf8 } from '../bytes.ts';
import {
  type CheckPart,
  HOST_ORDER,
  type HostPart,
  PRIVATE_SECTIONS,
  type ResultSection,
  type RttColumns,
  SECTION_INFLATED_BYTES_MAX,
  type SectionName,
  type SeriesPart,
  TARGETS_MAX,
  TICKS_MAX,
} from './batch.ts';
import { CHECKS_MAX, INTERVALS_S, isCheckProbe, SERIES_PROBES, type SeriesProbe } from './codes.ts';
import { decodeIndexes, encodeIndexes } from './index-runs.ts';
import { countRuns } from './runs.ts';
import { CHECK_PARTS_MAX, readCheck } from './section-checks.ts';
import { readSnmp, SNMP_TARGETS_MAX } from './section-snmp.ts';
import { claim, type Span, spanKey } from './section-spans.ts';
import { Strict } from './strict.ts';
import type { MeasuredTarget } from './targets.ts';

const MS_PER_S = 1_000;
const DUPLEX = ['full', 'half'] as const;
const INTERVALS_MS: ReadonlySet<number> = new Set(INTERVALS_S.map((s) => s * MS_PER_S));
/** Series of one section: an engine that is started again every few seconds of a minute fits. */
export const SERIES_MAX = 256;
/** Round trips are below the longest interval, µs. */
const RTT_US_MAX = 600_000_000;
/** Link speeds up to 1 Tb/s, Mb/s. */
const SPEED_MBPS_MAX = 1_000_000;

const HINT = 'the batch is kept and its slots are unreadable; update the agent that sealed it';
const strict = new Strict('SECTION_FORMAT', HINT);

/** The JSON bytes that are compressed (shared/node/section-bytes.ts). */
export function encodeResultSection(section: ResultSection): Uint8Array {
  const { series, host } = section;
  return utf8(
    JSON.stringify({
      ...section,
      series: series.map((part) => ({ ...part, targets: encodeIndexes(part.targets) })),
      host: host && HOST_ORDER.map((name) => host[name]),
    }),
  );
}

/**
 * Reads `infra` or `endpoints`, inflated. Target indexes are held against `list` (null: only
 * against TARGETS_MAX), and with `name` the kind too: a `pc` stands in `endpoints`, all else in
 * `infra`. Unknown members are passed over. Throws LanProofError with the member's path as place:
 * SECTION_FORMAT (types, forms, counts), SECTION_TARGET (index outside the list, twice, or in the
 * wrong section), SECTION_INTERVAL (outside the grid, or not the list's), SECTION_RUNS (malformed
 * or not n ticks), SECTION_TICKS (over TICKS_MAX), SECTION_OVERLAP, SECTION_RTT (negative, no
 * integer, out of order).
 */
export function parseResultSection(
  json: Uint8Array,
  list: { readonly targets: readonly MeasuredTarget[] } | null,
  name?: Exclude<SectionName, 'identity'>,
): ResultSection {
  const root = strict.parse(json, SECTION_INFLATED_BYTES_MAX);
  strict.integer(root.v, 'v', 1, 1);
  const targets = list?.targets ?? null;
  const spans = new Map<number, Span[]>();
  const series = strict.list(root.series, 'series', SERIES_MAX).map(withIndexes);
  for (const [index, part] of series.entries()) {
    checkSeries(part, `series[${index}]`, targets, name, spans);
  }
  const count = targets?.length ?? TARGETS_MAX;
  return {
    v: 1,
    // Every member was checked above; a copy of each number would double the cost of a batch.
    series: series as readonly SeriesPart[],
    ...(root.snmp === undefined
      ? {}
      : {
          snmp: strict.list(root.snmp, 'snmp', SNMP_TARGETS_MAX).map((part, index) => {
            const read = readSnmp(strict, part, `snmp[${index}]`, count);
            checkKind(targets?.[read.target] ?? null, name, `snmp[${index}].target`);
            return read;
          }),
        }),
    ...(root.checks === undefined ? {} : { checks: readChecks(root.checks, targets, name) }),
    ...(root.host === undefined ? {} : { host: readHost(root.host) }),
  };
}

function readChecks(
  value: unknown,
  targets: readonly MeasuredTarget[] | null,
  name: SectionName | undefined,
): CheckPart[] {
  const spans = new Map<number, Span[]>();
  return strict.list(value, 'checks', CHECK_PARTS_MAX).map((part, index) => {
    const place = `checks[${index}]`;
    const read = readCheck(strict, part, place, targets, spans);
    checkKind(targets?.[read.target] ?? null, name, `${place}.target`);
    return read;
  });
}

/** The text of indexes as a list; whatever else stands there is looked at by checkSeries. */
function withIndexes(value: unknown, index: number): unknown {
  if (typeof value !== 'object' || value === null || !('targets' in value)) return value;
  if (typeof value.targets !== 'string') return value;
  const targets = decodeIndexes(value.targets, TARGETS_MAX);
  if (targets === null) return strict.fail(`series[${index}].targets`, 'are no runs of indexes');
  return { ...value, targets };
}

function checkSeries(
  value: unknown,
  place: string,
  targets: readonly MeasuredTarget[] | null,
  name: SectionName | undefined,
  spans: Map<number, Span[]>,
): void {
  const part = strict.object(value, place);
  const probe = strict.oneOf(part.probe, `${place}.probe`, SERIES_PROBES);
  const check = readCheckNumber(part.check, `${place}.check`, probe);
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
  for (let k = 0; k < indexes.length; k++) {
    const index = indexes[k];
    const target = checkTarget(index, `${place}.targets`, k, targets, name);
    if (target !== null && listInterval(target, probe, check) !== i) {
      strict.fail(`${place}.i`, `is not the list's for target ${index}`, 'SECTION_INTERVAL');
    }
    const runs = strings[k];
    if (typeof runs !== 'string' || countRuns(runs) !== n) {
      strict.fail(`${place}.s[${k}]`, `is not a run-length string of ${n} ticks`, 'SECTION_RUNS');
    }
    const key = spanKey(Number(index), probe, check);
    claim(strict, spans, key, [first, last], () => `${place}.targets[${k}]`);
  }
  if (part.lag !== undefined) checkLag(part.lag, `${place}.lag`, n0, n);
  if (part.rtt !== undefined) checkRtt(part.rtt, `${place}.rtt`, indexes.length);
}

function checkTarget(
  index: unknown,
  list: string,
  k: number,
  targets: readonly MeasuredTarget[] | null,
  name: SectionName | undefined,
): MeasuredTarget | null {
  const count = targets?.length ?? TARGETS_MAX;
  if (!Number.isSafeInteger(index) || Number(index) < 0 || Number(index) >= count) {
    return strict.fail(`${list}[${k}]`, 'is no index of the list', 'SECTION_TARGET');
  }
  const target = targets?.[Number(index)] ?? null;
  checkKind(target, name, `${list}[${k}]`);
  return target;
}

/** A PC's results outside the private section could not be masked or deleted. */
function checkKind(
  target: MeasuredTarget | null,
  name: SectionName | undefined,
  place: string,
): void {
  if (target === null || name === undefined) return;
  if ((target.kind === 'pc') === PRIVATE_SECTIONS.has(name)) return;
  strict.fail(place, `is a ${target.kind} in ${name}`, 'SECTION_TARGET');
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
function readCheckNumber(value: unknown, place: string, probe: SeriesProbe): number {
  if (value === undefined) return 0;
  if (!isCheckProbe(probe)) return strict.fail(place, `stands beside ${probe}`);
  return strict.integer(value, place, 0, CHECKS_MAX - 1);
}

function checkLag(value: unknown, place: string, n0: number, n: number): void {
  for (const [index, item] of strict.list(value, place, TICKS_MAX).entries()) {
    const pair = strict.list(item, `${place}[${index}]`, 2);
    strict.integer(pair[0], `${place}[${index}][0]`, n0, n0 + n - 1);
    strict.integer(pair[1], `${place}[${index}][1]`);
  }
}

function checkRtt(value: unknown, place: string, count: number): void {
  const rtt = strict.object(value, place);
  const names: readonly (keyof RttColumns)[] = ['min', 'med', 'p95', 'max'];
  const columns = names.map((name) => {
    const column = strict.list(rtt[name], `${place}.${name}`, TARGETS_MAX);
    if (column.length !== count) strict.fail(`${place}.${name}`, 'is not one per target');
    return column;
  });
  const [min = [], med = [], p95 = [], max = []] = columns;
  for (let k = 0; k < count; k++) {
    const [a, b, c, d] = [min[k], med[k], p95[k], max[k]];
    if (a === null && b === null && c === null && d === null) continue;
    const whole = [a, b, c, d].every((us) => Number.isSafeInteger(us));
    const rising = Number(a) <= Number(b) && Number(b) <= Number(c) && Number(c) <= Number(d);
    if (!whole || !rising || Number(a) < 0 || Number(d) > RTT_US_MAX) {
      strict.fail(`${place}.min[${k}]`, 'and its med, p95, max are no round trips', 'SECTION_RTT');
    }
  }
}

function readHost(value: unknown): HostPart {
  const list = strict.list(value, 'host', HOST_ORDER.length);
  const host: Partial<Record<keyof HostPart, unknown>> = Object.fromEntries(
    HOST_ORDER.map((name, k) => [name, list[k]]),
  );
  const count = (member: unknown, place: string, max?: number) =>
    member === null ? null : strict.integer(member, place, 0, max);
  const flag = (member: unknown, place: string) =>
    member === null ? null : strict.boolean(member, place);
  return {
    carrier: flag(host.carrier, 'host.carrier'),
    carrier_changes: count(host.carrier_changes, 'host.carrier_changes'),
    speed_mbps: count(host.speed_mbps, 'host.speed_mbps', SPEED_MBPS_MAX),
    duplex: host.duplex === null ? null : strict.oneOf(host.duplex, 'host.duplex', DUPLEX),
    rx_frames: count(host.rx_frames, 'host.rx_frames'),
    ac_line: flag(host.ac_line, 'host.ac_line'),
  };
}
