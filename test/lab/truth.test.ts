import assert from 'node:assert/strict';
import test from 'node:test';
import { assertEdges, differences, isLost, runsOf, wireOutages } from './judge-truth.ts';
import { readPcap } from './pcap.ts';
import { type Echo, matchEchoes, toTicks, truthSlots } from './truth.ts';

/** One captured frame: pcap record header, Ethernet, IPv4, ICMP echo or echo reply. */
function record(at_ms: number, reply: boolean, seq: number): Buffer {
  const frame = Buffer.alloc(42);
  frame.writeUInt16BE(0x0800, 12);
  frame.writeUInt8(0x45, 14);
  frame.writeUInt8(1, 23);
  const [here, there] = [Buffer.from([10, 0, 0, 1]), Buffer.from([10, 0, 0, 2])];
  (reply ? there : here).copy(frame, 26);
  (reply ? here : there).copy(frame, 30);
  frame.writeUInt8(reply ? 0 : 8, 34);
  frame.writeUInt16BE(7, 38);
  frame.writeUInt16BE(seq, 40);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(Math.floor(at_ms / 1000), 0);
  head.writeUInt32LE((at_ms % 1000) * 1000, 4);
  head.writeUInt32LE(frame.length, 8);
  head.writeUInt32LE(frame.length, 12);
  return Buffer.concat([head, frame]);
}

function capture(...records: Buffer[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt32LE(1, 20);
  return Buffer.concat([head, ...records]);
}

test('the capture reader pairs requests with answers', () => {
  const file = capture(record(1250, false, 1), record(1251, true, 1), record(2250, false, 2));
  const echoes = matchEchoes(readPcap(file), '10.0.0.2');
  assert.deepEqual(echoes, [
    { at_ms: 1250, rtt_ms: 1, id: 7, seq: 1 },
    { at_ms: 2250, rtt_ms: null, id: 7, seq: 2 },
  ]);
  const cut = file.subarray(0, file.length - 5);
  assert.equal(readPcap(cut).length, 2, 'a record that is still being written is left out');
  assert.throws(() => readPcap(Buffer.alloc(30)), /not an Ethernet pcap/);
});

/** Echoes at 250 ms of each second; those in `lost` have no answer. */
const echoesOf = (seconds: number, lost: ReadonlySet<number>): Echo[] =>
  Array.from({ length: seconds }, (_, k) => ({
    at_ms: k * 1000 + 250,
    rtt_ms: lost.has(k) ? null : 1,
    id: 7,
    seq: k * 8,
  }));

test('the comparison notices an outage that is moved, missing or invented', () => {
  const period = { from_ms: 0, to_ms: 20_000 };
  const truth = truthSlots(echoesOf(20, new Set([5, 6, 7, 8])), period, 1000, 800);
  const told = (from: number, to: number) =>
    truth.map(({ from_ms }, k) =>
      k >= from && k < to
        ? { from_ms, class: 'no_reply', code: 'n' }
        : { from_ms, class: 'reply', code: 'r' },
    );
  assert.deepEqual(differences(told(5, 9), truth), []);
  assert.equal(differences(told(6, 10), truth).length, 2);
  assert.equal(differences(told(0, 0), truth).length, 4);
  assert.equal(differences(told(5, 12), truth).length, 3);
  assert.deepEqual(wireOutages(truth), [{ from_ms: 5000, to_ms: 9000 }]);
});

test('a slot that nobody asked in must be unknown', () => {
  const truth = [{ from_ms: 0, sent: 0, answered: 0, arp: 0 }];
  const said = (name: string) => [{ from_ms: 0, class: name, code: null }];
  assert.deepEqual(differences(said('agent_off'), truth), []);
  assert.equal(differences(said('no_reply'), truth).length, 1);
  assert.equal(differences(said('reply'), truth).length, 1);
});

test('echoes that waited for ARP count at the tick at which they were asked for', () => {
  const echoes = echoesOf(8, new Set([6]));
  const held = echoes.map((echo) =>
    [3, 4].includes(echo.seq / 8) ? { ...echo, at_ms: 4600, rtt_ms: 1 } : echo,
  );
  const ticks = toTicks(held, 1000);
  assert.deepEqual(
    ticks.map(({ at_ms }) => at_ms),
    echoes.map(({ at_ms }) => at_ms),
  );
  const slots = truthSlots(ticks, { from_ms: 0, to_ms: 8000 }, 1000, 800, [5100, 6100]);
  const lost = slots.filter(isLost).map(({ from_ms }) => from_ms);
  assert.deepEqual(lost, [3000, 6000], 'later than the timeout is lost');
  const [none] = truthSlots([], { from_ms: 0, to_ms: 1000 }, 1000, 800, [100]);
  assert.ok(none !== undefined && isLost(none), 'asked for by ARP only');
});

test('runs and edges', () => {
  const bad = new Set([1, 2, 4, 5, 6, 9]);
  const slots = Array.from({ length: 10 }, (_, k) => ({ from_ms: k * 1000 }));
  const runs = runsOf(slots, 1000, ({ from_ms }) => bad.has(from_ms / 1000));
  assert.deepEqual(runs, [{ from_ms: 4000, to_ms: 7000 }]);
  const fault = { name: 'x', target: 'x', from_monotonic_ms: 0, to_monotonic_ms: 0 };
  assertEdges(runs, { ...fault, from_ms: 3900, to_ms: 7300 }, 'near');
  assert.throws(() => assertEdges(runs, { ...fault, from_ms: 1000, to_ms: 7300 }, 'far'));
  assert.throws(() => assertEdges([], { ...fault, from_ms: 1000, to_ms: 7300 }, 'none'));
});
