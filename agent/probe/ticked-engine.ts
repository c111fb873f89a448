import { Gate } from './gate.ts';
import type {
  CheckDetail,
  Engine,
  ProbeOutcome,
  ProbeSink,
  ProbeTarget,
  Series,
  TickedTarget,
} from './prober.ts';
import { SeriesBook } from './series-book.ts';
import { alignStart, spreadStarts } from './start-phase.ts';

/** The two clocks an engine needs, ms. */
export interface EngineClock {
  /** CLOCK_MONOTONIC, ms since boot. */
  monotonic_ms(): number;
  /** Settable clock, UTC epoch ms. */
  wall_ms(): number;
}

/** What a question brought; checks also tell how it went. */
export type Asked = ProbeOutcome<unknown> & { readonly check?: CheckDetail };

export interface TickedEngineOptions<Target extends TickedTarget> {
  readonly name: string;
  readonly version: string;
  readonly probe: Series['probe'];
  readonly sink: ProbeSink;
  readonly clock: EngineClock;
  /** Questions in flight at once, over all groups. */
  readonly concurrency: number;
  /** `sent_ms`: when the tick was due, monotonic ms. */
  readonly ask: (target: Target, deadline: AbortSignal, sent_ms: number) => Promise<Asked>;
  /** Refuses a list this engine cannot carry. */
  readonly check?: (targets: readonly Target[]) => void;
  /** Targets of one interval start in several bursts, a second apart (start-phase.ts). */
  readonly spread?: boolean;
  readonly next_id?: () => number;
  readonly signal?: AbortSignal;
}

/** A tick without all verdicts this long after its last time-out is written off as `x`. */
const GRACE_MS = 500;
/** Node's timers take at most 2³¹−1 ms; waiting in shorter steps also follows a changed end. */
const SLEEP_MS_MAX = 60_000;

interface Group<Target> {
  readonly book: SeriesBook;
  readonly targets: readonly Target[];
  n: number;
  end_ms: number;
  timer: NodeJS.Timeout | undefined;
  closed: PromiseWithResolvers<void>;
}

/**
 * An engine that asks each target by a function of its own on the agent's monotonic ticks: ARP,
 * checks of services, the ping fallback. One series per interval, check and burst. A question
 * that found no room in its own time-out is `x` (overrun), never a silent skip.
 */
export function createTickedEngine<Target extends TickedTarget = ProbeTarget>(
  options: TickedEngineOptions<Target>,
): Engine<Target> {
  const engine = new TickedEngine(options);
  options.signal?.addEventListener('abort', () => void engine.stop(), { once: true });
  return engine;
}

class TickedEngine<Target extends TickedTarget> implements Engine<Target> {
  readonly name: string;
  readonly version: string;
  readonly #options: TickedEngineOptions<Target>;
  readonly #gate: Gate;
  readonly #ending = new AbortController();
  #groups = new Set<Group<Target>>();
  #ids = 0;

  constructor(options: TickedEngineOptions<Target>) {
    this.name = options.name;
    this.version = options.version;
    this.#options = options;
    this.#gate = new Gate(options.concurrency);
  }

  async apply(targets: readonly Target[], from_ms: number): Promise<void> {
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
    const kinds = Map.groupBy(targets, (t) => `${t.interval_ms} ${t.check ?? 0}`);
    for (const members of kinds.values()) this.#begin(members, from);
    await Promise.all(old.map((group) => group.closed.promise));
  }

  /** Opens the series of targets that have interval and check in common. */
  #begin(members: readonly Target[], from_ms: number): void {
    const { clock, spread } = this.#options;
    const [first] = members;
    if (first === undefined) return;
    const { interval_ms, check = 0 } = first;
    const offset_ms = clock.wall_ms() - clock.monotonic_ms();
    const timeout_ms = Math.max(...members.map((t) => t.timeout_ms));
    const bursts =
      spread === true
        ? spreadStarts(members, from_ms, offset_ms, interval_ms, timeout_ms)
        : [{ start_ms: alignStart(from_ms, offset_ms, interval_ms, 0), members }];
    for (const { start_ms, members: targets } of bursts) {
      const series: Series = {
        id: this.#options.next_id?.() ?? ++this.#ids,
        probe: this.#options.probe,
        ...(check === 0 ? {} : { check }),
        t0_ms: Math.round(start_ms),
        interval_ms,
        targets: targets.map((t) => t.index),
      };
      const group: Group<Target> = {
        book: new SeriesBook(this.#options.sink, series, timeout_ms + GRACE_MS),
        targets,
        n: 0,
        end_ms: Number.POSITIVE_INFINITY,
        timer: undefined,
        closed: Promise.withResolvers(),
      };
      this.#groups.add(group);
      this.#wake(group);
    }
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
  #wake(group: Group<Target>): void {
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

  #send(group: Group<Target>, n: number, now: number): void {
    group.book.lag(n, now - group.book.sentAt(n));
    for (const [position, target] of group.targets.entries()) {
      void this.#ask(group, n, position, target);
    }
  }

  async #ask(group: Group<Target>, n: number, position: number, target: Target): Promise<void> {
    const { clock } = this.#options;
    const sent_ms = group.book.sentAt(n);
    const end_ms = sent_ms + target.timeout_ms;
    const outcome = await this.#gate.run(async (): Promise<Asked> => {
      const left_ms = end_ms - clock.monotonic_ms();
      if (left_ms <= 0) return { code: 'x', reason: 'overrun' };
      const timeout = AbortSignal.timeout(Math.ceil(left_ms));
      try {
        const deadline = AbortSignal.any([timeout, this.#ending.signal]);
        return await this.#options.ask(target, deadline, sent_ms);
      } catch (error) {
        const message = `${this.name}: ${error instanceof Error ? error.message : String(error)}`;
        this.#options.sink.problem({ code: 'ENGINE_DIED', message });
        return { code: 'x', reason: message };
      }
    });
    if (this.#ending.signal.aborted) return;
    if (outcome.code === 'r') {
      const late = outcome.rtt_us > target.timeout_ms * 1000;
      group.book.set(n, position, late ? 'n' : 'r', outcome.rtt_us, outcome.check);
    } else group.book.set(n, position, outcome.code, -1, outcome.check);
    group.book.advance(clock.monotonic_ms());
    if (group.book.closed) this.#done(group);
  }

  #done(group: Group<Target>): void {
    clearTimeout(group.timer);
    this.#groups.delete(group);
    group.closed.resolve();
  }
}
