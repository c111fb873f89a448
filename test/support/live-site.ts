/** A real collector process and a real agent process with a modelled LAN on loopback. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEY_FILE, saveEnrolment } from '../../agent/identity.ts';
import { UDP_ECHO_PORT } from '../../agent/probe/udp-echo.ts';
import { writeHeadHint } from '../../agent/spool/loss.ts';
import { readInventory } from '../../shared/node/inventory-file.ts';
import { type CountingProxy, openProxy } from './counting-proxy.ts';
import { type EnrolledAgent, prepareCollector } from './prepared-collector.ts';
import {
  type CollectorProcess,
  freePort,
  type Program,
  startCollector,
  startProgram,
} from './programs.ts';

export const SITE = 'kills-hq';
export const ORIGIN_PREFIX = 'demo/kills.test';
/** Always answer: nothing that is said of them may be an outage. */
export const STEADY: readonly string[] = ['gw', 'sw-1', 'sw-2', 'camera-1'];
/** Fall silent in turn, so that the agent seals early batches all the time. */
export const FLAPPING: readonly string[] = ['sw-flap-1', 'sw-flap-2', 'sw-flap-3'];
const FLAP_CYCLE_MS = 6_000;
/** Three ticks of a second lie in it for sure: the third loss seals a batch. */
const FLAP_SILENT_MS = 3_200;
const KINDS: Readonly<Record<string, string>> = {
  ...{ gw: 'gateway', 'sw-1': 'switch', 'sw-2': 'switch', 'camera-1': 'camera' },
  ...Object.fromEntries(FLAPPING.map((code) => [code, 'switch'])),
};

export interface LiveSite {
  readonly data_dir: string;
  readonly state_dir: string;
  readonly agent: EnrolledAgent;
  readonly proxy: CountingProxy;
  /** Leaf numbers in answers that went back to the agent. */
  readonly acknowledged: ReadonlySet<number>;
  collector: CollectorProcess;
  agentProgram: Program;
  restartCollector(): Promise<void>;
  restartAgent(): void;
  /** Ends everything; the agent first, so that it can deliver what it has. */
  stop(): Promise<void>;
}

/** Starts both programs on fresh folders; 127.77.`net`.x are the addresses of the LAN. */
export async function startLiveSite(folder: string, net: number): Promise<LiveSite> {
  const addresses = Object.keys(KINDS).map((code, at) => ({
    code,
    address: `127.77.${net}.${at + 1}`,
  }));
  const data_dir = join(folder, 'collector');
  const state_dir = join(folder, 'agent');
  const [agent] = await prepareCollector(data_dir, [inventory(addresses)], ORIGIN_PREFIX);
  if (agent === undefined) throw new Error('no agent was enrolled');
  const sockets = await Promise.all(addresses.map(answering));
  const port = await freePort();
  const acknowledged = new Set<number>();
  const proxy = await openProxy(port, (bytes) => {
    const leaf = /"accepted":true,.*?"leaf":(\d+)/.exec(bytes.toString('latin1'))?.[1];
    if (leaf !== undefined) acknowledged.add(Number(leaf));
  });
  const config = writeAgent(state_dir, folder, agent, proxy.url, net);
  const runAgent = (): Program =>
    startProgram(['agent', '--config', config], join(folder, 'agent.log'));
  try {
    const site: LiveSite = {
      ...{ data_dir, state_dir, agent, proxy, acknowledged },
      collector: await startCollector(data_dir, { port }),
      agentProgram: runAgent(),
      async restartCollector() {
        site.collector = await startCollector(data_dir, { port });
      },
      restartAgent() {
        site.agentProgram = runAgent();
      },
      async stop() {
        await site.agentProgram.stop();
        await site.collector.stop();
        await proxy.close();
        for (const socket of sockets) socket.close();
      },
    };
    return site;
  } catch (error) {
    await proxy.close();
    for (const socket of sockets) socket.close();
    throw error;
  }
}

function inventory(addresses: readonly { code: string; address: string }[]) {
  const raw = {
    unit: { code: 'xa-kills', name: 'UBND xã Kills' },
    site: { code: SITE, name: 'Trụ sở' },
    agents: [{ code: 'do-1', attached: { device: 'sw-1', port: '1' } }],
    devices: addresses.map(({ code, address }) => ({
      ...{ code, name: code, kind: KINDS[code], address },
      // An echo by UDP is there at once; load on this machine must not look like loss.
      probes: { icmp: { interval_s: 1, timeout_ms: FLAPPING.includes(code) ? 300 : 900 } },
      ...(code === 'gw' ? {} : { attached: { device: code === 'sw-1' ? 'gw' : 'sw-1' } }),
    })),
  };
  return readInventory(raw, { allow_loopback: true }).inventory;
}

function writeAgent(
  state_dir: string,
  folder: string,
  { identity, pem }: EnrolledAgent,
  url: string,
  net: number,
): string {
  mkdirSync(state_dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(state_dir, KEY_FILE), pem, { mode: 0o600 });
  saveEnrolment(state_dir, identity.enrolment);
  writeHeadHint(state_dir, identity.origin);
  const config = join(folder, 'agent.yml');
  const lines = [
    `collector: ${url}`,
    `state_dir: ${state_dir}`,
    `secrets_dir: ${state_dir}`,
    `allow: ["127.77.${net}.0/24"]`,
    'icmp: { engine: udp-echo }',
    'log: { level: info }',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return config;
}

/** A device: answers every question, or, if it flaps, not in a part of its cycle. */
async function answering({ code, address }: { code: string; address: string }): Promise<Socket> {
  const turn = FLAPPING.indexOf(code);
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => {
    const shift_ms = (turn * FLAP_CYCLE_MS) / FLAPPING.length;
    const silent = (performance.now() + shift_ms) % FLAP_CYCLE_MS < FLAP_SILENT_MS;
    if (turn >= 0 && silent) return;
    socket.send(`${bytes.toString('latin1').trimEnd()} r\n`, from.port, from.address);
  });
  // An agent that was killed answers with an ICMP error; that is no concern of a device.
  socket.on('error', () => undefined);
  socket.bind(UDP_ECHO_PORT, address);
  await once(socket, 'listening');
  // A test that failed half-way must end, not wait for a device that nobody asks any more.
  socket.unref();
  return socket;
}
