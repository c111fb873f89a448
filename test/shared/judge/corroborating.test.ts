import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { JudgeInput } from '../../../shared/judge/types.ts';
import type { SeriesPart } from '../../../shared/measure/batch.ts';
import {
  INTERVALS_S,
  isCheckProbe,
  RAW_CODES,
  SERIES_PROBES,
} from '../../../shared/measure/codes.ts';
import { encodeRuns } from '../../../shared/measure/runs.ts';
import { inputsOf, wildHistory } from './history.ts';
import { Kept } from './kept.ts';

const RUNS = Number(process.env.JUDGE_RUNS ?? 400);

/** All that an agent may send beside the reachability, which is icmp in these histories. */
const corroborating: fc.Arbitrary<SeriesPart> = fc
  .record({
    probe: fc.constantFrom(...SERIES_PROBES.filter((probe) => probe !== 'icmp')),
    check: fc.nat(7),
    t0: fc.integer({ min: -5_000, max: 400_000 }),
    interval_s: fc.constantFrom(...INTERVALS_S),
    targets: fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 5 }),
    codes: fc.array(fc.constantFrom(...RAW_CODES), { minLength: 1, maxLength: 60 }),
  })
  .map(({ probe, check, t0, interval_s, targets, codes }) => {
    const s = encodeRuns(codes.map((code) => ({ code, ticks: 1 })));
    const n = codes.length;
    const part = { probe, t0, i: interval_s * 1_000, n0: 6, n, targets, s: targets.map(() => s) };
    return isCheckProbe(probe) && check > 0 ? { ...part, check } : part;
  });

function withSeries(
  inputs: readonly JudgeInput[],
  extra: readonly (readonly SeriesPart[])[],
): JudgeInput[] {
  return inputs.map((input, k) => {
    const more = extra[k % extra.length] ?? [];
    if (input.kind !== 'batch' || input.fault !== null || input.header === null) return input;
    const [first, ...rest] = input.sections;
    const series = [...more.slice(1), ...(first?.series ?? []), ...more.slice(0, 1)];
    return { ...input, sections: [{ ...first, v: 1 as const, series }, ...rest] };
  });
}

/** Without the signed minute a list holds from its first tick: one of the reachability. */
function unsigned(inputs: readonly JudgeInput[]): JudgeInput[] {
  return inputs.map((input) => {
    if (input.kind !== 'batch' || input.header === null) return input;
    const events = input.header.events.filter(({ code }) => code !== 'list_applied');
    return { ...input, header: { ...input.header, events } };
  });
}

/** All that is said and kept of slots: what batches say beside them is another matter. */
function slotsOnly(kept: Kept): { outputs: string[]; agents: unknown } {
  const outputs = kept.outputs.map((text) => ({ ...JSON.parse(text), seen: null }));
  const agents = Object.values(kept.state.agents).map((agent) => ({ ...agent, observe: null }));
  return { outputs: outputs.map((out) => JSON.stringify(out)), agents };
}

test('property: corroborating series change no slot, no state, no byte of them', () => {
  const extra = fc.array(fc.array(corroborating, { maxLength: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(wildHistory, extra, fc.boolean(), (history, more, signed) => {
      const inputs = signed ? inputsOf(history) : unsigned(inputsOf(history));
      const bare = new Kept().fold(inputs);
      const rich = new Kept().fold(withSeries(inputs, more));
      assert.deepEqual(slotsOnly(rich), slotsOnly(bare));
    }),
    { numRuns: RUNS },
  );
});

/** The same site measured by TCP: its first check carries the state, as icmp did. */
function byTcp(inputs: readonly JudgeInput[]): JudgeInput[] {
  return inputs.map((input): JudgeInput => {
    if (input.kind === 'targets') {
      const targets = input.list.targets.map(({ probes: { icmp, ...probes }, ...target }) => ({
        ...target,
        reachability: 'tcp' as const,
        probes: icmp === undefined ? probes : { ...probes, tcp: [icmp, icmp] },
      }));
      return { ...input, list: { ...input.list, targets } };
    }
    if (input.kind !== 'batch') return input;
    const sections = input.sections.map((section) => ({
      ...section,
      series: section.series.flatMap((part): SeriesPart[] => {
        const answered = part.targets.map(() => `r${part.n}`);
        return [
          { ...part, s: answered },
          { ...part, probe: 'tcp', check: 1, s: answered },
          { ...part, probe: 'tcp' },
          { ...part, probe: 'http', check: 0, s: answered },
        ];
      }),
    }));
    return { ...input, sections };
  });
}

test('property: by tcp check 0 a device is judged as by icmp, whatever else answers', () => {
  fc.assert(
    fc.property(wildHistory, (history) => {
      const inputs = inputsOf(history);
      const icmp = new Kept().fold(inputs);
      const tcp = new Kept().fold(byTcp(inputs));
      assert.deepEqual(slotsOnly(tcp).outputs, slotsOnly(icmp).outputs);
    }),
    { numRuns: RUNS / 2 },
  );
});
