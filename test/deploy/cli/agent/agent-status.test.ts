import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as timer } from 'node:timers/promises';
import { createAgent } from '../../../../agent/agent.ts';
import type { AgentConfig } from '../../../../agent/config.ts';
import { enrol } from '../../../../agent/enrol/enrol.ts';
import { createLog } from '../../../../agent/log.ts';
import { createLinuxPlatform } from '../../../../agent/platform/linux.ts';
import { STATUS_FILE, type StatusFile } from '../../../../agent/status/status.ts';
import { assess, type StatusNow } from '../../../../deploy/cli/agent/agent-status-judge.ts';
import { crypto, listOf, temporaryDir, until } from '../../../support/agent-kit.ts';
import { StandInCollector } from '../../../support/stand-in-collector.ts';
import { ran } from '../cli-kit.ts';

function device(code: string, address: string) {
  const probes = { icmp: { interval_ms: 1_000, timeout_ms: 300 } };
  const target = { code, kind: 'gateway', own: true, reachability: 'icmp', probes } as const;
  return { target, record: { name: code, address } };
}

/** The second one lies outside `allow`. */
const TARGETS = [device('gw', '127.107.4.1'), device('far', '127.108.0.1')];

async function enrolled(t: TestContext) {
  const collector = new StandInCollector('demo/test/log1');
  const url = await collector.listen();
  t.after(() => collector.close());
  const dir = temporaryDir(t);
  const state_dir = join(dir, 'state');
  const secrets_dir = join(dir, 'secrets');
  mkdirSync(secrets_dir);
  await enrol(
    { collector: url, token: collector.token(), state_dir, insecure: false, software: '0.1.0' },
    {
      ...{ crypto, monotonic_ms: () => performance.now() },
      ...{ sleep: async () => undefined, say: () => undefined },
    },
  );
  const config: AgentConfig = {
    ...{ collectors: [url], state_dir, secrets_dir, proxy: undefined, insecure: false },
    ...{ allow: ['127.107.0.0/16'], max_packets_per_s: 200, icmp: { engine: 'udp-echo' } },
    ...{ metrics: undefined, traps: undefined, spool: { bytes_max: 512 * 1024 * 1024 } },
    log: { level: 'info' },
  };
  const deps = {
    ...{ platform: createLinuxPlatform(), crypto, software: '0.1.0', random: Math.random },
    log: createLog('fatal', { write: () => undefined }),
    randomBytes: (count: number) => randomBytes(count),
    sleep: async (ms: number, signal: AbortSignal) => {
      await timer(ms, undefined, { signal }).catch(() => undefined);
    },
  };
  return { collector, state_dir, config, deps };
}

test('enrolled but never run, running, stopped: status says which, and what is wrong', async (t) => {
  const { collector, state_dir, config, deps } = await enrolled(t);
  const status = ['agent', 'status', '--state', state_dir];
  const before = await ran(status);
  assert.equal(before.code, 1);
  assert.match(before.out, /AGENT_STOPPED: no status yet/);
  assert.match(before.out, /agent +hq\/do-1, epoch 1, short code [0-9A-Z]{4}-[0-9A-Z]{4}/);

  const agent = createAgent(config, deps);
  const stopping = new AbortController();
  const start = agent.start(stopping.signal);
  await until(() => collector.requests.some((line) => line.includes('self/targets')), 'a request');
  const waiting = await ran(status);
  assert.match(waiting.out, /LIST_NONE/);
  collector.list = listOf(1, TARGETS, collector.origin);
  await start;
  await until(() => agent.status().list_version === 1, 'a list');
  stopping.abort();
  await agent.stop(5_000);

  const stopped = await ran([...status, '--json']);
  assert.equal(stopped.code, 1);
  const said: {
    good: boolean;
    running: boolean;
    troubles: { code: string }[];
    status: StatusFile;
  } = JSON.parse(stopped.out);
  assert.equal(said.good, false);
  assert.equal(said.running, false);
  assert.ok(said.troubles.some(({ code }) => code === 'AGENT_STOPPED'));
  assert.ok(said.troubles.some(({ code }) => code === 'TARGETS_REFUSED'));
  const { list, engines, spool, last_delivery_ms } = said.status;
  assert.equal(said.status.state, 'stopped');
  assert.equal(list?.version, 1);
  assert.equal(list?.targets, 2);
  assert.equal(list?.measured, 1);
  assert.equal(list?.refused[0]?.target, 'far');
  assert.equal(list?.refused[0]?.code, 'TARGET_NOT_ALLOWED');
  assert.equal(engines?.icmp, 'udp-echo 1');
  assert.equal(spool.waiting, 0);
  assert.ok(spool.sent_to >= 1 && spool.bytes > 0);
  assert.ok(last_delivery_ms !== null && last_delivery_ms > 0);
  assert.equal(statSync(join(state_dir, STATUS_FILE)).mode & 0o777, 0o600);
  const text = await ran(status);
  assert.match(text.out, /refused +far +TARGET_NOT_ALLOWED/);
  assert.match(text.out, /delivered +up to batch \d+, last (just now|\d+ s ago)/);

  const again = createAgent(config, deps);
  const second = new AbortController();
  await again.start(second.signal);
  const running = await ran(status);
  assert.match(running.out, /program +(measuring|waiting for its first list), process \d+/);
  assert.doesNotMatch(running.out, /AGENT_STOPPED/);
  assert.match(running.out, /delivered +up to batch \d+, last (just now|\d+ s ago)/, 'remembered');
  second.abort();
  await again.stop(5_000);
});

test('who is not enrolled, or has a damaged status, is told the fix', async (t) => {
  const dir = temporaryDir(t);
  const nobody = await ran(['agent', 'status', '--state', dir]);
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /AGENT_NOT_ENROLLED/);
  const { state_dir } = await enrolled(t);
  writeFileSync(join(state_dir, STATUS_FILE), '{"v":');
  const damaged = await ran(['agent', 'status', '--state', state_dir]);
  assert.match(damaged.err, /STATUS_UNREADABLE/);
  assert.equal((await ran(['agent', 'status', 'now'])).code, 2);
});

const GOOD: StatusFile = {
  ...{ v: 1, state: 'measuring', software: '0.1.0', pid: 42, boot: 'b' },
  ...{ written_ms: 1_000_000, written_mono_ms: 50_000, site: 'hq', agent: 'do-1', epoch: 1 },
  ...{ log: 'l', enrolled_ms: 1, collector: 'https://c', run: 'r', engines: null },
  list: {
    ...{ version: 1, targets: 1, measured: 1, refused: [], refused_more: 0, packets_per_s: 1 },
  },
  spool: {
    ...{ waiting: 0, held: 0, oldest_ms: null, bytes: 1, bytes_max: 100 },
    ...{ seq: 9, sent_to: 9, proven_to: 9 },
  },
  ...{ last_delivery_ms: 999_000, last_proof_ms: 999_000, delivery_problem: '' },
  ...{ clock: { synchronised: true, offset_ms: 3 }, last_problem: null },
};
const NOW: Omit<StatusNow, 'status'> = {
  ...{ wall_ms: 1_005_000, monotonic_ms: 55_000, boot: 'b', alive: () => true },
  kernel: { source: 'chrony', synchronised: true, error_ms: 1 },
};

test('what of a status needs a person', () => {
  const codes = (status: Partial<StatusFile>, now: Partial<StatusNow> = {}) =>
    assess({ ...NOW, status: { ...GOOD, ...status }, ...now }).troubles.map(({ code }) => code);
  const { spool, clock, list } = GOOD;
  assert.deepEqual(codes({}), []);
  assert.deepEqual(codes({}, { wall_ms: 9e12 }), [], 'a clock that was set makes no age');
  assert.deepEqual(codes({}, { monotonic_ms: 150_000 }), ['AGENT_SILENT']);
  assert.deepEqual(codes({}, { monotonic_ms: 150_000, alive: () => false }), ['AGENT_DIED']);
  assert.deepEqual(codes({}, { boot: 'another' }), ['AGENT_STOPPED']);
  assert.deepEqual(codes({ state: 'stopped' }), ['AGENT_STOPPED']);
  assert.deepEqual(codes({ clock: { ...clock, synchronised: false } }), ['CLOCK_UNSYNCHRONISED']);
  assert.deepEqual(codes({ clock: { ...clock, offset_ms: -9_000 } }), ['CLOCK_OFF']);
  assert.deepEqual(codes({ list: null, state: 'waiting_for_list' }), ['LIST_NONE']);
  assert.ok(list !== null);
  assert.deepEqual(codes({ list: { ...list, refused_more: 3 } }), ['TARGETS_REFUSED']);
  assert.deepEqual(codes({ delivery_problem: 'TLS_PIN' }), ['TLS_PIN']);
  const late = { ...spool, waiting: 20, oldest_ms: 1 };
  assert.deepEqual(codes({ spool: late, written_ms: 1_000_000 }), ['DELIVERY_BEHIND']);
  assert.deepEqual(codes({ spool: { ...spool, held: 1 } }), ['DISK_FULL']);
  assert.deepEqual(codes({ spool: { ...spool, waiting: 1, bytes: 90 } }), ['SPOOL_NEARLY_FULL']);
  const unproven = { ...spool, proven_to: 1 };
  assert.deepEqual(codes({ spool: unproven }, { wall_ms: 1e8 }), ['PROOF_OLD']);
});

test('the status holds no key, token or secret', async (t) => {
  const { state_dir, config, deps } = await enrolled(t);
  const agent = createAgent(config, deps);
  await agent.start(AbortSignal.abort());
  await agent.stop(100);
  const text = readFileSync(join(state_dir, STATUS_FILE), 'utf8');
  assert.doesNotMatch(text, /PRIVATE KEY|token|secret|password/i);
});
