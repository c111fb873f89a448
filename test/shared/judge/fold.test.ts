import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { DeviceWindow } from '../../../shared/judge/lists.ts';
import { baseFigures } from './base-figures.ts';
import { calmHistory, type History, inputsOf, START_MS, wildHistory } from './history.ts';
import { Kept } from './kept.ts';
import { Whole, type WholeDevice } from './whole.ts';

const RUNS = Number(process.env.JUDGE_RUNS ?? 400);
const MINUTE = 60_000;

function windowOf(dev: WholeDevice): DeviceWindow {
  const { device, from_ms, until_ms, interval_ms } = dev;
  return { device, agent: 'do-1', from_ms, to_ms: until_ms, interval_ms };
}

/** All that a reader can see, free of batch numbers. */
function view(kept: Kept, devices: readonly WholeDevice[]) {
  return devices.map((dev) => ({ device: dev.device, slots: kept.slots(windowOf(dev)) }));
}

function whole(devices: readonly WholeDevice[]) {
  return devices.map((dev) => ({
    device: dev.device,
    slots: dev.slots.map(({ from_ms, cls, code }) => [from_ms, cls, code] as const),
  }));
}

function statesOf(devices: readonly WholeDevice[]) {
  return devices.flatMap((dev) => dev.states.map((span) => ({ device: dev.device, ...span })));
}

function byDeviceAndTime(a: DeviceWindow, b: DeviceWindow): number {
  return a.device < b.device ? -1 : a.device > b.device ? 1 : a.from_ms - b.from_ms;
}

function agree(history: History): void {
  const inputs = inputsOf(history);
  const kept = new Kept().fold(inputs);
  const devices = new Whole(inputs).devices();
  assert.deepEqual(view(kept, devices), whole(devices), 'slots');
  const codes = [...new Set(devices.map((dev) => dev.device))];
  const mine = codes.flatMap((code) => kept.states(code));
  const windows = [...kept.windows.values()].sort(byDeviceAndTime);
  // A list that is replaced before it held leaves an empty window, which the next one overwrites.
  const real = devices.map(windowOf).filter((item) => item.to_ms !== item.from_ms);
  const expected = real.sort(byDeviceAndTime);
  assert.deepEqual(
    windows.filter((item) => item.to_ms !== item.from_ms),
    expected,
    'windows',
  );
  const theirs = codes.flatMap((code) => statesOf(devices.filter((d) => d.device === code)));
  assert.deepEqual(mine, theirs, 'states');
}

test('the fold says what the whole-period reading says, after every input', () => {
  fc.assert(fc.property(wildHistory, agree), { numRuns: RUNS });
});

test('every prefix of a ledger is judged like a whole one', () => {
  fc.assert(
    fc.property(wildHistory, fc.nat(30), (history, length) => {
      const inputs = inputsOf(history).slice(0, 2 + length);
      const kept = new Kept().fold(inputs);
      const devices = new Whole(inputs).devices();
      assert.deepEqual(view(kept, devices), whole(devices));
    }),
    { numRuns: RUNS / 2 },
  );
});

test('where batches are cut changes neither slots nor states', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 69 }), { maxLength: 6 });
  fc.assert(
    fc.property(calmHistory, cuts, (history, other) => {
      const kept = new Kept().fold(inputsOf(history, []));
      const split = new Kept().fold(inputsOf(history, other));
      const devices = new Whole(inputsOf(history, [])).devices();
      assert.deepEqual(view(split, devices), view(kept, devices));
      for (const dev of devices) {
        assert.deepEqual(split.states(dev.device), kept.states(dev.device));
      }
    }),
    { numRuns: RUNS },
  );
});

test('going on from a serialised state gives the same bytes; old inputs change nothing', () => {
  fc.assert(
    fc.property(wildHistory, fc.nat(20), (history, at) => {
      const inputs = inputsOf(history);
      const straight = new Kept().fold(inputs);
      const broken = new Kept().fold(inputs.slice(0, at)).reload();
      broken.fold(inputs.slice(at));
      assert.deepEqual(broken.outputs, straight.outputs);
      assert.deepEqual(broken.state, straight.state);
      const before = JSON.stringify(broken.state);
      broken.fold(inputs);
      assert.equal(JSON.stringify(broken.state), before);
    }),
    { numRuns: RUNS / 4 },
  );
});

test('chunks hold the same slots, without a gap, and Σ slots is the period', () => {
  fc.assert(
    fc.property(wildHistory, (history) => {
      const inputs = inputsOf(history);
      const kept = new Kept().fold(inputs);
      for (const dev of new Whole(inputs).devices()) {
        const from_ms = START_MS - 15_000 - 120 * MINUTE;
        const to_ms = Math.floor((kept.closed_ms ?? 0) / MINUTE) * MINUTE + 5 * MINUTE;
        const runs = kept.covered(dev.device, from_ms, to_ms);
        // Between two lists that have it a device is not expected.
        const again = [...kept.windows.values()].some(
          (item) => item.device === dev.device && item.to_ms !== null,
        );
        for (const [k, run] of runs.entries()) {
          const before = runs[k - 1];
          if (before === undefined) continue;
          const end_ms = before.from_ms + before.slots * before.interval_ms;
          assert.ok(end_ms === run.from_ms || (again && end_ms < run.from_ms));
        }
        for (const slot of dev.slots) {
          const run = runs.find(
            (one) =>
              one.from_ms <= slot.from_ms &&
              slot.from_ms < one.from_ms + one.slots * one.interval_ms,
          );
          assert.deepEqual([run?.class, run?.code], [slot.cls, slot.code]);
        }
        const end_ms = Math.min(dev.until_ms ?? to_ms, to_ms);
        const first_ms = Math.floor(dev.from_ms / dev.interval_ms) * dev.interval_ms;
        const covered = runs.reduce((sum, run) => {
          const runEnd_ms = run.from_ms + run.slots * run.interval_ms;
          const ms = Math.min(runEnd_ms, end_ms) - Math.max(run.from_ms, first_ms);
          return sum + Math.max(0, Math.ceil(ms / dev.interval_ms));
        }, 0);
        if (dev.until_ms === null) {
          assert.equal(covered, Math.max(0, Math.ceil((end_ms - first_ms) / dev.interval_ms)));
        }
      }
    }),
    { numRuns: RUNS / 2 },
  );
});

test('Σ states = expected; worst ≤ observed ≤ best; parts of a split period add up', () => {
  fc.assert(
    fc.property(wildHistory, fc.nat(400), fc.nat(400), (history, a, b) => {
      const kept = new Kept().fold(inputsOf(history));
      const windows = [...kept.windows.values()].filter((item) => item.device === 'd0');
      const base = {
        intervals: kept.states('d0'),
        windows,
        known_to_ms: kept.closed_ms,
        as_of_ms: (kept.closed_ms ?? START_MS) + 17_000,
      };
      const [from_ms, mid, to_ms] = [START_MS, START_MS + a * 997, START_MS + (a + b) * 997];
      const all = baseFigures({ ...base, from_ms, to_ms });
      const parts = [
        baseFigures({ ...base, from_ms, to_ms: mid }),
        baseFigures({ ...base, from_ms: mid, to_ms }),
      ];
      const sum = all.up_ms + all.degraded_ms + all.down_ms + all.unreachable_ms + all.off_ms;
      assert.equal(sum + all.unknown_ms + all.maintenance_ms, all.expected_ms);
      const by = Object.values(all.unknown_by).reduce((total, ms) => total + ms, 0);
      assert.equal(by, all.unknown_ms);
      for (const [name, value] of Object.entries(all)) {
        if (!name.endsWith('_ms') || typeof value !== 'number') continue;
        if (name === 'longest_ms' || name === 'mttr_ms' || name === 'mtbf_ms') continue;
        const split = parts.map((part) =>
          Number(Object.entries(part).find(([n]) => n === name)?.[1]),
        );
        assert.equal((split[0] ?? 0) + (split[1] ?? 0), value, name);
      }
      const { worst, best, availability: observed } = all;
      if (observed !== null) {
        assert.ok(worst !== null && best !== null && worst <= observed && observed <= best);
      }
    }),
    { numRuns: RUNS },
  );
});
