import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CheckResult } from '../../../agent/probe/check.ts';
import type { CheckDetail, Row, Series } from '../../../agent/probe/prober.ts';
import { Recorder } from '../../../agent/record.ts';
import { toBase64 } from '../../../shared/bytes.ts';
import type { CheckPart } from '../../../shared/measure/batch.ts';
import { encodeRuns } from '../../../shared/measure/runs.ts';
import { encodeResultSection, parseResultSection } from '../../../shared/measure/section.ts';
import type { PublicTarget, TargetList } from '../../../shared/measure/targets.ts';

const OFFSET_MS = 1_790_000_040_000;
const HASH = toBase64(new Uint8Array(32));
const TIMES = { interval_ms: 1_000, timeout_ms: 500 };

function target(code: string, kind: PublicTarget['kind']): PublicTarget {
  const probes = { tcp: [TIMES, TIMES], http: [TIMES] };
  return { code, kind, own: true, reachability: 'tcp', probes, commitment: HASH };
}

const TARGETS = [target('srv', 'server'), target('pc-1', 'pc'), target('sw', 'switch')];
const LIST: TargetList = {
  ...{ v: 1, version: 1, site: 'hq', agent: 'do-1', log: 'l', issued_ms: 1 },
  targets: TARGETS,
};

function open(more: { readonly lost?: () => boolean; readonly early?: () => void } = {}) {
  return new Recorder({
    monotonic_ms: () => 100_000,
    offset_ms: () => OFFSET_MS,
    carrierLostSince: () => more.lost?.() ?? false,
    encodeRuns,
    onEarly: () => more.early?.(),
    onProblem: () => undefined,
    list: { version: 1, hash: HASH, targets: TARGETS },
  });
}

const SERIES: Series = {
  ...{ id: 1, probe: 'tcp', t0_ms: 250, interval_ms: 1_000 },
  targets: [0, 1, 2],
};
const ACCEPTED: CheckResult = { code: 'r', outcome: 'accepted', phases_us: [1_500] };
const TIMEOUT: CheckResult = { code: 'n', outcome: 'timeout', phases_us: [null] };

function rowOf(series: Series, n: number, results: readonly (CheckResult | undefined)[]): Row {
  const sent_ms = series.t0_ms + n * series.interval_ms + 3;
  return {
    ...{ series: series.id, n, lag_ms: 0 },
    codes: results.map((result) => result?.code ?? 'x'),
    rtt_us: results.map((result) => (result?.code === 'r' ? 1_500 : -1)),
    details: results.map((result): CheckDetail | undefined => result && { sent_ms, result }),
  };
}

function take(recorder: Recorder, boundary_ms = Number.POSITIVE_INFINITY): CheckPart[] {
  const { infra, endpoints } = recorder.take(boundary_ms, true, undefined);
  const read = (section: typeof infra, name: 'infra' | 'endpoints') => {
    if (section === undefined) return [];
    const parsed = parseResultSection(encodeResultSection(section), LIST, name);
    return [...(parsed.checks ?? [])];
  };
  return [...read(infra, 'infra'), ...read(endpoints, 'endpoints')];
}

test('what checks saw stands beside their verdicts, that of PCs in the private section', () => {
  const recorder = open();
  recorder.open(SERIES);
  recorder.row(rowOf(SERIES, 0, [ACCEPTED, TIMEOUT, undefined]));
  recorder.row(rowOf(SERIES, 1, [TIMEOUT, ACCEPTED, ACCEPTED]));
  assert.deepEqual(take(recorder), [
    {
      ...{ target: 0, probe: 'tcp', check: 0 },
      ticks: [
        [253, 'accepted', [1_500]],
        [1_253, 'timeout', [null]],
      ],
    },
    { target: 2, probe: 'tcp', check: 0, ticks: [[1_253, 'accepted', [1_500]]] },
    {
      ...{ target: 1, probe: 'tcp', check: 0 },
      ticks: [
        [253, 'timeout', [null]],
        [1_253, 'accepted', [1_500]],
      ],
    },
  ]);
  assert.deepEqual(take(recorder), []);
});

test('a verdict that others overruled has no details; without a carrier they stay', () => {
  let lost = false;
  const recorder = open({ lost: () => lost });
  recorder.open(SERIES);
  const row = rowOf(SERIES, 0, [ACCEPTED, ACCEPTED, TIMEOUT]);
  // Another machine answered at the address: that is no answer of the target.
  recorder.row({ ...row, codes: ['x', 'r', 'n'] });
  lost = true;
  recorder.row(rowOf(SERIES, 1, [TIMEOUT, TIMEOUT, TIMEOUT]));
  const parts = take(recorder);
  const ticksOf = (index: number) => parts.find((part) => part.target === index)?.ticks.length;
  assert.deepEqual([0, 1, 2].map(ticksOf), [1, 2, 2]);
});

test('check 0 of tcp decides, further ones and pages do not', () => {
  for (const [probe, check, expected] of [
    ['tcp', 0, 1],
    ['tcp', 1, 0],
    ['http', 0, 0],
  ] as const) {
    let early = 0;
    const recorder = open({
      early: () => {
        early += 1;
      },
    });
    const series: Series = { ...SERIES, probe, ...(check === 0 ? {} : { check }), targets: [2] };
    recorder.open(series);
    const outcome: CheckResult =
      probe === 'tcp' ? TIMEOUT : { code: 'n', outcome: 'timeout', phases_us: [1, 2, 3, 4, null] };
    for (let n = 0; n < 4; n += 1) recorder.row(rowOf(series, n, [outcome]));
    assert.equal(early, expected, `${probe} ${check}`);
    const [part] = take(recorder);
    assert.deepEqual([part?.probe, part?.check], [probe, check]);
  }
});

test('a list change drops what belongs to the old list', () => {
  const recorder = open();
  recorder.open(SERIES);
  recorder.announceList({ version: 2, hash: HASH, targets: TARGETS.slice(1) }, 1_000);
  const next: Series = { ...SERIES, id: 2, t0_ms: 1_250, targets: [0, 1] };
  recorder.open(next);
  recorder.row(rowOf(next, 0, [ACCEPTED, TIMEOUT]));
  recorder.row(rowOf(SERIES, 0, [TIMEOUT, TIMEOUT, TIMEOUT]));
  const closing = take(recorder, OFFSET_MS + 1_000);
  assert.deepEqual(
    closing.map(({ target }) => target),
    [0, 2, 1],
  );
  recorder.switchList();
  const { infra, endpoints } = recorder.take(Number.POSITIVE_INFINITY, true, undefined);
  // Index 0 is the PC now.
  assert.deepEqual(
    endpoints?.checks?.map(({ target }) => target),
    [0],
  );
  assert.deepEqual(
    infra?.checks?.map(({ target }) => target),
    [1],
  );
});

test('any ticks, sent in any order, cut anywhere, are what a reader takes', () => {
  const sends = fc.array(fc.nat(3_000), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(sends, fc.array(fc.nat(200), { maxLength: 5 }), (lags, cuts) => {
      const recorder = open();
      recorder.open(SERIES);
      const parts: CheckPart[][] = [];
      for (const [n, lag_ms] of lags.entries()) {
        const row = rowOf(SERIES, n, [ACCEPTED, ACCEPTED, TIMEOUT]);
        const details = row.details?.map((one) => one && { ...one, sent_ms: one.sent_ms + lag_ms });
        recorder.row({ ...row, ...(details === undefined ? {} : { details }) });
        const boundary_ms = OFFSET_MS + SERIES.t0_ms + n * 1_000;
        if (cuts.includes(n)) parts.push(take(recorder, boundary_ms));
      }
      parts.push(take(recorder));
      const total = parts.flat().reduce((sum, part) => sum + part.ticks.length, 0);
      assert.equal(total, lags.length * 3);
    }),
    { numRuns: 100 },
  );
});
