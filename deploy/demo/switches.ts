import { type Fault, faultsOf, type Story, seedOf, stretchAt } from './scenario.ts';
import { type DemoDevice, type DemoSite, SNMP_PORT, SNMP_SECRET } from './sites.ts';
import { createSnmpDevice, type SnmpDevice } from './snmp-device.ts';
import { createSwitchMib } from './switch-mib.ts';
import { createSwitchModel, type SwitchModel } from './switch-model.ts';
import { phaseOf } from './windows.ts';

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
  const faults = faultsOf(story, site).map((item) => ({ ...item, next_ms: from_ms }));
  return {
    models,
    tell(to_ms) {
      for (const item of faults) {
        while (item.next_ms <= to_ms) {
          const at_ms = Math.max(item.next_ms, item.from_ms);
          const phase = phaseOf(item.fault, at_ms);
          if (phase.on && at_ms <= to_ms) {
            tellFault(models, site, item.fault, at_ms, phase.until_ms);
          }
          item.next_ms = phase.until_ms;
        }
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

/** A silent device has lost its power: its link goes, and if it is a switch, its uptime too. */
function tellFault(
  models: ReadonlyMap<string, SwitchModel>,
  site: DemoSite,
  fault: Fault,
  from_ms: number,
  to_ms: number,
): void {
  const device = site.devices.find(({ code }) => code === fault.device);
  const above = models.get(device?.attached?.device ?? '');
  const port = Number(device?.attached?.port);
  if (above !== undefined && Number.isInteger(port)) {
    above.portDown(port, from_ms);
    above.portUp(port, to_ms);
  }
  models.get(fault.device)?.reboot(from_ms, to_ms - from_ms - START_MS);
}
