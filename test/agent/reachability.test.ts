import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createAllowList } from '../../agent/allow.ts';
import { createEngines } from '../../agent/engines.ts';
import { planList } from '../../agent/lists/plan.ts';
import { createLinuxPlatform } from '../../agent/platform/linux.ts';
import { createArpEngine, createArpProber } from '../../agent/probe/arp.ts';
import type { RunTool } from '../../agent/probe/arp-tools.ts';
import { Recorder } from '../../agent/record.ts';
import { createSealer } from '../../agent/seal.ts';
import { createSnmpDevice } from '../../deploy/demo/snmp/device.ts';
import { createMib } from '../../deploy/demo/snmp/mib.ts';
import { toBase64 } from '../../shared/bytes.ts';
import { createJudgeState, foldInput } from '../../shared/judge/judge.ts';
import type { CheckPart, ResultSection } from '../../shared/measure/batch.ts';
import { parseHeader } from '../../shared/measure/header.ts';
import { decodeRuns, encodeRuns } from '../../shared/measure/runs.ts';
import { parseResultSection } from '../../shared/measure/section.ts';
import { parseTargetRecord } from '../../shared/measure/target-record.ts';
import type { PublicTarget } from '../../shared/measure/targets.ts';
import { decodeWire } from '../../shared/measure/wire.ts';
import { unpackSection } from '../../shared/node/section-bytes.ts';
import { testSigner } from '../fixtures/test-keys.ts';
import { crypto, listOf, until } from '../support/agent-kit.ts';
import { hungListener } from './probe/hung-listener.ts';

const NET = '127.105.5';
const TIMES = { interval_ms: 1_000, timeout_ms: 500 };
const TICKS = 3;
const MAC = '00:1b:21:00:00:01';
const missing =
  spawnSync('fping', ['-v']).status !== 0 && process.env['CI'] !== 'true' && 'install fping';

async function portOf(t: TestContext, server: Server, address: string): Promise<number> {
  server.listen(0, address);
  await once(server, 'listening');
  t.after(() => server.close());
  const at = server.address();
  return typeof at === 'object' && at !== null ? at.port : 0;
}

/** Everything that the list below names, on real sockets. */
async function world(t: TestContext) {
  const socket = createTcpServer((accepted) => accepted.on('error', () => undefined));
  const open = await portOf(t, socket, `${NET}.2`);
  const page = createServer((_request, response) => response.writeHead(503).end());
  const http = await portOf(t, page, `${NET}.2`);
  const gone = createTcpServer();
  const closed = await portOf(t, gone, `${NET}.3`);
  gone.close();
  const hung = await hungListener(`${NET}.4`);
  t.after(() => hung.close());
  const uptime = createMib([['1.3.6.1.2.1.1.3.0', { type: 'timeticks', value: 4_711 }]]);
  const place = { address: `${NET}.6`, port: 0, community: 'ro' };
  const device = await createSnmpDevice({ ...place, mib: uptime });
  t.after(() => device.close());
  return { open, http, closed, hung: hung.port, snmp: device.port };
}

type Described = Parameters<typeof listOf>[1][number];

function described(
  code: string,
  last: number,
  reachability: PublicTarget['reachability'],
  probes: PublicTarget['probes'],
  record: object,
  kind: PublicTarget['kind'] = 'camera',
): Described {
  const target = { code, kind, own: true, reachability, probes };
  return { target, record: { name: code, address: `${NET}.${last}`, ...record } };
}

async function listed(t: TestContext) {
  const { open, http, closed, hung, snmp } = await world(t);
  const polled = { version: '2c', port: snmp, secret: 'ro' };
  const echoes = { icmp: TIMES, echo_large: { ...TIMES, bytes: 1_400 } };
  const services = { tcp: [TIMES, TIMES], http: [TIMES] };
  return listOf(1, [
    described('gw', 1, 'icmp', echoes, {}, 'gateway'),
    described('web', 2, 'tcp', services, {
      tcp: [{ port: open }, { port: closed }],
      http: [{ url: `http://${NET}.2:${http}/` }],
    }),
    described('shut', 3, 'tcp', { tcp: [TIMES] }, { tcp: [{ port: closed }] }),
    described('dark', 4, 'tcp', { tcp: [TIMES] }, { tcp: [{ port: hung }] }),
    described('near', 5, 'arp', { arp: { interval_ms: 1_000 } }, { mac: MAC }),
    described('sw', 6, 'snmp', { snmp: { interval_ms: 1_000 } }, { snmp: polled }, 'switch'),
    described('pc-1', 3, 'tcp', { tcp: [TIMES] }, { tcp: [{ port: closed }] }, 'pc'),
  ]);
}

/** An arping that finds one neighbour; real requests are sent by the lab's tests. */
const arping: RunTool = async (path, args) => {
  const base = { stderr: '', missing: path !== 'arping' };
  if (path !== 'arping') return { ...base, exit: null, stdout: '' };
  if (args.includes('--help')) {
    return { ...base, exit: 1, stdout: '', stderr: 'ARPing 2.23, by Thomas Habets' };
  }
  const answer = `42 bytes from ${MAC} (${NET}.5): index=0 time=1.250 msec`;
  return { ...base, exit: 0, stdout: answer };
};

test('icmp, tcp, arp and snmp each decide: from sockets to sealed sections to slots', {
  skip: missing,
}, async (t) => {
  const platform = createLinuxPlatform();
  const clock = {
    monotonic_ms: () => platform.monotonic_ms(),
    wall_ms: () => platform.wall_ms(),
  };
  const offset_ms = Math.round(clock.wall_ms() - clock.monotonic_ms());
  const signed = await listed(t);
  const { targets } = signed.list;
  const hash = toBase64(randomBytes(32));
  const seen = new Map<string, number>();
  const recorder = new Recorder({
    monotonic_ms: () => Math.floor(clock.monotonic_ms()),
    offset_ms: () => offset_ms,
    carrierLostSince: () => false,
    encodeRuns,
    onEarly: () => undefined,
    onProblem: ({ message }) => assert.fail(message),
    list: { version: 1, hash, targets },
  });
  const probes = new Map<number, string>();
  const sink = {
    open: (series: Parameters<Recorder['open']>[0]) => {
      probes.set(series.id, `${series.probe}/${series.check ?? 0}/${series.targets.join()}`);
      recorder.open(series);
    },
    row: (row: Parameters<Recorder['row']>[0]) => {
      const name = probes.get(row.series) ?? '';
      seen.set(name, (seen.get(name) ?? 0) + 1);
      recorder.row(row);
    },
    close: (series: number) => recorder.close(series),
    problem: (problem: Parameters<Recorder['problem']>[0]) => recorder.problem(problem),
  };
  const limits = { max_packets_per_s: 1_000, onForeignMac: () => undefined };
  const engines = await createEngines({
    ...{ choice: 'fping', log: 'test/log', sink, clock, platform, nic: null, ...limits },
    onFallback: (error) => assert.fail(error.message),
  });
  const nic = { nic_for: () => 'eth9', check_nic: 'eth9', check_address: `${NET}.9` };
  const arp = await createArpProber({ ...nic, run: arping });
  let ids = 1_000_000;
  const asker = createArpEngine({ sink, clock, arp, next_id: () => ids++ });
  const records = signed.private.records.map(({ record }) => parseTargetRecord(record));
  const plan = planList(
    { list: signed.list, hash, records },
    {
      allow: createAllowList([`${NET}.0/24`], []),
      max_packets_per_s: 1_000,
      arpReaches: () => true,
      addressOf: ({ address }) => address,
      secretOf: () => 'ro',
    },
  );
  assert.deepEqual(plan.refused, []);
  assert.equal(plan.checks?.length, 6);
  try {
    const from_ms = Math.floor(clock.monotonic_ms());
    await Promise.all([
      engines.apply({ ...plan, arp: [] }, from_ms),
      asker.apply(plan.arp, from_ms),
    ]);
    const wanted = ['icmp/0/0', 'echo_large/0/0', 'tcp/0/1,2,3,6', 'tcp/1/1', 'http/0/1'];
    const all = [...wanted, 'arp/0/4', 'snmp/0/5'];
    await until(
      () => all.every((name) => (seen.get(name) ?? 0) >= TICKS),
      `rows of ${all}`,
      30_000,
    );
    assert.deepEqual([...probes.values()].toSorted(), all.toSorted());
  } finally {
    await Promise.all([engines.stop(), asker.stop()]);
  }

  const now_ms = Math.floor(clock.monotonic_ms());
  const minute_ms = Math.floor((now_ms + offset_ms) / 60_000) * 60_000 - 60_000;
  recorder.event({ code: 'list_applied', value: 1, utc_ms: minute_ms });
  const draft = recorder.take(Number.POSITIVE_INFINITY, true, undefined);
  const sealer = createSealer({
    ...{ crypto, signer: testSigner('agent'), site: 'hq', agent: 'do-1', software: '0.1.0' },
    randomBytes: (count) => randomBytes(count),
  });
  const sample = { mono_ms: now_ms, wall_ms: now_ms + offset_ms };
  const sealed = sealer.seal(
    draft,
    {
      ...{ cause: 'minute', sealed_ms: now_ms + offset_ms, boot: 'boot', run: 'run' },
      clock: [{ ...sample, source: 'kernel', sync: true, error_ms: 1 }],
      seen: { log: 'test/log', size: 0 },
      engine: engines.names,
    },
    { epoch: 1, seq: 0, hash: new Uint8Array(32) },
  );

  const wire = decodeWire(sealed.body);
  const header = parseHeader(wire.header);
  const sections = new Map<string, ResultSection>();
  for (const [k, { name }] of header.sections.entries()) {
    const bytes = wire.sections[k];
    assert.ok(bytes !== undefined && name !== 'identity');
    sections.set(name, parseResultSection(unpackSection(name, bytes), signed.list, name));
  }
  const infra = sections.get('infra');
  const endpoints = sections.get('endpoints');
  assert.ok(infra !== undefined && endpoints !== undefined);
  checkDetails(infra, endpoints);

  const state = createJudgeState();
  const agent = 'do-1';
  foldInput(state, { kind: 'enrol', leaf: 0, agent, epoch: 1 });
  foldInput(state, { kind: 'targets', leaf: 1, agent, hash, list: signed.list });
  const said = foldInput(state, {
    ...{ kind: 'batch', leaf: 2, recv_ms: now_ms + offset_ms, agent, epoch: 1, seq: 1 },
    ...{ header, sections: [...sections.values()], fault: null },
  });
  const classes = new Map<string, Map<string, number>>();
  for (const { device, class: cls, slots } of said.slots) {
    const counts = classes.get(device) ?? new Map<string, number>();
    counts.set(cls, (counts.get(cls) ?? 0) + slots);
    classes.set(device, counts);
  }
  for (const device of ['gw', 'web', 'shut', 'near', 'sw', 'pc-1']) {
    assert.ok((classes.get(device)?.get('reply') ?? 0) >= TICKS - 1, `${device} answered`);
    assert.equal(classes.get(device)?.get('no_reply'), undefined, device);
  }
  assert.ok((classes.get('dark')?.get('no_reply') ?? 0) >= TICKS - 1, 'dark was silent');
  assert.equal(classes.get('dark')?.get('reply'), undefined);
});

function checkDetails(infra: ResultSection, endpoints: ResultSection): void {
  const { series, checks = [] } = infra;
  const large = series.find(({ probe }) => probe === 'echo_large');
  assert.ok(large !== undefined && decodeRuns(large.s[0] ?? '').some(({ code }) => code === 'r'));
  assert.equal(large.rtt, undefined);
  const of = (target: number, probe: CheckPart['probe'], check: number): CheckPart => {
    const part = checks.find((one) => {
      return one.target === target && one.probe === probe && one.check === check;
    });
    assert.ok(part !== undefined && part.ticks.length >= TICKS - 1, `${probe} of ${target}`);
    return part;
  };
  const outcomes = (part: CheckPart) => [...new Set(part.ticks.map(([, outcome]) => outcome))];
  assert.deepEqual(outcomes(of(1, 'tcp', 0)), ['accepted']);
  assert.deepEqual(outcomes(of(1, 'tcp', 1)), ['refused']);
  assert.deepEqual(outcomes(of(2, 'tcp', 0)), ['refused']);
  assert.deepEqual(outcomes(of(3, 'tcp', 0)), ['timeout']);
  const page = of(1, 'http', 0);
  assert.deepEqual(outcomes(page), ['server_error']);
  assert.ok(page.ticks.every(([, , phases, status]) => status === 503 && phases[4] !== null));
  // A service that fails is no lost slot: tcp check 0 alone decides.
  assert.ok(!(infra.checks ?? []).some(({ target }) => target === 6));
  assert.deepEqual(
    endpoints.checks?.map(({ target }) => target),
    [6],
  );
}
