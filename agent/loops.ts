import type { ClockSample } from '../shared/measure/batch.ts';
import { everyBeats } from './beat.ts';
import type { CarrierWatch } from './carrier.ts';
import type { RunClock } from './clock.ts';
import type { Deliverer } from './deliver.ts';
import type { Lists } from './lists/lists.ts';
import type { Logger } from './log.ts';
import type { Platform } from './platform/platform.ts';
import type { Recorder } from './record.ts';
import type { Spool } from './spool.ts';
import type { Walk } from './walk.ts';
import { LOOK_BEATS, type MacGuard } from './whereabouts/mac-guard.ts';
import type { Whereabouts } from './whereabouts/whereabouts.ts';

/** An early batch leaves within 200 ms of the verdict that asked for it. */
const TICK_BEATS = 1;
/** Once a second. */
const CARRIER_BEATS = 5;
/** Kernel clock and line power are looked at this often, ms. */
const CLOCK_MS = 30_000;
/** What failed is left alone for so long: one fault must not fill the log, ms and beats. */
const FAULT_MS = 1_000;
const FAULT_BEATS = 5;
/** What the disk refused is tried again this often, ms. */
const RETRY_DISK_MS = 10_000;
/** A shorter sleep keeps the run: ticks are only late, and their lags say so, ms. */
const SUSPEND_MS_MIN = 1_000;

export interface LoopsDeps {
  readonly platform: Platform;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
  readonly clock: RunClock;
  readonly kernelNow: () => ClockSample;
}

export interface Running {
  readonly walk: Walk;
  readonly deliverer: Deliverer;
  readonly spool: Spool;
  readonly recorder: Recorder;
  readonly carrier: CarrierWatch;
  readonly guard: MacGuard;
  readonly whereabouts: Whereabouts;
  readonly nic: string | null;
  readonly lists: Lists;
  readonly signal: AbortSignal;
}

/** Owns the agent's time: everything else is called from here or from an engine. */
export class Loops {
  readonly #deps: LoopsDeps;
  readonly #stopping = new AbortController();
  #running: Promise<void>[] = [];
  #wakeUp = new AbortController();
  #acLine: boolean | null = null;

  constructor(deps: LoopsDeps) {
    this.#deps = deps;
  }

  /** The settable clock and what its keeper says of it. */
  async kernelSample(): Promise<ClockSample> {
    const said = await this.#deps.platform.clockSync();
    const error_ms = said.error_ms === null ? null : Math.ceil(said.error_ms);
    const { mono_ms, wall_ms } = this.#deps.kernelNow();
    return { mono_ms, wall_ms, source: said.source, sync: said.synchronised, error_ms };
  }

  run(running: Running): void {
    const { walk, deliverer, spool, recorder, lists, carrier, nic, guard, whereabouts } = running;
    const stop = this.#stopping.signal;
    running.signal.addEventListener('abort', () => this.#stopping.abort(), { once: true });
    const { platform, clock, kernelNow, log } = this.#deps;
    if (nic !== null) platform.watchCarrier(nic, () => carrier.look(), stop);
    platform.watchClock((event) => {
      if (event.kind === 'step') {
        clock.stepped();
        recorder.event({ code: 'clock_step', value: Math.round(event.by_ms) });
        log.warn({ code: 'CLOCK_STEP', by_ms: event.by_ms }, 'the settable clock was moved');
        return;
      }
      recorder.event({ code: 'suspend', value: Math.round(event.for_ms) });
      if (event.for_ms >= SUSPEND_MS_MIN) walk.newRun(kernelNow());
    }, stop);
    this.#often(TICK_BEATS, () => walk.tick());
    this.#often(CARRIER_BEATS, () => carrier.look());
    this.#often(LOOK_BEATS, () => guard.look());
    this.#every(RETRY_DISK_MS, () => {
      if (spool.flush()) return;
      log.warn({ code: 'DISK_FULL', held: spool.held }, 'batches wait in memory for the disk');
    });
    this.#every(CLOCK_MS, async () => {
      walk.kernelSample(await this.kernelSample());
      this.#lookAtPower(recorder);
    });
    this.#loop(() => lists.step(stop));
    this.#loop(() => whereabouts.step(stop));
    this.#loop(() => whereabouts.sweep(stop));
    this.#loop(
      () => deliverer.step(stop),
      () => this.#wakeUp.signal,
    );
  }

  /** Something new is in the spool. */
  wake(): void {
    this.#wakeUp.abort();
    this.#wakeUp = new AbortController();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await Promise.allSettled(this.#running);
  }

  #lookAtPower(recorder: Recorder): void {
    const line = this.#deps.platform.onAcLine();
    const before = this.#acLine;
    this.#acLine = line;
    if (line === null || before === null || line === before) return;
    recorder.event({ code: line ? 'ac_on' : 'ac_off' });
  }

  /** For what is looked at several times a second. A fault is told and the looking goes on. */
  #often(beats: number, look: () => void): void {
    let rest_beats = 0;
    everyBeats(beats, this.#stopping.signal, () => {
      if (rest_beats > 0) {
        rest_beats -= beats;
        return;
      }
      try {
        look();
      } catch (error) {
        this.#fault(error);
        rest_beats = FAULT_BEATS;
      }
    });
  }

  #fault(error: unknown): void {
    this.#deps.log.error({ code: 'AGENT_FAULT', err: error }, String(error));
  }

  #every(ms: number, work: () => void | Promise<void>): void {
    this.#loop(async () => {
      await work();
      return ms;
    });
  }

  /** Calls `step` again after as many ms as it says. A fault is told and the loop goes on. */
  #loop(step: () => Promise<number>, wake?: () => AbortSignal): void {
    const stop = this.#stopping.signal;
    const run = async () => {
      while (!stop.aborted) {
        let wait_ms = FAULT_MS;
        const woken = wake?.();
        try {
          wait_ms = await step();
        } catch (error) {
          this.#fault(error);
        }
        const signal = woken === undefined ? stop : AbortSignal.any([stop, woken]);
        if (wait_ms > 0) await this.#deps.sleep(wait_ms, signal);
      }
    };
    this.#running.push(run());
  }
}
