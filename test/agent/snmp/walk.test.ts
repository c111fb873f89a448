import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATUS_COLUMNS } from '../../../agent/snmp/if-mib.ts';
import { numberOf } from '../../../agent/snmp/value.ts';
import { follows } from '../../../agent/snmp/varbinds.ts';
import { WALK_PDUS_MAX, WALK_ROWS_MAX, walkColumns } from '../../../agent/snmp/walk.ts';
import type { DeviceFaults } from '../../../deploy/demo/snmp/device.ts';
import { snapshotColumns } from '../../../deploy/demo/switch/switch-mib.ts';
import { deadline, type Lab, lab, model, NOON_MS } from './lab.ts';

const NAMES = STATUS_COLUMNS.map(({ name }) => name);

function walk({ session }: Lab, ms?: number) {
  return walkColumns(session, STATUS_COLUMNS, numberOf, deadline(ms));
}

test('OID order is by number, not by text', () => {
  assert.equal(follows('1.3.6.9', '1.3.6.10'), true);
  assert.equal(follows('1.3.6.10', '1.3.6.9'), false);
  assert.equal(follows('1.3.6', '1.3.6'), false);
  assert.equal(follows('1.3.6', '1.3.6.0'), true);
  assert.equal(follows('1.3.6.0', '1.3.6'), false);
});

test('a walk returns exactly what the switch has, in few requests', async (t) => {
  const served = model();
  const result = await walk(await lab(t, served));
  assert.equal(result.ok, true);
  if (!result.ok) return;
  const expected = snapshotColumns(served.snapshot(NOON_MS), NAMES);
  assert.deepEqual(Object.fromEntries(result.columns), expected);
  assert.equal(result.truncated, false);
  assert.ok(result.pdus <= 12, `${result.pdus} requests`);
});

test('sparse and huge ifIndex values are kept', async (t) => {
  const served = model({
    ports: 5,
    if_index: (port) => [1, 49_153, 100_009, 300_000, 2 ** 31 - 1][port - 1] ?? 0,
  });
  const result = await walk(await lab(t, served));
  assert.ok(result.ok);
  const rows = result.columns.get('ifOperStatus');
  assert.deepEqual([...(rows?.keys() ?? [])], [1, 49_153, 100_009, 300_000, 2 ** 31 - 1]);
});

test('an agent whose rows never end is cut at the row cap', async (t) => {
  const result = await walk(await lab(t, model(), { faults: { endless: true } }));
  assert.ok(result.ok);
  assert.equal(result.truncated, true);
  for (const rows of result.columns.values()) assert.ok(rows.size <= WALK_ROWS_MAX + 20);
  assert.ok(result.pdus <= WALK_PDUS_MAX);
});

test('an agent that repeats an OID costs its own values only', async (t) => {
  const started = performance.now();
  const result = await walk(await lab(t, model(), { faults: { same: true } }));
  assert.equal(result.ok ? '' : result.failed, 'not_increasing');
  assert.ok(performance.now() - started < 2_000);
});

for (const [too_big_above, what] of [
  [120, '10 rows'],
  [60, '5 rows'],
  [11, 'GETNEXT of all columns'],
  [1, 'GETNEXT of one column'],
] as const) {
  test(`tooBig is met by asking for ${what}`, async (t) => {
    const served = model({ ports: 8 });
    const place = await lab(t, served, { faults: { too_big_above } });
    const result = await walk(place);
    assert.ok(result.ok);
    const expected = snapshotColumns(served.snapshot(NOON_MS), NAMES);
    assert.deepEqual(Object.fromEntries(result.columns), expected);
    const before = place.device.requests;
    await walk(place);
    assert.ok(place.device.requests - before <= result.pdus, 'the smaller size is remembered');
  });
}

test('tooBig for every request is a failure, and answered', async (t) => {
  const result = await walk(await lab(t, model(), { faults: { too_big_above: 0 } }));
  assert.equal(result.ok ? '' : result.failed, 'too_big');
});

test('a device that never answers GETBULK is read by GETNEXT', async (t) => {
  const served = model({ ports: 4 });
  const place = await lab(t, served, { faults: { no_bulk: true } });
  assert.ok((await place.session.get(['1.3.6.1.2.1.1.3.0'], deadline())).ok);
  const result = await walk(place);
  assert.ok(result.ok);
  assert.deepEqual(
    Object.fromEntries(result.columns),
    snapshotColumns(served.snapshot(NOON_MS), NAMES),
  );
});

test('empty GETBULK answers do not pass for an empty table', async (t) => {
  const served = model({ ports: 4 });
  const result = await walk(await lab(t, served, { faults: { empty: true } }));
  assert.ok(result.ok);
  assert.equal(result.columns.get('ifOperStatus')?.size, 4);
});

const LOST: readonly [string, DeviceFaults, string][] = [
  ['garbage', { garbage: true }, 'garbage'],
  ['cut datagrams', { truncated_bytes: 60 }, 'garbage'],
  ['answers from another address', { source_address: '127.0.31.77' }, 'timeout'],
  ['silence', { silent: true }, 'timeout'],
  ['answers after the timeout', { delay_ms: 5_000 }, 'timeout'],
];
for (const [name, faults, expected] of LOST) {
  test(`${name}: the walk fails in bounded time and the next one works`, async (t) => {
    const place = await lab(t, model(), { faults });
    const started = performance.now();
    const result = await walk(place);
    assert.equal(result.ok ? 'ok' : result.failed, expected);
    assert.ok(performance.now() - started < 3_000);
    place.device.setFaults({});
    assert.equal((await walk(place)).ok, true);
  });
}

test('the deadline ends a walk at once', async (t) => {
  const place = await lab(t, model(), { faults: { delay_ms: 100 } });
  const started = performance.now();
  const result = await walk(place, 250);
  assert.equal(result.ok ? 'ok' : result.failed, 'deadline');
  assert.ok(performance.now() - started < 1_000);
});
