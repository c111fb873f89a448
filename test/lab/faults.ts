import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lan } from './lan.ts';
import { type CableName, type DeviceName, SITE_DEVICES } from './topology.ts';
import { lasts, monotonic_ms } from './wait.ts';

/** A fault as it really happened: begun and over, by both clocks of the machine. */
export interface FaultRecord {
  readonly name: string;
  readonly target: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly from_monotonic_ms: number;
  readonly to_monotonic_ms: number;
}

/** Makes the faults of one lab and writes each down, in memory and in `truth.jsonl`. */
export class Faults {
  readonly records: FaultRecord[] = [];
  readonly #lan: Lan;

  constructor(lan: Lan) {
    this.#lan = lan;
  }

  /** Runs `begin`, keeps the fault for `for_ms`, then runs `end`; times are noted in between. */
  async during(
    name: string,
    target: string,
    for_ms: number,
    begin: () => void | Promise<void>,
    end: () => void | Promise<void>,
  ): Promise<FaultRecord> {
    const from_ms = Date.now();
    const from_monotonic_ms = monotonic_ms();
    await begin();
    await lasts(for_ms - (monotonic_ms() - from_monotonic_ms));
    await end();
    const to = { to_ms: Date.now(), to_monotonic_ms: monotonic_ms() };
    const record = { name, target, from_ms, from_monotonic_ms, ...to };
    this.records.push(record);
    appendFileSync(join(this.#lan.dir, 'truth.jsonl'), `${JSON.stringify(record)}\n`);
    return record;
  }

  /** Pulls a cord: both of its ends lose their carrier. */
  unplug(cable: CableName, for_ms: number): Promise<FaultRecord> {
    return this.during(
      'unplug',
      cable,
      for_ms,
      () => this.#lan.setPlugged(cable, false),
      () => this.#lan.setPlugged(cable, true),
    );
  }

  /** Takes the mains from one device; what hangs behind a switch is cut off with it. */
  powerOff(device: DeviceName, for_ms: number): Promise<FaultRecord> {
    return this.during(
      'power-off',
      device,
      for_ms,
      () => this.#lan.setPower([device], false),
      () => this.#lan.setPower([device], true),
    );
  }

  /** A loose plug: out and in again, `times` times. */
  flap(cable: CableName, times: number, half_ms: number): Promise<FaultRecord> {
    const flaps = async (): Promise<void> => {
      for (let i = 0; i < times; i += 1) {
        this.#lan.setPlugged(cable, false);
        await lasts(half_ms);
        this.#lan.setPlugged(cable, true);
        await lasts(half_ms);
      }
    };
    return this.during('flap', cable, 0, flaps, () => undefined);
  }

  /** Loses frames at random, each way on its own. */
  loss(cable: CableName, pct: number, for_ms: number): Promise<FaultRecord> {
    return this.during(
      'loss',
      cable,
      for_ms,
      () => this.#lan.setLoss(cable, pct, pct),
      () => this.#lan.setLoss(cable, 0, 0),
    );
  }

  /** Nothing passes the agent's cord, yet the carrier stays: a desk switch that lost its uplink. */
  silence(for_ms: number): Promise<FaultRecord> {
    return this.during(
      'silent-with-carrier',
      'agent',
      for_ms,
      () => this.#lan.setLoss('agent', 100, 100),
      () => this.#lan.setLoss('agent', 0, 0),
    );
  }

  /** The mains of the whole office go; `kill` ends the agent's process as power loss does. */
  sitePowerCut(
    for_ms: number,
    kill: () => Promise<unknown>,
    back: () => Promise<unknown>,
  ): Promise<FaultRecord> {
    return this.during(
      'site-power-cut',
      'site',
      for_ms,
      async () => {
        this.#lan.setPower(SITE_DEVICES, false);
        await kill();
      },
      async () => {
        this.#lan.setPower(SITE_DEVICES, true);
        await back();
      },
    );
  }
}
