import fc from 'fast-check';
import { anyFacts } from '../site/any-facts.ts';
import { at } from '../site/world.ts';
import type { Change, Code } from './level-one.ts';
import { type History, NODES } from './world.ts';

/** Five hours: from nine in the morning over lunch. */
export const END_S = 5 * 3600;
const CODES = NODES.filter(({ code }) => code !== 'uw').map(({ code }) => code);

const KINDS: readonly (Code | 'lossy')[] = ['n', 'n', 'n', 'n', 'lossy', 'lossy', 'x', 'o'];
const times = fc
  .array(
    fc.tuple(
      fc.integer({ min: 1, max: 300 }),
      fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 250 })),
      fc.constantFrom(...KINDS),
      fc.constantFrom(3, 7, 20),
    ),
    { maxLength: 6 },
  )
  .map((steps): Change[] => {
    let now = 0;
    return steps.map(([gap, length, kind, every]): Change => {
      const from = now + gap * 30;
      now = from + length * 30;
      return [from, now, kind, every];
    });
  });

const BEHIND: Readonly<Record<string, readonly string[]>> = {
  uw: ['cam-4', 'cam-5', 'pc-3'],
  'sw-2': ['sw-2', 'cam-2', 'cam-3', 'pc-2', 'printer'],
  gw: ['gw', 'ref-1', 'ref-2', 'app'],
  wan: ['ref-1', 'ref-2', 'app'],
  core: CODES,
};

const facts = anyFacts(END_S, 14);

const maintenance = fc.array(
  fc.record({
    device: fc.constantFrom(...CODES, null),
    from: fc.nat(END_S / 60),
    minutes: fc.integer({ min: 1, max: 90 }),
    seen: fc.integer({ min: -60, max: END_S / 60 }),
    cancelled: fc.option(fc.nat(END_S / 60)),
  }),
  { maxLength: 3 },
);

/** Faults of branches and single devices, packet loss, slow minutes, facts, maintenance. */
export const history = fc
  .record({
    own: fc.dictionary(fc.constantFrom(...CODES), times, { maxKeys: 5 }),
    branch: fc.option(fc.tuple(fc.constantFrom('sw-2', 'core', 'gw', 'uw', 'wan'), times)),
    facts,
    slow: fc.dictionary(
      fc.constantFrom('cam-1', 'gw', 'ref-1'),
      fc
        .tuple(fc.nat(280), fc.integer({ min: 1, max: 40 }))
        .map(([from, length]) => Array.from({ length }, (_, k) => from + k)),
      { maxKeys: 2 },
    ),
    kept: maintenance,
    absent: fc.dictionary(
      fc.constantFrom(...CODES, 'uw'),
      fc
        .tuple(fc.nat(END_S / 60 - 10), fc.integer({ min: 1, max: 100 }))
        .map(
          ([from, length]) => [from * 60, Math.min(from + length, END_S / 60 - 5) * 60] as const,
        ),
      { maxKeys: 2 },
    ),
  })
  .map(({ own, branch, facts: seen, slow, kept, absent }): History => {
    const changes: Record<string, readonly Change[]> = { ...own };
    for (const code of BEHIND[branch?.[0] ?? ''] ?? []) {
      changes[code] = [...(changes[code] ?? []), ...(branch?.[1] ?? [])];
    }
    const windows = kept.map((one, leaf) => ({
      id: `m-${leaf}`,
      devices: one.device === null ? null : [one.device],
      from_ms: at(one.from * 60),
      to_ms: at((one.from + one.minutes) * 60),
      reason: 'firmware',
      author: 'operator',
      issued_ms: at(-7200),
      leaf,
      cancelled_ms: one.cancelled === null ? null : at(one.cancelled * 60),
    }));
    return {
      end_s: END_S,
      changes,
      facts: seen,
      slow,
      absent,
      maintenance: windows,
      known: kept.map((one, leaf) => [leaf, one.seen * 60] as const),
    };
  });

/** Cuts in seconds since T0, an hour apart and away from the end; the first day may be short. */
export const cutsOf = fc
  .uniqueArray(fc.integer({ min: 1, max: END_S / 60 - 61 }), { minLength: 1, maxLength: 3 })
  .map((minutes) => {
    const out: number[] = [];
    for (const minute of minutes.sort((a, b) => a - b)) {
      if (out.length === 0 || minute * 60 - (out.at(-1) ?? 0) >= 3600) out.push(minute * 60);
    }
    return out;
  });
