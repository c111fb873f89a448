/** The real programs as processes of their own. Only processes started here are ever ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '../..');
export const BIN = join(ROOT, 'lanproof.mjs');
/** What the system starts it with: flags of the first line, as `npm start` names them, too. */
export const START_FLAGS = readFileSync(BIN, 'utf8').split('\n', 1)[0]?.match(/--\S+/g) ?? [];
/** A start that takes longer than this has failed, ms. */
const READY_MS_MAX = 60_000;
const POLL_MS = 5;
const STOP_MS_MAX = 20_000;
/** USER_HZ: the unit of CPU times in /proc. */
const TICKS_PER_S = 100;

export interface Program {
  readonly pid: number;
  readonly running: boolean;
  /** Everything that it wrote so far. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** Sends the signal and waits for the end; kill -9 after 20 s. */
  stop(name?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts `lanproof` with these words; its output is appended to the file `log`. `under`: a command
 * that ends by becoming the one behind it.
 */
export function startProgram(
  args: readonly string[],
  log: string,
  under: readonly string[] = [],
): Program {
  const out = openSync(log, 'a');
  const [first = '', ...words] = [...under, process.execPath, ...START_FLAGS, BIN, ...args];
  const child: ChildProcess = spawn(first, words, {
    cwd: ROOT,
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  const { pid } = child;
  if (pid === undefined) throw new Error('the program did not start');
  const ended = once(child, 'exit');
  const runs = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    get running() {
      return runs();
    },
    output: () => readFileSync(log, 'utf8'),
    signal(name) {
      if (runs()) child.kill(name);
    },
    async stop(name = 'SIGTERM') {
      if (!runs()) return;
      child.kill(name);
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      await ended;
      clearTimeout(timer);
    },
  };
}

export interface CollectorProcess extends Program {
  readonly url: string;
  readonly port: number;
  readonly config: string;
  /** From the start of the process until readyz said yes, ms. */
  readonly ready_ms: number;
  /** CPU that the process had used by then, ms. */
  readonly ready_cpu_ms: number;
}

/** Starts a collector on a data directory and waits until readyz says that it takes work. */
export async function startCollector(
  data_dir: string,
  options: {
    readonly port?: number;
    readonly lines?: readonly string[];
    readonly under?: readonly string[];
  } = {},
): Promise<CollectorProcess> {
  const port = options.port ?? (await freePort());
  const config = `${data_dir}.collector.yml`;
  const lines = [`listen: 127.0.0.1:${port}`, `data_dir: ${data_dir}`, 'log: { level: warn }'];
  writeFileSync(config, `${[...lines, ...(options.lines ?? [])].join('\n')}\n`);
  const before_ms = performance.now();
  const program = startProgram(['collector', '--config', config], `${data_dir}.log`, options.under);
  const url = `http://127.0.0.1:${port}`;
  while (!(await isReady(url))) {
    if (!program.running) throw new Error(`the collector ended: ${program.output().slice(-2_000)}`);
    if (performance.now() - before_ms > READY_MS_MAX) {
      await program.stop('SIGKILL');
      throw new Error(`the collector is not ready: ${program.output().slice(-2_000)}`);
    }
    await sleep(POLL_MS);
  }
  const ready_ms = performance.now() - before_ms;
  const ready_cpu_ms = cpuMs(program.pid);
  return Object.assign(program, { url, port, config, ready_ms, ready_cpu_ms });
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`);
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

/** A port of loopback that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** User and system time of a process with all its threads, ms; 10 ms steps. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program may hold spaces: counting begins behind its bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_S) * 1_000;
}

/** Resident memory of a process, MB. */
export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_000;
}
