import type { AgentEvent, HostPart, IdentityRow, SnmpPart } from '../shared/measure/batch.ts';
import type { PublicTarget } from '../shared/measure/targets.ts';
import type { EngineProblem, ProbeSink, Row, Series } from './probe/prober.ts';
import { CheckBook } from './record/checks.ts';
import type { Draft, ListInForce } from './record/draft.ts';
import { LossWatch } from './record/early.ts';
import { EventQueue } from './record/events.ts';
import { IdentityBook } from './record/identity.ts';
import { bySection, section, withoutCarrier } from './record/parts.ts';
import { type EncodeRuns, SeriesRecord } from './record/series.ts';
import { identityRows, SnmpRecord } from './record/snmp.ts';
import type { DevicePoll } from './snmp/poll.ts';

export type { Draft, ListInForce } from './record/draft.ts';

export interface RecorderDeps {
  readonly monotonic_ms: () => number;
  /** wall − monotonic of the run, ms. */
  readonly offset_ms: () => number;
  /** Whether the own interface had no carrier at any time since `mono_ms`. */
  readonly carrierLostSince: (mono_ms: number) => boolean;
  readonly encodeRuns: EncodeRuns;
  /** An infrastructure target was lost or came back: its tick should be sealed early. */
  readonly onEarly: (sent_mono_ms: number) => void;
  readonly onProblem: (problem: EngineProblem) => void;
  readonly list: ListInForce;
}

interface OpenSeries {
  readonly record: SeriesRecord;
  readonly targets: readonly PublicTarget[];
  /** Whether a verdict decides the reachability of the target (others only corroborate). */
  readonly decides: readonly boolean[];
  /** Positions by section: `endpoints` holds the PCs. */
  readonly infra: readonly number[];
  readonly endpoints: readonly number[];
}

/**
 * The open batch: everything measured since the last seal. It owns all rows until a seal takes
 * them, reads no clock but the injected one and never waits.
 */
export class Recorder implements ProbeSink {
  readonly #deps: RecorderDeps;
  readonly #series = new Map<number, OpenSeries>();
  readonly #watch = new LossWatch();
  readonly #identity = new IdentityBook();
  readonly #snmp = new Map<number, SnmpRecord>();
  readonly #checks = new CheckBook();
  readonly #events = new EventQueue();
  #list: ListInForce;
  #next: { readonly list: ListInForce; readonly from_mono_ms: number } | undefined;

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
    this.#list = deps.list;
  }

  get list(): ListInForce {
    return this.#list;
  }

  /** From this monotonic time on ticks belong to the new list; `switchList` makes it current. */
  announceList(list: ListInForce, from_mono_ms: number): void {
    this.#next = { list, from_mono_ms };
  }

  /** Called after the batch that closes the old list was taken. */
  switchList(): void {
    if (this.#next === undefined) return;
    this.#list = this.#next.list;
    this.#next = undefined;
    this.#watch.useList(this.#list.targets);
    this.#identity.clear();
    this.#events.forgetTargets();
    this.#snmp.clear();
    this.#checks.useList(this.#list.version);
    for (const [id, { record }] of this.#series) {
      if (record.list_version !== this.#list.version) this.#series.delete(id);
    }
  }

  open(series: Series): void {
    const next = this.#next;
    const list = next !== undefined && series.t0_ms >= next.from_mono_ms ? next.list : this.#list;
    const targets = series.targets.flatMap((index) => list.targets[index] ?? []);
    if (targets.length !== series.targets.length) {
      const message = `series ${series.id} names a target outside list ${list.version}`;
      this.problem({ code: 'ENGINE_GARBAGE', message });
      return;
    }
    const positions = targets.map((_, position) => position);
    this.#series.set(series.id, {
      record: new SeriesRecord(series, list.version),
      targets,
      decides: targets.map((target) => {
        return target.reachability === series.probe && (series.check ?? 0) === 0;
      }),
      infra: positions.filter((position) => targets[position]?.kind !== 'pc'),
      endpoints: positions.filter((position) => targets[position]?.kind === 'pc'),
    });
  }

  row(row: Row): void {
    const open = this.#series.get(row.series);
    if (open === undefined) return;
    const { record } = open;
    const silent = row.codes.some((code) => code === 'n' || code === 'x');
    const lost = silent && this.#deps.carrierLostSince(record.sentAt(row.n) + row.lag_ms);
    const codes = lost ? row.codes.map(withoutCarrier) : row.codes;
    record.add(row, codes, this.#deps.offset_ms());
    this.#checks.add(record.series, record.list_version, row, codes);
    let early = false;
    for (const [position, code] of codes.entries()) {
      const target = open.targets[position];
      if (target === undefined || open.decides[position] !== true) continue;
      if (this.#watch.verdict(target, code)) early = true;
    }
    if (early) this.#deps.onEarly(record.sentAt(row.n));
  }

  close(series: number): void {
    const open = this.#series.get(series);
    if (open !== undefined) open.record.closed = true;
  }

  problem(problem: EngineProblem): void {
    if (problem.code === 'ENGINE_DIED') this.event({ code: 'engine_died' });
    if (problem.code === 'ENGINE_SILENT') this.event({ code: 'engine_silent' });
    this.#deps.onProblem(problem);
  }

  /** Adds a coded event; its time is now unless it is given. */
  event(event: Omit<AgentEvent, 'mono_ms'> & { readonly mono_ms?: number }): void {
    this.#events.add({ ...event, mono_ms: event.mono_ms ?? this.#deps.monotonic_ms() });
  }

  /** One SNMP poll of a target of the list in force. */
  poll(target: number, poll: DevicePoll, list_version: number): void {
    if (list_version !== this.#list.version) return;
    let record = this.#snmp.get(target);
    if (record === undefined) {
      record = new SnmpRecord(target);
      this.#snmp.set(target, record);
    }
    record.add(poll, this.#deps.monotonic_ms() + this.#deps.offset_ms());
    if (poll.restarted) this.#identity.forget(target);
    this.identity(identityRows(target, poll));
  }

  /** A run began, or a batch was lost: no reader has what differences would be counted from. */
  restartPolls(): void {
    this.#snmp.clear();
  }

  /** Addresses, MACs and names; only what changed since it was last written goes into a batch. */
  identity(rows: readonly IdentityRow[]): void {
    this.#identity.add(rows, this.#deps.monotonic_ms() + this.#deps.offset_ms());
  }

  /** Whether rows of ticks placed before `boundary_ms` are still to come. */
  waits(boundary_ms: number): boolean {
    const offset_ms = this.#deps.offset_ms();
    return this.#current().some(({ record }) => record.waits(boundary_ms, offset_ms));
  }

  /**
   * Takes everything placed before `boundary_ms` (UTC ms; infinite: all that was recorded) out of
   * the open batch. `closes_minute` says that `boundary_ms` ends the minute whose round trips are
   * due; `host` is given with regular batches.
   */
  take(boundary_ms: number, closes_minute: boolean, host: HostPart | undefined): Draft {
    const offset_ms = this.#deps.offset_ms();
    const cut = { boundary_ms, offset_ms, closes_minute };
    const { targets, version } = this.#list;
    const parts = this.#current().flatMap(({ record, ...open }) =>
      record.take(cut, [open.infra, open.endpoints], this.#deps.encodeRuns),
    );
    const series = bySection(parts, (part) => part.targets[0] ?? -1, targets);
    const taken = this.#checks.take(version, boundary_ms - offset_ms);
    const checks = bySection(taken, ({ target }) => target, targets);
    const polls = bySection(this.#takePolls(), ({ target }) => target, targets);
    const closed_to_ms = this.#closedTo(boundary_ms, offset_ms);
    for (const [id, { record }] of this.#series) {
      if (record.closed && record.empty) this.#series.delete(id);
    }
    const events = this.#events.take();
    const rows = this.#identity.take();
    return {
      list: this.#list,
      closed_to_ms,
      infra: section(series.infra, polls.infra, checks.infra, host),
      endpoints: section(series.endpoints, polls.endpoints, checks.endpoints, undefined),
      identity: rows.length === 0 ? undefined : { v: 1, rows },
      events,
    };
  }

  #current(): OpenSeries[] {
    const { version } = this.#list;
    return [...this.#series.values()].filter((open) => open.record.list_version === version);
  }

  /** No tick placed before this is still outstanding: the header's promise to the reader. */
  #closedTo(boundary_ms: number, offset_ms: number): number {
    let closed_ms = Math.min(boundary_ms, this.#deps.monotonic_ms() + offset_ms);
    for (const { record } of this.#current()) {
      if (!record.closed) closed_ms = Math.min(closed_ms, record.next_mono_ms + offset_ms);
    }
    return Math.max(0, Math.floor(closed_ms));
  }

  #takePolls(): SnmpPart[] {
    return [...this.#snmp]
      .sort(([a], [b]) => a - b)
      .flatMap(([, record]) => (record.empty ? [] : [record.take()]));
  }
}
