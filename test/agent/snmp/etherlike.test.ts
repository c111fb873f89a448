import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DeviceMemory } from '../../../agent/snmp/device-memory.ts';
import { ASK_AGAIN_MS, ETHERLIKE_MINUTE, ETHERLIKE_REST } from '../../../agent/snmp/etherlike.ts';
import { type DevicePoll, pollDevice } from '../../../agent/snmp/poll.ts';
import { polledColumns, portFacts } from '../../../agent/snmp/port-facts.ts';
import { createMib, type MibEntry } from '../../../deploy/demo/snmp/mib.ts';
import { deadline, lab, model } from './lab.ts';

const IF_TYPE = '1.3.6.1.2.1.2.2.1.3';
const IN_OCTETS = '1.3.6.1.2.1.2.2.1.10';
const DOT3 = '1.3.6.1.2.1.10.7.2.1';
const TREE = '1.3.6.1.2.1.10.7';
const [FCS, LATE, EXCESSIVE, DUPLEX] = [3, 8, 9, 19];

const integer = (value: number) => ({ type: 'integer', value }) as const;
const c32 = (value: number) => ({ type: 'counter32', value }) as const;

interface Served {
  /** ifType by ifIndex. */
  readonly types: Readonly<Record<number, number>>;
  /** Cells of dot3StatsTable by column and ifIndex. */
  readonly dot3: readonly (readonly [column: number, port: number, value: number])[];
  /** It repeats the rows of that table for ever. */
  readonly breaks?: boolean;
}

/** A device with these rows, whose clock is ours; `asked` counts requests for EtherLike. */
async function device(t: TestContext, { types, dot3, breaks }: Served) {
  const clock = { ms: 9_000_000, booted_ms: 4_000_000 };
  const asked = { dot3: 0, columns: new Set<number>() };
  const count = (oid: string): void => {
    asked.dot3++;
    asked.columns.add(Number(oid.split('.')[DOT3.split('.').length]));
  };
  const entries: MibEntry[] = [
    [
      '1.3.6.1.2.1.1.3.0',
      () => ({ type: 'timeticks', value: Math.floor((clock.ms - clock.booted_ms) / 10) }),
    ],
    ...Object.entries(types).flatMap(([port, type]): MibEntry[] => [
      [`${IF_TYPE}.${port}`, integer(type)],
      [`${IN_OCTETS}.${port}`, c32(1_000)],
    ]),
    ...dot3.map(
      ([column, port, value]): MibEntry => [
        `${DOT3}.${column}.${port}`,
        column === DUPLEX ? integer(value) : c32(value),
      ],
    ),
    ['1.3.6.1.2.1.99.1.0', integer(1)],
  ];
  const mib = createMib(entries);
  const counting = {
    get: (oid: string) => {
      if (oid.startsWith(TREE)) count(oid);
      return mib.get(oid);
    },
    next: (oid: string) => {
      if (!oid.startsWith(TREE)) return mib.next(oid);
      count(oid);
      const found = mib.next(oid);
      return breaks === true && mib.get(oid) !== undefined ? { oid, value: c32(0) } : found;
    },
  };
  // What is counted must not be repetitions of a loaded machine.
  const deps = { now_ms: () => clock.ms, timeout_ms: 5_000 };
  const made = await lab(t, undefined, { mib: counting, address: '127.104.1.1' }, deps);
  const memory = new DeviceMemory();
  const poll = (traffic: 'all' | false): Promise<DevicePoll> =>
    pollDevice(made.session, { status: true, traffic, identity: false, memory }, deadline());
  return { ...made, poll, clock, asked, memory };
}

const facts = (poll: DevicePoll) => portFacts(polledColumns(poll));
/** `count` copper ports from 1, then one VLAN. */
const types = (count: number, vlan: number): Record<number, number> => ({
  ...Object.fromEntries(Array.from({ length: count }, (_, i) => [i + 1, 6])),
  [vlan]: 53,
});

test('chance memory in the row of a VLAN is never a value, by walk or by GET', async (t) => {
  for (const copper of [27, 2]) {
    const vlan = copper + 1;
    const ports = Array.from({ length: copper }, (_, i) => i + 1);
    const { poll } = await device(t, {
      types: types(copper, vlan),
      dot3: [
        ...ports.map((port) => [FCS, port, port === 2 ? 15 : 0] as const),
        ...ports.map((port) => [LATE, port, 0] as const),
        ...[FCS, LATE, EXCESSIVE].map((column) => [column, vlan, 0x44400040] as const),
      ],
    });
    const polled = await poll('all');
    assert.ok(polled.status?.ok);
    assert.deepEqual([...(polled.status.columns.dot3StatsLateCollisions?.keys() ?? [])], ports);
    assert.equal(facts(polled).get(2)?.fcs_errors, 15);
    const { fcs_errors, late_collisions, excessive_collisions } = facts(polled).get(vlan) ?? {};
    assert.deepEqual([fcs_errors, late_collisions, excessive_collisions], [null, null, null]);
    // No cell of the VLAN in any part, and no column that only the VLAN has.
    for (const [name, rows] of Object.entries(polledColumns(polled))) {
      if (name.startsWith('dot3')) assert.equal(rows.has(vlan), false, name);
    }
    assert.equal(polled.etherlike, undefined);
  }
});

test('a device without EtherLike is asked for it once an hour', async (t) => {
  const { poll, clock, asked } = await device(t, { types: types(8, 100), dot3: [] });
  const counts: number[] = [];
  for (let minute = 0; minute < 125; minute += 5) {
    const before = asked.dot3;
    const polled = await poll('all');
    assert.equal(polled.status?.ok && polled.etherlike === undefined, true);
    counts.push(asked.dot3 - before);
    clock.ms += 5 * 60_000;
  }
  const asking = counts.flatMap((count, i) => (count > 0 ? [i * 5] : []));
  assert.deepEqual(asking, [0, 60, 120]);
});

test('columns that the device lacks are not asked for again within the hour', async (t) => {
  const dot3 = [1, 2, 3].map((port) => [FCS, port, 7] as const);
  const { poll, clock, asked } = await device(t, { types: types(3, 50), dot3 });
  const all = [2, FCS, LATE, DUPLEX];
  const askedIn = async (): Promise<number[]> => {
    asked.columns.clear();
    const { fcs_errors, duplex } = facts(await poll(false)).get(3) ?? {};
    assert.deepEqual([fcs_errors, duplex], [7, null]);
    return [...asked.columns].sort((a, b) => a - b);
  };
  assert.deepEqual(await askedIn(), all);
  clock.ms += 60_000;
  assert.deepEqual(await askedIn(), [FCS]);
  clock.ms += ASK_AGAIN_MS;
  assert.deepEqual(await askedIn(), all);
});

test('a restart asks anew what the device has', async (t) => {
  const { poll, clock, asked } = await device(t, { types: types(3, 50), dot3: [] });
  await poll(false);
  const first = asked.dot3;
  clock.ms += 60_000;
  assert.equal((await poll(false)).restarted, undefined);
  assert.equal(asked.dot3, first);
  clock.ms += 60_000;
  clock.booted_ms = clock.ms - 1_000;
  const polled = await poll(false);
  assert.equal(polled.restarted, true);
  assert.equal(polled.identity?.ok, true);
  assert.equal(asked.dot3, 2 * first);
});

test('the columns that only explain come with the octets of all ports, in a part of their own', async (t) => {
  const { session } = await lab(t, model(), {}, { timeout_ms: 5_000 });
  const memory = new DeviceMemory();
  const wants = { status: true, identity: false, memory } as const;
  const minute = await pollDevice(session, { ...wants, traffic: [1] }, deadline());
  assert.equal(minute.etherlike, undefined);
  assert.ok(minute.status?.ok);
  for (const { name } of ETHERLIKE_MINUTE) assert.equal(minute.status.columns[name]?.size, 28);
  const fifth = await pollDevice(session, { ...wants, traffic: 'all' }, deadline());
  assert.ok(fifth.etherlike?.ok);
  const names = ETHERLIKE_REST.map(({ name }) => name);
  assert.deepEqual(Object.keys(fifth.etherlike.columns), names);
});

test('an agent that breaks on EtherLike loses that alone, and rests from it after three times', async (t) => {
  const served = { types: types(9, 50), dot3: [[FCS, 1, 0]], breaks: true } as const;
  const { poll, clock, asked } = await device(t, served);
  const failures: (string | undefined)[] = [];
  for (let minute = 0; minute < 5; minute++) {
    const polled = await poll('all');
    assert.equal(polled.status?.ok, true);
    assert.equal(polled.traffic?.ok, true);
    failures.push(polled.etherlike?.ok === false ? polled.etherlike.failed : undefined);
    clock.ms += 60_000;
  }
  const broken = 'not_increasing';
  assert.deepEqual(failures, [broken, broken, broken, undefined, undefined]);
  asked.dot3 = 0;
  clock.ms += ASK_AGAIN_MS;
  assert.equal((await poll('all')).etherlike?.ok, false);
  assert.ok(asked.dot3 > 0);
});
