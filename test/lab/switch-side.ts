import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Lan } from './lan.ts';
import { labEnv } from './shell.ts';
import { addressOf, type DeviceName } from './topology.ts';
import { until } from './wait.ts';

const CHILD = join(import.meta.dirname, 'switch-child.ts');
const READY_MS_MAX = 10_000;

/** What the switch held when it answered one request; counters as decimal strings by MIB object. */
export interface Served {
  readonly at_ms: number;
  /** The same by the machine's monotonic clock, which the agent's entries use. */
  readonly at_mono_ms: number;
  readonly sys_uptime_ticks: number;
  readonly engine_boots: number;
  /** By port, from 0. */
  readonly ports: readonly Readonly<Record<string, string>>[];
}

export interface SwitchSide {
  /** One for each answered request, oldest first. */
  readonly served: readonly Served[];
  /** Gives the switch a command; settles with the time at which it was done. */
  order(command: object): Promise<number>;
  /** The SNMP process hangs, as it does on real switches; the switch itself forwards on. */
  hang(on: boolean): void;
}

/** A managed switch of our own serves SNMP at the device's address. */
export async function startSwitch(
  lan: Lan,
  device: DeviceName,
  width: '32' | '64',
): Promise<SwitchSide> {
  const args = ['netns', 'exec', lan.ns(device), process.execPath, CHILD];
  const child = spawn('ip', [...args, addressOf(device), width], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: labEnv(),
  });
  const process_ = lan.processes.adopt(child, join(lan.dir, `${device}-switch.log`));
  const served: Served[] = [];
  const done: number[] = [];
  let ready = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told = JSON.parse(line);
    if (told.said === 'served') served.push(told);
    else if (told.said === 'done') done.push(told.at_ms);
    else ready = true;
  });
  await until('the switch serves SNMP', READY_MS_MAX, () => ready);
  return {
    served,
    async order(command) {
      const before = done.length;
      child.stdin.write(`${JSON.stringify(command)}\n`);
      return until('the switch obeys', READY_MS_MAX, () => done[before]);
    },
    hang(on) {
      process.kill(process_.pid, on ? 'SIGSTOP' : 'SIGCONT');
    },
  };
}
