import { type DemoDevice, type DemoSite, SNMP_PORT, SNMP_SECRET } from '../sites.ts';
import { createSnmpDevice, type SnmpDevice } from '../snmp/device.ts';
import {
  damagedAt,
  faultsOf,
  halfDuplexSince,
  inUse,
  mainsAt,
  seedOf,
  stretchAt,
} from '../story/scenario.ts';
import type { Fault, Story } from '../story/script.ts';
import { timedPhase } from '../story/windows.ts';
import { createSwitchMib } from './switch-mib.ts';
import { createSwitchModel, REBOOT_MS, type SwitchModel } from './switch-model.ts';

/** Switches were started so long before the history, ms. */
const BOOTED_BEFORE_MS = 40 * 86_400_000;
/** A switch whose power comes back answers this soon; the script counts it as part of the fault. */
const START_MS = 1;

/** The managed switches of a site by device code, told of every fault before it is asked. */
export interface SiteSwitches {
  readonly models: ReadonlyMap<string, SwitchModel>;
  /** Writes what the script says of ]told, to_ms] into the models. Call it with rising times. */
  tell(to_ms: number): void;
}

export function createSiteSwitches(story: Story, site: DemoSite, from_ms: number): SiteSwitches {
  const managed = site.devices.filter((device) => device.snmp_ports !== undefined);
  const models = new Map(managed.map((device) => [device.code, modelOf(site, device, from_ms)]));
  const office = { story, site, models };
  const tellers = [
    ...faultsOf(story, site).map((item): Teller => {
      const { window: fault } = item;
      return (at_ms, to_ms) => {
        const { on, until_ms } = timedPhase(item, at_ms);
        if (on && at_ms <= to_ms) tellFault(office, fault, at_ms, until_ms);
        return until_ms;
      };
    }),
    (at_ms: number) => tellMains(office, at_ms),
    ...site.devices.map(
      (device): Teller =>
        (at_ms) =>
          tellUse(office, device, at_ms),
    ),
    ...site.devices.map(
      (device): Teller =>
        (at_ms) =>
          tellPort(office, device, at_ms),
    ),
  ].map((tell) => ({ tell, next_ms: from_ms }));
  return {
    models,
    tell(to_ms) {
      for (const item of tellers) {
        while (item.next_ms <= to_ms) item.next_ms = item.tell(item.next_ms, to_ms);
      }
    },
  };
}

/** Starts the switches of a site as SNMP agents over UDP; throws what bind throws. */
export async function startSwitches(
  story: Story,
  site: DemoSite,
  { models, tell }: SiteSwitches,
  clock: () => number,
): Promise<SnmpDevice[]> {
  const started: SnmpDevice[] = [];
  for (const device of site.devices) {
    const model = models.get(device.code);
    if (model === undefined || device.address === null) continue;
    const mib = createSwitchMib(model, clock);
    const options = {
      address: device.address,
      port: SNMP_PORT,
      community: SNMP_SECRET,
      silent: () => stretchAt(story, site, device, clock()).reply === 'n',
      mib: () => {
        tell(clock());
        return mib();
      },
    };
    started.push(await createSnmpDevice(options));
  }
  return started;
}

function modelOf(site: DemoSite, device: DemoDevice, from_ms: number): SwitchModel {
  const ports = device.snmp_ports ?? 0;
  const used = new Set(
    site.devices.filter((at) => at.attached?.device === device.code).map((at) => at.attached?.port),
  );
  const agent = site.agent_attached;
  if (agent.device === device.code) used.add(agent.port);
  return createSwitchModel({
    ports,
    name: `${site.code}-${device.code}`,
    descr: `LanProof demo switch, ${ports} ports`,
    seed: seedOf(`${site.code}/${device.code}`),
    clock: () => from_ms,
    booted_ms: from_ms - BOOTED_BEFORE_MS,
    connected: (port) => port === ports || used.has(String(port)),
  });
}

interface Office {
  readonly story: Story;
  readonly site: DemoSite;
  readonly models: ReadonlyMap<string, SwitchModel>;
}

/** Writes what happens at `at_ms` into the models; returns until when nothing more happens. */
type Teller = (at_ms: number, to_ms: number) => number;

/** The switch port that a device is plugged into. */
function portOf({ site, models }: Office, code: string) {
  const device = site.devices.find((item) => item.code === code);
  const above = models.get(device?.attached?.device ?? '');
  const port = Number(device?.attached?.port);
  return above !== undefined && Number.isInteger(port) ? { above, port } : undefined;
}

/** A silent device has lost its power: its link goes, and if it is a switch, its uptime too. */
function tellFault(office: Office, fault: Fault, from_ms: number, to_ms: number): void {
  const plugged = portOf(office, fault.device);
  plugged?.above.portDown(plugged.port, from_ms);
  plugged?.above.portUp(plugged.port, to_ms);
  office.models.get(fault.device)?.reboot(from_ms, to_ms - from_ms - START_MS);
}

/** Without mains every switch is off; it starts when they are back. */
function tellMains({ story, site, models }: Office, at_ms: number): number {
  const { on, until_ms } = mainsAt(story, site, at_ms);
  if (on) return until_ms;
  for (const model of models.values()) model.reboot(at_ms, until_ms - at_ms + REBOOT_MS - START_MS);
  return until_ms;
}

/** What people switch off takes the link of its port with it. */
function tellUse(office: Office, device: DemoDevice, at_ms: number): number {
  const plugged = portOf(office, device.code);
  if (plugged === undefined || device.always_on) return Number.POSITIVE_INFINITY;
  const { on, until_ms } = inUse(office.site, device, at_ms);
  if (on) plugged.above.portUp(plugged.port, at_ms);
  else plugged.above.portDown(plugged.port, at_ms);
  return until_ms;
}

/** Damaged frames come and go; a port of half duplex stays one until somebody sees it. */
function tellPort(office: Office, device: DemoDevice, at_ms: number): number {
  const { story, site } = office;
  const plugged = portOf(office, device.code);
  if (plugged === undefined) return Number.POSITIVE_INFINITY;
  const { per_s, until_ms } = damagedAt(story, site, device, at_ms);
  const { above, port } = plugged;
  if (Number.isFinite(until_ms)) above.errors(port, per_s, at_ms);
  const since_ms = halfDuplexSince(story, site, device);
  if (since_ms === null) return until_ms;
  if (at_ms < since_ms) return Math.min(until_ms, since_ms);
  above.change(port, { duplex: 'half', speed_mbps: 100 }, at_ms);
  return until_ms;
}
