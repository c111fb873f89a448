import { FpingLines } from './fping-lines.ts';
import { type FpingProcess, type Pipe, type ProcessEnd, startFping } from './fping-process.ts';
import type { ProbeTarget } from './prober.ts';

/**
 * Every process also probes the own loopback, first of all: it tells a silent network (all
 * targets silent, or no route, where fping prints nothing at all) from a hung fping, and gives the
 * true send time of every tick.
 */
const CANARY = { 4: '127.0.0.1', 6: '::1' } as const;

/** Lines of a tick come until its last time-out; a loop that is late gets so much more, ms. */
const LINES_MARGIN_MS = 400;
/** Where no line is due the pipe is looked at this often all the same, ms. */
const QUIET_LOOK_MS = 1_000;

export type Family = 4 | 6;

/** What one fping process is to do. */
export interface FpingPlan {
  readonly path: string;
  readonly family: Family;
  readonly interval_ms: number;
  /** Pause between two packets of this process, ms, ≥ 1 (fping refuses less without root). */
  readonly gap_ms: number;
  /** ICMP payload of a group of large echoes; undefined: fping's small one. */
  readonly bytes: number | undefined;
  readonly targets: readonly ProbeTarget[];
}

/** What a run tells its group; times are monotonic ms. */
export interface FpingRunEvents {
  /** The send time of probe 0 of this process was found from its first line. */
  anchored(anchor_ms: number): void;
  /** Probe n was sent at `sent_ms`, as far as fping's own clock tells. */
  sent(n: number, sent_ms: number): void;
  /** Reply for the targets at these positions. */
  reply(positions: readonly number[], n: number, rtt_us: number): void;
  silent(positions: readonly number[], n: number): void;
  garbage(line: string): void;
  ended(end: ProcessEnd, last_words: string): void;
}

/** One life of an fping process: spawn, anchor, lines, death. */
export class FpingRun {
  readonly started_ms: number;
  /** wall − monotonic when it was started; fping's ticks keep to this. */
  readonly offset_ms: number;
  readonly #process: FpingProcess;
  readonly #plan: FpingPlan;
  readonly #events: FpingRunEvents;
  readonly #positions: number[][] = [];
  #now_offset_ms: number;
  #trusted = true;
  /** When probe 0 was sent; null until its first line. */
  #anchor_ms: number | null = null;
  #heard_ms: number;
  #read_ms: number;
  #now_ms: number;
  #last_words = '';

  constructor(plan: FpingPlan, pipe: Pipe, now_ms: number, wall_ms: number, to: FpingRunEvents) {
    this.#plan = plan;
    this.#events = to;
    this.started_ms = now_ms;
    this.offset_ms = wall_ms - now_ms;
    this.#now_offset_ms = this.offset_ms;
    this.#heard_ms = now_ms;
    this.#read_ms = now_ms;
    this.#now_ms = now_ms;
    const addresses = this.#addresses();
    const lines = new FpingLines(addresses, {
      reply: (host, n, wall, rtt_us) => this.#reply(host, n, wall, rtt_us),
      timeout: (host, n, wall) => this.#timeout(host, n, wall),
      text: (line) => this.#text(line),
    });
    this.#process = startFping(plan.path, [...fpingArgs(plan), ...addresses], pipe, lines);
    void this.#process.ended.then((end) => to.ended(end, this.#last_words));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get ended(): Promise<ProcessEnd> {
    return this.#process.ended;
  }

  get anchored(): boolean {
    return this.#anchor_ms !== null;
  }

  /** When the last line that made sense was read, monotonic ms. */
  get heard_ms(): number {
    return this.#heard_ms;
  }

  /** Reads what was printed. `trusted` is false right after a clock step: then no lag is told. */
  poll(now_ms: number, wall_ms: number, trusted: boolean): void {
    this.#now_ms = now_ms;
    this.#now_offset_ms = wall_ms - now_ms;
    this.#trusted = trusted;
    if (trusted && this.#isQuiet(now_ms)) return;
    this.#read_ms = now_ms;
    this.#process.poll();
  }

  kill(): void {
    this.#process.kill();
  }

  /**
   * No line is due between a tick's last time-out and the next tick. An empty read costs an
   * exception: with four processes they were a fifth of the agent's work (measured).
   */
  #isQuiet(now_ms: number): boolean {
    if (this.#anchor_ms === null || now_ms - this.#read_ms >= QUIET_LOOK_MS) return false;
    const { interval_ms, gap_ms, targets } = this.#plan;
    const sending_ms = this.#positions.length * gap_ms;
    const due_ms = sending_ms + longestTimeout(targets) + LINES_MARGIN_MS;
    return (now_ms - this.#anchor_ms) % interval_ms > due_ms;
  }

  /** Unique addresses in sending order, canary first; two targets may share one address. */
  #addresses(): string[] {
    const order = new Map<string, number>([[CANARY[this.#plan.family], 0]]);
    this.#positions.push([]);
    for (const [position, target] of this.#plan.targets.entries()) {
      const host = order.get(target.address);
      if (host === undefined) {
        order.set(target.address, order.size);
        this.#positions.push([position]);
      } else this.#positions[host]?.push(position);
    }
    return [...order.keys()];
  }

  #reply(host: number, n: number, wall_ms: number, rtt_us: number): void {
    this.#sent(host, n, wall_ms - rtt_us / 1000);
    this.#events.reply(this.#positions[host] ?? [], n, rtt_us);
  }

  #timeout(host: number, n: number, wall_ms: number): void {
    this.#sent(host, n, wall_ms - longestTimeout(this.#plan.targets));
    this.#events.silent(this.#positions[host] ?? [], n);
  }

  #sent(host: number, n: number, wall_ms: number): void {
    this.#heard_ms = this.#now_ms;
    const anchored = this.anchored;
    if (!this.#trusted || (anchored && host !== 0)) return;
    const sent_ms = wall_ms - this.#now_offset_ms - host * this.#plan.gap_ms;
    if (!anchored) {
      const told_ms = sent_ms - n * this.#plan.interval_ms;
      // Whatever the time stamps say, the first packet left after the start and before now.
      const anchor_ms = Math.min(Math.max(told_ms, this.started_ms), this.#now_ms);
      this.#anchor_ms = anchor_ms;
      this.#events.anchored(anchor_ms);
    }
    this.#events.sent(n, sent_ms);
  }

  #text(line: string): void {
    // A router or the own host says that nothing is there; the time-out line follows anyway.
    if (line.startsWith('ICMP ') || line.includes(' : duplicate for [')) return;
    if (line.startsWith(this.#plan.path) || line.startsWith('fping: ')) this.#last_words = line;
    this.#events.garbage(line);
  }
}

/** Loop mode, time stamps, whole milliseconds; addresses follow as arguments of their own. */
function fpingArgs(plan: FpingPlan): string[] {
  return [
    ...[plan.family === 6 ? '-6' : '-4', '-l', '-D'],
    ...['-i', String(plan.gap_ms), '-p', String(plan.interval_ms)],
    ...['-t', String(longestTimeout(plan.targets))],
    ...(plan.bytes === undefined ? [] : ['-b', String(plan.bytes)]),
  ];
}

/** fping's own time-out is the group's longest; shorter ones are judged by the printed time. */
export function longestTimeout(targets: readonly ProbeTarget[]): number {
  return targets.reduce((most, target) => Math.max(most, target.timeout_ms), 0);
}
