import { CLOCK_STEP_MS } from '../platform/watch-clock.ts';
import type { ArpOnSilence } from './arp-on-silence.ts';
import { Backoff } from './backoff.ts';
import { EARLY_MS, silencePatience, tickPatience } from './fping-patience.ts';
import { openPipe } from './fping-process.ts';
import { type FpingPlan, FpingRun, type FpingRunEvents } from './fping-run.ts';
import type { EngineProblemCode, ProbeSink, Series } from './prober.ts';
import { SeriesBook } from './series-book.ts';
import { alignStart } from './start-phase.ts';
import type { EngineClock } from './ticked-engine.ts';

/** Making the pipe and spawning takes some 30 ms until the first packet (only aims the phase). */
const SPAWN_LEAD_MS = 30;

/** What all groups of one engine share. */
export interface FpingGroupDeps {
  readonly sink: ProbeSink;
  readonly clock: EngineClock;
  readonly arp: ArpOnSilence | null;
  /** How much of a slot an ARP request after the time-out needs, ms; 0 without ARP. */
  readonly arp_needs_ms: number;
  readonly nextId: () => number;
  readonly problem: (code: EngineProblemCode, message: string) => void;
}

/**
 * All targets of one interval and address family: one fping process at a time, and the series it
 * fills. A series outlives its process as `x` rows until the next process has found its anchor.
 */
export class FpingGroup {
  readonly #plan: FpingPlan;
  readonly #deps: FpingGroupDeps;
  readonly #from_ms: number;
  readonly #running = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  /** Resolves when the first series is open, or never will be. */
  readonly running: Promise<void> = this.#running.promise;
  /** Resolves when all series are closed and the process has ended. */
  readonly closed: Promise<void> = this.#closed.promise;
  readonly #books = new Set<SeriesBook>();
  #book: SeriesBook | null = null;
  #run: FpingRun | null = null;
  /** fping's count minus the series' n. */
  #shift = 0;
  #end_ms = Number.POSITIVE_INFINITY;
  readonly #backoff = new Backoff();
  #timer: NodeJS.Timeout | undefined;
  #spawning: Promise<void> = Promise.resolve();
  #stopped = false;

  /** Sends its first tick at or soon after `from_ms`. */
  constructor(plan: FpingPlan, from_ms: number, deps: FpingGroupDeps) {
    this.#plan = plan;
    this.#deps = deps;
    this.#from_ms = from_ms;
    this.#schedule(from_ms);
  }

  get pid(): number | undefined {
    return this.#run?.pid;
  }

  /** Reads what was printed, watches the clock and the process, emits rows. Call every 200 ms. */
  poll(): void {
    if (this.#stopped) return;
    const now = this.#deps.clock.monotonic_ms();
    const wall = this.#deps.clock.wall_ms();
    const run = this.#run;
    if (run !== null) {
      const step_ms = wall - now - run.offset_ms;
      const stepped = Math.abs(step_ms) > CLOCK_STEP_MS;
      run.poll(now, wall, !stepped);
      if (stepped) {
        const by = `${Math.round(step_ms)} ms`;
        this.#drop(run, 'CLOCK_STEP', `wall clock moved by ${by}; fping is started anew`);
        this.#schedule(now);
      } else this.#watch(run, now);
    }
    for (const book of this.#books) {
      book.advance(now);
      if (book.closed) this.#books.delete(book);
    }
    if (now >= this.#end_ms && this.#books.size === 0) this.stop();
  }

  /** Only ticks sent before `end_ms` belong to this group any more. */
  retire(end_ms: number): void {
    this.#end_ms = Math.min(this.#end_ms, end_ms);
    for (const book of this.#books) book.retire(this.#end_ms);
  }

  /** Ends the process and closes every series with what is known. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    const now = this.#deps.clock.monotonic_ms();
    for (const book of this.#books) book.finish(now);
    this.#books.clear();
    this.#running.resolve();
    const run = this.#run;
    this.#run = null;
    run?.kill();
    void Promise.all([run?.ended, this.#spawning]).then(() => this.#closed.resolve());
  }

  #schedule(earliest_ms: number): void {
    clearTimeout(this.#timer);
    const { clock } = this.#deps;
    const now = clock.monotonic_ms();
    const from = Math.max(earliest_ms, now + SPAWN_LEAD_MS);
    const { interval_ms } = this.#plan;
    const start = alignStart(from, clock.wall_ms() - now, interval_ms, this.#deps.arp_needs_ms);
    const wait_ms = Math.max(0, start - SPAWN_LEAD_MS - now);
    this.#timer = setTimeout(() => {
      this.#spawning = this.#spawn();
    }, wait_ms);
  }

  async #spawn(): Promise<void> {
    const { clock } = this.#deps;
    try {
      const pipe = await openPipe();
      const now = clock.monotonic_ms();
      let run: FpingRun | null = null;
      run = new FpingRun(
        this.#plan,
        pipe,
        now,
        clock.wall_ms(),
        this.#events(() => run),
      );
      if (!this.#stopped) this.#run = run;
      else run.kill();
      if (this.#stopped) await run.ended;
    } catch (error) {
      this.#died(error instanceof Error ? error.message : String(error));
    }
  }

  #events(run: () => FpingRun | null): FpingRunEvents {
    const ours = (): boolean => !this.#stopped && run() !== null && run() === this.#run;
    return {
      anchored: (anchor_ms) => ours() && this.#open(anchor_ms),
      sent: (n, sent_ms) => {
        const book = ours() ? this.#book : null;
        if (book !== null) book.lag(n - this.#shift, sent_ms - book.sentAt(n - this.#shift));
      },
      reply: (positions, n, rtt_us) => {
        if (!ours()) return;
        for (const position of positions) this.#reply(n - this.#shift, position, rtt_us);
      },
      silent: (positions, n) => {
        if (!ours()) return;
        for (const position of positions) this.#silent(n - this.#shift, position);
      },
      garbage: (line) => this.#deps.problem('ENGINE_GARBAGE', `fping said: ${line}`),
      ended: (end, last_words) => {
        if (!ours()) return;
        const how = end.error ?? end.signal ?? `exit code ${end.code}`;
        this.#died(`fping ended (${how}) ${last_words}`);
      },
    };
  }

  /** A process has its anchor: the series before it ends there, a new one begins. */
  #open(anchor_ms: number): void {
    const { interval_ms } = this.#plan;
    // Rows that are out already are not told a second time.
    const from_ms = Math.max(this.#from_ms, ...[...this.#books].map((book) => book.next_ms));
    this.#shift = Math.max(0, Math.ceil((from_ms - anchor_ms) / interval_ms));
    const t0_ms = Math.max(from_ms, Math.round(anchor_ms + this.#shift * interval_ms));
    for (const book of this.#books) book.retire(Math.ceil(t0_ms));
    if (t0_ms < this.#end_ms) this.#openAt(Math.ceil(t0_ms));
  }

  #openAt(t0_ms: number): void {
    const { interval_ms, targets, bytes } = this.#plan;
    const id = this.#deps.nextId();
    const probe = bytes === undefined ? 'icmp' : 'echo_large';
    const series: Series = { id, probe, t0_ms, interval_ms, targets: targets.map((t) => t.index) };
    this.#book = new SeriesBook(this.#deps.sink, series, tickPatience(this.#plan));
    this.#book.retire(this.#end_ms);
    this.#books.add(this.#book);
    this.#running.resolve();
  }

  #reply(n: number, position: number, rtt_us: number): void {
    const target = this.#plan.targets[position];
    if (this.#book === null || target === undefined || this.#early(this.#book, n)) return;
    if (rtt_us > target.timeout_ms * 1000) this.#silent(n, position);
    else this.#book.set(n, position, 'r', rtt_us);
  }

  #silent(n: number, position: number): void {
    const book = this.#book;
    const target = this.#plan.targets[position];
    if (book === null || target === undefined || this.#early(book, n)) return;
    const { arp } = this.#deps;
    if (target.arp_on_silence && arp !== null && book.hold(n, position)) {
      void arp.ask(target, book.sentAt(n)).then((code) => book.set(n, position, code, -1));
    } else book.set(n, position, 'n', -1);
  }

  /** fping bursts through coming ticks when the clock jumps ahead: those say nothing. */
  #early(book: SeriesBook, n: number): boolean {
    return book.sentAt(n) > this.#deps.clock.monotonic_ms() + EARLY_MS;
  }

  #watch(run: FpingRun, now: number): void {
    const patience_ms = silencePatience(this.#plan);
    this.#backoff.alive(now - run.started_ms);
    if (
      !run.anchored &&
      this.#books.size === 0 &&
      now - run.started_ms > tickPatience(this.#plan)
    ) {
      this.#openAt(Math.max(Math.ceil(this.#from_ms), Math.round(run.started_ms)));
    }
    if (now - run.heard_ms <= patience_ms) return;
    this.#drop(run, 'ENGINE_SILENT', `fping (pid ${run.pid}) said nothing for ${patience_ms} ms`);
    this.#again();
  }

  #died(message: string): void {
    const rights = /must run as root|not permitted|CAP_NET_RAW/i.test(message);
    const started_ms = this.#run?.started_ms ?? this.#deps.clock.monotonic_ms();
    this.#book = null;
    this.#run = null;
    if (this.#stopped) return;
    this.#deps.problem(rights ? 'NO_RIGHT' : 'ENGINE_DIED', message);
    // Nothing was measured since then; a series of `x` says so until the next process runs.
    if (this.#books.size === 0 && started_ms < this.#end_ms) {
      this.#openAt(Math.max(Math.ceil(this.#from_ms), Math.round(started_ms)));
      this.#book = null;
    }
    this.#again();
  }

  #drop(run: FpingRun, code: EngineProblemCode, message: string): void {
    this.#book = null;
    this.#run = null;
    run.kill();
    this.#deps.problem(code, message);
  }

  #again(): void {
    this.#schedule(this.#deps.clock.monotonic_ms() + this.#backoff.pause_ms());
  }
}
