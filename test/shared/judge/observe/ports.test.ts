import assert from 'node:assert/strict';
import test from 'node:test';
import type { Poll } from './snmp-writer.ts';
import { Ledger, type Life, seenOf, siteOf, told } from './world.ts';

const KINDS = { 'sw-1': 'switch', 'pc-1': 'pc', 'cam-1': 'camera' } as const;
const UP = {
  ...{ ifType: 6, ifConnectorPresent: 1, ifSpeed: 1_000_000_000, ifHighSpeed: 1_000 },
  ...{ ifAdminStatus: 1, ifOperStatus: 1, ifLastChange: 5_000, dot3StatsDuplexStatus: 3 },
  ...{ ifInErrors: 0, dot3StatsFCSErrors: 0, dot3StatsAlignmentErrors: 0 },
  dot3StatsLateCollisions: 0,
};
type Row = Readonly<Record<string, number | string>>;

/** A minute's polls of the state of port 3; `rows` say what is otherwise from a minute on. */
function states(minutes: number, rows: Readonly<Record<number, Row>> = {}): Poll[] {
  let now: Row = UP;
  return Array.from({ length: minutes }, (_, m) => {
    now = { ...now, ...rows[m] };
    return { s: m * 60 + 5, ports: { 3: now, 4: UP } };
  });
}
function life(polls: readonly Poll[], more: Partial<Life> = {}): Life {
  const seconds = 60 * Math.ceil(((polls.at(-1)?.s ?? 0) + 1) / 60);
  return { kinds: KINDS, seconds, polls: { 'sw-1': polls }, ...more };
}
function seen(
  polls: readonly Poll[],
  more: Partial<Life> = {},
  cuts: readonly number[] = [60, 120],
) {
  const one = life(polls, more);
  const site = siteOf(KINDS, { 'pc-1': { device: 'sw-1', port: '3' } });
  return told(seenOf(new Ledger(KINDS, site).live(one, 0, cuts).inputs));
}

test('a port that is steadily up says nothing', () => {
  assert.deepEqual(seen(states(20)), []);
});

test('a link lost and back between polls: bounds are the polls, a flap joins them', () => {
  const said = seen(states(6, { 2: { ifOperStatus: 2 }, 4: { ifOperStatus: 1 } }));
  assert.deepEqual(said, [
    'flap 65–245.02 sw-1 3',
    'link 65–125.02 sw-1 3 false',
    'link 185–245.02 sw-1 3 true',
  ]);
});

test('ifLastChange narrows the bounds, and shows what came and went between two polls', () => {
  const at = (s: number) => (3_600 + s) * 100;
  const down = seen(states(4, { 2: { ifOperStatus: 2, ifLastChange: at(100) } }));
  assert.deepEqual(down, ['link 99–101.02 sw-1 3 false']);
  const hidden = seen(states(4, { 2: { ifLastChange: at(110) } }));
  assert.deepEqual(hidden, [
    'flap 109–111.02 sw-1 3',
    'link 109–111.02 sw-1 3 false',
    'link 109–111.02 sw-1 3 true',
  ]);
});

test('a link that an operator switched off is lost but no flap; a VLAN is no cord', () => {
  const off = { ifOperStatus: 2, ifAdminStatus: 2 };
  const said = seen(states(6, { 2: off, 3: { ifOperStatus: 1, ifAdminStatus: 1 } }));
  assert.deepEqual(
    said.map((line) => line.split(' ')[0]),
    ['link', 'link'],
  );
  const vlan = { ifType: 53, ifOperStatus: 1 };
  assert.deepEqual(seen(states(6, { 0: vlan, 2: { ifOperStatus: 2 } })), []);
});

test('after a hole a change lies between the last poll and the next key poll', () => {
  const polls = states(6, { 3: { ifOperStatus: 2 } });
  const ledger = new Ledger(KINDS);
  const one = life(polls);
  ledger.live({ ...one, seconds: 120 }, 0, []).lose();
  // Differences alone do not tell; the writer begins with a key where it begins anew.
  ledger.live(life(polls.slice(3)), 180, []);
  assert.deepEqual(told(seenOf(ledger.inputs)), ['link 65–185.02 sw-1 3 false']);
});

test('half duplex and a fallen speed go on by the hour; one that was always slow is none', () => {
  const slow = { ifSpeed: 100_000_000, ifHighSpeed: 100, dot3StatsDuplexStatus: 2 };
  assert.deepEqual(seen(states(70, { 55: slow, 65: UP }), {}, [1_800, 3_600]), [
    'half_duplex 3305–3600 sw-1 3',
    'speed_fall 3305–3600 sw-1 3',
    'half_duplex 3600–3845 sw-1 3',
    'speed_fall 3600–3845 sw-1 3',
  ]);
  const always = seen(states(8, { 0: { ...slow, dot3StatsDuplexStatus: 3 } }));
  assert.deepEqual(always, []);
});

test('errors against packets of the same time; late collisions of a half-duplex port', () => {
  const packets = (s: number, n: number): Poll => ({
    ...{ s, table: 2 },
    ports: { 3: { ifHCInUcastPkts: n }, 4: { ifHCInUcastPkts: n } },
  });
  const errors = states(12, {
    3: { ifInErrors: 50, dot3StatsFCSErrors: 50 },
    4: { dot3StatsFCSErrors: 90, ifInErrors: 90 },
    8: { ifInErrors: 91, dot3StatsFCSErrors: 91 },
  });
  const all = [...errors, packets(8, 1_000), packets(308, 10_910), packets(608, 20_000)];
  const said = seen(all.sort((a, b) => a.s - b.s));
  assert.deepEqual(said, ['error_growth 125–245 sw-1 3 0.009']);
  const half = { dot3StatsDuplexStatus: 2, dot3StatsLateCollisions: 4 };
  assert.deepEqual(
    seen(states(4, { 0: { dot3StatsDuplexStatus: 2 }, 2: half })).filter(
      (line) => !/^half/.test(line),
    ),
    ['duplex_mismatch 65–125 sw-1 3', 'late_collisions 65–125 sw-1 3'],
  );
});

test('counters of a device that began anew are held against nothing', () => {
  const polls = states(6, { 0: { ifInErrors: 10 }, 3: { ifInErrors: 400, ifLastChange: 90 } }).map(
    (poll, m) => ({ ...poll, up_s: m < 3 ? 9_000 + m * 60 : (m - 3) * 60 + 30 }),
  );
  const traffic = [8, 308].map((s) => ({
    ...{ s, table: 2, up_s: s < 200 ? 9_003 : 153 },
    ports: { 3: { ifInUcastPkts: s } },
  }));
  const said = seen([...polls, ...traffic].sort((a, b) => a.s - b.s));
  assert.deepEqual(said, ['restart 153.97–156.05 sw-1 restart uptime_fell']);
});

test('a storm of broadcasts; numbers beyond 2^53 are exact', () => {
  const big = 2n ** 63n;
  const polls = [0n, 40_000n, 9_040_000n, 9_050_000n].map(
    (n, k): Poll => ({
      ...{ s: 5 + k * 300, table: 2 },
      ports: { 3: { ifHCInBroadcastPkts: String(big + n) }, 4: { ifHCInBroadcastPkts: 0 } },
    }),
  );
  assert.deepEqual(seen(polls), ['broadcast_surge 305–605 sw-1']);
});

test('a silent PC whose port keeps full speed and traffic; a sleeping one says nothing', () => {
  const traffic = (s: number, n: number): Poll => ({
    s,
    table: 2,
    ports: { 3: { ifHCInOctets: n } },
  });
  const octets = [8, 308, 608, 908].map((s) => traffic(s, s * 2_000));
  const polls = (row: Row) =>
    [...states(16, { 0: UP, 2: row }), ...octets].sort((a, b) => a.s - b.s);
  const silent = { small: { 'pc-1': `${'r'.repeat(250)}n` } };
  const cuts = Array.from({ length: 16 }, (_, m) => m * 60);
  assert.deepEqual(seen(polls({}), silent, cuts), [
    'port_traffic 308–608 pc-1 true true',
    'port_traffic 608–908 pc-1 true true',
  ]);
  const asleep = seen(polls({ ifSpeed: 10_000_000, ifHighSpeed: 10 }), silent, cuts);
  assert.deepEqual(
    asleep.filter((line) => line.startsWith('port_traffic')),
    [],
  );
  assert.deepEqual(seen(polls({}), {}, cuts), []);
});
