import type { Kind, Lane, Site } from './kind.ts';
import { LOCAL_KINDS, WHOLE_KINDS } from './kinds.ts';
import type { PlannedFault } from './labels.ts';

/** Quiet between two faults of one lane: more than `near_ms` and a poll of the switches. */
export const QUIET_MS = 16_000;
/** The 30 slots on a side of an outage that say whether it is one of many, and some more. */
const LOSSY_MS = 34_000;
/** The scaled `lossy_join_ms`, longer than `flap_window_ms`, and some more. */
const JOIN_MS = 96_000;
const DRAWS = 40;
/** Before the first fault. */
const FIRST_MS = 2_000;
/** Starts of something that is judged alone keep this far from all other starts of the office. */
const ALONE_MS = 10_000;
const STEP_MS = 1_000;
/** A batch of the agent closes at each UTC minute; the plan begins at one. */
const MINUTE_MS = 60_000;
/** A killed agent loses what it had not sealed: it is killed soon after a minute. */
const AFTER_SEAL_MS = 5_000;

/** All faults of one office, ascending. */
export type Plan = readonly PlannedFault[];

export interface SeedPlans {
  readonly seed: number;
  /** Faults of cords, devices, switches and the outside, in four lanes at once. */
  readonly lanes: Plan;
  /** Faults of the whole office and of the agent, one after the other. */
  readonly whole: Plan;
}

/**
 * Draws faults with their labels; the same seed gives the same plans. `counted_ms`: when, from the
 * plan's start, the agent reads the packets of all ports, which it does every 5 minutes.
 */
export function planOf(seed: number, counted_ms: number): SeedPlans {
  const random = mulberry(seed);
  return { seed, lanes: drawLanes(seed, random, counted_ms), whole: drawWhole(seed, random) };
}

interface Wanted {
  readonly kind: Kind;
  readonly site: Site;
  readonly for_ms: number;
}

/** The shortest of some draws: where two silences of a device meet, time is lost in waiting. */
function drawLanes(seed: number, random: () => number, counted_ms: number): Plan {
  const draws = Array.from({ length: DRAWS }, () => drawOnce(random, counted_ms));
  const end = (faults: readonly Planned[]): number =>
    Math.max(...faults.map(({ at_ms, for_ms }) => at_ms + for_ms));
  const [best = []] = draws.sort((a, b) => end(a) - end(b));
  return numbered(`${seed}a`, best);
}

function drawOnce(random: () => number, counted_ms: number): Planned[] {
  const wanted = balanced(shuffled(LOCAL_KINDS, random).map((kind) => draw(kind, random)));
  const rankOf = ({ kind }: Wanted): number => kind.rank ?? 0;
  const faults: Planned[] = wanted
    .filter(({ kind }) => kind.counted === true)
    .map((one) => ({ ...one, at_ms: counted_ms - Math.floor(one.for_ms / 2) }));
  const ranked = new Map<string, number>();
  for (const one of wanted.sort((a, b) => rankOf(a) - rankOf(b))) {
    if (one.kind.counted === true) continue;
    const { lane } = one.site;
    // What has a rank comes after everything of a lower one; the others fill gaps.
    let at_ms = FIRST_MS + Math.floor(random() * 3) * STEP_MS;
    if (rankOf(one) > 0) at_ms = Math.max(at_ms, ranked.get(lane) ?? 0);
    while (isCrowded(one, at_ms, faults)) at_ms += STEP_MS;
    ranked.set(lane, Math.max(ranked.get(lane) ?? 0, at_ms + one.for_ms));
    faults.push({ ...one, at_ms });
  }
  return faults;
}

/** One with all places where it may happen, in the order of the draw. */
interface Draw extends Wanted {
  readonly sites: readonly Site[];
}

interface Planned extends Wanted {
  readonly at_ms: number;
}

/** Kinds with several places go where least is planned, those that take longest first. */
function balanced(wanted: readonly Draw[]): Wanted[] {
  const load = new Map<Lane, number>();
  const loadOf = ({ lane }: Site): number => load.get(lane) ?? 0;
  const placed = new Map<Draw, Site>();
  const choices = ({ sites }: Draw): number => new Set(sites.map(({ lane }) => lane)).size;
  const order = [...wanted].sort((a, b) => choices(a) - choices(b) || b.for_ms - a.for_ms);
  for (const one of order) {
    const [site = one.site] = [...one.sites].sort((a, b) => loadOf(a) - loadOf(b));
    placed.set(one, site);
    load.set(site.lane, loadOf(site) + one.for_ms + QUIET_MS);
  }
  return wanted.map((one) => ({ ...one, site: placed.get(one) ?? one.site }));
}

function isCrowded(one: Wanted, at_ms: number, faults: readonly Planned[]): boolean {
  return faults.some((other) => {
    const quiet_ms = quietBetween(one, other);
    const after = at_ms >= other.at_ms + other.for_ms + quiet_ms;
    const before = at_ms + one.for_ms + quiet_ms <= other.at_ms;
    if (other.site.lane === one.site.lane && !after && !before) return true;
    if (one.kind.alone !== true && other.kind.alone !== true) return false;
    return Math.abs(other.at_ms - at_ms) < ALONE_MS;
  });
}

function quietBetween(one: Wanted, other: Wanted): number {
  const both = one.kind.silent === true && other.kind.silent === true;
  const same = one.site.devices.some((device) => other.site.devices.includes(device));
  if (!both || !same) return QUIET_MS;
  return one.kind.joins === true || other.kind.joins === true ? JOIN_MS : LOSSY_MS;
}

/** One a minute, soon after its batch. */
function drawWhole(seed: number, random: () => number): Plan {
  const faults = shuffled(WHOLE_KINDS, random).map((kind, minute) => ({
    ...draw(kind, random),
    at_ms: minute * MINUTE_MS + AFTER_SEAL_MS,
  }));
  return numbered(`${seed}b`, faults);
}

function draw(kind: Kind, random: () => number): Draw {
  const sites = shuffled(kind.sites, random);
  const site = sites[0];
  if (site === undefined) throw new Error(`${kind.kind} happens nowhere`);
  const [least_s, most_s] = kind.for_s;
  const for_ms = (least_s + Math.floor(random() * (most_s - least_s + 1))) * STEP_MS;
  return { kind, site, for_ms, sites };
}

function numbered(prefix: string, faults: readonly Planned[]): Plan {
  return [...faults]
    .sort((a, b) => a.at_ms - b.at_ms)
    .map(({ kind, site, for_ms, at_ms }, k) => ({
      id: `${prefix}${String(k + 1).padStart(2, '0')}`,
      kind: kind.kind,
      target: site.target,
      at_ms,
      for_ms,
      expected: {
        said: kind.said,
        devices: site.devices,
        why: kind.why,
        accepted: kind.accepted ?? [],
      },
    }));
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Mulberry32: a small generator whose numbers are the same everywhere; [0, 1). */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** When the last fault of a plan is over, ms from its start. */
export function endOf(plan: Plan): number {
  return Math.max(0, ...plan.map(({ at_ms, for_ms }) => at_ms + for_ms));
}
