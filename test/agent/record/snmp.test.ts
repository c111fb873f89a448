import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { identityRows, SnmpRecord } from '../../../agent/record/snmp.ts';
import type { DevicePoll } from '../../../agent/snmp/poll.ts';
import { toBase64 } from '../../../shared/bytes.ts';
import type { SnmpPart } from '../../../shared/measure/batch.ts';
import { encodeResultSection, parseResultSection } from '../../../shared/measure/section.ts';
import { createSnmpReader, type SnmpReading } from '../../../shared/measure/snmp-columns.ts';

const HASH = toBase64(new Uint8Array(32));
const MINUTE_MS = 60_000;
/** A whole UTC hour. */
const START_MS = 1_790_002_800_000;

type Columns = Record<string, Map<number, number | bigint>>;

function pollOf(sent: number, uptime: number, columns: Columns | null): DevicePoll {
  const times = { requested_mono_ms: sent, response_ms: 5 };
  const system = { ...times, ok: true, sys_uptime_ticks: uptime, scalars: {} } as const;
  if (columns === null) {
    return { system, status: { ...times, ok: false, failed: 'timeout', detail: '' } };
  }
  const status = { ...times, ok: true, sys_uptime_ticks: uptime, columns, truncated: false };
  return { system, status: { ...status, ok: true } };
}

function asRead(part: SnmpPart): SnmpPart {
  const section = parseResultSection(encodeResultSection({ v: 1, series: [], snmp: [part] }), null);
  const [read] = section.snmp ?? [];
  assert.ok(read);
  return read;
}

/** What a reading must say of polled columns: each port that any column has, null for holes. */
function expected(columns: Columns): Map<number, Map<string, bigint | null>> {
  const ports = new Set(Object.values(columns).flatMap((rows) => [...rows.keys()]));
  const cellsOf = (port: number) =>
    Object.entries(columns).map(([name, rows]): [string, bigint | null] => {
      const value = rows.get(port);
      return [name, value === undefined ? null : BigInt(value)];
    });
  return new Map([...ports].map((port) => [port, new Map(cellsOf(port))]));
}

const cell = fc.oneof(fc.nat(5), fc.nat(2 ** 32 - 1), fc.bigInt(0n, 2n ** 64n - 1n));
const names = ['ifOperStatus', 'ifInErrors', 'ifHCInOctets', 'ifCounterDiscontinuityTime'];
const columnsArb: fc.Arbitrary<Columns> = fc
  .array(
    fc.tuple(
      fc.constantFrom(...names),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), cell), { minLength: 1, maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((list) => Object.fromEntries(list.map(([name, rows]) => [name, new Map(rows)])));
/** Polls of few shapes, so that tables are met again. */
const stepsArb = fc.array(columnsArb, { minLength: 1, maxLength: 4 }).chain((shapes) =>
  fc.array(
    fc.record({
      shape: fc.constantFrom(...shapes),
      /** Added to each value, so that shapes come back with other values. */
      add: fc.oneof(fc.constant(0), fc.nat(1_000)),
      what: fc.constantFrom('poll', 'poll', 'poll', 'poll', 'failed', 'restart'),
      cut: fc.boolean(),
      lost: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      run: fc.integer({ min: 0, max: 14 }).map((n) => n === 0),
      minutes: fc.integer({ min: 0, max: 20 }),
    }),
    { maxLength: 60 },
  ),
);

test('what was polled comes back, or nothing behind a hole until the next key: never another value', () => {
  const run = fc.property(stepsArb, fc.nat(200), (steps, target) => {
    let record = new SnmpRecord(target);
    const reader = createSnmpReader();
    const polled = new Map<number, Columns | null>();
    const readings: SnmpReading[] = [];
    let [seq, runs, utc_ms, uptime, whole] = [1, 1, START_MS, 1_000, true];
    const seal = (lost: boolean) => {
      const list = { version: 1, hash: HASH };
      if (!lost) {
        const parts = record.empty ? [] : [asRead(record.take())];
        readings.push(...reader.feed({ epoch: 1, seq, run: `r${runs}`, list }, parts));
      } else if (!record.empty) {
        for (const [sent] of record.take().polls) polled.delete(sent);
        whole = false;
      }
      seq += 1;
    };
    for (const [sent, { shape, add, what, cut, lost, run: again, minutes }] of steps.entries()) {
      utc_ms += minutes * MINUTE_MS;
      uptime = what === 'restart' ? 0 : uptime + minutes + 1;
      const columns: Columns = Object.fromEntries(
        Object.entries(shape).map(([name, rows]) => [
          name,
          new Map(
            [...rows].map(([port, value]): [number, number | bigint] => [
              port,
              typeof value === 'bigint' ? BigInt.asUintN(64, value + BigInt(add)) : value + add,
            ]),
          ),
        ]),
      );
      polled.set(sent, what === 'failed' ? null : columns);
      record.add(pollOf(sent, uptime, what === 'failed' ? null : columns), utc_ms);
      if (cut) seal(lost);
      if (again) {
        seal(false);
        record = new SnmpRecord(target);
        runs += 1;
      }
    }
    seal(false);
    assert.deepEqual(
      readings.map(({ requested_mono_ms }) => requested_mono_ms),
      [...polled.keys()],
    );
    for (const { requested_mono_ms, ports, outcome } of readings) {
      const columns = polled.get(requested_mono_ms);
      assert.equal(outcome, columns === null ? 'timeout' : 'ok');
      if (columns === null || columns === undefined) assert.equal(ports, undefined);
      else if (ports !== undefined || whole) assert.deepEqual(ports, sorted(expected(columns)));
    }
  });
  fc.assert(run, { numRuns: 300 });
});

/** Map equality does not look at order; the copy only has the reader's type. */
function sorted(ports: Map<number, Map<string, bigint | null>>) {
  return new Map([...ports].sort(([a], [b]) => a - b));
}

const row = (value: number): Columns => ({ ifInErrors: new Map([[1, value]]) });
const isKey = (part: SnmpPart) =>
  part.polls.map(([, , , , , held]) => held !== undefined && 'columns' in held);

test('each table is written whole once an hour, in the minute of its target', () => {
  const record = new SnmpRecord(67);
  const keys: number[] = [];
  for (let minute = 0; minute < 200; minute++) {
    record.add(pollOf(minute, minute, row(minute)), START_MS + minute * MINUTE_MS);
    if (isKey(record.take()).includes(true)) keys.push(minute);
  }
  assert.deepEqual(keys, [0, 7, 67, 127, 187]);
});

test('a failure, a restart, a discontinuity and a value that goes write the table whole', () => {
  const record = new SnmpRecord(0);
  const at = (ports: Map<number, number>): Columns => ({
    ifInErrors: ports,
    ifCounterDiscontinuityTime: new Map([
      [1, 0],
      [2, 0],
    ]),
  });
  const both = new Map([
    [1, 5],
    [2, 5],
  ]);
  const polls: [DevicePoll, boolean][] = [
    [pollOf(1, 10, at(both)), true],
    [pollOf(2, 20, at(both)), false],
    [pollOf(3, 30, null), false],
    [pollOf(4, 40, at(both)), true],
    [pollOf(5, 5, at(both)), true],
    [pollOf(6, 6, at(new Map([[1, 6]]))), true],
    [pollOf(7, 7, at(new Map([[1, 4]]))), false],
    [
      pollOf(8, 8, {
        ...at(both),
        ifCounterDiscontinuityTime: new Map([
          [1, 3],
          [2, 0],
        ]),
      }),
      true,
    ],
    [pollOf(9, 9, row(1)), true],
    [
      pollOf(10, 10, {
        ...at(both),
        ifCounterDiscontinuityTime: new Map([
          [1, 3],
          [2, 0],
        ]),
      }),
      false,
    ],
  ];
  for (const [poll] of polls) record.add(poll, START_MS);
  assert.deepEqual(
    isKey(record.take()),
    polls.map(([, key]) => key),
  );
});

test('polls beyond the limit of a batch are not remembered either', () => {
  const record = new SnmpRecord(0);
  for (let sent = 0; sent < 70; sent++) record.add(pollOf(sent, sent, row(sent)), START_MS);
  const reader = createSnmpReader();
  const list = { version: 1, hash: HASH };
  assert.equal(reader.feed({ epoch: 1, seq: 1, run: 'r', list }, [record.take()]).length, 64);
  record.add(pollOf(100, 100, row(100)), START_MS);
  const [next] = reader.feed({ epoch: 1, seq: 2, run: 'r', list }, [record.take()]);
  assert.equal(next?.ports?.get(1)?.get('ifInErrors'), 100n);
});

test('ports that no device can have do not cost the section of the others', () => {
  const many = Array.from({ length: 5_000 }, (_, k): [number, number] => [k, 1]);
  const record = new SnmpRecord(0);
  record.add(pollOf(1, 1, { ifOperStatus: new Map([...many, [2 ** 31, 1]]) }), START_MS);
  const [poll] = asRead(record.take()).polls;
  const key = poll?.[5];
  assert.ok(key !== undefined && 'if_index' in key);
  assert.equal(key.if_index.length, 4_096);
  assert.deepEqual([key.if_index[0], key.if_index.at(-1)], [1, 4_096]);
  const times = { requested_mono_ms: 1, response_ms: 5, ok: true } as const;
  const text = { raw: new Uint8Array(), text: 'x' };
  const ports = new Map([0, 7, 2 ** 31].map((port) => [port, { if_name: text }]));
  const identity = { ...times, system: {}, ports, truncated: false };
  const rows = identityRows(3, { ...pollOf(1, 1, {}), identity });
  assert.deepEqual(rows, [{ target: 3, what: 'if_name', port: 7, value: 'x' }]);
});
