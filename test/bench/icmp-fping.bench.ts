import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFpingEngine } from '../../agent/probe/icmp-fping.ts';
import type { ProbeTarget } from '../../agent/probe/prober.ts';

const TARGETS = 500;
const WINDOW_MS = 10_000;
const ROUNDS = 2;
/** Both start outside the window, so that it holds steady work only. */
const WARM_UP_MS = 1500;

const clock = {
  monotonic_ms: (): number => Number(process.hrtime.bigint()) / 1e6,
  wall_ms: (): number => Date.now(),
};

/** CPU of node and fping together over 500 addresses each second, against bare fping. */
export async function bench(): Promise<{ name: string; figures: Record<string, number> }> {
  let bare_ms = 0;
  let node_ms = 0;
  let fping_ms = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    bare_ms += await bareWindow();
    const ours = await engineWindow();
    node_ms += ours.node_ms;
    fping_ms += ours.fping_ms;
  }
  const seconds = (ROUNDS * WINDOW_MS) / 1000;
  return {
    name: 'icmp-fping: 500 addresses × 1/s',
    figures: {
      bare_fping_ms_per_s: round2(bare_ms / seconds),
      engine_fping_ms_per_s: round2(fping_ms / seconds),
      engine_node_ms_per_s: round2(node_ms / seconds),
      ratio_to_bare: round2((node_ms + fping_ms) / bare_ms),
    },
  };
}

async function bareWindow(): Promise<number> {
  const args = ['-4', '-l', '-D', '-i', '1', '-p', '1000', '-t', '500', ...addresses()];
  const child = spawn('fping', args, { stdio: 'ignore' });
  try {
    return await window(() => cpu_ms(child.pid));
  } finally {
    child.kill('SIGKILL');
  }
}

async function engineWindow(): Promise<{ node_ms: number; fping_ms: number }> {
  let rows = 0;
  const row = (): void => {
    rows += 1;
  };
  const sink = { open: noop, close: noop, problem: noop, row };
  const engine = await createFpingEngine({ sink, clock, arp: null, max_packets_per_s: 1000 });
  const targets: ProbeTarget[] = addresses().map((address, index) => ({
    ...{ index, address, interval_ms: 1000, timeout_ms: 500 },
    ...{ arp_on_silence: false, mac: undefined },
  }));
  await engine.apply(targets, 0);
  const pid = 'pids' in engine && Array.isArray(engine.pids) ? Number(engine.pids[0]) : undefined;
  let node_ms = 0;
  try {
    const fping_ms = await window(
      () => cpu_ms(pid),
      (used_ms) => {
        node_ms = used_ms;
      },
    );
    if (rows < WINDOW_MS / 1000) throw new Error(`only ${rows} rows came`);
    return { node_ms, fping_ms };
  } finally {
    await engine.stop();
  }
}

async function window(read_ms: () => number, node?: (ms: number) => void): Promise<number> {
  await sleep(WARM_UP_MS);
  const before = read_ms();
  const self = process.cpuUsage();
  await sleep(WINDOW_MS);
  const used = process.cpuUsage(self);
  node?.((used.user + used.system) / 1000);
  return read_ms() - before;
}

/** Time on a CPU of a process, from the scheduler's own count in nanoseconds. */
function cpu_ms(pid: number | undefined): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

function addresses(): string[] {
  return Array.from(
    { length: TARGETS },
    (_, i) => `127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`,
  );
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

function noop(): void {
  // The bench looks at CPU only.
}
