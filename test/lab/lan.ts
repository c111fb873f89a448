import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Processes, type Started, type StartOptions } from './processes.ts';
import { run, tryRun } from './shell.ts';
import {
  addressOf,
  CABLE_NAMES,
  CABLES,
  type CableName,
  DEVICES,
  type DeviceName,
  ECHO_DROPPING_PC,
  GATEWAY_WAN_ADDRESS,
  macOf,
  portsOf,
  SNMP_COMMUNITY,
  SWITCHES,
  UNMANAGED_SWITCH,
} from './topology.ts';
import { until } from './wait.ts';

/** No namespace that begins otherwise is ever touched. */
const PREFIX = 'lpl-';
const NETNS_DIR = '/run/netns';
const PER_CENT_TO_TEN_THOUSANDTH = 100;
const ALL_LOST_PCT = 100;
/** Small echoes, ARP and the first packets of a connection are shorter. */
const LONG_BYTES = 1000;
const START_MS_MAX = 5000;

interface Wire {
  cut: boolean;
  /** Frames lost on the way from end a to end b, and back, per cent. */
  loss_ab_pct: number;
  loss_ba_pct: number;
  /** A damaged pair: long frames on the way from end a to end b are lost, short ones are not. */
  long_lost: boolean;
}

/**
 * A virtual commune office of network namespaces. Every cable runs through a patch-panel namespace
 * (two veth pairs whose panel ends are cross-connected by `nft fwd`): faults happen on the wire, so
 * an unplugged cord takes the carrier from BOTH devices, while their own settings stay untouched
 * and no hop, address or MAC is added. Bridges run without spanning tree. Nothing has a route out,
 * and no interface of the lab ever stands in the root namespace.
 */
export class Lan {
  /** Scratch folder of this lab: logs, captures, data. */
  readonly dir: string;
  readonly processes = new Processes();
  readonly #name: string;
  readonly #wires = new Map<CableName, Wire>();
  readonly #off = new Set<DeviceName>();
  readonly #applied = new Map<CableName, boolean>();
  #snmpd: Started | undefined;

  private constructor(name: string) {
    this.#name = name;
    this.dir = mkdtempSync(join(tmpdir(), `lanproof-lab-${name}-`));
    for (const name of CABLE_NAMES) {
      this.#wires.set(name, { cut: false, loss_ab_pct: 0, loss_ba_pct: 0, long_lost: false });
    }
  }

  /** Builds the lab; `name` (one or two letters) lets several stand side by side. */
  static async up(name: string): Promise<Lan> {
    holdLock(name);
    sweep(name);
    const lan = new Lan(name);
    try {
      lan.#build();
      lan.#startSnmpd();
      await lan.#settle();
      return lan;
    } catch (error) {
      await lan.down();
      throw error;
    }
  }

  ns(device: DeviceName | 'wire'): string {
    return `${PREFIX}${this.#name}-${device}`;
  }

  /** Runs a command inside a device. */
  exec(device: DeviceName | 'wire', command: string, args: readonly string[], input = ''): string {
    return run('ip', ['netns', 'exec', this.ns(device), command, ...args], input);
  }

  /** Starts a program inside a device; `ip netns exec` becomes it, so the pid is its own. */
  start(
    device: DeviceName,
    command: string,
    args: readonly string[],
    options: StartOptions,
  ): Started {
    const all = ['netns', 'exec', this.ns(device), command, ...args];
    return this.processes.start('ip', all, options);
  }

  /** Pulls or plugs a cord. */
  setPlugged(cable: CableName, plugged: boolean): void {
    this.#wire(cable).cut = !plugged;
    this.#apply([cable]);
  }

  /** Loses frames at random, each way on its own; 100 is silence while the carrier stays. */
  setLoss(cable: CableName, loss_ab_pct: number, loss_ba_pct: number): void {
    const wire = this.#wire(cable);
    wire.loss_ab_pct = loss_ab_pct;
    wire.loss_ba_pct = loss_ba_pct;
    this.exec('wire', 'nft', ['-f', '-'], this.#rules(cable));
  }

  /** Loses every frame over LONG_BYTES on the way from end a to end b. */
  setLongLoss(cable: CableName, long_lost: boolean): void {
    this.#wire(cable).long_lost = long_lost;
    this.exec('wire', 'nft', ['-f', '-'], this.#rules(cable));
  }

  /** The core switch has no SNMP any more; another program may serve its address. */
  async stopSnmpd(): Promise<void> {
    await this.#snmpd?.stop('SIGKILL');
    this.#snmpd = undefined;
  }

  /** Takes the mains from devices or gives it back: no carrier at their ports, no memory left. */
  setPower(devices: readonly DeviceName[], on: boolean): void {
    for (const device of devices) {
      if (on) this.#off.delete(device);
      else this.#off.add(device);
      tryRun('ip', ['-n', this.ns(device), 'neigh', 'flush', 'all']);
    }
    if (devices.includes('core')) {
      void this.#snmpd?.stop('SIGKILL');
      if (on) this.#startSnmpd();
    }
    this.#apply(CABLE_NAMES);
  }

  /** Ends every process of the lab and removes its namespaces and its folder. */
  async down(keep_files = process.env.LAB_KEEP === '1'): Promise<void> {
    await this.processes.stopAll();
    sweep(this.#name);
    releaseLock(this.#name);
    if (!keep_files) rmSync(this.dir, { recursive: true, force: true });
  }

  #wire(cable: CableName): Wire {
    const wire = this.#wires.get(cable);
    if (wire === undefined) throw new Error(`no cable ${cable}`);
    return wire;
  }

  #build(): void {
    for (const device of [...DEVICES, 'wire' as const])
      run('ip', ['netns', 'add', this.ns(device)]);
    const links = CABLE_NAMES.flatMap((name) => {
      const { a, b } = CABLES[name];
      return [
        [panelEnd(name, 'a'), a],
        [panelEnd(name, 'b'), b],
      ].map(
        ([panel, end]) =>
          `link add name ${panel} netns ${this.ns('wire')} type veth ` +
          `peer name ${(end as typeof a).port} netns ${this.ns((end as typeof a).device)}`,
      );
    });
    run('ip', ['-batch', '-'], `${links.join('\n')}\n`);
    this.exec('wire', 'sysctl', ['-qw', ...NO_IPV6]);
    const chains = CABLE_NAMES.flatMap((name) =>
      (['a', 'b'] as const).map((side) => {
        const end = panelEnd(name, side);
        return `chain ${end} { type filter hook ingress device "${end}" priority 0; }`;
      }),
    );
    this.exec('wire', 'nft', ['-f', '-'], `table netdev panel {\n${chains.join('\n')}\n}\n`);
    for (const device of DEVICES) this.#configure(device);
    for (const name of CABLE_NAMES) this.exec('wire', 'nft', ['-f', '-'], this.#rules(name));
    this.#apply(CABLE_NAMES);
  }

  #configure(device: DeviceName): void {
    const settings = [...NO_IPV6, ...(device === 'gw' ? ['net.ipv4.ip_forward=1'] : [])];
    this.exec(device, 'sysctl', ['-qw', ...settings]);
    const ports = portsOf(device);
    const lines = ['link set lo up'];
    ports.forEach((port, index) => {
      lines.push(`link set ${port} address ${macOf(device, index + 1)}`, `link set ${port} up`);
    });
    if (SWITCHES.includes(device)) {
      lines.push(`link add br0 address ${macOf(device, 0)} type bridge stp_state 0`);
      for (const port of ports) lines.push(`link set ${port} master br0`);
      lines.push('link set br0 up');
      if (device !== UNMANAGED_SWITCH) lines.push(`addr add ${addressOf(device)}/24 dev br0`);
    } else if (device === 'col') {
      lines.push(`addr add ${addressOf(device)}/30 dev wan`);
    } else if (device === 'gw') {
      lines.push(`addr add ${addressOf(device)}/24 dev lan`);
      lines.push(`addr add ${GATEWAY_WAN_ADDRESS}/30 dev wan`);
    } else {
      lines.push(`addr add ${addressOf(device)}/24 dev eth0`);
    }
    // The default route ends at the gateway: it knows the collector's wire and nothing else.
    const routed = device !== 'col' && device !== 'gw' && device !== UNMANAGED_SWITCH;
    if (routed) lines.push(`route add default via ${addressOf('gw')}`);
    run('ip', ['-n', this.ns(device), '-batch', '-'], `${lines.join('\n')}\n`);
    if (device === 'gw') this.exec(device, 'nft', ['-f', '-'], MASQUERADE);
    if (device === ECHO_DROPPING_PC) this.exec(device, 'nft', ['-f', '-'], DROP_ECHO);
  }

  #rules(name: CableName): string {
    const { loss_ab_pct, loss_ba_pct, long_lost } = this.#wire(name);
    const direction = (from: 'a' | 'b', to: 'a' | 'b', loss_pct: number): string[] => {
      const chain = panelEnd(name, from);
      const lost = Math.round(loss_pct * PER_CENT_TO_TEN_THOUSANDTH);
      const rule = `add rule netdev panel ${chain}`;
      return [
        `flush chain netdev panel ${chain}`,
        ...(from === 'a' && long_lost ? [`${rule} meta length > ${LONG_BYTES} drop`] : []),
        ...(loss_pct > 0 && loss_pct < ALL_LOST_PCT
          ? [`${rule} numgen random mod 10000 < ${lost} drop`]
          : []),
        // nft takes no "always" for numgen: total loss is a rule of its own.
        loss_pct < ALL_LOST_PCT ? `${rule} fwd to "${panelEnd(name, to)}"` : `${rule} drop`,
      ];
    };
    const lines = [...direction('a', 'b', loss_ab_pct), ...direction('b', 'a', loss_ba_pct)];
    return `${lines.join('\n')}\n`;
  }

  /** Brings the panel's ends in line with what is plugged and what has power. */
  #apply(cables: readonly CableName[]): void {
    const lines = cables.flatMap((name) => {
      const { a, b } = CABLES[name];
      const live = !this.#wire(name).cut && !this.#off.has(a.device) && !this.#off.has(b.device);
      if (this.#applied.get(name) === live) return [];
      this.#applied.set(name, live);
      return (['a', 'b'] as const).map(
        (side) => `link set ${panelEnd(name, side)} ${live ? 'up' : 'down'}`,
      );
    });
    if (lines.length > 0) {
      run('ip', ['-n', this.ns('wire'), '-batch', '-'], `${lines.join('\n')}\n`);
    }
  }

  /** Debian's own SNMP agent makes the core switch a managed one; its ports are its interfaces. */
  #startSnmpd(): void {
    const folder = join(this.dir, 'snmpd');
    mkdirSync(folder, { recursive: true });
    const conf = join(folder, 'core.conf');
    writeFileSync(
      conf,
      [
        `agentAddress udp:${addressOf('core')}:161`,
        `rocommunity ${SNMP_COMMUNITY} default`,
        'sysName sw-core',
        'sysDescr LanProof lab switch',
        'sysServices 2',
        '',
      ].join('\n'),
    );
    this.#snmpd = this.start('core', 'snmpd', ['-f', '-r', '-C', '-c', conf, '-Lo'], {
      log: join(folder, 'log'),
      env: { SNMP_PERSISTENT_DIR: folder, MIBS: '' },
    });
  }

  async #settle(): Promise<void> {
    await until('the lab answers', START_MS_MAX, () =>
      [addressOf('srv'), addressOf('prn'), addressOf('col')].every(
        (address) => this.#isAlive(address) !== null,
      ),
    );
  }

  #isAlive(address: string): string | null {
    return tryRun('ip', [
      ...['netns', 'exec', this.ns('agent')],
      ...['fping', '-q', '-r', '0', '-t', '300', address],
    ]);
  }
}

const NO_IPV6 = ['net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'];
const MASQUERADE = `table ip nat {
  chain post { type nat hook postrouting priority 100; oifname "wan" masquerade; }
}
`;
const DROP_ECHO = `table inet firewall {
  chain in { type filter hook input priority 0; icmp type echo-request drop; }
}
`;

const panelEnd = (cable: CableName, side: 'a' | 'b'): string => `w_${cable}_${side}`;

const lockPath = (name: string): string => `/run/lanproof-lab-${name}.pid`;

/** Two runs of one lab would tear down each other's namespaces. */
function holdLock(name: string): void {
  const path = lockPath(name);
  if (existsSync(path)) {
    const pid = readFileSync(path, 'utf8').trim();
    if (pid !== String(process.pid) && existsSync(`/proc/${pid}`)) {
      throw new Error(`LAB_BUSY: process ${pid} runs lab ${name}; wait for it, or remove ${path}`);
    }
  }
  writeFileSync(path, `${process.pid}\n`);
}

function releaseLock(name: string): void {
  rmSync(lockPath(name), { force: true });
}

/** Removes what an earlier run of this lab left: first its processes, then its namespaces. */
function sweep(name: string): void {
  const mine = `${PREFIX}${name}-`;
  const found = existsSync(NETNS_DIR)
    ? readdirSync(NETNS_DIR).filter((ns) => ns.startsWith(mine))
    : [];
  for (const ns of found) {
    const pids = (tryRun('ip', ['netns', 'pids', ns]) ?? '')
      .split('\n')
      .filter((pid) => pid !== '');
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended by itself in the meantime.
      }
    }
    tryRun('ip', ['netns', 'del', ns]);
  }
}
