import { closedOf, knownTo, ownedNow } from '../../../shared/judge/closed.ts';
import type { FinalInterval } from '../../../shared/judge/final.ts';
import type { Incident } from '../../../shared/judge/site/material.ts';
import type { Span } from '../../../shared/judge/spans.ts';
import type { DeviceState } from '../../../shared/judge/state.ts';
import { SWITCHED_OFF_KINDS } from '../../../shared/measure/codes.ts';
import type { Folded, SiteJudge } from '../site-judge.ts';
import type { Days } from './days.ts';
import { createRestless, isRestless, nextLook, noteOutputs, type Restless } from './restless.ts';

/** What is shown may trail maintenance by this: as_of reaches back as far, and settling. */
const MAINTENANCE_NEAR_MS = 20 * 60_000;

/** What live states need of a site's papers: small, so that every site's stays in memory. */
export interface SitePlan {
  readonly endpoints: ReadonlySet<string>;
  /** Devices without a probe, judged by what hangs behind them. */
  readonly unmanaged: readonly {
    readonly code: string;
    readonly agent: string;
    readonly witnesses: readonly string[];
  }[];
  readonly maintenance: readonly Span[];
}

/** Newest judged states of a site that is not calm. */
export interface SiteNow {
  /** End of what was judged. */
  readonly to_ms: number;
  /** Devices that are not plainly up. */
  readonly finals: ReadonlyMap<string, FinalInterval>;
  /** Those that are open or settling. */
  readonly incidents: readonly Incident[];
}

interface Shown {
  readonly now: SiteNow;
  readonly at: number;
  readonly looked_ms: number;
  /** An agent owed its word: whatever it says next changes what is so. */
  readonly owed: boolean;
}

interface Note {
  readonly restless: Restless;
  /** Whether maintenance was ever planned: only then a calm site's papers are read. */
  maintained: boolean | null;
  plan: SitePlan | null;
  shown: Shown | null;
}

/** Live states of sites beyond what slots say; everything in memory can be judged again. */
export interface SiteNows {
  folded(judge: SiteJudge, found: Folded, papers: boolean): void;
  plan(judge: SiteJudge): Promise<SitePlan>;
  /** Null: the site is calm, its slots say it all. */
  now(judge: SiteJudge): Promise<SiteNow | null>;
  /** Whether `now` would answer without judging. */
  isFresh(judge: SiteJudge): boolean;
}

export function createNows(options: {
  readonly days: Days;
  readonly now_ms: () => number;
}): SiteNows {
  const { days, now_ms } = options;
  const notes = new WeakMap<SiteJudge, Note>();
  const noteOf = (judge: SiteJudge): Note => {
    const known = notes.get(judge);
    if (known !== undefined) return known;
    const made: Note = { restless: createRestless(), maintained: null, plan: null, shown: null };
    notes.set(judge, made);
    return made;
  };
  const planOf = async (judge: SiteJudge): Promise<SitePlan> => {
    const note = noteOf(judge);
    note.plan ??= await readPlan(days, judge);
    return note.plan;
  };
  const maintenanceOf = async (judge: SiteJudge): Promise<readonly Span[]> => {
    const note = noteOf(judge);
    note.maintained ??= await days.isMaintained(judge.site);
    return note.maintained ? (await planOf(judge)).maintenance : [];
  };
  const isFresh = (judge: SiteJudge): boolean => {
    const { shown, restless, plan, maintained } = noteOf(judge);
    if (shown === null || maintained === null) return false;
    if (maintained && plan === null) return false;
    const at_ms = now_ms();
    const same = shown.at === judge.said;
    if (same && shown.looked_ms === at_ms) return true;
    if (!same && shown.owed) return false;
    if ((restless.changed_ms ?? Number.NEGATIVE_INFINITY) >= shown.looked_ms) return false;
    const edge = plan?.maintenance.some(
      ({ from_ms, to_ms }) =>
        inside(from_ms, shown.now.to_ms, at_ms) || inside(to_ms, shown.now.to_ms, at_ms),
    );
    return edge !== true && at_ms < nextLook(restless, shown.looked_ms);
  };

  return {
    folded(judge, found, papers) {
      const note = noteOf(judge);
      const endpoints = note.plan?.endpoints ?? null;
      const now = { at_ms: now_ms(), calm: note.shown === null, endpoints };
      noteOutputs(note.restless, judge.state, found.fresh, now);
      if (!papers) return;
      note.maintained = null;
      note.plan = null;
      note.shown = null;
      days.forget(judge);
    },
    plan: planOf,
    isFresh,

    async now(judge) {
      const note = noteOf(judge);
      const at_ms = now_ms();
      const maintenance = await maintenanceOf(judge);
      if (!isRestless(note.restless, at_ms) && isCalm(judge, maintenance, at_ms)) {
        note.shown = null;
        return null;
      }
      if (isFresh(judge) && note.shown !== null) return note.shown.now;
      const closed = closedOf(judge.state);
      const to_ms = knownTo(judge.state, closed, at_ms);
      const owed = [...closed.values()].some(({ ms }) => ms === null || ms < to_ms);
      const judged = await days.liveTail(judge, to_ms);
      const finals = new Map<string, FinalInterval>();
      for (const one of judged?.intervals ?? []) {
        // By device, then time: the last one that reaches the end stands.
        if ((one.to_ms ?? to_ms) < to_ms) finals.delete(one.device);
        else if (one.state === 'up' && one.incident === null) finals.delete(one.device);
        else finals.set(one.device, one);
      }
      const incidents = (judged?.incidents ?? []).filter(({ phase }) => phase !== 'settled');
      const now = { to_ms, finals, incidents };
      note.shown = { now, at: judge.said, looked_ms: at_ms, owed };
      return now;
    },
  };
}

function inside(at_ms: number, from_ms: number, to_ms: number): boolean {
  return at_ms > from_ms && at_ms <= to_ms;
}

/** Every device is up or unknown by its slots, and no maintenance changes that. */
function isCalm({ state }: SiteJudge, maintenance: readonly Span[], at_ms: number): boolean {
  const near = maintenance.some(
    ({ from_ms, to_ms }) => from_ms <= at_ms && at_ms < to_ms + MAINTENANCE_NEAR_MS,
  );
  if (near) return false;
  const [only, ...others] = Object.values(state.agents);
  if (only === undefined) return true;
  // One agent owns all that it has: nearly every site is like that, and this runs with each batch.
  if (others.length === 0) return only.devices.every(isQuiet);
  return [...ownedNow(state).values()].every(([, device]) => isQuiet(device));
}

function isQuiet(device: DeviceState | null): boolean {
  const shown = device?.said.at(-1)?.state ?? 'unknown';
  return shown === 'up' || shown === 'unknown';
}

async function readPlan(days: Days, judge: SiteJudge): Promise<SitePlan> {
  const { documents } = await days.know(judge);
  const devices = documents.versions.at(-1)?.document.devices ?? [];
  return {
    endpoints: new Set(
      devices.filter(({ kind }) => SWITCHED_OFF_KINDS.has(kind)).map(({ code }) => code),
    ),
    unmanaged: devices
      .filter(({ kind }) => kind === 'unmanaged-switch')
      .map(({ code, agent, witnesses }) => ({ code, agent, witnesses })),
    maintenance: documents.maintenance.map(({ from_ms, to_ms, cancelled_ms }) => ({
      from_ms,
      to_ms: Math.min(to_ms, cancelled_ms ?? to_ms),
    })),
  };
}
