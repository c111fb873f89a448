/** An agent without a LAN: its own walk, recorder and sealer, with time and answers modelled. */
import { randomBytes } from 'node:crypto';
import { RunClock } from '../../agent/clock.ts';
import type { ListInForce } from '../../agent/record/draft.ts';
import { EarlyLimit } from '../../agent/record/early.ts';
import { Recorder } from '../../agent/record.ts';
import { createSealer, type SealedBatch } from '../../agent/seal.ts';
import { ETHERLIKE_MINUTE, ETHERLIKE_REST } from '../../agent/snmp/etherlike.ts';
import { STATUS_COLUMNS, TRAFFIC_64 } from '../../agent/snmp/if-mib.ts';
import type { PortPoll } from '../../agent/snmp/interfaces.ts';
import type { DevicePoll } from '../../agent/snmp/poll.ts';
import { type BatchStore, Walk } from '../../agent/walk.ts';
import { snapshotColumns, snapshotScalars } from '../../deploy/demo/switch/switch-mib.ts';
import { createSwitchModel, type SwitchModel } from '../../deploy/demo/switch/switch-model.ts';
import type { ChainHead } from '../../shared/evidence/chain.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import type { BatchHeader, HostPart } from '../../shared/measure/batch.ts';
import { encodeRuns } from '../../shared/measure/runs.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { ModelledDevice, SWITCH_PORTS, seeded } from './office.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** The agent looks at the kernel's clock as often as its own loops do. */
const CLOCK_MS = 30_000;
/** All octet counters are read every five minutes, those of uplinks with every poll. */
const TRAFFIC_MS = 5 * MINUTE_MS;
/** A small switch takes that long for one part of a poll. */
const RESPONSE_MS = 14;
/** The machine was started so long before the modelled time, ms. */
const UPTIME_MS = 9 * 86_400_000;
const SOFTWARE = 'lanproof 0.1.0';
const STATUS_NAMES = [...STATUS_COLUMNS, ...ETHERLIKE_MINUTE].map(({ name }) => name);
const REST_NAMES = ETHERLIKE_REST.map(({ name }) => name);
const TRAFFIC_NAMES = TRAFFIC_64.map(({ name }) => name);
const UPLINKS: ReadonlySet<number> = new Set([SWITCH_PORTS]);

export interface ModelledAgentOptions {
  readonly site: string;
  readonly agent: string;
  readonly signer: Signer;
  readonly list: ListInForce;
  /** Where the chain begins. */
  readonly origin: ChainHead;
  /** UTC ms of the first tick; a whole minute. */
  readonly start_ms: number;
  readonly seed: number;
  readonly seen: () => BatchHeader['seen'];
  /** Takes each sealed batch, as the spool does. */
  readonly put: (batch: SealedBatch) => void;
}

interface Group {
  readonly id: number;
  readonly interval_ms: number;
  readonly devices: readonly ModelledDevice[];
  n: number;
}

interface Switch {
  readonly index: number;
  readonly model: SwitchModel;
  /** ms into the minute at which it is polled. */
  readonly at_ms: number;
}

const crypto = createNodeCrypto();

export class ModelledAgent {
  readonly #start_ms: number;
  readonly #random: () => number;
  readonly #recorder: Recorder;
  readonly #walk: Walk;
  readonly #clock = new RunClock();
  readonly #groups: readonly Group[];
  readonly #switches: readonly Switch[];
  readonly #list: ListInForce;
  #now_ms: number;

  constructor(options: ModelledAgentOptions) {
    const { list, start_ms, site, agent, signer, put } = options;
    this.#start_ms = start_ms;
    this.#now_ms = start_ms;
    this.#list = list;
    this.#random = seeded(options.seed);
    const early = new EarlyLimit();
    this.#sample();
    this.#recorder = new Recorder({
      monotonic_ms: () => this.monotonic_ms,
      offset_ms: () => this.#clock.offset_ms ?? 0,
      carrierLostSince: () => false,
      encodeRuns,
      onEarly: () => early.wish(),
      onProblem: ({ message }) => {
        throw new Error(message);
      },
      list,
    });
    let head = options.origin;
    const store: BatchStore = {
      get head() {
        return head;
      },
      put(batch: SealedBatch) {
        head = { epoch: batch.epoch, seq: batch.seq, hash: batch.hash };
        put(batch);
      },
    };
    this.#walk = new Walk({
      monotonic_ms: () => this.monotonic_ms,
      ...{ recorder: this.#recorder, clock: this.#clock, early, store },
      sealer: createSealer({ crypto, signer, site, agent, software: SOFTWARE, randomBytes }),
      boot: '0f8fad5b-d9cb-469f-a165-70867728950e',
      newRunId: () => randomBytes(8).toString('hex'),
      seen: options.seen,
      engine: () => ({ icmp: 'fping 5.1', arp: 'arp-scan 1.10.0' }),
      host: () => this.#host(),
      onSealed: () => undefined,
      onNewRun: () => undefined,
      onList: () => undefined,
    });
    this.#groups = this.#open();
    this.#switches = this.#openSwitches(options.seed);
    this.#recorder.event({ code: 'start' });
    const { version } = list;
    this.#recorder.event({ code: 'list_applied', value: version, utc_ms: start_ms });
  }

  get utc_ms(): number {
    return this.#now_ms;
  }

  get monotonic_ms(): number {
    return this.#now_ms - this.#start_ms + UPTIME_MS;
  }

  /** Lives through the next minute; its batch is put as soon as the last verdict is there. */
  minute(): void {
    const from_ms = this.#now_ms;
    for (let second = 1; second <= MINUTE_MS / SECOND_MS; second += 1) {
      this.#now_ms = from_ms + second * SECOND_MS;
      for (const group of this.#groups) this.#rows(group);
      for (const one of this.#switches) {
        const due_ms = from_ms + one.at_ms;
        if (due_ms >= this.#now_ms - SECOND_MS && due_ms < this.#now_ms) this.#poll(one, due_ms);
      }
      if ((second * SECOND_MS) % CLOCK_MS === 0) this.#sample();
      this.#walk.tick();
    }
  }

  #open(): Group[] {
    const asked = this.#list.targets.flatMap((target, index) => {
      const interval_ms = target.probes.icmp?.interval_ms;
      return interval_ms === undefined ? [] : [{ target, index, interval_ms }];
    });
    return [...Map.groupBy(asked, ({ interval_ms }) => interval_ms)].map(
      ([interval_ms, members], id) => {
        const targets = members.map(({ index }) => index);
        // A tick lies a little behind the full second, so its verdict comes within the next one.
        const t0_ms = this.monotonic_ms + Math.floor(this.#random() * 200);
        this.#recorder.open({ id, probe: 'icmp', t0_ms, interval_ms, targets });
        const devices = members.map(
          ({ target, index }) => new ModelledDevice(target, index, this.#random),
        );
        return { id, interval_ms, devices, n: 0 };
      },
    );
  }

  /** The rows of all ticks that lie before now. */
  #rows(group: Group): void {
    const { id, interval_ms, devices } = group;
    for (; this.#start_ms + group.n * interval_ms < this.#now_ms; group.n += 1) {
      const answers = devices.map((one) => one.ask(this.#start_ms + group.n * interval_ms));
      const codes = answers.map(({ code }) => code);
      const rtt_us = answers.map((answer) => answer.rtt_us);
      this.#recorder.row({ series: id, n: group.n, codes, rtt_us, lag_ms: 0 });
    }
  }

  #openSwitches(seed: number): Switch[] {
    return this.#list.targets.flatMap((target, index) => {
      if (target.probes.snmp === undefined) return [];
      const model = createSwitchModel({
        ...{ ports: SWITCH_PORTS, name: target.code, descr: 'modelled', seed: seed + index },
        clock: () => this.#now_ms,
        booted_ms: this.#start_ms - 40 * 86_400_000,
      });
      return [{ index, model, at_ms: Math.floor(this.#random() * (MINUTE_MS - SECOND_MS)) }];
    });
  }

  #poll({ index, model }: Switch, at_ms: number): void {
    const snapshot = model.snapshot(at_ms);
    const { sys_uptime_ticks } = snapshot;
    const requested_mono_ms = at_ms - this.#start_ms + UPTIME_MS;
    const all = at_ms % TRAFFIC_MS < MINUTE_MS;
    const traffic = Object.entries(snapshotColumns(snapshot, TRAFFIC_NAMES)).map(
      ([name, rows]) =>
        [name, all ? rows : new Map([...rows].filter(([port]) => UPLINKS.has(port)))] as const,
    );
    const part = { ok: true, truncated: false, sys_uptime_ticks } as const;
    let sent_ms = requested_mono_ms;
    const next = (columns: PortPoll['columns']): PortPoll => {
      const response_ms = RESPONSE_MS + Math.floor(this.#random() * RESPONSE_MS);
      const poll = { ...part, columns, requested_mono_ms: sent_ms, response_ms };
      sent_ms += response_ms;
      return poll;
    };
    const scalars = snapshotScalars(snapshot);
    const poll: DevicePoll = {
      system: { ok: true, requested_mono_ms, response_ms: 2, sys_uptime_ticks, scalars },
      status: next(snapshotColumns(snapshot, STATUS_NAMES)),
      ...(all ? { etherlike: next(snapshotColumns(snapshot, REST_NAMES)) } : {}),
      traffic: next(Object.fromEntries(traffic)),
    };
    this.#recorder.poll(index, poll, this.#list.version);
  }

  #sample(): void {
    // NTP slews: the offset wanders by a few milliseconds.
    const wall_ms = this.#now_ms + Math.floor(this.#random() * 3);
    const error_ms = 5 + Math.floor(this.#random() * 20);
    const mono_ms = this.monotonic_ms;
    this.#clock.kernel({ mono_ms, wall_ms, source: 'kernel', sync: true, error_ms });
  }

  #host(): HostPart {
    return {
      ...{ carrier: true, carrier_changes: 2, speed_mbps: 1_000, duplex: 'full', ac_line: null },
      rx_frames: 2_000 + Math.floor(this.#random() * 3_000),
    };
  }
}
