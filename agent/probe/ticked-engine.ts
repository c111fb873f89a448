import { Gate } from './gate.ts';
import type { Engine, ProbeOutcome, ProbeSink, ProbeTarget, Series } from './prober.ts';
import { SeriesBook } from './series-book.ts';
import { alignStart } from './start-phase.ts';

/** The two clocks an engine needs, ms. */
export interface EngineClock {
  /** CLOCK_MONOTONIC, ms since boot. */
  monotonic_ms(): number;
  /** Settable clock, UTC epoch ms. */
  wall_ms(): number;
}

export interface TickedEngineOptions {
  readonly name: string;
  readonly version: string;
  readonly probe: Series['probe'];
  readonly sink: ProbeSink;
  readonly clock: EngineClock;
  /** Questions in flight at once, over all groups. */
  readonly concurrency: number;
  readonly ask: (target: ProbeTarget, deadline: AbortSignal) => Promise<ProbeOutcome<unknown>>;
  /** Refuses a list this engine cannot carry. */
  readonly check?: (targets: readonly ProbeTarget[]) => void;
  readonly next_id?: () => number;
  readonly signal?: AbortSignal;
}

/** A tick without all verdicts this long after its last time-out is written off as `x`. */
const GRACE_MS = 500;
/** Node's timers take at most 2³¹−1 ms; waiting in shorter steps also follows a changed end. */
const SLEEP_MS_MAX = 60_000;

interface Group {
  readonly book: SeriesBook;
  readonly targets: readonly ProbeTarget[];
  n: number;
  end_ms: number;
  timer: NodeJS.Timeout | undefined;
  closed: PromiseWithResolvers<void>;
}

/**
 * An engine that asks each target by a function of its own on the agent's monotonic ticks: ARP,
 * the ping fallback. One series per interval. A question that found no room in its own time-out
 * is `x` (overrun), never a silent skip.
 */
export function createTickedEngine(options: TickedEngineOptions): Engine {
  const engine = new TickedEngine(options);
  options.signal?.addEventListener('abort', () => void engine.stop(), { once: true });
  return engine;
}

class TickedEngine implements Engine {
  readonly name: string;
  readonly version: string;
  readonly #options: TickedEngineOptions;
  readonly #gate: Gate;
  readonly #ending = new AbortController();
  #groups = new Set<Group>();
  #ids = 0;

  constructor(options: TickedEngineOptions) {
    this.name = options.name;
    this.version = options.version;
    this.#options = options;
    this.#gate = new Gate(options.concurrency);
  }

  async apply(targets: readonly ProbeTarget[], from_ms: number): Promise<void> {
    this.#options.check?.(targets);
    if (this.#ending.signal.aborted) return;
    const { clock } = this.#options;
    const now = clock.monotonic_ms();
    const from = Math.max(from_ms, now);
    const old = [...this.#groups];
    for (const group of old) {
      group.end_ms = from;
      group.book.retire(from);
      this.#wake(group);
    }
    for (const [interval_ms, members] of Map.groupBy(targets, (t) => t.interval_ms)) {
      const offset_ms = clock.wall_ms() - now;
      const t0_ms = Math.round(alignStart(from, offset_ms, interval_ms, 0));
      const id = this.#options.next_id?.() ?? ++this.#ids;
      const series: Series = {
        id,
        probe: this.#options.probe,
        t0_ms,
        interval_ms,
        targets: members.map((t) => t.index),
      };
      const patience_ms = Math.max(...members.map((t) => t.timeout_ms)) + GRACE_MS;
      const group: Group = {
        book: new SeriesBook(this.#options.sink, series, patience_ms),
        targets: members,
        n: 0,
        end_ms: Number.POSITIVE_INFINITY,
        timer: undefined,
        closed: Promise.withResolvers(),
      };
      this.#groups.add(group);
      this.#wake(group);
    }
    await Promise.all(old.map((group) => group.closed.promise));
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    for (const group of this.#groups) {
      clearTimeout(group.timer);
      group.book.finish(this.#options.clock.monotonic_ms());
      this.#done(group);
    }
  }

  /** Sends the ticks that are due and sleeps until the next thing can happen. */
  #wake(group: Group): void {
    clearTimeout(group.timer);
    if (this.#ending.signal.aborted) return;
    const now = this.#options.clock.monotonic_ms();
    while (group.book.sentAt(group.n) <= now && group.book.sentAt(group.n) < group.end_ms) {
      // Ticks slept through are not sent late in a bunch: they stay empty and become `x`.
      if (group.book.sentAt(group.n + 1) > now) this.#send(group, group.n, now);
      group.n += 1;
    }
    group.book.advance(now);
    if (group.book.closed) {
      this.#done(group);
      return;
    }
    const next = Math.min(group.book.sentAt(group.n) - now, SLEEP_MS_MAX);
    const sleep = group.book.sentAt(group.n) < group.end_ms ? next : GRACE_MS;
    group.timer = setTimeout(() => this.#wake(group), Math.max(1, Math.ceil(sleep)));
  }

  #send(group: Group, n: number, now: number): void {
    group.book.lag(n, now - group.book.sentAt(n));
    for (const [position, target] of group.targets.entries()) {
      void this.#ask(group, n, position, target);
    }
  }

  async #ask(group: Group, n: number, position: number, target: ProbeTarget): Promise<void> {
    const { clock } = this.#options;
    const end_ms = group.book.sentAt(n) + target.timeout_ms;
    const outcome = await this.#gate.run(async (): Promise<ProbeOutcome<unknown>> => {
      const left_ms = end_ms - clock.monotonic_ms();
      if (left_ms <= 0) return { code: 'x', reason: 'overrun' };
      const timeout = AbortSignal.timeout(Math.ceil(left_ms));
      try {
        return await this.#options.ask(target, AbortSignal.any([timeout, this.#ending.signal]));
      } catch (error) {
        const message = `${this.name}: ${error instanceof Error ? error.message : String(error)}`;
        this.#options.sink.problem({ code: 'ENGINE_DIED', message });
        return { code: 'x', reason: message };
      }
    });
    if (this.#ending.signal.aborted) return;
    if (outcome.code === 'r') {
      const late = outcome.rtt_us > target.timeout_ms * 1000;
      group.book.set(n, position, late ? 'n' : 'r', outcome.rtt_us);
    } else group.book.set(n, position, outcome.code, -1);
    group.book.advance(clock.monotonic_ms());
    if (group.book.closed) this.#done(group);
  }

  #done(group: Group): void {
    clearTimeout(group.timer);
    this.#groups.delete(group);
    group.closed.resolve();
  }
}
