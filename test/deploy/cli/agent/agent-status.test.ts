import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as timer } from 'node:timers/promises';
import { createAgent } from '../../../../agent/agent.ts';
import type { AgentConfig } from '../../../../agent/config.ts';
import { enrol } from '../../../../agent/enrol/enrol.ts';
import { loadKey } from '../../../../agent/identity.ts';
import { createLog } from '../../../../agent/log.ts';
import { createLinuxPlatform } from '../../../../agent/platform/linux.ts';
import { markProcess } from '../../../../agent/platform/linux-process.ts';
import { STATUS_FILE, type StatusFile } from '../../../../agent/status/status.ts';
import { assess, type StatusNow } from '../../../../deploy/cli/agent/agent-status-judge.ts';
import { statusLines } from '../../../../deploy/cli/agent/agent-status-text.ts';
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
      ...{ random: () => 0, sleep: async () => undefined, say: () => undefined },
    },
  );
  const config: AgentConfig = {
    ...{ collectors: [url], state_dir, secrets_dir, proxy: undefined, insecure: false },
    ...{ allow: ['127.107.0.0/16'], max_packets_per_s: 200, icmp: { engine: 'udp-echo' } },
    ...{ metrics: undefined, spool: { bytes_max: 512 * 1024 * 1024 } },
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
  assert.doesNotMatch(waiting.out, /LIST_NONE|CLOCK_UNSYNCHRONISED/, 'both may still come');
  assert.match(waiting.out, /program +starting, waiting for its first list/);
  assert.match(waiting.out, /the agent is starting/);
  assert.equal(waiting.code, 0);
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
  assert.match(
    running.out,
    /program +(starting, |measuring|waiting for its first list|, )+process \d+/,
  );
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

/** As good as any user who owns nothing here. */
const NOBODY = 65_534;

const GOOD: StatusFile = {
  ...{ v: 1, state: 'measuring', software: '0.1.0', pid: 42, boot: 'b', process: null },
  ...{
    written_ms: 1_000_000,
    written_mono_ms: 50_000,
    started_mono_ms: 1_000,
    site: 'hq',
    agent: 'do-1',
    epoch: 1,
  },
  ...{ log: 'l', enrolled_ms: 1, collector: 'https://c', run: 'r', engines: null },
  list: {
    ...{ version: 1, targets: 1, measured: 1, refused: [], refused_more: 0, packets_per_s: 1 },
  },
  spool: {
    ...{ waiting: 0, held: 0, oldest_ms: null, bytes: 1, bytes_max: 100 },
    ...{ seq: 9, sent_to: 9, proven_to: 9 },
  },
  ...{ last_delivery_ms: 999_000, last_proof_ms: 999_000, delivery_problem: '' },
  ...{ clock: { synchronised: true, source: 'collector', offset_ms: 3 }, last_problem: null },
  noticed: null,
};
const NOW: Omit<StatusNow, 'status'> = {
  ...{ wall_ms: 1_005_000, monotonic_ms: 55_000, boot: 'b', fate: 'here' },
  kernel: { source: 'chrony', synchronised: true, error_ms: 1 },
};

test('what of a status needs a person', () => {
  const codes = (status: Partial<StatusFile>, now: Partial<StatusNow> = {}) =>
    assess({ ...NOW, status: { ...GOOD, ...status }, ...now }).troubles.map(({ code }) => code);
  const { spool, clock, list } = GOOD;
  assert.deepEqual(codes({}), []);
  assert.deepEqual(codes({}, { wall_ms: 9e12 }), [], 'a clock that was set makes no age');
  assert.deepEqual(codes({}, { monotonic_ms: 150_000 }), ['AGENT_SILENT']);
  assert.deepEqual(codes({}, { monotonic_ms: 150_000, fate: 'unknown' }), ['AGENT_SILENT']);
  assert.deepEqual(codes({}, { fate: 'unknown' }), [], 'in a container: the age alone tells');
  assert.deepEqual(codes({}, { fate: 'gone' }), ['AGENT_DIED'], 'at once, whatever its age');
  assert.deepEqual(codes({}, { boot: 'another' }), ['AGENT_STOPPED']);
  assert.deepEqual(codes({ state: 'stopped' }), ['AGENT_STOPPED']);
  assert.deepEqual(codes({ clock: { ...clock, synchronised: false } }), ['CLOCK_UNSYNCHRONISED']);
  assert.deepEqual(codes({ clock: { ...clock, offset_ms: -9_000 } }), ['CLOCK_OFF']);
  assert.deepEqual(codes({ list: null, state: 'waiting_for_list' }), ['LIST_NONE']);
  const young = { started_mono_ms: 40_000 };
  const nothing = { list: null, state: 'waiting_for_list', ...young } as const;
  const unsure = { clock: { ...clock, synchronised: false }, ...young };
  assert.deepEqual([codes(nothing), codes(unsure)], [[], []], 'both come within seconds');
  assert.deepEqual(codes({ ...nothing, delivery_problem: 'TLS_PIN' }), ['TLS_PIN']);
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

test('the time is one statement with its source; moved devices and the hourly proof are told', () => {
  const who = { ...GOOD, short_code: 'ABCD-EFGH' };
  const text = (status: Partial<StatusFile>, kernel: StatusNow['kernel']) => {
    const now = { ...NOW, kernel, status: { ...GOOD, ...status } };
    return statusLines(who, now, assess(now)).join('\n');
  };
  const alone = { source: 'none', synchronised: false, error_ms: null } as const;
  const told = text({}, alone);
  assert.match(
    told,
    /^time +of the batches: synchronised by the collector's answers; nobody keeps/m,
  );
  assert.equal(told.match(/synchronised/g)?.length, 1);
  assert.match(told, /the batches do not need it/);
  const chrony = { ...GOOD.clock, source: 'chrony' } as const;
  assert.match(text({ clock: chrony }, NOW.kernel), /by chrony; this machine's own clock is kept/);
  assert.match(told, /^proven +up to batch 9, .*checked every 60 min/m);
  assert.doesNotMatch(told, /^devices/m);
  const noticed = { code: 'ADDRESS_MOVED', device: 'sw-2', at_ms: 1_000_000, count: 2 };
  assert.match(text({ noticed }, alone), /^devices +2 notices since the start: .*_MOVED sw-2$/m);
});

test('a killed agent is said to have died at once', async (t) => {
  const { state_dir, config, deps } = await enrolled(t);
  const agent = createAgent(config, deps);
  await agent.start(AbortSignal.abort());
  await agent.stop(100);
  const path = join(state_dir, STATUS_FILE);
  const written: StatusFile = JSON.parse(readFileSync(path, 'utf8'));
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
  t.after(() => child.kill('SIGKILL'));
  const { pid } = child;
  assert.ok(pid !== undefined);
  const running = { ...written, state: 'measuring', pid, process: markProcess(pid) };
  writeFileSync(path, JSON.stringify(running), { mode: 0o600 });
  const status = ['agent', 'status', '--state', state_dir];
  assert.match((await ran(status)).out, new RegExp(`program +.*measuring, process ${pid}`));
  const other = { ...running, process: { ...running.process, start_ticks: '1' } };
  writeFileSync(path, JSON.stringify(other), { mode: 0o600 });
  assert.match((await ran(status)).out, /AGENT_DIED/, 'another program has its number');
  writeFileSync(path, JSON.stringify(running), { mode: 0o600 });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const died = await ran(status);
  assert.equal(died.code, 1);
  assert.match(died.out, /program +not running/);
  assert.match(died.out, /AGENT_DIED: process \d+ ended without saying so/);
  assert.doesNotMatch(died.out, /systemctl|journalctl/);
});

test('what another user may not read is no damage', async (t) => {
  const { state_dir } = await enrolled(t);
  const path = join(state_dir, 'agent.key');
  const { seteuid, geteuid } = process;
  const root = geteuid?.() === 0;
  if (!root) chmodSync(state_dir, 0);
  assert.throws(
    () => {
      if (root) seteuid?.(NOBODY);
      try {
        loadKey(state_dir);
      } finally {
        if (root) seteuid?.(0);
        else chmodSync(state_dir, 0o700);
      }
    },
    { code: 'STATE_DIR_UNREADABLE', place: path, hint: /^run as the user .*sudo chown USER / },
  );
});

test('the status holds no key, token or secret', async (t) => {
  const { state_dir, config, deps } = await enrolled(t);
  const agent = createAgent(config, deps);
  await agent.start(AbortSignal.abort());
  await agent.stop(100);
  const text = readFileSync(join(state_dir, STATUS_FILE), 'utf8');
  assert.doesNotMatch(text, /PRIVATE KEY|token|secret|password/i);
});
