import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY_FILE, saveEnrolment } from '../../agent/identity.ts';
import { writeHeadHint } from '../../agent/spool/loss.ts';
import type { Inventory } from '../../shared/measure/inventory-types.ts';
import { officeInventory, SWITCH_PORTS } from '../support/office.ts';
import { type EnrolledAgent, prepareCollector } from '../support/prepared-collector.ts';
import { cpuMs, type Program, startCollector, startProgram } from '../support/programs.ts';
import { layOfficeLan, type OfficeLan } from './office-lan.ts';
import type { SwitchesOrder } from './office-switches-child.ts';

const SECRET = 'ro-community';
const COMMUNITY = 'bench';
/** A first start compiles everything: the cache that it leaves is what later ones start with. */
const FIRST_START_MS = 10_000;
/** Start, the first list, and the compiling of what runs hot lie before the window. */
const WARM_UP_MS = 60_000;
/** Whole minutes: seals and polls of switches come once in each. */
const WINDOW_MS = 120_000;
const SAMPLE_MS = 2_000;
const BYTES_PER_KB = 1_024;
const BYTES_PER_MB = 1_000_000;
/** USER_HZ: the unit of CPU times in /proc. */
const MS_PER_TICK = 10;

interface Window {
  readonly node_ms: number;
  readonly children_ms: number;
  readonly elapsed_ms: number;
  readonly rss_mb: number[];
  readonly anonymous_mb: number[];
  readonly children_rss_mb: number[];
}

/** A real agent process in an office of loopback: fping, five switches, a collector. */
export async function bench(
  warm_up_ms = WARM_UP_MS,
  window_ms = WINDOW_MS,
): Promise<{ name: string; figures: Record<string, number>; note: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-steady-'));
  const office = officeInventory('steady-hq', 'large');
  const lan = layOfficeLan(office.devices.length);
  const child = new URL('./office-switches-child.ts', import.meta.url);
  const { execPath, execArgv } = lan;
  const switches = fork(child, { execPath, execArgv: [...execArgv] });
  try {
    const inventory = await moveTo(lan, switches, office);
    const data_dir = join(folder, 'data');
    const [agent] = await prepareCollector(data_dir, [inventory]);
    if (agent === undefined) throw new Error('no agent was enrolled');
    const collector = await startCollector(data_dir);
    const start = prepareAgent(folder, agent, collector.url, lan);
    const first = start('first.log');
    await sleep(FIRST_START_MS);
    await first.stop();
    const program = start('agent.log');
    let seen: Window;
    try {
      await sleep(warm_up_ms);
      seen = await watch(program.pid, window_ms);
    } finally {
      await program.stop();
      await collector.stop();
    }
    await checkWork(program, switches, window_ms);
    return {
      name: 'agent: 60 devices + 5 switches, steady',
      figures: figuresOf(seen),
      note:
        `\`lanproof agent\` beside a collector process, ${warm_up_ms / 1_000} s after its start, ` +
        `for ${window_ms / 1_000} s: 60 addresses by fping, 5 switches of ${SWITCH_PORTS} ports ` +
        `by SNMP each minute, over ${lan.name === 'LAN' ? 'a virtual cable' : 'loopback'}. ` +
        'Memory: median of the node process in MB of 10⁶ bytes; fping beside. CPU: both ' +
        'together. It is the second start, which finds the compile cache of the first.',
    };
  } finally {
    switches.disconnect();
    await once(switches, 'exit');
    lan.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Gives the office its addresses and starts its switches. */
async function moveTo(
  { network }: OfficeLan,
  switches: ChildProcess,
  office: Inventory,
): Promise<Inventory> {
  const devices = office.devices.map((device, at) => ({
    ...device,
    address: `${network}.${1 + at}`,
  }));
  const polled = devices.filter((device) => device.probes.snmp !== undefined);
  const addresses = polled.map(({ address }) => address);
  const order: SwitchesOrder = { addresses, ports: SWITCH_PORTS, community: COMMUNITY };
  const ports = await ask(switches, order);
  return {
    ...office,
    devices: devices.map((device) => {
      const { snmp } = device.probes;
      const port = ports[polled.indexOf(device)];
      if (snmp === undefined || port === undefined) return device;
      return { ...device, probes: { ...device.probes, snmp: { ...snmp, port } } };
    }),
  };
}

async function ask(child: ChildProcess, message: SwitchesOrder | string): Promise<number[]> {
  child.send(message);
  const [numbers] = (await once(child, 'message')) as [number[]];
  return numbers;
}

/** Lays down what an agent has on its disk and gives the way to start it. */
function prepareAgent(
  folder: string,
  { identity, pem }: EnrolledAgent,
  url: string,
  { network }: OfficeLan,
): (log: string) => Program {
  const state_dir = join(folder, 'agent');
  mkdirSync(state_dir, { mode: 0o700 });
  writeFileSync(join(state_dir, KEY_FILE), pem, { mode: 0o600 });
  writeFileSync(join(state_dir, SECRET), `${COMMUNITY}\n`, { mode: 0o600 });
  saveEnrolment(state_dir, identity.enrolment);
  writeHeadHint(state_dir, identity.origin);
  const config = join(folder, 'agent.yml');
  const lines = [
    `collector: ${url}`,
    `state_dir: ${state_dir}`,
    `secrets_dir: ${state_dir}`,
    `allow: ["${network}.0/24"]`,
    'icmp: { engine: fping }',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return (log) => startProgram(['agent', '--config', config], join(folder, log));
}

async function watch(pid: number, window_ms: number): Promise<Window> {
  const children = childrenOf(pid);
  if (children.length === 0) throw new Error('the agent runs no fping');
  const sums: Window = {
    ...{ node_ms: cpuMs(pid), elapsed_ms: performance.now() },
    children_ms: childrenMs(pid, children),
    ...{ rss_mb: [], anonymous_mb: [], children_rss_mb: [] },
  };
  while (performance.now() - sums.elapsed_ms < window_ms) {
    await sleep(SAMPLE_MS);
    sums.rss_mb.push(memoryMb(pid, 'VmRSS'));
    sums.anonymous_mb.push(memoryMb(pid, 'RssAnon'));
    sums.children_rss_mb.push(children.reduce((sum, child) => sum + memoryMb(child, 'VmRSS'), 0));
  }
  if (childrenOf(pid).join() !== children.join()) throw new Error('an fping ended in between');
  return {
    ...sums,
    node_ms: cpuMs(pid) - sums.node_ms,
    children_ms: childrenMs(pid, children) - sums.children_ms,
    elapsed_ms: performance.now() - sums.elapsed_ms,
  };
}

/** A bench of an agent that measures nothing would be a fast one. */
async function checkWork(
  program: Program,
  switches: ChildProcess,
  window_ms: number,
): Promise<void> {
  const minutes = Math.floor(window_ms / 60_000);
  const last = /.*"msg":"the agent stopped".*/.exec(program.output())?.[0] ?? '{}';
  const { sent_to = 0 } = JSON.parse(last) as { sent_to?: number };
  if (sent_to < minutes) throw new Error(`delivered up to ${sent_to}: ${program.output()}`);
  const requests = await ask(switches, 'requests');
  if (requests.some((count) => count < minutes)) throw new Error(`SNMP requests: ${requests}`);
}

function figuresOf(seen: Window): Record<string, number> {
  const percent = (ms: number): number => round((100 * ms) / seen.elapsed_ms);
  return {
    rss_mb: median(seen.rss_mb),
    anonymous_mb: median(seen.anonymous_mb),
    core_percent: percent(seen.node_ms + seen.children_ms),
    node_percent: percent(seen.node_ms),
    fping_percent: percent(seen.children_ms),
    anonymous_mb_max: round(Math.max(...seen.anonymous_mb)),
    fping_rss_mb: median(seen.children_rss_mb),
  };
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter((text) => text !== '')
      .map(Number),
  );
}

/** User and system time of children that run and of those that ended, ms. */
function childrenMs(pid: number, children: readonly number[]): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ended_ms = (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK;
  return children.reduce((sum, child) => sum + cpuMs(child), ended_ms);
}

function memoryMb(pid: number, what: 'VmRSS' | 'RssAnon'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kb = Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN);
  return (kb * BYTES_PER_KB) / BYTES_PER_MB;
}

function median(values: readonly number[]): number {
  return round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
