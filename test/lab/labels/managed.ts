import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Lan } from '../lan.ts';
import { labEnv } from '../shell.ts';
import { addressOf } from '../topology.ts';
import { until } from '../wait.ts';
import type { ManagedName } from './office.ts';
import type { SwitchCommand } from './switch-program.ts';

const PROGRAM = join(import.meta.dirname, 'switch-program.ts');
const PORTS = '8';
const READY_MS_MAX = 30_000;

/** SNMP of one managed device, as whoever makes faults steers it. */
export interface Managed {
  /** Settles when it is done. */
  order(command: SwitchCommand): Promise<void>;
  /** The SNMP process hangs, the device works on. */
  hang(on: boolean): void;
}

export async function startManaged(lan: Lan, device: ManagedName): Promise<Managed> {
  const args = ['netns', 'exec', lan.ns(device), process.execPath, PROGRAM];
  const child = spawn('ip', [...args, addressOf(device), PORTS], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: labEnv(),
  });
  const started = lan.processes.adopt(child, join(lan.dir, `${device}-snmp.log`));
  let ready = false;
  let done = 0;
  let ordered = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (JSON.parse(line).said === 'ready') ready = true;
    else done += 1;
  });
  await until(`${device} serves SNMP`, READY_MS_MAX, () => ready);
  return {
    async order(command) {
      ordered += 1;
      const mine = ordered;
      child.stdin.write(`${JSON.stringify(command)}\n`);
      await until(`${device} obeys`, READY_MS_MAX, () => done >= mine, 20);
    },
    hang(on) {
      process.kill(started.pid, on ? 'SIGSTOP' : 'SIGCONT');
    },
  };
}
