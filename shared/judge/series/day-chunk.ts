import { ByteReader, ByteWriter, damaged } from './bytes.ts';
import { type Column, readColumn, writeColumn } from './column.ts';
import {
  type CounterTrack,
  type DeviceDay,
  type DeviceMinutes,
  PORT_METRICS,
  type PortMetric,
  SERIES_VERSION,
} from './types.ts';

const HAS_RTT = 1;
const HAS_LOSS = 2;

/**
 * A device-day in parts, so that who asks for one thing reads little: 0 the minutes, 1 which port
 * has which counters and when they were read (each list of times once: all ports of a switch are
 * read together), from 2 on the counters, one part a metric in the order of PORT_METRICS. What is
 * empty is left out at the end. The caller compresses them. The same day gives the same bytes.
 */
export function encodeDay(day: DeviceDay, day_ms: number): Uint8Array[] {
  const parts = [encodeMinutes(day)];
  if (day.ports.size === 0) return parts;
  const index = new ByteWriter();
  const bases = new Map<string, { number: number; times_ms: readonly number[] }>();
  const ports = [...day.ports].sort(([a], [b]) => a - b);
  const numbers = ports.map(([, metrics]) =>
    PORT_METRICS.map((metric) => baseOf(bases, metrics.get(metric))),
  );
  index.unsigned(bases.size);
  for (const { times_ms } of bases.values()) writeTimes(index, times_ms, day_ms);
  index.unsigned(ports.length);
  for (const [at, [port]] of ports.entries()) {
    index.unsigned(port);
    for (const number of numbers[at] ?? []) index.unsigned(number);
  }
  parts.push(index.finish());
  for (const metric of PORT_METRICS) {
    const out = new ByteWriter();
    for (const [, metrics] of ports) {
      const track = metrics.get(metric);
      if (track === undefined) continue;
      const column = new ByteWriter();
      writeColumn(column, track.deltas);
      out.part(column.finish());
    }
    parts.push(out.finish());
  }
  return parts;
}

function encodeMinutes({ rtt, loss }: DeviceMinutes): Uint8Array {
  const out = new ByteWriter();
  out.unsigned(SERIES_VERSION);
  out.byte((rtt === null ? 0 : HAS_RTT) + (loss === null ? 0 : HAS_LOSS));
  if (rtt !== null) {
    // They rise: the distances are smaller than the values.
    writeColumn(out, rtt.min);
    writeColumn(out, above(rtt.med, rtt.min));
    writeColumn(out, above(rtt.p95, rtt.med));
    writeColumn(out, above(rtt.max, rtt.p95));
  }
  if (loss !== null) {
    for (const column of [loss.slots, loss.lost, loss.arp]) writeColumn(out, column);
  }
  return out.finish();
}

/** Reads part 0. Throws LanProofError SERIES_FORMAT. */
export function decodeMinutes(part: Uint8Array): DeviceMinutes {
  const input = new ByteReader(part);
  if (input.unsigned() !== SERIES_VERSION) throw damaged('another version wrote it');
  const has = input.byte();
  let rtt: DeviceMinutes['rtt'] = null;
  if ((has & HAS_RTT) !== 0) {
    const min = readColumn(input);
    const med = onTop(readColumn(input), min);
    const p95 = onTop(readColumn(input), med);
    rtt = { min, med, p95, max: onTop(readColumn(input), p95) };
  }
  let loss: DeviceMinutes['loss'] = null;
  if ((has & HAS_LOSS) !== 0) {
    loss = { slots: readColumn(input), lost: readColumn(input), arp: readColumn(input) };
  }
  input.end();
  return { rtt, loss };
}

/** Number of the part that holds a metric of all ports. */
export function partOf(metric: PortMetric): number {
  return 2 + PORT_METRICS.indexOf(metric);
}

/**
 * One metric of one port out of parts 1 and `partOf(metric)`; null where the port was not read.
 * Throws LanProofError SERIES_FORMAT.
 */
export function decodeTrack(
  index: Uint8Array,
  part: Uint8Array,
  day_ms: number,
  port: number,
  metric: PortMetric,
): CounterTrack | null {
  const input = new ByteReader(index);
  const bases: number[][] = [];
  for (let left = input.unsigned(); left > 0; left--) bases.push(readTimes(input, day_ms));
  const columns = new ByteReader(part);
  for (let left = input.unsigned(); left > 0; left--) {
    const found = input.unsigned() === port;
    const numbers = PORT_METRICS.map(() => input.unsigned());
    const number = numbers[PORT_METRICS.indexOf(metric)] ?? 0;
    const bytes = number === 0 ? null : columns.part();
    if (!found) continue;
    if (bytes === null) return null;
    const times_ms = bases[number - 1];
    const deltas = readColumn(new ByteReader(bytes));
    if (times_ms === undefined || times_ms.length !== deltas.length + 1) {
      throw damaged('counters do not fit their times');
    }
    return { times_ms, deltas };
  }
  return null;
}

/** Numbers from 1; 0 stands for a counter that the port has not. */
function baseOf(
  bases: Map<string, { number: number; times_ms: readonly number[] }>,
  track: CounterTrack | undefined,
): number {
  if (track === undefined) return 0;
  const key = track.times_ms.join();
  const known = bases.get(key);
  if (known !== undefined) return known.number;
  const number = bases.size + 1;
  bases.set(key, { number, times_ms: track.times_ms });
  return number;
}

/** Readings are nearly even: what differs from the step before is small. */
function writeTimes(out: ByteWriter, times_ms: readonly number[], day_ms: number): void {
  out.unsigned(times_ms.length);
  let before = day_ms;
  let step = 0;
  for (const at_ms of times_ms) {
    out.signed(at_ms - before - step);
    step = at_ms - before;
    before = at_ms;
  }
}

function readTimes(input: ByteReader, day_ms: number): number[] {
  const times_ms: number[] = [];
  let before = day_ms;
  let step = 0;
  for (let left = input.unsigned(); left > 0; left--) {
    step += input.signed();
    before += step;
    times_ms.push(before);
  }
  return times_ms;
}

function above(upper: Column, lower: Column): Column {
  return upper.map((value, at) => (value === null ? null : value - (lower[at] ?? 0)));
}

function onTop(distance: (number | null)[], lower: Column): (number | null)[] {
  return distance.map((value, at) => (value === null ? null : value + (lower[at] ?? 0)));
}
