import assert from 'node:assert/strict';
import test from 'node:test';
import type { Neighbour } from '../../../agent/platform/platform.ts';
import type { Series } from '../../../agent/probe/prober.ts';
import { MacGuard } from '../../../agent/whereabouts/mac-guard.ts';
import { Sought } from '../../../agent/whereabouts/sought.ts';
import type { RawCode } from '../../../shared/measure/codes.ts';
import { RecordingSink } from '../probe/recording-sink.ts';

const OWN = '00:23:24:00:00:01';
const OTHER = '00:23:24:00:00:02';
const AT = '10.0.0.7';
const OFF_LINK = '10.9.9.9';

function soughtAt(index: number, address: string, mac: string | undefined): Sought {
  const key = mac ?? `host-${index}`;
  const hostname = mac === undefined ? key : undefined;
  return new Sought({ index, key, kind: 'pc', mac, hostname, hint: address, address });
}

/** A guard over a neighbour table and a clock that the test moves. */
function bench(probe: Series['probe'] = 'icmp') {
  const world = { now_ms: 0, table: [] as Neighbour[] | null, foreign: [] as string[] };
  const sink = new RecordingSink();
  const guard = new MacGuard({
    sink,
    monotonic_ms: () => world.now_ms,
    neighbours: () => world.table,
    onLink: (address) => (address === OFF_LINK ? null : 'eth0'),
    onForeign: (sought, mac) => void world.foreign.push(`${sought.index} ${mac}`),
  });
  const holds = (...macs: string[]): void => {
    world.table = macs.map((mac, k) => ({ address: k === 0 ? AT : '10.0.0.1', mac, nic: 'eth0' }));
  };
  const targets = [soughtAt(0, AT, OWN), soughtAt(2, OFF_LINK, OWN)];
  guard.use(targets, 0);
  guard.open({ id: 1, probe, t0_ms: 1000, interval_ms: 1000, targets: [0, 1, 2] });
  let n = -1;
  /** One row with these codes, its verdict 400 ms behind its tick; gives what the sink got. */
  const row = (...codes: RawCode[]): readonly RawCode[] => {
    n += 1;
    world.now_ms = 1000 + n * 1000 + 400;
    const rtt_us = codes.map((code) => (code === 'r' ? 500 : -1));
    guard.row({ series: 1, n, codes, rtt_us, lag_ms: 0 });
    const got = sink.rowsOf(0).at(-1);
    assert.ok(got !== undefined);
    assert.ok(got.codes.every((code, k) => (code === 'r') === (got.rtt_us[k] !== -1)));
    return got.codes;
  };
  return { world, guard, holds, row, targets, sink };
}

test('an answer counts while the own MAC stands in the table', () => {
  const { holds, row, world } = bench();
  holds(OWN);
  assert.deepEqual(row('r', 'r', 'r'), ['r', 'r', 'r']);
  assert.deepEqual(row('n', 'n', 'n'), ['n', 'n', 'n']);
  assert.deepEqual(world.foreign, []);
});

test('another MAC there at any look of the span: x; without MAC or off link nothing changes', () => {
  const { holds, row, world, guard } = bench();
  holds(OTHER);
  assert.deepEqual(row('r', 'r', 'r'), ['x', 'r', 'r']);
  assert.deepEqual(row('n', 'n', 'l'), ['x', 'n', 'l']);
  holds(OWN);
  // The change lies between the look of the row before and this one: it may have been him.
  world.now_ms = 3100;
  guard.look();
  assert.deepEqual(row('r', 'r', 'r'), ['x', 'r', 'r']);
  assert.deepEqual(row('a', 'r', 'r'), ['a', 'r', 'r']);
  assert.deepEqual(world.foreign, [`0 ${OTHER}`, `0 ${OTHER}`, `0 ${OTHER}`]);
});

test('a theft between two ticks is noticed although the table looks right at both', () => {
  const { holds, row, guard, world } = bench();
  holds(OWN);
  assert.deepEqual(row('r', 'r', 'r'), ['r', 'r', 'r']);
  world.now_ms = 2300;
  holds(OTHER);
  guard.look();
  holds(OWN);
  assert.deepEqual(row('r', 'r', 'r'), ['x', 'r', 'r']);
});

test('an answer without any entry is nobody’s, unless the interface has no neighbours', () => {
  const quiet = bench();
  assert.deepEqual(quiet.row('r', 'r', 'r'), ['r', 'r', 'r']);
  quiet.world.table = null;
  assert.deepEqual(quiet.row('r', 'r', 'r'), ['r', 'r', 'r']);
  const { row, world } = bench();
  world.table = [{ address: '10.0.0.1', mac: OTHER, nic: 'eth0' }];
  assert.deepEqual(row('r', 'r', 'r'), ['x', 'r', 'r']);
  assert.deepEqual(row('n', 'n', 'n'), ['n', 'n', 'n']);
  const arp = bench('arp');
  arp.world.table = [{ address: '10.0.0.1', mac: OTHER, nic: 'eth0' }];
  assert.deepEqual(arp.row('r', 'n', 'r'), ['r', 'n', 'r']);
});

test('two owners at once: x even while the table shows the right one', () => {
  const { holds, row, targets } = bench();
  const [pc] = targets;
  holds(OWN);
  assert.equal(pc?.double(900), true);
  assert.equal(pc.double(950), false);
  assert.deepEqual(row('r', 'r', 'r'), ['x', 'r', 'r']);
  pc.single(1500);
  assert.deepEqual(row('r', 'r', 'r'), ['r', 'r', 'r']);
});

test('series keep the address that they were opened with', () => {
  const { holds, row, guard, targets, sink, world } = bench();
  holds(OWN);
  assert.deepEqual(row('r', 'r', 'r'), ['r', 'r', 'r']);
  targets[0]?.moveTo('10.0.0.1');
  guard.use(targets, 2000);
  guard.open({ id: 2, probe: 'icmp', t0_ms: 2000, interval_ms: 1000, targets: [0] });
  assert.deepEqual(row('n', 'r', 'r'), ['n', 'r', 'r'], 'the old address is still held by its MAC');
  holds(OWN, OTHER);
  world.now_ms = 2500;
  guard.row({ series: 2, n: 0, codes: ['r'], rtt_us: [1], lag_ms: 0 });
  assert.deepEqual(sink.rowsOf(1)[0]?.codes, ['x']);
  guard.close(1);
  guard.close(2);
  assert.deepEqual(sink.closed, [1, 2]);
});

test('a page at another address does not say that the device is where it was', () => {
  const { holds, row, targets, world } = bench('http');
  holds(OWN);
  const [device] = targets;
  device?.heard(false, 0, 1000);
  assert.deepEqual(row('r', 'r', 'r'), ['r', 'r', 'r']);
  assert.equal(device?.missing(world.now_ms + 60_000), true);
});
