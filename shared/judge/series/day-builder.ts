import type { BatchHeader, ResultSection, SeriesPart } from '../../measure/batch.ts';
import { nextOffset, type RunOffset } from '../../measure/clock.ts';
import { createSnmpReader, type SnmpReading } from '../../measure/snmp-columns.ts';
import type { MeasuredTarget } from '../../measure/targets.ts';
import { feedCounts } from '../counters/counters.ts';
import { GAP_MAX_MS } from '../counters/deltas.ts';
import { type CountersState, createCounters } from '../counters/state.ts';
import { FUTURE_MAX_MS } from '../place.ts';
import { RttBuilder } from './rtt-builder.ts';
import { COUNTED, metricDeltas, TrackBuilder } from './track.ts';
import { DAY_MS, type DeviceDay, type LossMinutes, MINUTE_MS, type PortMetric } from './types.ts';

/**
 * Batches of this time before the day are read, too: a key poll stands in each hour, and a delta
 * that reaches into the day began at most GAP_MAX_MS before it.
 */
export const LEAD_MS = 60 * MINUTE_MS + GAP_MAX_MS + 9 * MINUTE_MS;
/** A delta that began in the day ends at most so long after it. */
export const TRAIL_MS = GAP_MAX_MS + MINUTE_MS;

/** A batch of one agent as the ledger has it. */
export interface SeriesBatch {
  readonly epoch: number;
  readonly seq: number;
  readonly recv_ms: number;
  readonly header: BatchHeader;
  /** What of it could be read. */
  readonly sections: readonly ResultSection[];
  /** False: a section is missing or faulty. */
  readonly whole: boolean;
  /** The list that the header names. */
  readonly targets: readonly MeasuredTarget[];
}

/**
 * Where a batch stands to a day: `before` and `after` it, so that it says nothing of the day, or
 * `inside`. One whose end lies in the future of its receipt is of a wrong clock and says nothing.
 */
export function placeOf(
  { closed_to_ms }: BatchHeader,
  recv_ms: number,
  day_ms: number,
): 'before' | 'inside' | 'after' {
  if (closed_to_ms > recv_ms + FUTURE_MAX_MS || closed_to_ms <= day_ms - LEAD_MS) return 'before';
  return closed_to_ms < day_ms + DAY_MS + TRAIL_MS ? 'inside' : 'after';
}

/** What is to be built: who asks for one thing need not pay for the others. */
export interface Wanted {
  readonly round_trips: boolean;
  /** Counters of no device, of the one with this code, or of all. */
  readonly counters: 'none' | 'all' | { readonly device: string };
}
export const ALL_WANTED: Wanted = { round_trips: true, counters: 'all' };

interface DeviceBuilder {
  readonly rtt: RttBuilder;
  readonly tracks: Map<number, Map<PortMetric, TrackBuilder>>;
}

/**
 * Builds one UTC day of one agent out of its batches, in the order of the ledger. A run has one
 * offset as in the judge; what an unsynchronised run measured is left out. The same batches give
 * the same day, wherever before the day reading begins.
 */
export class DayBuilder {
  readonly day_ms: number;
  /** True: a batch behind the day was met, so nothing of the day is still to come. */
  complete = false;
  readonly #wanted: Wanted;
  readonly #devices = new Map<string, DeviceBuilder>();
  readonly #counters = new Map<string, CountersState>();
  readonly #reader = createSnmpReader();
  #at = { epoch: 0, seq: 0 };
  #run: { readonly id: string; readonly boot: string; offset: RunOffset | null } | null = null;

  constructor(day_ms: number, wanted: Wanted = ALL_WANTED) {
    this.day_ms = day_ms;
    this.#wanted = wanted;
  }

  /** Takes the next batch in; batches before the day are passed over, so they need not be given. */
  feed(batch: SeriesBatch): void {
    const { epoch, seq, header, recv_ms } = batch;
    const place = placeOf(header, recv_ms, this.day_ms);
    if (this.complete || place === 'before') return;
    if (epoch < this.#at.epoch || (epoch === this.#at.epoch && seq <= this.#at.seq)) return;
    const follows = epoch === this.#at.epoch && seq === this.#at.seq + 1;
    const same_run = this.#run?.id === header.run && this.#run.boot === header.boot;
    if (epoch !== this.#at.epoch || !same_run) this.#run = null;
    this.#at = { epoch, seq };
    this.#run ??= { id: header.run, boot: header.boot, offset: null };
    this.#run.offset = nextOffset(this.#run.offset, header.clock);
    const offset = this.#run.offset;
    const offset_ms = offset?.synchronised === true ? offset.offset_ms : null;
    if (place === 'after') {
      this.complete = offset_ms !== null;
      return;
    }
    if (offset_ms !== null && this.#wanted.round_trips) {
      for (const { series } of batch.sections) {
        for (const part of series) this.#roundTrips(part, batch.targets, offset_ms);
      }
    }
    if (this.#wanted.counters === 'none') return;
    const parts = batch.sections.flatMap(({ snmp = [] }) =>
      snmp.filter(({ target }) => this.#counts(batch.targets[target]?.code)),
    );
    const scalars = new Map(parts.map((part) => [part.target, part.scalars]));
    const place_in_chain = { epoch, seq, run: header.run, list: header.list };
    const readings = this.#reader.feed(place_in_chain, batch.whole ? parts : null);
    if (offset_ms === null) return;
    const newest = new Map(readings.map((reading) => [reading.target, reading]));
    const ran_on = follows && same_run ? 'ran_on' : null;
    for (const reading of readings) {
      const said = newest.get(reading.target) === reading ? scalars.get(reading.target) : undefined;
      this.#reading(reading, batch.targets, offset_ms, said ?? ran_on);
    }
  }

  /** Codes of all devices that the day has something of, in the order of the alphabet. */
  devices(): string[] {
    return [...this.#devices.keys()].sort();
  }

  /**
   * A device's day as far as it was fed. `answered`: minutes in which a slot was answered; round
   * trips of others stand on a wrong clock or a broken chain and are left out.
   */
  device(code: string, loss: LossMinutes | null, answered: Uint8Array): DeviceDay {
    const built = this.#devices.get(code);
    const ports = new Map<
      number,
      Map<PortMetric, NonNullable<ReturnType<TrackBuilder['track']>>>
    >();
    for (const [port, metrics] of built?.tracks ?? []) {
      const found = [...metrics].flatMap(([metric, builder]) => {
        const track = builder.track();
        return track === null ? [] : [[metric, track] as const];
      });
      if (found.length > 0) ports.set(port, new Map(found));
    }
    return { rtt: built?.rtt.minutes(answered) ?? null, loss, ports };
  }

  #counts(code: string | undefined): boolean {
    const { counters } = this.#wanted;
    return counters === 'all' || (counters !== 'none' && counters.device === code);
  }

  #roundTrips(part: SeriesPart, targets: readonly MeasuredTarget[], offset_ms: number): void {
    const { rtt, probe, check, t0, i, n0, n } = part;
    if (rtt === undefined || (check !== undefined && check !== 0)) return;
    // They are of the minute of the part's last tick (docs/formats/batch.md).
    const last_ms = t0 + (n0 + n - 1) * i + offset_ms;
    const minute = Math.floor((last_ms - this.day_ms) / MINUTE_MS);
    if (minute < 0 || minute >= DAY_MS / MINUTE_MS) return;
    for (const [at, index] of part.targets.entries()) {
      const target = targets[index];
      if (target === undefined || !target.own || target.reachability !== probe) continue;
      this.#device(target.code).rtt.add(minute, rtt, at);
    }
  }

  #reading(
    reading: SnmpReading,
    targets: readonly MeasuredTarget[],
    offset_ms: number,
    said: Readonly<Record<string, number | string>> | 'ran_on' | null,
  ): void {
    const code = targets[reading.target]?.code;
    if (code === undefined) return;
    const state = this.#counters.get(code) ?? createCounters();
    this.#counters.set(code, state);
    const at_ms = reading.requested_mono_ms + offset_ms;
    const deltas = feedCounts(state, { ...reading, at_ms, scalars: said }, COUNTED);
    if (deltas.length === 0) return;
    const { tracks } = this.#device(code);
    for (const { port, metric, from_ms, to_ms, count } of metricDeltas(deltas)) {
      const metrics = tracks.get(port) ?? new Map<PortMetric, TrackBuilder>();
      tracks.set(port, metrics);
      const track = metrics.get(metric) ?? new TrackBuilder(this.day_ms, metric);
      metrics.set(metric, track);
      track.add(from_ms, to_ms, count);
    }
  }

  #device(code: string): DeviceBuilder {
    const known = this.#devices.get(code);
    if (known !== undefined) return known;
    const made = { rtt: new RttBuilder(), tracks: new Map() };
    this.#devices.set(code, made);
    return made;
  }
}
