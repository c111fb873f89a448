import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { SnmpPlan } from '../../../agent/lists/plan.ts';
import type { Draft, ListInForce } from '../../../agent/record/draft.ts';
import { Recorder } from '../../../agent/record.ts';
import { SnmpSchedule } from '../../../agent/schedule.ts';
import { createSealer, type SealedBatch } from '../../../agent/seal.ts';
import { type DevicePoll, pollDevice } from '../../../agent/snmp/poll.ts';
import { createSnmpDevice } from '../../../deploy/demo/snmp/device.ts';
import { createSwitchMib } from '../../../deploy/demo/switch/switch-mib.ts';
import { toBase64 } from '../../../shared/bytes.ts';
import { encodeRuns } from '../../../shared/measure/runs.ts';
import type { PublicTarget } from '../../../shared/measure/targets.ts';
import { unpackSection } from '../../../shared/node/section-bytes.ts';
import { testSigner } from '../../fixtures/test-keys.ts';
import { crypto } from '../../support/agent-kit.ts';
import { COMMUNITY, deadline, lab, model, sessionTo } from './lab.ts';

const ADDRESS = '127.104.2.1';
/** A whole five minutes of UTC, so that four polls lie in one window of traffic. */
const START_UTC_MS = Date.UTC(2026, 10, 18, 2, 0, 0);
const MINUTE_MS = 60_000;
const START_MONO_MS = 5_000_000;
const HASH = toBase64(new Uint8Array(32));
const probes = { snmp: { interval_ms: MINUTE_MS, timeout_ms: 5_000 } };
const target = (code: string, kind: PublicTarget['kind']): PublicTarget => ({
  ...{ code, kind, own: true, reachability: 'snmp', probes, commitment: HASH },
});
const LIST: ListInForce = {
  ...{ version: 1, hash: HASH, targets: [target('sw-1', 'switch'), target('pc-1', 'pc')] },
};

/** A switch that gives its ports other numbers when it starts again. */
async function renumbering(t: TestContext, now: { ms: number }) {
  const clock = () => START_UTC_MS + now.ms - START_MONO_MS;
  let mib = createSwitchMib(model({ clock }), clock);
  const device = await createSnmpDevice({
    ...{ address: ADDRESS, port: 0, community: COMMUNITY, mib: () => mib() },
  });
  t.after(() => device.close());
  const restart = (): void => {
    const booted_ms = clock() - 20_000;
    const after = model({ clock, booted_ms, if_index: (port) => port + 100, seed: 8 });
    mib = createSwitchMib(after, clock);
  };
  return { device, restart };
}

/** Lives through `minutes` polls with the agent's own schedule and recorder. */
async function live(t: TestContext, minutes: number, restart_before: number) {
  const now = { ms: START_MONO_MS };
  const { device, restart } = await renumbering(t, now);
  const recorder = new Recorder({
    monotonic_ms: () => now.ms,
    offset_ms: () => START_UTC_MS - START_MONO_MS,
    carrierLostSince: () => false,
    encodeRuns,
    onEarly: () => undefined,
    onProblem: () => undefined,
    list: LIST,
  });
  const polls: DevicePoll[] = [];
  const drafts: Draft[] = [];
  const problems: unknown[] = [];
  const done = Promise.withResolvers<void>();
  const schedule = new SnmpSchedule({
    monotonic_ms: () => now.ms,
    utc_ms: () => START_UTC_MS + now.ms - START_MONO_MS,
    random: () => 0,
    async sleep(ms, signal) {
      now.ms += ms;
      if (polls.length < minutes) return;
      done.resolve();
      if (!signal.aborted) await once(signal, 'abort');
    },
    onPoll(index, poll, version) {
      polls.push(poll);
      recorder.poll(index, poll, version);
      // The same once more as a PC's, for the private section.
      recorder.poll(1, poll, version);
      drafts.push(recorder.take(Number.POSITIVE_INFINITY, true, undefined));
      if (polls.length === restart_before) restart();
    },
    onProblem: (_, error) => {
      problems.push(error);
      done.resolve();
    },
    open: () => sessionTo(t, device, { now_ms: () => now.ms, timeout_ms: 2_000 }),
  });
  const plan: SnmpPlan = {
    ...{ index: 0, code: 'sw-1', interval_ms: MINUTE_MS, decides: false },
    kind: 'switch',
    target: { address: ADDRESS, port: device.port, version: '2c', community: COMMUNITY },
    uplinks: ['gi1/0/28'],
  };
  await schedule.apply([plan], 1, now.ms);
  await done.promise;
  await schedule.stop();
  assert.deepEqual(problems, []);
  return { polls, drafts };
}

function sealed(draft: Draft): SealedBatch {
  const randomBytes = (count: number): Uint8Array => new Uint8Array(count).fill(7);
  const deps = { crypto, signer: testSigner('agent'), randomBytes };
  const sealer = createSealer({ ...deps, site: 'hq', agent: 'do-1', software: 'lanproof 0.1.0' });
  const boot = '0f8fad5b-d9cb-469f-a165-70867728950e';
  const seen = { size: 0, log: HASH };
  return sealer.seal(
    draft,
    {
      cause: 'minute',
      sealed_ms: START_UTC_MS,
      boot,
      run: 'r',
      clock: [],
      seen,
      engine: undefined,
    },
    { epoch: 1, seq: 0, hash: new Uint8Array(32) },
  );
}

const portsOf = (poll: DevicePoll | undefined): number[] =>
  poll?.traffic?.ok === true ? [...(poll.traffic.columns.ifHCInOctets?.keys() ?? [])] : [];

test('after a restart names are read at once, uplinks found again, and ports said again', async (t) => {
  const { polls, drafts } = await live(t, 5, 2);
  assert.deepEqual(
    polls.map(({ restarted }) => restarted ?? false),
    [false, false, true, false, false],
  );
  assert.equal(portsOf(polls[0]).length, 28);
  assert.deepEqual(portsOf(polls[1]), [28]);
  // Numbers from before may mean other ports, so the poll that saw the restart reads them all.
  assert.equal(portsOf(polls[2]).length, 28);
  assert.deepEqual(portsOf(polls[3]), [128]);
  assert.deepEqual(
    polls.map(({ identity }) => identity?.ok ?? false),
    [true, false, true, false, false],
  );
  const rows = drafts.map(({ identity }) => (identity?.rows ?? []).filter((r) => r.target === 0));
  const named = (i: number, port: number) =>
    (rows[i] ?? []).filter((row) => row.port === port).map(({ what, value }) => [what, value]);
  const uplink = [
    ['if_name', 'gi1/0/28'],
    ['if_descr', 'GigabitEthernet1/0/28'],
    ['if_alias', 'uplink'],
    ['mac', '02:4c:50:00:00:1c'],
  ];
  assert.deepEqual(named(0, 28), uplink);
  assert.deepEqual(named(2, 128), uplink);
  assert.deepEqual([rows[1], rows[3], rows[4]], [[], [], []]);
  // The device's own name did not change and is said again with the rest.
  assert.ok((rows[2] ?? []).some(({ what, value }) => what === 'sys_name' && value === 'sw-core'));
});

test('names, aliases, MACs and addresses stand in the identity section alone', async (t) => {
  const { drafts } = await live(t, 4, 2);
  const words = [
    ...['sw-core', 'Modelled', 'gi1/0', 'Gigabit', 'uplink', '02:4c:50', '024c50', 'AkxQ'],
    ...[ADDRESS, COMMUNITY, 'if_name', 'ifAlias', 'ifDescr', 'ifPhysAddress', 'sysName'],
  ];
  const found = new Set<string>();
  let searched = 0;
  for (const draft of drafts) {
    const { header, sections } = sealed(draft);
    const { sections: named } = JSON.parse(Buffer.from(header).toString()) as {
      sections: { name: 'infra' | 'endpoints' | 'identity' }[];
    };
    const texts = named.map(({ name }, i) => {
      const bytes = unpackSection(name, sections[i] ?? new Uint8Array());
      return { name, text: Buffer.from(bytes).toString('latin1') };
    });
    texts.push({ name: 'infra', text: Buffer.from(header).toString('latin1') });
    for (const { name, text } of texts) {
      for (const word of words.filter((one) => text.includes(one))) {
        assert.equal(name, 'identity', `${word} stands in ${name}`);
        found.add(word);
      }
      searched += text.length;
    }
  }
  assert.ok(searched > 10_000);
  // The search itself finds what is there.
  const there = ['sw-core', 'Modelled', 'gi1/0', 'Gigabit', 'uplink', '02:4c:50', 'if_name'];
  assert.deepEqual([...found].sort(), [...there].sort());
});

test('a device never has two requests of ours at once', async (t) => {
  const { device } = await lab(t, model(), { address: '127.104.2.3' });
  const relay = createSocket('udp4').bind(0, '127.104.2.2');
  await once(relay, 'listening');
  t.after(() => void relay.close());
  let client = 0;
  let waiting = 0;
  let most = 0;
  let requests = 0;
  relay.on('message', (bytes, from) => {
    if (from.address === device.address) {
      waiting--;
      relay.send(bytes, client, '127.104.2.2');
      return;
    }
    client = from.port;
    requests++;
    most = Math.max(most, ++waiting);
    relay.send(bytes, device.port, device.address);
  });
  const place = { address: '127.104.2.2', port: relay.address().port };
  const session = sessionTo(t, place, { timeout_ms: 5_000 });
  const wants = { status: true, traffic: 'all', identity: true } as const;
  const polls = await Promise.all([
    pollDevice(session, wants, deadline()),
    pollDevice(session, wants, deadline()),
  ]);
  for (const { status, traffic, etherlike } of polls) {
    assert.ok(status?.ok && traffic?.ok && etherlike?.ok);
  }
  assert.equal(most, 1);
  assert.ok(requests > 20);
});
