import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openSession } from '../../../agent/snmp/session.ts';
import { deadline, monotonic } from './lab.ts';

export const ADDRESS = '127.0.0.1';
export const READ_COMMUNITY = 'started';
const START_MS_MAX = 15_000;

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, ADDRESS);
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(done));
  return port;
}

export interface Snmpd {
  readonly port: number;
  /** Ends the daemon and starts it again with what it remembers (engineBoots + 1). */
  restart(): Promise<void>;
}

/** Debian's own agent on a free loopback port, with these configuration lines. */
export async function startSnmpd(t: TestContext, lines: readonly string[]): Promise<Snmpd> {
  const folder = await mkdtemp(join(tmpdir(), 'lanproof-snmpd-'));
  const port = await freePort();
  // snmpd writes its own snmpd.conf into this folder, so ours needs another name.
  const conf = join(folder, 'agent.conf');
  const own = [`agentAddress udp:${ADDRESS}:${port}`, `rocommunity ${READ_COMMUNITY} ${ADDRESS}`];
  await writeFile(conf, `${[...own, ...lines].join('\n')}\n`);
  let child: ChildProcess | undefined;

  async function stop(): Promise<void> {
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  async function start(): Promise<void> {
    child = spawn('snmpd', ['-f', '-C', '-c', conf, '-Lo', '-p', join(folder, 'pid')], {
      env: {
        ...process.env,
        PATH: `${process.env.PATH ?? ''}:/usr/sbin`,
        SNMP_PERSISTENT_DIR: folder,
        MIBS: '',
      },
      stdio: 'ignore',
    });
    const target = { address: ADDRESS, port, version: '2c', community: READ_COMMUNITY } as const;
    const session = openSession(target, { now_ms: monotonic, timeout_ms: 200, retries: 0 });
    const until_ms = monotonic() + START_MS_MAX;
    try {
      while (!(await session.get(['1.3.6.1.2.1.1.3.0'], deadline())).ok) {
        if (monotonic() > until_ms) throw new Error('snmpd did not answer in time');
        await pause(50);
      }
    } finally {
      session.close();
    }
  }

  t.after(async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  });
  await start();
  return {
    port,
    async restart() {
      await stop();
      await start();
    },
  };
}
