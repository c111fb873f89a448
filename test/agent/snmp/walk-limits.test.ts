import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATUS_COLUMNS } from '../../../agent/snmp/if-mib.ts';
import { GOOD_WALKS_MIN } from '../../../agent/snmp/request-size.ts';
import { numberOf } from '../../../agent/snmp/value.ts';
import {
  type Column,
  WALK_MS_MAX,
  WALK_PDUS_MAX,
  WALK_ROWS_MAX,
  walkColumns,
} from '../../../agent/snmp/walk.ts';
import { createMib, type MibEntry } from '../../../deploy/demo/snmp/mib.ts';
import { deadline, lab, model, monotonic, sessionTo } from './lab.ts';

const COLUMN: Column = { name: 'ifInErrors', oid: '1.3.6.1.2.1.2.2.1.14' };

/** A column of so many rows, and an object behind it. */
function tableOf(rows: number): MibEntry[] {
  const row = (i: number): MibEntry => [`${COLUMN.oid}.${i + 1}`, { type: 'counter32', value: i }];
  const behind: MibEntry = ['1.3.6.1.2.1.2.2.1.15.1', { type: 'counter32', value: 1 }];
  return [...Array.from({ length: rows }, (_, i) => row(i)), behind];
}

test('one row less than the cap is a whole table, the cap itself is cut', async (t) => {
  for (const [rows, truncated] of [
    [WALK_ROWS_MAX - 1, false],
    [WALK_ROWS_MAX + 40, true],
  ] as const) {
    const { session, device } = await lab(t, model(), { mib: createMib(tableOf(rows)) });
    const result = await walkColumns(session, [COLUMN], numberOf, deadline());
    assert.ok(result.ok);
    assert.equal(result.truncated, truncated);
    const size = result.columns.get(COLUMN.name)?.size ?? 0;
    assert.ok(truncated ? size >= WALK_ROWS_MAX && size < WALK_ROWS_MAX + 20 : size === rows);
    assert.ok(device.requests <= WALK_PDUS_MAX);
  }
});

test('a device that gives one row a request is left alone after so many requests', async (t) => {
  const { session, device } = await lab(t, model(), {
    mib: createMib(tableOf(WALK_PDUS_MAX + 100)),
    faults: { too_big_above: 1 },
  });
  const result = await walkColumns(session, [COLUMN], numberOf, deadline(20_000));
  assert.ok(result.ok);
  assert.equal(result.truncated, true);
  assert.equal(result.pdus, WALK_PDUS_MAX);
  assert.equal(device.requests, WALK_PDUS_MAX);
});

test('a walk that takes too long ends with what it has', async (t) => {
  let skipped_ms = 0;
  const now_ms = (): number => monotonic() + skipped_ms;
  const { session } = await lab(t, model(), { mib: createMib(tableOf(200)) }, { now_ms });
  const seen = (value: Parameters<typeof numberOf>[0]): number | bigint | undefined => {
    skipped_ms += WALK_MS_MAX / 30;
    return numberOf(value);
  };
  const result = await walkColumns(session, [COLUMN], seen, deadline());
  assert.ok(result.ok);
  assert.equal(result.truncated, true);
  const size = result.columns.get(COLUMN.name)?.size ?? 0;
  assert.ok(size >= 30 && size < 200, `${size} rows`);
});

test('rows of several arcs are walked over in order, and left out', async (t) => {
  const mib = createMib([
    [`${COLUMN.oid}.1.5`, { type: 'counter32', value: 1 }],
    [`${COLUMN.oid}.1.70000.2`, { type: 'counter32', value: 2 }],
    [`${COLUMN.oid}.3`, { type: 'counter32', value: 3 }],
    [`${COLUMN.oid}.4.1`, { type: 'counter32', value: 4 }],
    ['1.3.6.1.2.1.2.2.1.15.1', { type: 'counter32', value: 5 }],
  ]);
  for (const version of ['1', '2c'] as const) {
    const { device } = await lab(t, model(), { mib });
    const session = sessionTo(t, device, {}, { version });
    const result = await walkColumns(session, [COLUMN], numberOf, deadline());
    assert.ok(result.ok);
    assert.deepEqual([...(result.columns.get(COLUMN.name) ?? [])], [[3, 3]]);
  }
});

test('rows that come out of order end the walk, not only repeated ones', async (t) => {
  const rows = [5, 6, 4, 7].map((row) => `${COLUMN.oid}.${row}`);
  const mib = {
    get: () => undefined,
    next: (oid: string) => ({
      oid: rows[rows.indexOf(oid) + 1] ?? '1.3.9.1',
      value: { type: 'counter32', value: 1 } as const,
    }),
  };
  const { session } = await lab(t, model(), { mib });
  const result = await walkColumns(session, [COLUMN], numberOf, deadline());
  assert.equal(result.ok ? '' : result.failed, 'not_increasing');
});

test('a size that proved necessary is kept over many polls, and then tried again', async (t) => {
  const place = await lab(t, model({ ports: 2 }), { faults: { too_big_above: 180 } });
  const walk = () => walkColumns(place.session, STATUS_COLUMNS, numberOf, deadline());
  assert.ok((await walk()).ok);
  assert.equal(place.session.walk_step, 1);
  const before = place.device.requests;
  for (let i = 1; i < GOOD_WALKS_MIN; i++) assert.ok((await walk()).ok);
  assert.equal(place.session.walk_step, 1);
  const each = (place.device.requests - before) / (GOOD_WALKS_MIN - 1);
  place.device.setFaults({});
  assert.ok((await walk()).ok);
  assert.equal(place.session.walk_step, 0);
  assert.ok((await walk()).ok);
  assert.equal(place.session.walk_step, 0);
  assert.ok(Number.isInteger(each), 'no request was wasted on the larger size');
});
