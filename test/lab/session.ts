import type { TestContext } from 'node:test';
import { AgentClock } from './agent-clock.ts';
import { AgentDisk } from './agent-disk.ts';
import { AgentSide } from './agent-side.ts';
import { CollectorSide } from './collector-side.ts';
import { Faults } from './faults.ts';
import {
  AGENT,
  ECHO_DROPPING_INTERVAL_MS,
  INTERVAL_MS,
  LAB_DEVICES,
  SITE,
  TIMEOUT_MS,
} from './inventory.ts';
import { Lan } from './lan.ts';
import { addressOf, type DeviceName } from './topology.ts';
import { Capture, type TruthSlot, toTicks, truthSlots } from './truth.ts';
import { lasts, until } from './wait.ts';

const MINUTE_MS = 60_000;
/** A list holds from a whole minute on; then every device must have answered. */
const STEADY_MS_MAX = 100_000;
/** No fault begins before the first whole slot that is looked at. */
const CALM_MS = 2500;
/** A batch closes at the minute; the delivery may wait for a back-off. */
const RECORDED_MS_MAX = 130_000;

export interface Period {
  readonly from_ms: number;
  readonly to_ms: number;
}

/** One slot as the product tells it. */
export interface ToldSlot {
  readonly from_ms: number;
  readonly class: string;
  readonly code: string | null;
}

export interface AvailabilityRow {
  readonly device: string;
  readonly expected_ms: number;
  readonly up_ms: number;
  readonly degraded_ms: number;
  readonly down_ms: number;
  readonly unreachable_ms: number;
  readonly off_ms: number;
  readonly unknown_ms: number;
  readonly unknown_by: Readonly<Record<string, number>>;
  readonly outages: number;
  readonly longest_ms: number;
}

export interface AgentEventTold {
  readonly code: string;
  readonly mono_ms: number;
  readonly target?: number;
  readonly value?: number;
}

export interface SessionOptions {
  readonly clock?: boolean;
  readonly disk?: boolean;
  /** Networks that the agent may probe besides its own. */
  readonly allow?: readonly string[];
  /** Devices that must be known to be up before anything begins; default LAB_DEVICES. */
  readonly codes?: readonly string[];
  /** Another inventory of the same devices. */
  readonly inventory?: string;
  /** What the capture keeps besides ICMP and ARP. */
  readonly capture?: string;
  /** What else runs in the lab, before the product is started. */
  readonly prepare?: (lan: Lan) => Promise<void>;
}

/** A lab with the product in it: agent inside, collector outside, capture beside them. */
export class Session {
  readonly lan: Lan;
  readonly faults: Faults;
  readonly capture: Capture;
  readonly collector: CollectorSide;
  readonly agent: AgentSide;
  readonly clock: AgentClock | undefined;
  readonly disk: AgentDisk | undefined;
  readonly #codes: readonly string[];

  private constructor(lan: Lan, capture: Capture, options: SessionOptions) {
    this.lan = lan;
    this.capture = capture;
    this.faults = new Faults(lan);
    this.collector = new CollectorSide(lan);
    this.clock = options.clock === true ? new AgentClock(lan.dir) : undefined;
    this.disk = options.disk === true ? new AgentDisk(lan.dir) : undefined;
    this.agent = new AgentSide(lan, {
      ...(this.clock === undefined ? {} : { clock: this.clock }),
      ...(this.disk === undefined ? {} : { disk: this.disk }),
      ...(options.allow === undefined ? {} : { allow: options.allow }),
    });
    this.#codes = options.codes ?? LAB_DEVICES.map(({ code }) => code);
  }

  /** Builds the lab and starts the product: enrolled, with the inventory, measuring. */
  static async open(t: TestContext, name: string, options: SessionOptions = {}): Promise<Session> {
    const lan = await Lan.up(name);
    t.after(() => lan.down());
    const session = new Session(lan, await Capture.start(lan, options.capture), options);
    await options.prepare?.(lan);
    await session.collector.start();
    session.agent.enrol(session.collector.prepare(options.inventory));
    session.agent.start();
    return session;
  }

  /** Waits until every device has answered the collector's list, and gives the time. */
  async steady(): Promise<number> {
    await until('every device is known to be up', STEADY_MS_MAX, async () => {
      if (!this.agent.process.running) throw new Error(`the agent ended: ${this.tail()}`);
      const states = await this.states();
      return this.#codes.every((code) => states.get(code) === 'up');
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.tail()}`);
    });
    const steady_ms = Date.now();
    await lasts(CALM_MS);
    return steady_ms;
  }

  /** Waits until all that was measured before `ms` is with the collector; gives that minute. */
  async recorded(ms: number): Promise<number> {
    const minute_ms = Math.ceil(ms / MINUTE_MS) * MINUTE_MS;
    await until('the minute is recorded', RECORDED_MS_MAX, async () => {
      const answer = await this.collector.api.ask(`/api/v1/sites/${SITE}`);
      if (answer.status !== 200) return false;
      const { agents }: { agents: { agent: string; closed_to_ms: number | null }[] } = JSON.parse(
        answer.body,
      );
      const row = agents.find(({ agent }) => agent === AGENT);
      if ((row?.closed_to_ms ?? 0) < minute_ms) return false;
      // The judge follows the ledger a moment later.
      const last = periodQuery({ from_ms: minute_ms - MINUTE_MS, to_ms: minute_ms });
      const figures = await this.collector.api.ask(
        `/api/v1/sites/${SITE}/availability?${last}&hours=all`,
      );
      return figures.status === 200 && JSON.parse(figures.body).as_of.to_ms >= minute_ms;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.tail()}`);
    });
    return minute_ms;
  }

  /** Current state by device code. */
  async states(): Promise<Map<string, string>> {
    const { status, body } = await this.collector.api.ask(`/api/v1/sites/${SITE}/devices`);
    if (status !== 200) return new Map();
    const { items }: { items: { device: string; state: string }[] } = JSON.parse(body);
    return new Map(items.map(({ device, state }) => [device, state]));
  }

  /** Slots of a device as the API tells them, one by one. */
  async told(device: DeviceName, period: Period): Promise<ToldSlot[]> {
    interface Run {
      readonly from_ms: number;
      readonly interval_ms: number;
      readonly slots: number;
      readonly class: string;
      readonly code: string | null;
    }
    const query = `device=${device}&${periodQuery(period)}`;
    const path = `/api/v1/sites/${SITE}/slots?${query}`;
    const { runs } = await this.collector.api.json<{ runs: Run[] }>(path);
    return runs.flatMap((run) =>
      Array.from({ length: run.slots }, (_, k) => ({
        from_ms: run.from_ms + k * run.interval_ms,
        class: run.class,
        code: run.code,
      })),
    );
  }

  /** The same slots as the wire saw them. */
  truth(device: DeviceName, period: Period): TruthSlot[] {
    const interval_ms = device === 'pc2' ? ECHO_DROPPING_INTERVAL_MS : INTERVAL_MS;
    const address = addressOf(device);
    const echoes = toTicks(this.capture.echoes(address), interval_ms);
    const arp_ms = this.capture.arpRequests(address);
    return truthSlots(echoes, period, interval_ms, TIMEOUT_MS, arp_ms);
  }

  async availability(period: Period): Promise<Map<string, AvailabilityRow>> {
    const path = `/api/v1/sites/${SITE}/availability?${periodQuery(period)}&hours=all`;
    const { items } = await this.collector.api.json<{ items: AvailabilityRow[] }>(path);
    return new Map(items.map((row) => [row.device, row]));
  }

  /** Coded events of all signed headers, in the order of the chain. */
  events(): AgentEventTold[] {
    return this.collector
      .headers()
      .flatMap((header) => (header as { events: AgentEventTold[] }).events);
  }

  /** The last words of both programs, for a failed test. */
  tail(): string {
    return `agent: ${this.agent.log.slice(-3000)}\ncollector: ${this.collector.log.slice(-2000)}`;
  }
}

function periodQuery({ from_ms, to_ms }: Period): string {
  const text = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
  return `from=${text(from_ms)}&to=${text(to_ms)}`;
}

/** The first whole minute at or after `ms`. */
export const wholeMinute = (ms: number): number => Math.ceil(ms / MINUTE_MS) * MINUTE_MS;
