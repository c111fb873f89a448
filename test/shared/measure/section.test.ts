import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { HOST_ORDER, TARGETS_MAX, TICKS_MAX } from '../../../shared/measure/batch.ts';
import { encodeResultSection, parseResultSection } from '../../../shared/measure/section.ts';
import {
  encodeIdentitySection,
  parseIdentitySection,
} from '../../../shared/measure/section-identity.ts';
import { altered, INFRA, LIST } from './example.ts';

/** As JSON, but for the targets: a list of numbers has places that a text has not. */
const WRITTEN = { ...INFRA, host: HOST_ORDER.map((name) => INFRA.host?.[name]) };
const bytesOf = (value: unknown) => utf8(JSON.stringify(value));
const fails = (run: () => unknown, code: string, place: string | undefined) =>
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof LanProofError);
    assert.deepEqual([error.code, error.place], [code, place]);
    return true;
  });

test('a section comes back as it was, with and without a list', () => {
  const json = encodeResultSection(INFRA);
  assert.deepEqual(parseResultSection(json, LIST, 'infra'), INFRA);
  assert.deepEqual(parseResultSection(json, null), INFRA);
  assert.deepEqual(parseResultSection(bytesOf(altered(WRITTEN, 'later', 1)), LIST), INFRA);
});

test('each fault has its code and place', () => {
  const s = 'series[0]';
  const cases: readonly (readonly [string, unknown, string, string])[] = [
    ['v', 2, 'SECTION_FORMAT', 'v'],
    ['series', {}, 'SECTION_FORMAT', 'series'],
    ['series.0', null, 'SECTION_FORMAT', s],
    ['series.0.probe', 'none', 'SECTION_FORMAT', `${s}.probe`],
    ['series.0.probe', 'telepathy', 'SECTION_FORMAT', `${s}.probe`],
    ['series.0.t0', 1.5, 'SECTION_FORMAT', `${s}.t0`],
    ['series.0.t0', -60_001, 'SECTION_FORMAT', `${s}.t0`],
    ['series.0.i', 3_000, 'SECTION_INTERVAL', `${s}.i`],
    ['series.0.i', 2_000, 'SECTION_INTERVAL', `${s}.i`],
    ['series.0.n', 0, 'SECTION_FORMAT', `${s}.n`],
    ['series.0.n', TICKS_MAX + 1, 'SECTION_TICKS', `${s}.n`],
    ['series.0.n', 59, 'SECTION_RUNS', `${s}.s[0]`],
    ['series.0.s.1', 'r59', 'SECTION_RUNS', `${s}.s[1]`],
    ['series.0.s.1', 'r30r30', 'SECTION_RUNS', `${s}.s[1]`],
    ['series.0.s', ['r60'], 'SECTION_FORMAT', `${s}.s`],
    ['series.0.targets.1', 3, 'SECTION_TARGET', `${s}.targets[1]`],
    ['series.0.targets.1', -1, 'SECTION_TARGET', `${s}.targets[1]`],
    ['series.0.targets.1', '1', 'SECTION_TARGET', `${s}.targets[1]`],
    ['series.0.targets.1', 0, 'SECTION_OVERLAP', `${s}.targets[1]`],
    ['series.0.targets.1', 1, 'SECTION_TARGET', `${s}.targets[1]`],
    ['series.0.lag.0.0', 120, 'SECTION_FORMAT', `${s}.lag[0][0]`],
    ['series.0.rtt.min.0', -1, 'SECTION_RTT', `${s}.rtt.min[0]`],
    ['series.0.rtt.med.0', 0.5, 'SECTION_RTT', `${s}.rtt.min[0]`],
    ['series.0.rtt.p95.0', 100, 'SECTION_RTT', `${s}.rtt.min[0]`],
    ['series.0.rtt.max.0', null, 'SECTION_RTT', `${s}.rtt.min[0]`],
    ['series.0.rtt.max', [1], 'SECTION_FORMAT', `${s}.rtt.max`],
    ['snmp.0.target', 3, 'SECTION_TARGET', 'snmp[0].target'],
    ['snmp.0.polls.0.3', 'No!', 'SECTION_FORMAT', 'snmp[0].polls[0][3]'],
    ['snmp.0.polls.0.4', 8, 'SECTION_FORMAT', 'snmp[0].polls[0][4]'],
    ['snmp.0.polls.0.5', undefined, 'SECTION_FORMAT', 'snmp[0].polls[0][5]'],
    ['snmp.0.polls.0.5', 'x', 'SECTION_FORMAT', 'snmp[0].polls[0][5]'],
    ['snmp.0.polls.0.5.if_index.0', 0, 'SECTION_FORMAT', 'snmp[0].polls[0][5].if_index[0]'],
    ['snmp.0.polls.0.5.if_index.1', 1, 'SECTION_FORMAT', 'snmp[0].polls[0][5].if_index[1]'],
    ['snmp.0.polls.0.5.columns.1', 'a b', 'SECTION_FORMAT', 'snmp[0].polls[0][5].columns[1]'],
    ['snmp.0.polls.0.5.columns.0', 'ifHCInOctets', 'SECTION_FORMAT', 'snmp[0].polls[0][5].columns'],
    ['snmp.0.polls.0.5.values.2', [0, 0], 'SECTION_FORMAT', 'snmp[0].polls[0][5].values[2]'],
    ['snmp.0.polls.0.5.values', [], 'SECTION_FORMAT', 'snmp[0].polls[0][5].values'],
    ['snmp.0.polls.0.5.values.1.1', '01', 'SECTION_FORMAT', 'snmp[0].polls[0][5].values[1][1]'],
    ['snmp.0.polls.2.5.1.2', null, 'SECTION_FORMAT', 'snmp[0].polls[2][5][1][2]'],
    ['snmp.0.scalars.hrSystemUptime', null, 'SECTION_FORMAT', 'snmp[0].scalars.hrSystemUptime'],
    ['host.3', 'triple', 'SECTION_FORMAT', 'host.duplex'],
    ['host.0', 1, 'SECTION_FORMAT', 'host.carrier'],
    ['host', [null], 'SECTION_FORMAT', 'host.carrier_changes'],
    ['series.0.targets', '0,x', 'SECTION_FORMAT', `${s}.targets`],
    ['series.0.targets', '0-1', 'SECTION_TARGET', `${s}.targets[1]`],
    ['series.0.targets', '0-2', 'SECTION_FORMAT', `${s}.s`],
  ];
  for (const [path, value, code, place] of cases) {
    const json = bytesOf(altered(WRITTEN, path, value));
    fails(() => parseResultSection(json, LIST, 'infra'), code, place);
  }
});

test('ticks of one target may follow each other, but not interleave', () => {
  const part = { probe: 'icmp', t0: 0, i: 1_000, n0: 0, n: 10, targets: [0], s: ['r10'] };
  const two = (second: object) => bytesOf({ v: 1, series: [part, { ...part, ...second }] });
  parseResultSection(two({ n0: 10 }), LIST);
  parseResultSection(two({ t0: 9_400 }), LIST);
  parseResultSection(two({ targets: [2] }), LIST);
  for (const second of [{}, { n0: 9 }, { t0: 500 }, { t0: 8_999 }]) {
    fails(() => parseResultSection(two(second), LIST), 'SECTION_OVERLAP', 'series[1].targets[0]');
  }
});

test('a PC stands in endpoints and nothing else does', () => {
  const arp = { probe: 'arp', t0: 0, i: 10_000, n0: 0, n: 6, targets: [1], s: ['r6'] };
  const json = bytesOf({ v: 1, series: [arp] });
  parseResultSection(json, LIST, 'endpoints');
  fails(() => parseResultSection(json, LIST, 'infra'), 'SECTION_TARGET', 'series[0].targets[0]');
  fails(
    () => parseResultSection(encodeResultSection(INFRA), LIST, 'endpoints'),
    'SECTION_TARGET',
    'series[0].targets[0]',
  );
});

test('limits hold at their edge', () => {
  const all = Array.from({ length: TARGETS_MAX }, (_, index) => index);
  const part = { probe: 'icmp', t0: 0, i: 1_000, n0: 0, n: TICKS_MAX };
  const s = all.map(() => `r${TICKS_MAX}`);
  const json = bytesOf({ v: 1, series: [{ ...part, targets: all, s }] });
  assert.equal(parseResultSection(json, null).series[0]?.targets.length, TARGETS_MAX);
  const over = bytesOf({ v: 1, series: [{ ...part, targets: [...all, 0], s: [...s, ''] }] });
  fails(() => parseResultSection(over, null), 'SECTION_FORMAT', 'series[0].targets');
  const million = bytesOf({ v: 1, series: [{ ...part, targets: Array(1e6).fill(0), s }] });
  fails(() => parseResultSection(million, null), 'SECTION_FORMAT', 'series[0].targets');
});

test('any JSON at all raises nothing but SECTION errors', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (series, snmp) => {
      for (const value of [series, { v: 1, series, snmp }, { v: 1, series: [series] }]) {
        try {
          parseResultSection(bytesOf(value), LIST);
        } catch (error) {
          assert.ok(error instanceof LanProofError && error.code.startsWith('SECTION_'));
        }
      }
    }),
  );
});

test('identity rows', () => {
  const section = {
    v: 1 as const,
    rows: [
      { target: 0, what: 'mac' as const, value: '00:11:22:33:44:55' },
      { target: 2, what: 'if_alias' as const, port: 7, value: 'tầng 2' },
      { target: 2, what: 'hostname' as const, value: 'cam-9.local' },
    ],
  };
  assert.deepEqual(parseIdentitySection(encodeIdentitySection(section), LIST), section);
  const bad = (path: string, value: unknown) => bytesOf(altered(section, path, value));
  const place = 'rows[0].target';
  fails(() => parseIdentitySection(bad('rows.0.target', 3), LIST), 'SECTION_FORMAT', place);
  fails(
    () => parseIdentitySection(bad('rows.0.what', 'x'), LIST),
    'SECTION_FORMAT',
    'rows[0].what',
  );
  const long = 'x'.repeat(1_025);
  fails(
    () => parseIdentitySection(bad('rows.0.value', long), null),
    'SECTION_FORMAT',
    'rows[0].value',
  );
});
