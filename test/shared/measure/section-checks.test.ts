import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import type { CheckPart, CheckTick } from '../../../shared/measure/batch.ts';
import {
  CHECK_PHASES,
  CHECKS_MAX,
  type CheckProbe,
  DNS_OUTCOMES,
  HTTP_OUTCOMES,
  TCP_OUTCOMES,
} from '../../../shared/measure/codes.ts';
import { encodeResultSection, parseResultSection } from '../../../shared/measure/section.ts';
import { CHECK_PARTS_MAX, CHECK_TICKS_MAX } from '../../../shared/measure/section-checks.ts';
import { altered, CHECKED_INFRA, CHECKED_LIST, LIST } from './example.ts';

const bytesOf = (value: unknown) => utf8(JSON.stringify(value));
const fails = (run: () => unknown, code: string, place: string) =>
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof LanProofError);
    assert.deepEqual([error.code, error.place], [code, place]);
    return true;
  });
const checks = (parts: readonly unknown[]) => bytesOf({ v: 1, series: [], checks: parts });

test('a section with every probe comes back as it was, with and without a list', () => {
  const json = encodeResultSection(CHECKED_INFRA);
  assert.deepEqual(parseResultSection(json, CHECKED_LIST, 'infra'), CHECKED_INFRA);
  assert.deepEqual(parseResultSection(json, null), CHECKED_INFRA);
  const later = altered(CHECKED_INFRA, 'checks.0.later', 1);
  assert.deepEqual(parseResultSection(bytesOf(later), CHECKED_LIST), CHECKED_INFRA);
});

test('each fault of series and checks has its code and place', () => {
  const c = 'checks[0]';
  const cases: readonly (readonly [string, unknown, string, string])[] = [
    ['series.0.check', 0, 'SECTION_FORMAT', 'series[0].check'],
    ['series.1.check', 1, 'SECTION_FORMAT', 'series[1].check'],
    ['series.3.check', -1, 'SECTION_FORMAT', 'series[3].check'],
    ['series.3.check', '1', 'SECTION_FORMAT', 'series[3].check'],
    ['series.3.check', CHECKS_MAX, 'SECTION_FORMAT', 'series[3].check'],
    ['series.3.check', CHECKS_MAX - 1, 'SECTION_INTERVAL', 'series[3].i'],
    ['series.3.check', 0, 'SECTION_INTERVAL', 'series[3].i'],
    ['series.1.i', 1_000, 'SECTION_INTERVAL', 'series[1].i'],
    ['series.2.i', 60_000, 'SECTION_INTERVAL', 'series[2].i'],
    ['series.4.i', 60_000, 'SECTION_INTERVAL', 'series[4].i'],
    ['series.5.i', 30_000, 'SECTION_INTERVAL', 'series[5].i'],
    ['series.4.probe', 'snmp', 'SECTION_INTERVAL', 'series[4].i'],
    ['checks', {}, 'SECTION_FORMAT', 'checks'],
    ['checks.0', [], 'SECTION_FORMAT', c],
    ['checks.0.target', 3, 'SECTION_TARGET', `${c}.target`],
    ['checks.0.target', '0', 'SECTION_TARGET', `${c}.target`],
    ['checks.0.target', 1, 'SECTION_TARGET', `${c}.target`],
    ['checks.0.target', 2, 'SECTION_TARGET', `${c}.check`],
    ['checks.0.probe', 'icmp', 'SECTION_FORMAT', `${c}.probe`],
    ['checks.0.check', undefined, 'SECTION_FORMAT', `${c}.check`],
    ['checks.0.check', CHECKS_MAX, 'SECTION_FORMAT', `${c}.check`],
    ['checks.0.check', CHECKS_MAX - 1, 'SECTION_TARGET', `${c}.check`],
    ['checks.0.ticks', null, 'SECTION_FORMAT', `${c}.ticks`],
    ['checks.0.ticks.0.0', -1, 'SECTION_FORMAT', `${c}.ticks[0][0]`],
    ['checks.0.ticks.1.0', 60_450, 'SECTION_FORMAT', `${c}.ticks[1][0]`],
    ['checks.0.ticks.0.1', 'answered', 'SECTION_FORMAT', `${c}.ticks[0][1]`],
    ['checks.0.ticks.0.2', [], 'SECTION_FORMAT', `${c}.ticks[0][2]`],
    ['checks.0.ticks.0.2', [1, 2], 'SECTION_FORMAT', `${c}.ticks[0][2]`],
    ['checks.0.ticks.0.2.0', 0.5, 'SECTION_FORMAT', `${c}.ticks[0][2][0]`],
    ['checks.0.ticks.0.2.0', 600_000_001, 'SECTION_FORMAT', `${c}.ticks[0][2][0]`],
    ['checks.0.ticks.0.3', 0, 'SECTION_FORMAT', `${c}.ticks[0][3]`],
    ['checks.2.ticks.0.3', 4_096, 'SECTION_FORMAT', 'checks[2].ticks[0][3]'],
    ['checks.3.ticks.0.3', 99, 'SECTION_FORMAT', 'checks[3].ticks[0][3]'],
    ['checks.3.ticks.0.3', 1_000, 'SECTION_FORMAT', 'checks[3].ticks[0][3]'],
    ['checks.3.ticks.0.4', 1, 'SECTION_FORMAT', 'checks[3].ticks[0]'],
    ['checks.1.check', 0, 'SECTION_OVERLAP', 'checks[1]'],
  ];
  for (const [path, value, code, place] of cases) {
    const json = bytesOf(altered(CHECKED_INFRA, path, value));
    fails(() => parseResultSection(json, CHECKED_LIST, 'infra'), code, place);
  }
});

test('checks of one probe go side by side; ticks of one check may not', () => {
  const part = { probe: 'tcp', t0: 0, i: 5_000, n0: 0, n: 10, targets: [0], s: ['r10'] };
  const two = (second: object) => bytesOf({ v: 1, series: [part, { ...part, ...second }] });
  for (const second of [{ check: 1 }, { probe: 'http' }, { probe: 'icmp' }, { n0: 10 }]) {
    parseResultSection(two(second), null);
  }
  for (const second of [{}, { check: 0 }, { n0: 9 }]) {
    fails(() => parseResultSection(two(second), null), 'SECTION_OVERLAP', 'series[1].targets[0]');
  }
});

test('a PC’s checks stand in endpoints; a list without the check knows none', () => {
  const part = { target: 1, probe: 'tcp', check: 0, ticks: [[1, 'accepted', [5]]] };
  parseResultSection(checks([part]), CHECKED_LIST, 'endpoints');
  const infra = () => parseResultSection(checks([part]), CHECKED_LIST, 'infra');
  fails(infra, 'SECTION_TARGET', 'checks[0].target');
  fails(() => parseResultSection(checks([part]), LIST), 'SECTION_TARGET', 'checks[0].check');
});

test('limits hold at their edge', () => {
  const ticks = (count: number) =>
    Array.from({ length: count }, (_, k) => [k, 'accepted', [600_000_000]]);
  const part = (count: number) => ({ target: 0, probe: 'tcp', check: 7, ticks: ticks(count) });
  parseResultSection(checks([part(CHECK_TICKS_MAX)]), null);
  const over = () => parseResultSection(checks([part(CHECK_TICKS_MAX + 1)]), null);
  fails(over, 'SECTION_FORMAT', 'checks[0].ticks');
  const parts = Array.from({ length: CHECK_PARTS_MAX }, (_, k) => ({
    ...{ target: k >> 3, probe: 'dns', check: k & 7, ticks: [[0, 'answered', [1], 4_095]] },
  }));
  assert.equal(parseResultSection(checks(parts), null).checks?.length, CHECK_PARTS_MAX);
  const more = () => parseResultSection(checks([...parts, part(1)]), null);
  fails(more, 'SECTION_FORMAT', 'checks');
});

const us = fc.option(fc.integer({ min: 0, max: 600_000_000 }));
function partOf<P extends CheckProbe, O extends string>(
  probe: P,
  outcomes: readonly O[],
  status: readonly [number, number] | null,
) {
  const phases = CHECK_PHASES[probe].length;
  const tick = fc
    .tuple(
      fc.integer({ min: 1, max: 60_000 }),
      fc.constantFrom(...outcomes),
      fc.array(us, { minLength: phases, maxLength: phases }),
      status === null
        ? fc.constant(null)
        : fc.option(fc.integer({ min: status[0], max: status[1] })),
    )
    .map(
      ([after_ms, outcome, phases_us, said]): CheckTick<O> =>
        said === null ? [after_ms, outcome, phases_us] : [after_ms, outcome, phases_us, said],
    );
  return fc.record({
    probe: fc.constant(probe),
    ticks: fc.array(tick, { maxLength: CHECK_TICKS_MAX }).map((list) => rising(list)),
  });
}

/** Each tick's first number is how much later than the one before it was sent. */
function rising<O>(ticks: readonly CheckTick<O>[]): CheckTick<O>[] {
  let sent_ms = 0;
  return ticks.map(([after_ms, outcome, phases_us, status]): CheckTick<O> => {
    sent_ms += after_ms;
    return status === undefined
      ? [sent_ms, outcome, phases_us]
      : [sent_ms, outcome, phases_us, status];
  });
}

test('property: what is encoded is read again, whatever the checks saw', () => {
  const part = fc.oneof(
    partOf('tcp', TCP_OUTCOMES, null),
    partOf('dns', DNS_OUTCOMES, [0, 4_095]),
    partOf('http', HTTP_OUTCOMES, [100, 999]),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: CHECKS_MAX }), fc.nat(1_999), (read, target) => {
      const parts = read.map((one, check): CheckPart => ({ ...one, target, check }));
      const section = { v: 1 as const, series: [], checks: parts };
      assert.deepEqual(parseResultSection(encodeResultSection(section), null), section);
    }),
  );
});

test('property: any JSON as checks raises nothing but SECTION errors', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, ticks) => {
      const part = { target: 0, probe: 'http', check: 0 };
      for (const value of [one, [one], [{ ...part, ticks }], [{ ...part, ticks: [ticks] }]]) {
        try {
          parseResultSection(bytesOf({ v: 1, series: [], checks: value }), CHECKED_LIST);
        } catch (error) {
          assert.ok(error instanceof LanProofError && error.code.startsWith('SECTION_'));
        }
      }
    }),
  );
});
