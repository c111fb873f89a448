import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { SITE } from '../inventory.ts';
import type { Lan } from '../lan.ts';
import { Session } from '../session.ts';
import { labEnv } from '../shell.ts';
import { CABLES, type CableName, COLLECTOR_ADDRESS, type DeviceName } from '../topology.ts';
import { until } from '../wait.ts';
import { type Managed, startManaged } from './managed.ts';
import {
  APP_PORT,
  MANAGED,
  type ManagedName,
  OUTSIDE,
  OUTSIDE_NETWORK,
  officeYaml,
  PORTS,
  PROBED,
} from './office.ts';

const SERVICES = join(import.meta.dirname, '..', 'service-child.ts');
const READY_MS_MAX = 30_000;

/** Thresholds of accounting that last minutes, a tenth of what they are; see docs/faults.md. */
export const SCALED_SETTINGS: Readonly<Record<string, number>> = {
  settle_ms: 90_000,
  off_provisional_ms: 30_000,
  answered_before_ms: 60_000,
  together_ms: 6_000,
  near_ms: 12_000,
  recover_ms: 30_000,
  flap_window_ms: 60_000,
  lossy_join_ms: 90_000,
  degraded_window_min: 1,
};
/** People of the lab work round the clock: outside working time silence is always off. */
const ALWAYS = [{ from_min: 0, to_min: 1440 }];
const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const CALENDAR = { days: [], weekly: Object.fromEntries(WEEK.map((day) => [day, ALWAYS])) };

/** An office of labelled faults with the product in it; ports say what the cords are. */
export class FaultLab {
  readonly session: Session;
  readonly lan: Lan;
  readonly #managed: ReadonlyMap<ManagedName, Managed>;
  readonly #cut = new Set<CableName>();
  readonly #dark = new Set<DeviceName>();
  readonly #told = new Map<string, boolean>();
  /** One change of cords at a time: what the ports say must follow in order. */
  #last: Promise<void> = Promise.resolve();

  private constructor(session: Session, managed: ReadonlyMap<ManagedName, Managed>) {
    this.session = session;
    this.lan = session.lan;
    this.#managed = managed;
  }

  /** Builds it, with scaled thresholds in the ledger before the first fault. */
  static async open(t: TestContext, name: string): Promise<FaultLab> {
    const managed = new Map<ManagedName, Managed>();
    const session = await Session.open(t, name, {
      disk: true,
      allow: [OUTSIDE_NETWORK],
      codes: PROBED,
      inventory: officeYaml(),
      prepare: async (lan) => {
        await lan.stopSnmpd();
        for (const device of MANAGED) managed.set(device, await startManaged(lan, device));
        await serveOutside(lan);
      },
    });
    const { api } = session.collector;
    await api.send('PUT', `/api/v1/sites/${SITE}/settings`, { settings: SCALED_SETTINGS });
    await api.send('PUT', `/api/v1/sites/${SITE}/calendar`, CALENDAR);
    return new FaultLab(session, managed);
  }

  managed(device: ManagedName): Managed {
    const found = this.#managed.get(device);
    if (found === undefined) throw new Error(`${device} is no managed device`);
    return found;
  }

  /** Pulls or plugs a cord; both ports say so. */
  plug(cable: CableName, plugged: boolean): Promise<void> {
    if (plugged) this.#cut.delete(cable);
    else this.#cut.add(cable);
    this.lan.setPlugged(cable, plugged);
    return this.#follow();
  }

  /** Takes the mains from devices or gives it back; what they told by SNMP begins anew. */
  async power(devices: readonly DeviceName[], on: boolean): Promise<void> {
    for (const device of devices) {
      if (on) this.#dark.delete(device);
      else this.#dark.add(device);
    }
    this.lan.setPower(devices, on);
    const own = MANAGED.filter((device) => devices.includes(device));
    await Promise.all(own.map((device) => this.managed(device).order({ do: 'power', on })));
    await this.#follow();
  }

  #follow(): Promise<void> {
    this.#last = this.#last.then(() => this.#tellPorts());
    return this.#last;
  }

  async #tellPorts(): Promise<void> {
    for (const device of MANAGED) {
      for (const [number, cable] of Object.entries(PORTS[device])) {
        const { a, b } = CABLES[cable];
        const live = ![a.device, b.device].some((end) => this.#dark.has(end));
        const link_up = live && !this.#cut.has(cable);
        const key = `${device}/${number}`;
        if ((this.#told.get(key) ?? true) === link_up) continue;
        this.#told.set(key, link_up);
        const port = Number(number);
        await this.managed(device).order({ do: 'change', port, patch: { link_up } });
      }
    }
  }

  /** Nothing reaches an address outside any more, or something again. */
  dropOutside(table: string, match: string, on: boolean): void {
    const rule = `chain in { type filter hook input priority 0; ${match} drop; }`;
    if (on) this.lan.exec('col', 'nft', ['-f', '-'], `table ip ${table} {\n${rule}\n}\n`);
    else this.lan.exec('col', 'nft', ['delete', 'table', 'ip', table]);
  }
}

/** References, an application and a name server, all on the collector's machine. */
async function serveOutside(lan: Lan): Promise<void> {
  for (const address of Object.values(OUTSIDE)) {
    lan.exec('col', 'ip', ['addr', 'add', `${address}/32`, 'dev', 'wan']);
  }
  lan.exec('gw', 'ip', ['route', 'add', OUTSIDE_NETWORK, 'via', COLLECTOR_ADDRESS]);
  await serve(lan, OUTSIDE['app-1'], `tcp:${APP_PORT}`);
  await serve(lan, OUTSIDE['dns-1'], 'dns:53');
}

async function serve(lan: Lan, address: string, service: string): Promise<void> {
  const args = ['netns', 'exec', lan.ns('col'), process.execPath, SERVICES, address, service];
  const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'], env: labEnv() });
  lan.processes.adopt(child, join(lan.dir, `${service.replace(':', '-')}.log`));
  let ready = false;
  child.stdout.on('data', () => {
    ready = true;
  });
  await until(`${service} is served at ${address}`, READY_MS_MAX, () => ready);
}

/** Cable of each device that has one of its own name. */
export const cordOf = (device: string): CableName => {
  if (!(device in CABLES)) throw new Error(`no cord ${device}`);
  return device as CableName;
};
