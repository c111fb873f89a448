import { addressOf, type DeviceName, SITE_DEVICES } from '../topology.ts';
import { lasts, until } from '../wait.ts';
import { cordOf, type FaultLab } from './fault-lab.ts';
import type { PlannedFault } from './labels.ts';
import { type ManagedName, OUTSIDE, type OutsideName, portOf } from './office.ts';

/** Two halves of a fault; `end` undoes what `begin` did. */
interface Halves {
  readonly begin: () => Promise<unknown> | unknown;
  readonly end: () => Promise<unknown> | unknown;
}

type Maker = (lab: FaultLab, fault: PlannedFault) => Halves;

const LOSS_PCT = 25;
const BAD_CORD_LOSS_PCT = 12;
const DAMAGED_PER_S = 40;
const FLAP_HALF_MS = 3_000;
const SLOW_MBPS = 100;
const FULL_MBPS = 1_000;
const READY_MS_MAX = 20_000;

/** Everything that passes a cord is lost while its link stays. */
const mute: Maker = (lab, { target }) => ({
  begin: () => lab.lan.setLoss(cordOf(target), 100, 100),
  end: () => lab.lan.setLoss(cordOf(target), 0, 0),
});

const dark: Maker = (lab, { target }) => {
  const devices = target.split('+') as DeviceName[];
  return { begin: () => lab.power(devices, false), end: () => lab.power(devices, true) };
};

const unplug =
  (cord: (target: string) => string): Maker =>
  (lab, { target }) => ({
    begin: () => lab.plug(cordOf(cord(target)), false),
    end: () => lab.plug(cordOf(cord(target)), true),
  });

/** The port at the switch changes what it says of itself, and back. */
const port =
  (bad: object, good: object): Maker =>
  (lab, { target }) => {
    const place = portOf(target);
    if (place === null) throw new Error(`nobody watches the port of ${target}`);
    const side = lab.managed(place.device);
    const change = (patch: object) => side.order({ do: 'change', port: place.port, patch });
    return { begin: () => change(bad), end: () => change(good) };
  };

const damaged = port({ errors_per_s: DAMAGED_PER_S }, { errors_per_s: 0 });

const lossy =
  (pct: number): Maker =>
  (lab, { target }) => ({
    begin: () => lab.lan.setLoss(cordOf(target), pct, pct),
    end: () => lab.lan.setLoss(cordOf(target), 0, 0),
  });

const both =
  (one: Maker, other: Maker): Maker =>
  (lab, fault) => {
    const [a, b] = [one(lab, fault), other(lab, fault)];
    return {
      begin: async () => void (await Promise.all([a.begin(), b.begin()])),
      end: async () => void (await Promise.all([a.end(), b.end()])),
    };
  };

const outside =
  (match: (address: string) => string): Maker =>
  (lab, { target, id }) => {
    const rule = match(OUTSIDE[target as OutsideName]);
    const table = `f${id}`;
    return {
      begin: () => lab.dropOutside(table, rule, true),
      end: () => lab.dropOutside(table, rule, false),
    };
  };
const allOf = outside((address) => `ip daddr ${address}`);

const flapping: Maker = (lab, { target, for_ms }) => ({
  begin: async () => {
    for (let k = 0; k < for_ms / (2 * FLAP_HALF_MS); k += 1) {
      await lab.plug(cordOf(target), false);
      await lasts(FLAP_HALF_MS);
      await lab.plug(cordOf(target), true);
      await lasts(FLAP_HALF_MS);
    }
  },
  end: () => undefined,
});

/** The core switch takes the camera's address, tells everybody, and gives it up again. */
const addressTwice: Maker = (lab, { target }) => {
  const address = addressOf(target as DeviceName);
  return {
    begin: () => {
      lab.lan.exec('core', 'ip', ['addr', 'add', `${address}/32`, 'dev', 'br0']);
      const args = `-U -c 2 -W 0.2 -i br0 -S ${address} ${address}`;
      lab.lan.exec('core', 'sh', ['-c', `arping ${args} >/dev/null; true`]);
    },
    end: () => {
      lab.lan.exec('core', 'ip', ['addr', 'del', `${address}/32`, 'dev', 'br0']);
      lab.lan.exec('agent', 'ip', ['neigh', 'flush', 'to', address]);
    },
  };
};

const siteDark: Maker = (lab) => {
  const { agent } = lab.session;
  return {
    begin: () => Promise.all([lab.power(SITE_DEVICES, false), agent.stop('SIGKILL')]),
    end: async () => {
      await lab.power(SITE_DEVICES, true);
      await lab.session.disk?.repair();
      agent.reboot();
      agent.start();
    },
  };
};

const agentKilled: Maker = ({ session: { agent, disk } }) => ({
  begin: () => agent.stop('SIGKILL'),
  end: async () => {
    await disk?.repair();
    agent.start();
  },
});

const diskFull: Maker = ({ session: { agent, disk } }) => {
  const pid = agent.process.pid;
  return {
    begin: () => disk?.fill(pid),
    end: () => disk?.free(pid),
  };
};

const MAKERS: Readonly<Record<string, Maker>> = {
  'cord-out': unplug((target) => target),
  'device-hangs': mute,
  'camera-hangs-behind-desk-switch': mute,
  flapping,
  'switch-without-power': dark,
  'switch-restarts': dark,
  'power-strip': dark,
  'desk-switch-dies': dark,
  'desk-switch-uplink-out': unplug(() => 'unm'),
  'pc-off': dark,
  'room-off': dark,
  'printer-sleeps': mute,
  'loss-25': lossy(LOSS_PCT),
  'crc-growth': damaged,
  'crc-with-loss': both(damaged, lossy(BAD_CORD_LOSS_PCT)),
  'large-echoes-lost': (lab, { target }) => ({
    begin: () => lab.lan.setLongLoss(cordOf(target), true),
    end: () => lab.lan.setLongLoss(cordOf(target), false),
  }),
  'half-duplex': port({ duplex: 'half' }, { duplex: 'full' }),
  'speed-falls': port({ speed_mbps: SLOW_MBPS }, { speed_mbps: FULL_MBPS }),
  'snmp-hangs': (lab, { target }) => ({
    begin: () => lab.managed(target as ManagedName).hang(true),
    end: () => lab.managed(target as ManagedName).hang(false),
  }),
  'snmp-agent-restarts': (lab, { target }) => ({
    begin: () => lab.managed(target as ManagedName).order({ do: 'snmp-restart' }),
    end: () => undefined,
  }),
  // The counters stand ready long before: see `prepare`.
  'counters-wrap': () => ({ begin: () => undefined, end: () => undefined }),
  'address-twice': addressTwice,
  'gateway-hangs': mute,
  'wan-cut': unplug(() => 'wan'),
  'dns-host-dies': allOf,
  'names-fail': outside((address) => `ip daddr ${address} udp dport 53`),
  'application-fails': allOf,
  'one-reference-fails': allOf,
  'site-without-power': siteDark,
  'agent-killed': agentKilled,
  'agent-cord-out': unplug(() => 'agent'),
  'core-without-power': dark,
  'agent-disk-full': diskFull,
};

/** The two halves of a planned fault. */
export function makerOf(lab: FaultLab, fault: PlannedFault): Halves {
  const maker = MAKERS[fault.kind];
  if (maker === undefined) throw new Error(`nobody knows how to make ${fault.kind}`);
  return maker(lab, fault);
}

/** What must stand ready before the plan begins at `start_ms`. */
export async function prepare(
  lab: FaultLab,
  plan: readonly PlannedFault[],
  start_ms: number,
): Promise<void> {
  for (const { kind, target, at_ms } of plan) {
    if (kind !== 'counters-wrap') continue;
    await lab.managed(target as ManagedName).order({ do: 'wrap-at', at_ms: start_ms + at_ms });
  }
}

/** Waits until the agent runs on after the last fault. */
export async function agentRuns({ session: { agent } }: FaultLab): Promise<void> {
  await until('the agent runs', READY_MS_MAX, () => agent.process.running);
}
