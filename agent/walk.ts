import type { ChainHead } from '../shared/evidence/chain.ts';
import type { BatchHeader, ClockSample, HostPart, SealCause } from '../shared/measure/batch.ts';
import type { RunClock } from './clock.ts';
import type { Draft, ListInForce } from './record/draft.ts';
import type { EarlyLimit } from './record/early.ts';
import type { Recorder } from './record.ts';
import type { SealedBatch, Sealer, SealFacts } from './seal.ts';

const MINUTE_MS = 60_000;
/** How long a regular batch waits for verdicts of its minute; later ones go into the next one. */
export const VERDICT_WAIT_MS = 3_000;
/** The batch that closes a list waits longer: its verdicts fit into no other batch. */
export const LIST_WAIT_MS = 15_000;
/** A new list begins at least this far ahead, so that engines can prepare. */
export const LIST_LEAD_MS = 5_000;
/** After a longer stall (a stopped process) the minutes slept through get no batch each. */
const STALL_MS_MAX = 3_600_000;

/** Where sealed batches go: the spool, or the model's memory. */
export interface BatchStore {
  readonly head: ChainHead;
  put(batch: SealedBatch): unknown;
}

export interface WalkDeps {
  readonly monotonic_ms: () => number;
  readonly recorder: Recorder;
  readonly clock: RunClock;
  readonly early: EarlyLimit;
  readonly sealer: Sealer;
  readonly store: BatchStore;
  readonly boot: string;
  readonly newRunId: () => string;
  readonly seen: () => BatchHeader['seen'];
  readonly engine: () => NonNullable<BatchHeader['engine']>;
  /** Facts of the own host since the last regular batch. */
  readonly host: () => HostPart | undefined;
  readonly onSealed: (batch: SealedBatch, cause: SealCause) => void;
  /** A new run began: series must start again, by the run's new offset. */
  readonly onNewRun: () => void;
  /** The announced list is in force now. */
  readonly onList: (list: ListInForce) => void;
}

/**
 * record → seal → spool: decides when the open batch is sealed. It waits for nothing itself;
 * whoever owns the time calls `tick` at least four times a second.
 */
export class Walk {
  readonly #deps: WalkDeps;
  #run: string;
  /** The run whose programs were named in a header. */
  #named = '';
  /** UTC ms of the next regular batch. */
  #boundary_ms: number;
  #change: { readonly list: ListInForce; readonly from_mono_ms: number } | undefined;

  /** The run clock must have its first sample. */
  constructor(deps: WalkDeps) {
    this.#deps = deps;
    this.#run = deps.newRunId();
    this.#boundary_ms = this.#nextMinute();
  }

  get run(): string {
    return this.#run;
  }

  /** UTC ms now, by the run's offset. */
  get utc_ms(): number {
    return this.#deps.monotonic_ms() + this.offset_ms;
  }

  /** wall − monotonic of the run, ms. */
  get offset_ms(): number {
    return this.#deps.clock.offset_ms ?? 0;
  }

  /** True from the announcement of a list until it is in force. */
  get changing(): boolean {
    return this.#change !== undefined;
  }

  /** Names the whole UTC minute from which `list` holds; returns it as monotonic ms. */
  announceList(list: ListInForce): number {
    const earliest_ms = this.utc_ms + LIST_LEAD_MS;
    const from_utc_ms = Math.ceil(earliest_ms / MINUTE_MS) * MINUTE_MS;
    const from_mono_ms = from_utc_ms - this.offset_ms;
    this.#change = { list, from_mono_ms };
    this.#deps.recorder.announceList(list, from_mono_ms);
    return from_mono_ms;
  }

  /** A clock sample of the own kernel. */
  kernelSample(sample: ClockSample): void {
    if (this.#deps.clock.kernel(sample) === 'new_run') this.newRun(sample);
  }

  /** A clock sample of the collector; `kernel` is the settable clock at the same time. */
  collectorSample(sample: ClockSample, kernel: ClockSample): void {
    const kernel_ms = kernel.wall_ms - kernel.mono_ms;
    if (this.#deps.clock.collector(sample, kernel_ms) === 'new_run') this.newRun(kernel);
  }

  /** Seals what there is and begins a new run, e.g. after a sleep; `first` is a fresh sample. */
  newRun(first: ClockSample): void {
    this.#closeDueList();
    this.#seal(Number.POSITIVE_INFINITY, 'run');
    this.#deps.clock.restart(first);
    this.#deps.recorder.restartPolls();
    this.#run = this.#deps.newRunId();
    this.#boundary_ms = this.#nextMinute();
    this.#deps.onNewRun();
  }

  /** Seals whatever is due now. */
  tick(): void {
    const { early, monotonic_ms } = this.#deps;
    if (this.utc_ms - this.#boundary_ms > STALL_MS_MAX) {
      this.#boundary_ms = this.#nextMinute() - MINUTE_MS;
    }
    while (this.#regular());
    if (this.utc_ms < this.#dueAt() && early.grant(monotonic_ms())) {
      this.#seal(Number.POSITIVE_INFINITY, 'early');
    }
  }

  /** The last batch; engines are stopped by then. */
  stop(): void {
    this.#closeDueList();
    this.#deps.recorder.event({ code: 'stop' });
    this.#seal(Number.POSITIVE_INFINITY, 'stop');
  }

  /** One regular batch, if it is due; true if another one may be. */
  #regular(): boolean {
    const { recorder } = this.#deps;
    const due_ms = this.#dueAt();
    const late_ms = this.utc_ms - due_ms;
    if (late_ms < 0) return false;
    const change = this.#change;
    const closes = change !== undefined && due_ms >= this.#changeAt(change.from_mono_ms);
    if (recorder.waits(due_ms) && late_ms < (closes ? LIST_WAIT_MS : VERDICT_WAIT_MS)) return false;
    if (closes) this.#closeList(change.list, due_ms);
    else this.#seal(due_ms, 'minute');
    if (due_ms >= this.#boundary_ms) this.#boundary_ms += MINUTE_MS;
    return true;
  }

  #closeList(list: ListInForce, due_ms: number): void {
    const { recorder, onList } = this.#deps;
    recorder.event({ code: 'list_applied', value: list.version, utc_ms: due_ms });
    this.#seal(due_ms, 'list');
    this.#change = undefined;
    recorder.switchList();
    onList(list);
  }

  /** A batch has one list: what was measured under a new one needs the old one closed first. */
  #closeDueList(): void {
    const change = this.#change;
    if (change === undefined) return;
    const due_ms = this.#changeAt(change.from_mono_ms);
    if (this.utc_ms >= due_ms) this.#closeList(change.list, due_ms);
  }

  /** The next minute, or the change of the list where a new run moved it off the minute. */
  #dueAt(): number {
    const change = this.#change;
    if (change === undefined) return this.#boundary_ms;
    return Math.min(this.#boundary_ms, this.#changeAt(change.from_mono_ms));
  }

  #changeAt(from_mono_ms: number): number {
    return from_mono_ms + this.offset_ms;
  }

  #nextMinute(): number {
    return (Math.floor(this.utc_ms / MINUTE_MS) + 1) * MINUTE_MS;
  }

  #seal(boundary_ms: number, cause: SealCause): void {
    const { recorder, clock, early } = this.#deps;
    const regular = cause === 'minute' || cause === 'list';
    const closes_minute = regular && boundary_ms % MINUTE_MS === 0;
    const host = regular || cause === 'stop' ? this.#deps.host() : undefined;
    const draft = recorder.take(boundary_ms, closes_minute, host);
    const facts = {
      cause,
      sealed_ms: this.utc_ms,
      boot: this.#deps.boot,
      run: this.#run,
      clock: clock.takeSamples(),
      seen: this.#deps.seen(),
      engine: this.#named === this.#run ? undefined : this.#deps.engine(),
    };
    const batch = this.#put(draft, facts);
    early.sealed(boundary_ms - this.offset_ms);
    this.#deps.onSealed(batch, cause);
  }

  #put(draft: Draft, facts: SealFacts): SealedBatch {
    const { recorder, sealer, store } = this.#deps;
    try {
      const batch = sealer.seal(draft, facts, store.head);
      store.put(batch);
      this.#named = this.#run;
      return batch;
    } catch (error) {
      // The next batch has the same seq, so no hole would tell a reader that polls are missing.
      recorder.restartPolls();
      throw error;
    }
  }
}
