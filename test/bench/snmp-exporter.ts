import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Column } from '../../agent/snmp/walk.ts';

/** Name of the program in Debian's package of the same name. */
const PROGRAM = 'prometheus-snmp-exporter';
const START_MS_MAX = 10_000;
const STOP_MS_MAX = 5_000;

export interface Exporter {
  /** Scrapes one device; throws where the answer has not so many values. */
  scrape(place: { address: string; port: number }, values: number): Promise<void>;
  /** CPU of all its threads since it began, ms. */
  cpu_ms(): number;
  stop(): Promise<void>;
}

/** A module that reads these columns; Debian's package ships none. */
function configOf(columns: readonly Column[], community: string): string {
  const metric = ({ name, oid }: Column) => ({
    ...{ name, oid, type: 'gauge', help: name },
    indexes: [{ labelname: 'ifIndex', type: 'gauge' }],
  });
  const bench = {
    walk: columns.map(({ oid }) => oid),
    metrics: columns.map(metric),
    version: 2,
    max_repetitions: 20,
    auth: { community },
  };
  // JSON is YAML too.
  return JSON.stringify({ bench });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Starts snmp_exporter on loopback, or undefined where it is not installed. */
export async function startExporter(
  columns: readonly Column[],
  community: string,
): Promise<Exporter | undefined> {
  if (spawnSync(PROGRAM, ['--version']).error !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-exporter-'));
  const file = join(folder, 'snmp.yml');
  writeFileSync(file, configOf(columns, community));
  const port = await freePort();
  const listen = `--web.listen-address=127.0.0.1:${port}`;
  const child = spawn(PROGRAM, [`--config.file=${file}`, listen], { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const root = `http://127.0.0.1:${port}`;
  try {
    await ready(root, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    stop,
    cpu_ms: () => cpuOf(child.pid),
    async scrape({ address, port: snmp_port }, values) {
      const answer = await fetch(`${root}/snmp?module=bench&target=${address}:${snmp_port}`);
      const text = await answer.text();
      const found = text.split('\n').filter((line) => line.includes('{ifIndex=')).length;
      if (found !== values) throw new Error(`snmp_exporter gave ${found} of ${values} values`);
    },
  };
}

async function ready(root: string, child: ChildProcess): Promise<void> {
  const until_ms = performance.now() + START_MS_MAX;
  for (;;) {
    try {
      await (await fetch(root)).text();
      return;
    } catch (error) {
      if (child.exitCode !== null || performance.now() > until_ms) throw error;
      await sleep(50);
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
}

/** The scheduler's own count in nanoseconds, over all threads. */
function cpuOf(pid: number | undefined): number {
  const tasks = `/proc/${pid}/task`;
  let sum_ns = 0;
  for (const task of readdirSync(tasks)) {
    sum_ns += Number(readFileSync(join(tasks, task, 'schedstat'), 'utf8').split(' ')[0]);
  }
  return sum_ns / 1e6;
}
