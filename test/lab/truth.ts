import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lan } from './lan.ts';
import { type Frame, readPcap } from './pcap.ts';
import type { Started } from './processes.ts';
import { readSegments, type Segment } from './segments.ts';
import { until } from './wait.ts';

/** One echo request that was on the wire, and whether its answer came back to the agent. */
export interface Echo {
  /** UTC ms by the machine's own clock, which no fault of a lab ever moves. */
  readonly at_ms: number;
  /** Round trip in ms; null without an answer. */
  readonly rtt_ms: number | null;
  readonly id: number;
  readonly seq: number;
}

/** What the wire saw in one slot of a device. */
export interface TruthSlot {
  readonly from_ms: number;
  /** Echo requests that were on the wire. */
  readonly sent: number;
  readonly answered: number;
  /** ARP requests for the device: with no echo beside them it was asked for and not found. */
  readonly arp: number;
}

/** Later than this no answer of the lab belongs to its request any more. */
const LATE_MS = 5000;
/** An echo this far behind its tick has waited for an ARP answer in the kernel. */
const QUEUED_MS = 200;

/** A packet capture at the agent's own socket: it knows nothing of the product. */
export class Capture {
  readonly #path: string;
  readonly #process: Started;

  private constructor(path: string, process: Started) {
    this.#path = path;
    this.#process = process;
  }

  /** `more`: what else is kept besides ICMP and ARP, as a capture filter. */
  static async start(lan: Lan, more?: string): Promise<Capture> {
    const path = join(lan.dir, 'agent.pcap');
    const log = join(lan.dir, 'tcpdump.log');
    const filter = `icmp or arp${more === undefined ? '' : ` or ${more}`}`;
    const args = ['-i', 'eth0', '-n', '-U', '-s', '128', '-w', path, filter];
    const process = lan.start('agent', 'tcpdump', [...args, '--immediate-mode'], { log });
    await until('tcpdump listens', 5000, () => process.output().includes('listening on'));
    return new Capture(path, process);
  }

  frames(): Frame[] {
    return readPcap(readFileSync(this.#path));
  }

  /** TCP segments and UDP datagrams, as far as the filter kept them. */
  segments(): Segment[] {
    return readSegments(readFileSync(this.#path));
  }

  /** Every small echo request towards the address, in order, with its answer. */
  echoes(address: string): Echo[] {
    return matchEchoes(
      this.frames().filter((frame) => !isLarge(frame)),
      address,
    );
  }

  /** Every large one: they come from a pinger of their own. */
  largeEchoes(address: string): Echo[] {
    return matchEchoes(this.frames().filter(isLarge), address);
  }

  /** Times at which the agent asked for the address by ARP. */
  arpRequests(address: string): number[] {
    return this.frames()
      .filter((frame) => frame.kind === 'arp' && frame.to === address)
      .map(({ at_ms }) => at_ms);
  }

  stop(): Promise<unknown> {
    return this.#process.stop('SIGTERM');
  }
}

/** The small ones have 84 bytes, the large ones 1,428. */
const LARGE_BYTES_MIN = 1_000;

export function isLarge(frame: Frame): boolean {
  const echo = frame.kind === 'echo' || frame.kind === 'echo-reply';
  return echo && frame.ip_bytes >= LARGE_BYTES_MIN;
}

/** Pairs requests with answers by identifier and sequence number. */
export function matchEchoes(frames: readonly Frame[], address: string): Echo[] {
  const waiting = new Map<string, { -readonly [K in keyof Echo]: Echo[K] }>();
  const echoes: Echo[] = [];
  for (const frame of frames) {
    if (frame.kind === 'echo' && frame.to === address) {
      const { at_ms, id, seq } = frame;
      const echo = { at_ms, rtt_ms: null, id, seq };
      waiting.set(`${frame.id}/${frame.seq}`, echo);
      echoes.push(echo);
    } else if (frame.kind === 'echo-reply' && frame.from === address) {
      const echo = waiting.get(`${frame.id}/${frame.seq}`);
      if (echo === undefined || echo.rtt_ms !== null) continue;
      const rtt_ms = frame.at_ms - echo.at_ms;
      if (rtt_ms <= LATE_MS) echo.rtt_ms = rtt_ms;
    }
  }
  return echoes;
}

/**
 * Puts echoes that the kernel held back (no ARP answer yet) to the tick at which they were asked
 * for: one pinger sends at a steady pace, so its sequence numbers tell the time of each request.
 */
export function toTicks(echoes: readonly Echo[], interval_ms: number): Echo[] {
  return [...Map.groupBy(echoes, ({ id }) => id).values()].flatMap((series) => {
    const [first] = series;
    if (first === undefined) return [];
    const step = commonest(series.slice(1).map(({ seq }, k) => seq - (series[k]?.seq ?? 0)));
    const ticks = ({ seq }: Echo): number => (seq - first.seq) / step;
    const start_ms = median(series.map((echo) => echo.at_ms - ticks(echo) * interval_ms));
    return series.map((echo) => {
      const at_ms = start_ms + ticks(echo) * interval_ms;
      const held_ms = echo.at_ms - at_ms;
      // A pinger that stops (frozen by a clock step) or bursts is late or early without a queue.
      const held = held_ms >= QUEUED_MS && held_ms <= LATE_MS;
      if (!Number.isInteger(ticks(echo)) || !held) return echo;
      return { ...echo, at_ms, rtt_ms: echo.rtt_ms === null ? null : echo.rtt_ms + held_ms };
    });
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function commonest(values: readonly number[]): number {
  const groups = [...Map.groupBy(values, (value) => value)];
  return groups.sort(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? 1;
}

/** How long a request may be pending before the kernel repeats it, with its jitter. */
const ARP_PENDING_MS = 1_000;

/** Cuts echoes and ARP requests into the slots of [from_ms, to_ms) on the UTC grid. */
export function truthSlots(
  echoes: readonly Echo[],
  period: { readonly from_ms: number; readonly to_ms: number },
  interval_ms: number,
  timeout_ms: number,
  arp_ms: readonly number[] = [],
): TruthSlot[] {
  const slots: { from_ms: number; sent: number; answered: number; arp: number }[] = [];
  for (let from_ms = period.from_ms; from_ms < period.to_ms; from_ms += interval_ms) {
    slots.push({ from_ms, sent: 0, answered: 0, arp: 0 });
  }
  const slotAt = (at_ms: number) => slots[Math.floor((at_ms - period.from_ms) / interval_ms)];
  for (const { at_ms, rtt_ms } of echoes) {
    const slot = slotAt(at_ms);
    if (slot === undefined) continue;
    slot.sent += 1;
    if (rtt_ms !== null && rtt_ms <= timeout_ms) slot.answered += 1;
  }
  for (const at_ms of arp_ms) {
    // The kernel repeats an unanswered request after a second (retrans_time_ms). An echo that is
    // sent meanwhile waits for that answer: it was asked although no frame fell into its slot.
    for (const slot of new Set([slotAt(at_ms), slotAt(at_ms + ARP_PENDING_MS)])) {
      if (slot !== undefined) slot.arp += 1;
    }
  }
  return slots;
}
