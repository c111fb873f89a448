import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Draft, ListInForce } from '../../agent/record/draft.ts';
import { Recorder, type RecorderDeps } from '../../agent/record.ts';
import { toBase64 } from '../../shared/bytes.ts';
import type { SeriesPart } from '../../shared/measure/batch.ts';
import type { RawCode } from '../../shared/measure/codes.ts';
import { decodeRuns, encodeRuns } from '../../shared/measure/runs.ts';
import { encodeResultSection, parseResultSection } from '../../shared/measure/section.ts';
import type { PublicTarget, TargetList } from '../../shared/measure/targets.ts';

const OFFSET_MS = 1_790_000_040_000;
const HASH = toBase64(new Uint8Array(32));

function target(code: string, kind: PublicTarget['kind']): PublicTarget {
  const probes = { icmp: { interval_ms: 1_000, timeout_ms: 800 } };
  return { code, kind, own: true, reachability: 'icmp', probes, commitment: HASH };
}

const TARGETS = [target('gw', 'gateway'), target('pc-1', 'pc'), target('cam', 'camera')];
const LIST: ListInForce = { version: 1, hash: HASH, targets: TARGETS };
const SIGNED: TargetList = {
  ...{ v: 1, version: 1, site: 'hq', agent: 'do-1', log: 'l', issued_ms: 1 },
  targets: TARGETS,
};

function recorderAt(now: { ms: number }, more: Partial<RecorderDeps> = {}) {
  const early: number[] = [];
  const recorder = new Recorder({
    monotonic_ms: () => now.ms,
    offset_ms: () => OFFSET_MS,
    carrierLostSince: () => false,
    encodeRuns,
    onEarly: () => early.push(now.ms),
    onProblem: () => undefined,
    list: LIST,
    ...more,
  });
  return { recorder, early };
}

const SERIES = {
  id: 1,
  probe: 'icmp',
  t0_ms: 250,
  interval_ms: 1_000,
  targets: [0, 1, 2],
} as const;

function rowOf(n: number, codes: readonly RawCode[], lag_ms = 0) {
  const rtt_us = codes.map((code, i) => (code === 'r' ? 100 * (i + 1) + n : -1));
  return { series: 1, n, codes, rtt_us, lag_ms };
}

/** Codes by tick and target index, from all parts of all drafts. */
function decode(drafts: readonly Draft[]): Map<string, RawCode> {
  const seen = new Map<string, RawCode>();
  for (const { infra, endpoints } of drafts) {
    for (const [name, section] of [
      ['infra', infra],
      ['endpoints', endpoints],
    ] as const) {
      if (section === undefined) continue;
      const read = parseResultSection(encodeResultSection(section), SIGNED, name);
      for (const part of read.series) {
        for (const [k, index] of part.targets.entries()) {
          let n = part.n0;
          for (const { code, ticks } of decodeRuns(part.s[k] ?? '')) {
            for (let i = 0; i < ticks; i++, n++) {
              assert.equal(seen.has(`${n}/${index}`), false, 'no tick stands twice');
              seen.set(`${n}/${index}`, code);
            }
          }
        }
      }
    }
  }
  return seen;
}

test('any rows, cut anywhere, come back as they were', () => {
  const codes = fc.array(fc.constantFrom<RawCode>('r', 'n', 'a', 'x', 'l'), {
    minLength: 3,
    maxLength: 3,
  });
  const property = fc.property(
    fc.array(codes, { minLength: 1, maxLength: 200 }),
    fc.array(fc.nat(199), { maxLength: 8 }),
    (rows, cuts) => {
      const now = { ms: 0 };
      const { recorder } = recorderAt(now);
      recorder.open(SERIES);
      const drafts: Draft[] = [];
      for (const [n, row] of rows.entries()) {
        now.ms = SERIES.t0_ms + n * 1_000 + 800;
        recorder.row(rowOf(n, row));
        if (cuts.includes(n))
          drafts.push(recorder.take(Number.POSITIVE_INFINITY, false, undefined));
      }
      drafts.push(recorder.take(Number.POSITIVE_INFINITY, true, undefined));
      const seen = decode(drafts);
      assert.equal(seen.size, rows.length * 3);
      for (const [n, row] of rows.entries()) {
        for (const [i, code] of row.entries()) assert.equal(seen.get(`${n}/${i}`), code);
      }
    },
  );
  fc.assert(property, { numRuns: 60 });
});

test('a minute batch takes the ticks of its minute; round trips stand in the one that closes it', () => {
  const now = { ms: 0 };
  const { recorder } = recorderAt(now);
  recorder.open(SERIES);
  const boundary_ms = Math.ceil((OFFSET_MS + 1) / 60_000) * 60_000;
  const ticks = Math.ceil((boundary_ms - OFFSET_MS - SERIES.t0_ms) / 1_000);
  const parts: SeriesPart[][] = [];
  for (let n = 0; n < ticks + 2; n++) {
    now.ms = SERIES.t0_ms + n * 1_000 + 800;
    recorder.row(rowOf(n, ['r', 'r', 'n']));
    if (n === 10) {
      const early = recorder.take(Number.POSITIVE_INFINITY, false, undefined);
      assert.equal(early.closed_to_ms, now.ms + OFFSET_MS, 'nothing is outstanding now');
      parts.push([...(early.infra?.series ?? [])]);
    }
  }
  assert.equal(recorder.waits(boundary_ms), false);
  const minute = recorder.take(boundary_ms, true, undefined);
  assert.equal(minute.closed_to_ms, boundary_ms);
  const [early] = parts[0] ?? [];
  const [infra] = minute.infra?.series ?? [];
  const [endpoints] = minute.endpoints?.series ?? [];
  assert.equal(early?.rtt, undefined);
  assert.equal(infra?.n0, 11);
  assert.equal((infra?.n0 ?? 0) + (infra?.n ?? 0), ticks, 'later ticks wait for their own minute');
  assert.deepEqual(infra?.targets, [0, 2]);
  assert.deepEqual(endpoints?.targets, [1]);
  assert.deepEqual(infra?.rtt?.min, [100, null]);
  assert.deepEqual(infra?.rtt?.max, [100 + ticks - 1, null]);
  assert.deepEqual(endpoints?.rtt?.min, [200]);
  decode([minute]);
});

test('silence without an own carrier is l, an answer stays an answer', () => {
  const now = { ms: 5_000 };
  const { recorder } = recorderAt(now, { carrierLostSince: (from) => from <= 4_000 });
  recorder.open(SERIES);
  recorder.row(rowOf(0, ['n', 'x', 'r']));
  recorder.row(rowOf(5, ['n', 'x', 'r']));
  const seen = decode([recorder.take(Number.POSITIVE_INFINITY, false, undefined)]);
  assert.deepEqual(
    [0, 1, 2].map((i) => seen.get(`0/${i}`)),
    ['l', 'l', 'r'],
  );
});

test('the third loss of infrastructure and its first reply ask for an early batch', () => {
  const now = { ms: 0 };
  const { recorder, early } = recorderAt(now);
  recorder.open(SERIES);
  const rows: RawCode[][] = [
    ['n', 'n', 'n'],
    ['n', 'n', 'n'],
    ['n', 'n', 'n'],
    ['n', 'n', 'n'],
    ['x', 'r', 'r'],
    ['r', 'r', 'r'],
    ['r', 'r', 'r'],
  ];
  for (const [n, row] of rows.entries()) {
    now.ms = n;
    recorder.row(rowOf(n, row));
  }
  assert.deepEqual(early, [2, 5]);
});

test('lags above 20 ms and events are kept, names only when they change', () => {
  const now = { ms: 100 };
  const { recorder } = recorderAt(now);
  recorder.open(SERIES);
  recorder.row(rowOf(0, ['r', 'r', 'r'], 20));
  recorder.row(rowOf(1, ['r', 'r', 'r'], 21));
  recorder.event({ code: 'clock_step', value: -3_600_000 });
  recorder.identity([{ target: 0, what: 'address', value: '10.0.0.1' }]);
  const first = recorder.take(Number.POSITIVE_INFINITY, false, undefined);
  assert.deepEqual(first.infra?.series[0]?.lag, [[1, 21]]);
  assert.deepEqual(first.events, [{ code: 'clock_step', value: -3_600_000, mono_ms: 100 }]);
  assert.equal(first.identity?.rows.length, 1);
  recorder.identity([{ target: 0, what: 'address', value: '10.0.0.1' }]);
  const second = recorder.take(Number.POSITIVE_INFINITY, false, undefined);
  assert.deepEqual([second.identity, second.events, second.infra], [undefined, [], undefined]);
  now.ms += 86_400_000;
  recorder.identity([{ target: 0, what: 'address', value: '10.0.0.1' }]);
  assert.equal(recorder.take(Infinity, false, undefined).identity?.rows.length, 1, 'daily again');
});

test('SNMP polls of a PC stand in the private section, as the reader wants it', () => {
  const { recorder } = recorderAt({ ms: 0 });
  const failed = { ok: false as const, failed: 'timeout' as const, detail: '' };
  const system = { ...failed, requested_mono_ms: 9, response_ms: 1 };
  for (const target of [1, 2]) recorder.poll(target, { system }, 1);
  const { infra, endpoints } = recorder.take(Number.POSITIVE_INFINITY, false, undefined);
  const targetsOf = (section: Draft['infra']) => section?.snmp?.map(({ target }) => target);
  assert.deepEqual([targetsOf(infra), targetsOf(endpoints)], [[2], [1]]);
  for (const [section, name, other] of [
    [infra, 'infra', 'endpoints'],
    [endpoints, 'endpoints', 'infra'],
  ] as const) {
    assert.ok(section);
    const json = encodeResultSection(section);
    parseResultSection(json, SIGNED, name);
    assert.throws(() => parseResultSection(json, SIGNED, other), { code: 'SECTION_TARGET' });
  }
});

test('SNMP polls become tables: first values, then differences, unchanged columns left out', () => {
  const { recorder } = recorderAt({ ms: 0 });
  const poll = (octets: bigint, at: number) => ({
    system: {
      ...{ ok: true as const, requested_mono_ms: at, response_ms: 3, sys_uptime_ticks: 7 },
      scalars: { snmpEngineBoots: 4 },
    },
    status: {
      ...{ ok: true as const, requested_mono_ms: at + 3, response_ms: 20, sys_uptime_ticks: 7 },
      columns: {
        ifOperStatus: new Map([
          [1, 1],
          [2, 2],
        ]),
      },
      truncated: false,
    },
    traffic: {
      ...{ ok: true as const, requested_mono_ms: at + 30, response_ms: 20, sys_uptime_ticks: 7 },
      columns: { ifHCInOctets: new Map([[2, octets]]) },
      truncated: false,
    },
  });
  recorder.poll(0, poll(2n ** 60n, 10), 1);
  recorder.poll(0, poll(2n ** 60n + 500n, 60_010), 1);
  recorder.poll(
    0,
    { system: { ok: false, failed: 'timeout', detail: '', requested_mono_ms: 9, response_ms: 1 } },
    1,
  );
  const { infra } = recorder.take(Number.POSITIVE_INFINITY, false, undefined);
  const [part] = infra?.snmp ?? [];
  assert.deepEqual(
    part?.polls.map(([, , , outcome]) => outcome),
    ['ok', 'ok', 'ok', 'ok', 'timeout'],
  );
  assert.deepEqual(
    part?.polls.map((poll) => poll.slice(4)),
    [
      [0, { if_index: [1, 2], columns: ['ifOperStatus'], values: [[1, 2]] }],
      [1, { if_index: [2], columns: ['ifHCInOctets'], values: [[String(2n ** 60n)]] }],
      [0, []],
      [1, [[500]]],
      [],
    ],
  );
  assert.deepEqual(part?.scalars, { snmpEngineBoots: 4 });
  parseResultSection(encodeResultSection(infra ?? { v: 1, series: [] }), SIGNED, 'infra');
});
