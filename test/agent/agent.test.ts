import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as timer } from 'node:timers/promises';
import { createAgent } from '../../agent/agent.ts';
import type { AgentConfig } from '../../agent/config.ts';
import { enrol } from '../../agent/enrol/enrol.ts';
import { createLog } from '../../agent/log.ts';
import { createMetrics, serveMetrics } from '../../agent/metrics.ts';
import { createLinuxPlatform } from '../../agent/platform/linux.ts';
import { UDP_ECHO_PORT } from '../../agent/probe/udp-echo.ts';
import type { RawCode } from '../../shared/measure/codes.ts';
import { decodeRuns } from '../../shared/measure/runs.ts';
import { parseResultSection } from '../../shared/measure/section.ts';
import { decodeWire } from '../../shared/measure/wire.ts';
import { unpackSection } from '../../shared/node/section-bytes.ts';
import { crypto, listOf, temporaryDir, until } from '../support/agent-kit.ts';
import { StandInCollector } from '../support/stand-in-collector.ts';

const ADDRESS = '127.0.0.77';

/** Answers as the script says: a code, or silence. */
async function responder(t: TestContext, script: { answer: 'r' | 'a' | 'l' | '' }): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('message', (line, from) => {
    const [, token] = line.toString('latin1').trim().split(' ');
    if (script.answer === '') return;
    socket.send(`LPE1 ${token} ${script.answer}\n`, from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(UDP_ECHO_PORT, ADDRESS, resolve));
  t.after(() => socket.close());
}

function configFor(dir: string, url: string): AgentConfig {
  const secrets_dir = join(dir, 'secrets');
  mkdirSync(secrets_dir);
  return {
    ...{ collectors: [url], state_dir: join(dir, 'state'), secrets_dir, proxy: undefined },
    ...{ insecure: false, allow: ['127.0.0.0/8'], max_packets_per_s: 200 },
    ...{ icmp: { engine: 'udp-echo' }, metrics: undefined },
    ...{ spool: { bytes_max: 512 * 1024 * 1024 }, log: { level: 'info' } },
  };
}

function device(interval_ms: number) {
  const probes = { icmp: { interval_ms, timeout_ms: 300 } };
  const target = { code: 'gw', kind: 'gateway', own: true, reachability: 'icmp', probes } as const;
  return { target, record: { name: 'gw', address: ADDRESS } };
}

async function started(t: TestContext) {
  const collector = new StandInCollector('demo/test/log1');
  const url = await collector.listen();
  t.after(() => collector.close());
  const dir = temporaryDir(t);
  const config = configFor(dir, url);
  await enrol(
    {
      ...{ collector: url, token: collector.token(), state_dir: config.state_dir },
      ...{ insecure: false, software: '0.1.0' },
    },
    {
      ...{ crypto, monotonic_ms: () => performance.now() },
      ...{ random: () => 0, sleep: async () => undefined, say: () => undefined },
    },
  );
  const lines: string[] = [];
  const agent = createAgent(config, {
    platform: createLinuxPlatform(),
    crypto,
    log: createLog('debug', { write: (line) => lines.push(line) }),
    software: '0.1.0',
    random: Math.random,
    randomBytes: (count) => randomBytes(count),
    createMetrics,
    sleep: async (ms, signal) => {
      await timer(ms, undefined, { signal }).catch(() => undefined);
    },
  });
  return { collector, agent, lines, stopping: new AbortController() };
}

/** Codes of all delivered batches in the order of their ticks. */
function codesOf(collector: StandInCollector): RawCode[] {
  return collector.bodies.flatMap((body, i) => {
    const { sections } = decodeWire(body);
    const names = collector.headers[i]?.sections.map(({ name }) => name) ?? [];
    const infra = sections[names.indexOf('infra')];
    if (infra === undefined) return [];
    const section = parseResultSection(unpackSection('infra', infra), null, 'infra');
    return section.series.flatMap(({ s }) =>
      decodeRuns(s[0] ?? '').flatMap(({ code, ticks }) => Array<RawCode>(ticks).fill(code)),
    );
  });
}

test('measured, signed, delivered, proven: an outage leaves early, the stop is sealed', async (t) => {
  const script: { answer: 'r' | 'a' | 'l' | '' } = { answer: 'r' };
  await responder(t, script);
  const { collector, agent, lines, stopping } = await started(t);
  const start = agent.start(stopping.signal);
  await until(() => collector.requests.some((line) => line.includes('self/targets')), 'a list');
  collector.list = listOf(1, [device(1_000)], collector.origin);
  await start;
  // The third loss in a row, then the first reply after it: each seals at once.
  await timer(1_500);
  script.answer = '';
  await until(() => collector.headers.some(({ cause }) => cause === 'early'), 'an early batch');
  assert.deepEqual(codesOf(collector).slice(-3), ['n', 'n', 'n']);
  script.answer = 'a';
  await until(
    () => collector.headers.filter(({ cause }) => cause === 'early').length === 2,
    'another early batch',
  );
  assert.equal(codesOf(collector).at(-1), 'a');
  await until(() => agent.status().proven_to > 0, 'a proof');
  const { registry } = agent.metrics;
  assert.ok(registry !== undefined);
  const metrics = await serveMetrics(registry, { host: '127.0.0.1', port: 0 });
  t.after(() => metrics.close());
  const at = metrics.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  assert.match(text, /lanproof_agent_batches_sealed_total\{cause="early"\} 2/);
  stopping.abort();
  await agent.stop(5_000);
  const last = collector.headers.at(-1);
  assert.equal(last?.cause, 'stop');
  assert.equal(last?.events.at(-1)?.code, 'stop');
  assert.equal(agent.identity.epoch, 1);
  assert.ok(collector.headers[0]?.events.some(({ code }) => code === 'list_applied'));
  assert.deepEqual(
    collector.headers.flatMap(({ engine }) => engine?.icmp ?? []),
    ['udp-echo 1'],
    'the first batch of the run names its programs',
  );
  assert.ok(
    collector.headers.some(({ seen }) => seen.size > 1),
    'a verified checkpoint',
  );
  assert.deepEqual(
    lines.filter((line) => line.includes('AGENT_FAULT')),
    [],
  );
});

test('an agent that is stopped while it waits for its first list ends at once', async (t) => {
  const { agent, collector, stopping } = await started(t);
  const start = agent.start(stopping.signal);
  await until(() => collector.requests.some((line) => line.includes('self/targets')), 'a list');
  stopping.abort();
  await start;
  await agent.stop(5_000);
  assert.deepEqual(collector.headers, []);
});
