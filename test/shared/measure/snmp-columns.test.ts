import assert from 'node:assert/strict';
import test from 'node:test';
import type { SnmpPart, SnmpPoll } from '../../../shared/measure/batch.ts';
import { createSnmpReader, type SnmpPlace } from '../../../shared/measure/snmp-columns.ts';
import { HASH, INFRA } from './example.ts';

const FIRST: SnmpPlace = { epoch: 1, seq: 1, run: 'a', list: { version: 1, hash: HASH } };
const SECOND: SnmpPlace = { ...FIRST, seq: 2 };
const partOf = (...polls: SnmpPoll[]): SnmpPart => ({ target: 0, polls });
const KEY: SnmpPoll = [
  ...([0, 1, 5, 'ok', 2] as const),
  { if_index: [9], columns: ['ifInErrors', 'ifOutErrors'], values: [[7], [null]] },
];
const MORE: SnmpPoll = [60_000, 1, 6_005, 'ok', 2, [[3]]];

test('the example: absolute values beyond 2^53, nothing where nothing was read', () => {
  const readings = createSnmpReader().feed(FIRST, INFRA.snmp ?? []);
  assert.deepEqual(
    readings.map(({ ports }) => ports?.get(2)?.get('ifHCInOctets')),
    [18446744073709551000n, undefined, 18446744073709551000n + 9007199254740993n].concat([
      18446744073709551000n + 9007199254740993n,
      undefined,
    ]),
  );
  assert.equal(readings[0]?.ports?.get(7)?.get('ifHCInOctets'), null);
  assert.deepEqual(
    readings.map(({ outcome, sys_uptime_ticks }) => [outcome, sys_uptime_ticks]),
    (INFRA.snmp?.[0]?.polls ?? []).map(([, , uptime, outcome]) => [outcome, uptime]),
  );
});

test('differences go on in the next batch of the run, and only there', () => {
  const value = (second: SnmpPlace, between: readonly SnmpPart[] | null | 'nothing') => {
    const reader = createSnmpReader();
    reader.feed(FIRST, [partOf(KEY)]);
    if (between !== 'nothing') reader.feed(SECOND, between);
    const [reading] = reader.feed(second, [partOf(MORE)]);
    return reading?.ports?.get(9)?.get('ifInErrors');
  };
  assert.equal(value(SECOND, 'nothing'), 10n);
  assert.equal(value({ ...FIRST, seq: 3 }, []), 10n, 'a batch without SNMP');
  assert.equal(value({ ...FIRST, seq: 3 }, null), undefined, 'a section that cannot be read');
  assert.equal(value({ ...FIRST, seq: 3 }, 'nothing'), undefined, 'a hole');
  assert.equal(value(FIRST, 'nothing'), undefined, 'the same batch again');
  assert.equal(value({ ...SECOND, epoch: 2 }, 'nothing'), undefined);
  assert.equal(value({ ...SECOND, run: 'b' }, 'nothing'), undefined);
  const list = { version: 2, hash: HASH.replace('A', 'B') };
  assert.equal(value({ ...SECOND, list }, 'nothing'), undefined);
});

test('differences that do not fit their key end the table until the next key', () => {
  for (const held of [[[1, 2]], [0, 0, [1]]] as const) {
    const broken: SnmpPoll = [1, 1, 6, 'ok', 2, held];
    const readings = createSnmpReader().feed(FIRST, [partOf(KEY, broken, MORE, KEY, MORE)]);
    assert.deepEqual(
      readings.map(({ ports }) => ports?.get(9)?.get('ifInErrors')),
      [7n, undefined, undefined, 7n, 10n],
    );
  }
});
