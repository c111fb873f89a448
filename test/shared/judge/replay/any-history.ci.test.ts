import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../../../shared/bytes.ts';
import { partsOf } from '../../../../shared/judge/batch-parts.ts';
import {
  type FiguresFile,
  figuresFile,
  figuresText,
} from '../../../../shared/judge/replay/figures-file.ts';
import { batchInput } from '../../../../shared/judge/replay/inputs.ts';
import type { Replayed } from '../../../../shared/judge/replay/site-replay.ts';
import type { JudgeInput } from '../../../../shared/judge/types.ts';
import { decodeWire } from '../../../../shared/measure/wire.ts';
import { unpackSection } from '../../../../shared/node/section-bytes.ts';
import { parsePaper } from '../../../../shared/papers/parse.ts';
import { HOUR_MS, SITE, silentIn } from '../../../collector/judge/days-kit.ts';
import { createTestAgent } from '../../../support/batches.ts';
import { T0 } from '../../../support/collector-core.ts';
import { bundled, type History, replayOf } from './replay-kit.ts';
import { midnight, siteBody } from './story.ts';

/** Devices that are asked every second. */
const FAST = 4;
const HOURS = 5 * 24;
const HOUR_S = 3_600;
const PERIOD = { from_ms: midnight(3), to_ms: midnight(4) };
const END_MS = PERIOD.to_ms + HOUR_MS;
const AS_OF = { log: 'test/log-1', size: 100_000, to_ms: END_MS, at_ms: END_MS };

/** What one thing did for some hours: seconds of an hour that were lost; null: all of it. */
interface Stretch {
  readonly hours: number;
  readonly lost: readonly [number, number] | null;
}

const lost: fc.Arbitrary<Stretch['lost']> = fc.oneof(
  { weight: 6, arbitrary: fc.constant([0, 0] as const) },
  { weight: 2, arbitrary: fc.constant(null) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(HOUR_S), fc.nat(HOUR_S))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
  },
);
const stretches = fc.array(fc.record({ hours: fc.integer({ min: 1, max: 40 }), lost }), {
  minLength: 1,
  maxLength: 12,
});
/** Hours in which the agent does not run, and whether the machine was started anew behind them. */
const gaps = fc.array(
  fc.record({ from: fc.integer({ min: 1, max: HOURS }), hours: fc.integer({ min: 1, max: 40 }) }),
  { maxLength: 3 },
);
const story = fc.record({ devices: fc.tuple(stretches, stretches, stretches, stretches), gaps });
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

interface Lived extends History {
  /** Begin of the last answered slot of each fast device before a moment; null: none. */
  lastReply(device: string, before_ms: number): number | null;
}

function live({ devices, gaps: offs }: Story): Lived {
  const agent = createTestAgent({ site: SITE, agent: 'do-1', start_ms: T0 });
  const payload = utf8(
    JSON.stringify({
      ...{ v: 1, log: agent.origin, site: SITE, issued_ms: T0, author: 'test' },
      ...siteBody('do-1'),
    }),
  );
  const inputs: JudgeInput[] = [
    { kind: 'site', leaf: 0, document: parsePaper('site', payload) },
    { kind: 'enrol', leaf: 1, agent: 'do-1', epoch: 1 },
    { kind: 'targets', leaf: 2, agent: 'do-1', hash: agent.listHash, list: agent.list },
  ];
  const answered = new Map<string, number[]>();
  let run = 1;
  for (let hour = 0; hour < HOURS; hour++) {
    if (offs.some(({ from, hours }) => hour >= from && hour < from + hours)) {
      agent.skip(HOUR_MS);
      run = hour + 2;
      continue;
    }
    const codes: Record<number, string> = {};
    for (let at = 0; at < FAST; at++) {
      const [from_s, to_s] = lostIn(devices[at] ?? [], hour);
      codes[at] = silentIn(from_s, to_s);
      const last_s = to_s < HOUR_S ? HOUR_S - 1 : from_s - 1;
      const code = agent.list.targets[at]?.code ?? '';
      const list = answered.get(code) ?? [];
      answered.set(code, list);
      if (last_s >= 0) list.push(agent.at_ms + last_s * 1_000);
    }
    const header = run === 1 ? {} : { run: `run-${run}`, boot: `boot-${run}` };
    const made = agent.next({ ticks: HOUR_S, codes, header });
    const { sections } = decodeWire(made.body);
    const inflated = new Map([['infra', unpackSection('infra', sections[0] ?? new Uint8Array())]]);
    const parts = partsOf(made.header, agent.list, inflated);
    const place = { leaf: inputs.length, recv_ms: agent.at_ms + 100, agent: 'do-1', epoch: 1 };
    inputs.push(batchInput({ ...place, seq: made.seq }, parts));
  }
  const document = { kind: 'site', payload, hash: 'x', leaf: 0, recv_ms: T0 } as const;
  return {
    ...{ site: SITE, inputs, documents: [document], days: new Map() },
    lastReply: (device, before_ms) =>
      answered.get(device)?.findLast((at_ms) => at_ms < before_ms) ?? null,
  };
}

function lostIn(told: readonly Stretch[], hour: number): readonly [number, number] {
  let left = hour;
  for (const { hours, lost: part } of told) {
    if (left < hours) return part ?? [0, HOUR_S];
    left -= hours;
  }
  return [0, 0];
}

function replay(lived: Lived, begin_ms: number | null, from: Replayed | null): Replayed {
  const day = from?.days.find(({ end_ms }) => end_ms === begin_ms);
  const told = Object.entries(day?.carry.devices ?? {}).map(([code, device]) => {
    const last_reply_ms = lived.lastReply(code, begin_ms ?? 0);
    return [code, { ...device, last_reply_ms, ever_answered: last_reply_ms !== null }] as const;
  });
  const carry = day === undefined ? null : { ...day.carry, devices: Object.fromEntries(told) };
  const ask = {
    ...{ site: SITE, period: PERIOD, as_of: AS_OF, documents: lived.documents, carry },
    ...{ begin_ms: begin_ms ?? T0, end_ms: END_MS, withheld_kinds: new Set<never>() },
    sha256: (text: string) => createHash('sha256').update(text).digest('hex'),
  };
  return replayOf(ask, bundled(lived, begin_ms, END_MS, AS_OF.size));
}

/**
 * A bundle begins where nothing bad reaches over the begin. Where it cannot, an incident lacks the
 * time that was over before, and an outage of the whole site how it began.
 */
function withoutOldTimes(file: FiguresFile, begin_ms: number): unknown {
  const incidents = file.incidents.map((one) => ({ ...one, device_ms: 0 }));
  const { all, working } = file.hours;
  const rows = [all, working].map(({ devices, totals, days }) => [
    devices,
    totals.devices,
    [totals.site, totals.workplaces, ...days].map((row) =>
      row === undefined ? [] : [row.up_ms, row.down_ms, row.unknown_ms, row.down_by_cause_ms],
    ),
  ]);
  return file.incidents.some((one) => one.started_at_ms < begin_ms) ? [incidents, rows] : file;
}

test('wherever a bundle begins, it says the same of its period', () => {
  const head = { site: SITE, period: PERIOD, begin: null };
  fc.assert(
    fc.property(story, (told) => {
      const lived = live(told);
      const whole = replay(lived, null, null);
      const text = figuresText(figuresFile(whole.judged, head));
      for (const day of [1, 2, 3]) {
        const part = replay(lived, midnight(day), whole);
        const file = figuresFile(part.judged, head);
        const shown = (one: FiguresFile) => withoutOldTimes(one, midnight(day));
        assert.deepEqual(
          shown(file),
          shown(JSON.parse(text) as FiguresFile),
          `begun at midnight ${day}`,
        );
        for (const { end_ms, carry } of part.days) {
          assert.deepEqual(carry, whole.days.find((one) => one.end_ms === end_ms)?.carry);
        }
      }
    }),
    { numRuns: Number(process.env['REPLAY_RUNS'] ?? 6), endOnFailure: true },
  );
});
