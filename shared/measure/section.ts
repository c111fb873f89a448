import { utf8 } from '../bytes.ts';
import {
  type CheckPart,
  HOST_ORDER,
  type HostPart,
  type ResultSection,
  SECTION_INFLATED_BYTES_MAX,
  type SectionName,
  type SeriesPart,
  TARGETS_MAX,
} from './batch.ts';
import { decodeIndexes, encodeIndexes } from './index-runs.ts';
import { CHECK_PARTS_MAX, readCheck } from './section-checks.ts';
import { checkKind, checkSeries } from './section-series.ts';
import { readSnmp, SNMP_TARGETS_MAX } from './section-snmp.ts';
import type { Spans } from './section-spans.ts';
import { Strict } from './strict.ts';
import type { MeasuredTarget } from './targets.ts';

const DUPLEX = ['full', 'half'] as const;
/** Series of one section: an engine that is started again every few seconds of a minute fits. */
export const SERIES_MAX = 256;
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
  const series = strict.list(root.series, 'series', SERIES_MAX).map(withIndexes);
  const context = { targets, name, spans: new Map() };
  for (const [index, part] of series.entries()) {
    checkSeries(strict, part, `series[${index}]`, context);
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
            checkKind(strict, targets?.[read.target] ?? null, name, `snmp[${index}].target`);
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
  const spans: Spans = new Map();
  return strict.list(value, 'checks', CHECK_PARTS_MAX).map((part, index) => {
    const place = `checks[${index}]`;
    const read = readCheck(strict, part, place, targets, spans);
    checkKind(strict, targets?.[read.target] ?? null, name, `${place}.target`);
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

function readHost(value: unknown): HostPart {
  // As HOST_ORDER has them.
  const [carrier, carrier_changes, speed_mbps, duplex, rx_frames, ac_line] = strict.list(
    value,
    'host',
    HOST_ORDER.length,
  );
  const count = (member: unknown, place: string, max?: number) =>
    member === null ? null : strict.integer(member, place, 0, max);
  const flag = (member: unknown, place: string) =>
    member === null ? null : strict.boolean(member, place);
  return {
    carrier: flag(carrier, 'host.carrier'),
    carrier_changes: count(carrier_changes, 'host.carrier_changes'),
    speed_mbps: count(speed_mbps, 'host.speed_mbps', SPEED_MBPS_MAX),
    duplex: duplex === null ? null : strict.oneOf(duplex, 'host.duplex', DUPLEX),
    rx_frames: count(rx_frames, 'host.rx_frames'),
    ac_line: flag(ac_line, 'host.ac_line'),
  };
}
