import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { FinalInterval } from '../../../../shared/judge/final.ts';
import { deviceCarry } from '../../../../shared/judge/site/device-carry.ts';
import type { Fact } from '../../../../shared/judge/site/facts.ts';
import { judgeSite } from '../../../../shared/judge/site/judge-site.ts';
import type {
  DeviceMaterial,
  SiteJudgement,
  SiteMaterial,
} from '../../../../shared/judge/site/material.ts';
import { Plans } from '../../../../shared/judge/site/topology.ts';
import { anyFacts } from './any-facts.ts';
import { at, fact, materialOf, OFFICE, type Story, T0 } from './world.ts';

const RUNS = { numRuns: 250 };
const CODES = OFFICE.filter(({ code }) => code !== 'uw').map(({ code }) => code);
const END_S = 3600;

type Bad = readonly [from: number, to: number, what: 'silent' | 'agent_off' | 'not_sent'];
/** Disjoint bad times on a grid of 30 s, which every interval of the office divides. */
const times = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 30 }), fc.nat(5)), {
    maxLength: 4,
  })
  .map((steps): Bad[] => {
    let now = 0;
    return steps.flatMap(([gap, length, kind]): Bad[] => {
      const from = now + gap * 30;
      now = from + length * 30;
      const what = kind === 0 ? 'agent_off' : kind === 1 ? 'not_sent' : 'silent';
      return from >= END_S ? [] : [[from, Math.min(now, END_S), what]];
    });
  });

/** Faults that take whole branches, so that roots and shadows are common, and noise beside them. */
const story = fc
  .record({
    own: fc.dictionary(fc.constantFrom(...CODES), times, { maxKeys: 5 }),
    branch: fc.option(fc.tuple(fc.constantFrom('sw-2', 'core', 'gw', 'uw'), times)),
    kept: fc.array(fc.tuple(fc.constantFrom(...CODES), fc.nat(30), fc.nat(30)), { maxLength: 3 }),
    working: fc.constantFrom<Story['working']>(
      [[-86_400, 86_400]],
      [
        [0, 1200],
        [1800, 3600],
      ],
      [],
    ),
  })
  .map(({ own, branch, kept, working }): Story => {
    const bad: Record<string, Bad[]> = { ...own };
    if (branch !== null) {
      const [root, fall] = branch;
      const behind: Record<string, string[]> = {
        uw: ['cam-4', 'cam-5', 'pc-3'],
        'sw-2': ['sw-2', 'cam-2', 'cam-3', 'pc-2', 'printer'],
        gw: ['gw', 'ref-1', 'ref-2', 'app'],
        core: CODES,
      };
      for (const code of behind[root] ?? []) bad[code] = fall;
    }
    const silent: Record<string, [number, number | null][]> = {};
    const unknown: Record<string, [number, number | null, 'agent_off' | 'not_sent'][]> = {};
    for (const [code, list] of Object.entries(bad)) {
      for (const [from, to, what] of list) {
        const end = to === END_S ? null : to;
        if (what === 'silent') silent[code] = [...(silent[code] ?? []), [from, end]];
        else unknown[code] = [...(unknown[code] ?? []), [from, end, what]];
      }
    }
    const maintenance: Record<string, [number, number][]> = {};
    for (const [code, from, length] of kept) {
      maintenance[code] = [[from * 60, (from + length) * 60]];
    }
    return { silent, unknown, maintenance, working: working ?? [] };
  });

const facts = anyFacts(END_S, 8);

const mixed = <T>(list: readonly T[], seed: number): T[] =>
  list
    .map((value, k) => ({ value, key: Math.imul(k + 1, seed * 2 + 0x9e3779b1) >>> 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);

test('the order of the material does not matter', () => {
  fc.assert(
    fc.property(story, facts, fc.nat(1000), (told, seen, seed) => {
      const plain = materialOf({ ...told, facts: seen });
      const other: SiteMaterial = {
        ...plain,
        facts: mixed(plain.facts, seed),
        devices: mixed(plain.devices, seed).map((one) => ({ ...one, base: mixed(one.base, seed) })),
        versions: plain.versions.map((one) => ({ ...one, nodes: mixed(one.nodes, seed) })),
        references: mixed(plain.references, seed),
      };
      assert.deepEqual(judgeSite(other), judgeSite(plain));
    }),
    RUNS,
  );
});

test('intervals cover exactly the window, in order, and every bad one has a cause', () => {
  fc.assert(
    fc.property(story, facts, (told, seen) => {
      const { intervals, incidents } = judgeSite(materialOf({ ...told, facts: seen }));
      const ids = new Set(incidents.map(({ id }) => id));
      assert.equal(ids.size, incidents.length);
      for (const { code } of OFFICE) {
        let now = T0;
        for (const one of intervals.filter(({ device }) => device === code)) {
          assert.equal(one.from_ms, now);
          now = one.to_ms ?? at(END_S);
          assert.ok(now > one.from_ms);
          const bad = one.state === 'down' || one.state === 'unreachable';
          assert.equal(one.cause !== null && one.state !== 'unknown', bad);
          assert.equal(one.incident !== null, bad || one.state === 'degraded');
          assert.ok(one.incident === null || ids.has(one.incident));
          assert.equal(one.cause === null, one.confidence === null);
        }
        assert.equal(now, at(END_S));
      }
    }),
    RUNS,
  );
});

/** The state of a device in each half minute: a naive look at the answer. */
function byStep(intervals: readonly FinalInterval[], device: string): FinalInterval['state'][] {
  const own = intervals.filter((one) => one.device === device);
  return Array.from({ length: END_S / 30 }, (_, k) => {
    const ms = at(k * 30);
    const found = own.find((one) => one.from_ms <= ms && ms < (one.to_ms ?? at(END_S)));
    assert.ok(found !== undefined);
    return found.state;
  });
}

test('each instant is what its slot allows: up, silent and unknown never change places', () => {
  fc.assert(
    fc.property(story, facts, (told, seen) => {
      const { intervals } = judgeSite(materialOf({ ...told, facts: seen }));
      for (const code of CODES) {
        const endpoint = /^(pc|printer)/.test(code);
        byStep(intervals, code).forEach((state, k) => {
          const within = (list: readonly (readonly [number, number | null, ...unknown[]])[] = []) =>
            list.some(([from, to]) => from <= k * 30 && k * 30 < (to ?? END_S));
          const silent = endpoint ? ['down', 'unreachable', 'off'] : ['down', 'unreachable'];
          let allowed = within(told.silent?.[code]) ? silent : ['up'];
          if (within(told.unknown?.[code])) allowed = ['unknown'];
          if (within(told.maintenance?.[code])) allowed = ['maintenance'];
          assert.ok(allowed.includes(state), `${code} ${k} ${state}`);
        });
      }
    }),
    RUNS,
  );
});

test('facts change no state but off of an endpoint into down', () => {
  fc.assert(
    fc.property(story, facts, (told, seen) => {
      const without = judgeSite(materialOf(told)).intervals;
      const withFacts = judgeSite(materialOf({ ...told, facts: seen })).intervals;
      for (const { code } of OFFICE) {
        const before = byStep(without, code);
        byStep(withFacts, code).forEach((state, k) => {
          if (state === before[k]) return;
          assert.deepEqual([before[k], state, /^(pc|printer)/.test(code)], ['off', 'down', true]);
        });
      }
    }),
    RUNS,
  );
});

test('an incident keeps its id while time and facts come in, or joins an earlier one', () => {
  fc.assert(
    fc.property(story, facts, fc.integer({ min: 5, max: 59 }), (told, seen, minute) => {
      const early = judgeSite(materialOf({ ...told, to_s: minute * 60 }));
      const late = judgeSite(materialOf({ ...told, facts: keepStates(seen) }));
      const ids = new Set(late.incidents.map(({ id }) => id));
      for (const one of early.incidents) {
        if (ids.has(one.id)) continue;
        // It was hidden by a root that fell later within the slots' slack: its members are there.
        const joined = late.incidents.some(
          (other) =>
            other.started_at_ms <= one.started_at_ms &&
            one.roots.every((root) => [...other.roots, ...other.unreachable].includes(root)),
        );
        assert.ok(joined, JSON.stringify(one));
      }
    }),
    RUNS,
  );
});

/** What the whole judgement leaves behind at an instant, and the slots from there on. */
function carriedAt(story: Story, said: SiteJudgement, s: number): Record<string, DeviceMaterial> {
  const site = materialOf(story);
  const plan = new Plans(site.versions).at(at(s));
  const incidents = new Map(said.incidents.map((one) => [one.id, one]));
  const context = { site, judged: said, at_ms: at(s), plan, incidents };
  return Object.fromEntries(
    site.devices.map((one) => {
      const base = one.base
        .filter(({ to_ms }) => (to_ms ?? at(END_S)) > at(s))
        .map((piece) => ({ ...piece, from_ms: Math.max(piece.from_ms, at(s)) }));
      const carry = deviceCarry(one, context, () => null);
      return [one.device, { ...one, base, carry }];
    }),
  );
}

/** Judged whole, and from a minute on with what was carried in. */
function assertCutAlike(told: Story, minute: number): void {
  const whole = judgeSite(materialOf(told));
  const device = carriedAt(told, whole, minute * 60);
  const more = { from_ms: at(minute * 60) };
  const part = judgeSite(materialOf({ ...told, device, more }));
  for (const { code } of OFFICE) {
    const shape = (list: readonly FinalInterval[]) =>
      list
        .filter((one) => one.device === code && (one.to_ms ?? at(END_S)) > more.from_ms)
        .map(({ from_ms, to_ms, state }) => [Math.max(from_ms, more.from_ms), to_ms, state]);
    assert.deepEqual(shape(part.intervals), shape(whole.intervals), code);
  }
}

test('a window with what was carried in says the same as the whole time', () => {
  fc.assert(
    fc.property(story, facts, fc.integer({ min: 1, max: 59 }), (told, seen, minute) => {
      assertCutAlike({ ...told, maintenance: {}, facts: seen }, minute);
    }),
    RUNS,
  );
});

test('cut while its switch is down: a PC that fell behind it later is unreachable, too', () => {
  const told: Story = {
    silent: { 'sw-2': [[30, 690]], 'pc-2': [[660, 690]] },
    unknown: { 'pc-2': [[30, 210, 'agent_off']] },
  };
  const states = judgeSite(materialOf(told)).intervals.flatMap(({ device, state }) =>
    device === 'pc-2' ? [state] : [],
  );
  assert.deepEqual(states, ['up', 'unknown', 'up', 'unreachable', 'up']);
  for (const minute of [1, 5, 10, 11]) assertCutAlike(told, minute);
});

test('cut at the instant at which a silence is called something else: it goes on', () => {
  // Down as long as the camera beside it, off from its return on.
  const told: Story = { silent: { 'pc-2': [[585, 1200]], 'cam-2': [[585, 900]] } };
  const states = judgeSite(materialOf(told)).intervals.flatMap(({ device, from_ms, state }) =>
    device === 'pc-2' ? [[(from_ms - T0) / 1000, state]] : [],
  );
  assert.deepEqual(states, [
    [0, 'up'],
    [585, 'down'],
    [900, 'off'],
    [1200, 'up'],
  ]);
  for (const minute of [10, 14, 15, 16]) assertCutAlike(told, minute);
});

/** Facts that can turn off into down begin an incident that was none. */
function keepStates(list: readonly Fact[]): Fact[] {
  return list.filter(({ what }) => what !== 'flap' && what !== 'port_traffic');
}

test('while only one root is silent, its incident keeps its id to the second', () => {
  const ids = [615, 630, 660, 700, 900, 1500, 3000].map((to_s) => {
    const silent = {
      'sw-2': [[600, 900]] as const,
      'cam-2': [[595, 905]] as const,
      'pc-2': [[590, 910]] as const,
    };
    return judgeSite(materialOf({ silent, to_s })).incidents.map(({ id }) => id);
  });
  assert.equal(new Set(ids.flat()).size, 1);
  assert.ok(ids.every((list) => list.length === 1));
});

test('a month of a busy site is judged in seconds', () => {
  const day = Array.from({ length: 2000 }, (_, k): [number, number] => [
    k * 1200 + 30,
    k * 1200 + 90,
  ]);
  const silent = Object.fromEntries(['sw-2', 'cam-2', 'cam-3', 'pc-2'].map((code) => [code, day]));
  const seen = day.map(([s]) => fact(s, { what: 'link', device: 'core', port: '6', up: false }));
  const began = performance.now();
  const { incidents } = judgeSite(materialOf({ silent, facts: seen, hours: 24 * 30 }));
  assert.equal(incidents.length, 2000);
  assert.ok(performance.now() - began < 10_000);
});
