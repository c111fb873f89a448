import { fromUtf8 } from '../../shared/bytes.ts';
import type {
  BatchHeader,
  CheckPart,
  IdentityRow,
  SectionName,
  SeriesPart,
  SnmpPart,
} from '../../shared/measure/batch.ts';
import { runOffset } from '../../shared/measure/clock.ts';
import type { CheckProbe, RawCode, SeriesProbe } from '../../shared/measure/codes.ts';
import { decodeRuns } from '../../shared/measure/runs.ts';
import { parseResultSection } from '../../shared/measure/section.ts';
import { parseIdentitySection } from '../../shared/measure/section-identity.ts';
import { createSnmpReader, type SnmpReading } from '../../shared/measure/snmp-columns.ts';
import { decodeWire } from '../../shared/measure/wire.ts';
import { unpackSection } from '../../shared/node/section-bytes.ts';

/** One batch with what stands in its sections. */
export interface ReadBatch {
  readonly header: BatchHeader;
  readonly series: readonly SeriesPart[];
  readonly snmp: readonly SnmpPart[];
  readonly checks: readonly CheckPart[];
  readonly identity: readonly IdentityRow[];
}

/** One tick of one target, placed on the wall clock. */
export interface ReadTick {
  readonly target: number;
  readonly probe: SeriesProbe;
  readonly check: number;
  /** Version of the list that it was asked under. */
  readonly list: number;
  /** UTC ms at which it was due. */
  readonly at_ms: number;
  readonly code: RawCode;
}

/** One tick of a check with its details. */
export interface ReadCheck {
  readonly at_ms: number;
  readonly outcome: string;
  readonly phases_us: readonly (number | null)[];
  readonly status: number | undefined;
}

/** Reads the bodies of batches, oldest first. Throws LanProofError where one is malformed. */
export function readBatches(bodies: readonly Uint8Array[]): ReadBatch[] {
  return bodies.map((body) => {
    const wire = decodeWire(body);
    const header: BatchHeader = JSON.parse(fromUtf8(wire.header));
    const batch: Draft = { header, series: [], snmp: [], checks: [], identity: [] };
    for (const [k, bytes] of wire.sections.entries()) add(batch, header.sections[k]?.name, bytes);
    return batch;
  });
}

type Draft = { -readonly [K in keyof ReadBatch]: ReadBatch[K] };

function add(batch: Draft, name: SectionName | undefined, bytes: Uint8Array): void {
  if (name === undefined) throw new Error('a section without a name');
  const json = unpackSection(name, bytes);
  if (name === 'identity') {
    batch.identity = parseIdentitySection(json, null).rows;
    return;
  }
  const { series, snmp = [], checks = [] } = parseResultSection(json, null, name);
  batch.series = [...batch.series, ...series];
  batch.snmp = [...batch.snmp, ...snmp];
  batch.checks = [...batch.checks, ...checks];
}

/** wall − mono, ms; these labs leave the clock alone, so one offset holds. */
export function offsetOf(batches: readonly ReadBatch[]): number {
  const found = runOffset(batches.flatMap(({ header }) => header.clock));
  if (found === null) throw new Error('no batch has a clock sample');
  return found.offset_ms;
}

/** All ticks in the order in which they were due. */
export function readTicks(batches: readonly ReadBatch[]): ReadTick[] {
  const offset_ms = offsetOf(batches);
  const ticks = batches.flatMap(({ header, series }) =>
    series.flatMap(({ probe, check = 0, t0, i, n0, targets, s }) =>
      targets.flatMap((target, k) =>
        decodeRuns(s[k] ?? '')
          .flatMap(({ code, ticks }) => Array.from({ length: ticks }, () => code))
          .map((code, j) => {
            const at_ms = t0 + (n0 + j) * i + offset_ms;
            return { target, probe, check, list: header.list.version, at_ms, code };
          }),
      ),
    ),
  );
  return ticks.sort((a, b) => a.at_ms - b.at_ms);
}

/** What one check of one target saw. */
export function readChecks(
  batches: readonly ReadBatch[],
  wanted: { readonly target: number; readonly probe: CheckProbe; readonly check: number },
): ReadCheck[] {
  const offset_ms = offsetOf(batches);
  return batches
    .flatMap(({ checks }) => checks)
    .filter(
      ({ target, probe, check }) =>
        target === wanted.target && probe === wanted.probe && check === wanted.check,
    )
    .flatMap(({ ticks }) =>
      ticks.map(([sent_ms, outcome, phases_us, status]) => ({
        at_ms: sent_ms + offset_ms,
        outcome,
        phases_us,
        status,
      })),
    );
}

/** The polls of one target with absolute values, as any reader of the format gets them. */
export function readReadings(batches: readonly ReadBatch[], target: number): SnmpReading[] {
  const reader = createSnmpReader();
  return batches
    .flatMap(({ header, snmp }) => reader.feed(header, snmp))
    .filter((reading) => reading.target === target);
}
