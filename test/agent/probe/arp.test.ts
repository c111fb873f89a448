import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createArpEngine, createArpProber, foreignMacOf } from '../../../agent/probe/arp.ts';
import type { RunTool, ToolResult } from '../../../agent/probe/arp-tools.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { RecordingSink, realClock, target, until } from './recording-sink.ts';

const MISSING: ToolResult = { exit: null, stdout: '', stderr: '', missing: true };
const SILENT: ToolResult = { exit: 1, stdout: '', stderr: '', missing: false };
const HABETS = 'ARPing 2.23, by Thomas Habets <thomas@habets.se>\nusage: arping';
const MAC = 'ba:d7:20:47:9e:f3';

/** A machine with the given tools: what each prints when asked for 10.0.0.x. */
function machine(
  tools: Record<string, { help: string; answer: string; silent?: ToolResult }>,
): RunTool {
  return async (path, args) => {
    const tool = tools[path];
    if (tool === undefined) return MISSING;
    if (args.includes('--help')) return { ...SILENT, stderr: tool.help };
    if (args.includes('10.0.0.2')) return { ...SILENT, exit: 0, stdout: tool.answer };
    return tool.silent ?? SILENT;
  };
}

const nic = { nic_for: () => 'eth9', check_nic: 'eth9', check_address: '10.0.0.1' };
const soon = (): AbortSignal => AbortSignal.timeout(1000);

test('each tool is told from the other by its words, and its answer is read', async () => {
  const habets = {
    help: HABETS,
    answer: `42 bytes from ${MAC} (10.0.0.2): index=0 time=1.250 msec`,
  };
  const iputils = {
    help: 'Usage: arping [options] <destination>',
    answer: `Unicast reply from 10.0.0.2 [${MAC.toUpperCase()}]  0.731ms`,
  };
  const scan = {
    help: '',
    answer: `Interface: eth9\n10.0.0.2\t${MAC}\n`,
    silent: { ...SILENT, exit: 0 },
  };
  const cases = [
    [machine({ arping: habets }), 'arping 2.23', 1250],
    [machine({ arping: iputils }), 'iputils-arping', 731],
    [machine({ 'arp-scan': scan }), 'arp-scan', -1],
  ] as const;
  for (const [run, name, rtt_us] of cases) {
    const arp = await createArpProber({ ...nic, run });
    assert.ok(arp !== null);
    assert.equal(arp.tool, name);
    const ask = { address: '10.0.0.2', mac: MAC, timeout_ms: 500 };
    assert.deepEqual(await arp.probe(ask, soon()), { code: 'r', rtt_us, detail: { mac: MAC } });
    const foreign = await arp.probe({ ...ask, mac: '02:00:00:00:00:01' }, soon());
    assert.ok(foreign.code === 'x' && foreignMacOf(foreign.reason) === MAC);
    assert.equal((await arp.probe({ ...ask, address: '10.0.0.3' }, soon())).code, 'n');
  }
});

test('all who answer are told, by each tool', async () => {
  const other = '00:23:24:0a:00:99';
  const habets = {
    help: HABETS,
    answer:
      `42 bytes from ${MAC} (10.0.0.2): index=0 time=1.250 msec\n` +
      `42 bytes from ${other} (10.0.0.2): index=1 time=1.312 msec\n` +
      `42 bytes from ${MAC} (10.0.0.2): index=2 time=1.400 msec`,
  };
  const iputils = {
    help: 'Usage: arping [options] <destination>',
    answer:
      `Unicast reply from 10.0.0.2 [${MAC.toUpperCase()}]  0.731ms\n` +
      `Unicast reply from 10.0.0.2 [${other.toUpperCase()}]  0.739ms`,
  };
  const scan = {
    help: '',
    answer: `Interface: eth9\n10.0.0.2\t${MAC}\n10.0.0.2\t${other} (DUP: 2)\n`,
    silent: { ...SILENT, exit: 0 },
  };
  for (const run of [
    machine({ arping: habets }),
    machine({ arping: iputils }),
    machine({ 'arp-scan': scan }),
  ]) {
    const arp = await createArpProber({ ...nic, run });
    assert.deepEqual(await arp?.macsAt('10.0.0.2', 500, soon()), [MAC, other]);
    assert.deepEqual(await arp?.macsAt('10.0.0.3', 500, soon()), []);
    assert.equal(await arp?.macsAt('10.0.0.2', 500, AbortSignal.abort()), null);
  }
});

test('a sweep asks each address once, by arp-scan where it may be used, else one by one', async () => {
  const scan = { help: '', answer: `10.0.0.2\t${MAC}\n`, silent: { ...SILENT, exit: 0 } };
  const calls: string[] = [];
  const scanner = machine({ 'arp-scan': scan });
  const arping = { help: HABETS, answer: `42 bytes from ${MAC} (10.0.0.2): index=0 time=1 msec` };
  const heardBy = async (run: RunTool): Promise<string[]> => {
    calls.length = 0;
    const noting: RunTool = (path, args, deadline) => {
      calls.push(`${path} ${args.join(' ')}`);
      return run(path, args, deadline);
    };
    const arp = await createArpProber({ ...nic, run: noting });
    calls.length = 0;
    const heard: string[] = [];
    const signal = AbortSignal.timeout(5000);
    await arp?.sweep(['10.0.0.2', '10.0.0.3'], 50, (at, mac) => heard.push(`${at} ${mac}`), signal);
    return heard;
  };
  assert.deepEqual(await heardBy(scanner), [`10.0.0.2 ${MAC}`]);
  assert.equal(calls.length, 1);
  assert.match(calls[0] ?? '', /^arp-scan .*--interval=50 10\.0\.0\.2 10\.0\.0\.3$/);
  const began = performance.now();
  assert.deepEqual(await heardBy(machine({ arping })), [`10.0.0.2 ${MAC}`]);
  assert.equal(calls.length, 2);
  assert.ok(performance.now() - began > 350, 'five a second at most');
});

test('no tool, no right or no interface: no prober', async () => {
  const noRight = { ...SILENT, stderr: 'arping: libnet_init(): CAP_NET_RAW required' };
  const run = machine({ arping: { help: HABETS, answer: '', silent: noRight } });
  assert.equal(await createArpProber({ ...nic, run }), null);
  assert.equal(await createArpProber({ ...nic, run: machine({}) }), null);
  assert.equal(await createArpProber({ ...nic, check_nic: null }), null);
  assert.throws(
    () => createArpEngine({ sink: new RecordingSink(), clock: realClock(), arp: null }),
    (error) => error instanceof LanProofError && error.code === 'ARP_NONE',
  );
});

test('the ARP engine gives rows of probe arp and tells foreign MACs', async () => {
  const answer = `42 bytes from ${MAC} (10.0.0.2): index=0 time=12.6 usec`;
  const run = machine({ arping: { help: HABETS, answer } });
  const arp = await createArpProber({ ...nic, run });
  const sink = new RecordingSink();
  const foreign: unknown[] = [];
  const onForeignMac = (index: number, mac: string): void => void foreign.push([index, mac]);
  const engine = createArpEngine({ sink, clock: realClock(), arp, onForeignMac });
  const list = [
    target(0, '10.0.0.2'),
    target(1, '10.0.0.3'),
    target(2, '10.0.0.2', { mac: '02:00:00:00:00:01' }),
  ];
  await engine.apply(list, 0);
  await until('two rows', () => sink.rowsOf(0).length >= 2);
  await engine.stop();
  assert.equal(sink.opened[0]?.probe, 'arp');
  assert.deepEqual(sink.rowsOf(0)[0]?.codes, ['r', 'n', 'x']);
  assert.deepEqual(sink.rowsOf(0)[0]?.rtt_us, [13, -1, -1]);
  assert.deepEqual(foreign[0], [2, MAC]);
});
