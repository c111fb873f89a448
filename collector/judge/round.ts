import type { AgentSummary, JudgeOutput } from '../../shared/judge/judge.ts';
import { ordinal } from '../../shared/judge/replay/inputs.ts';
import type { LiveChange } from '../../shared/judge/say.ts';
import type { LeafRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { SiteLeaf } from '../store/store-evidence.ts';
import type { FindList } from './batch-parts.ts';
import { closedBefore, dropFrom, touchedBy } from './day/touched.ts';
import type { Handover } from './handover.ts';
import type { HeldSites } from './held-sites.ts';
import { reachesBack, readRevocations, revokedIn } from './revocations.ts';
import { type Folded, foldSite, InputFault, type SiteJudge } from './site-judge.ts';
import { writeOutputs } from './write-outputs.ts';

/** Leaves of one site in one round: a site with a backlog lets others through in between. */
const ROUND_LEAVES_MAX = 120;
/**
 * The state is stored at least this often: what a restart replays. Some 40 kB a site: with each
 * batch, which comes every minute, it would be the most that the collector writes.
 */
export const SAVE_INPUTS_MAX = 30;
export const SAVE_AGE_MAX_MS = 30 * 60_000;
/** A site whose commit failed is tried again after this time, ms. */
const RETRY_WAIT_MS = 1_000;
/** Longest message of a fault that is kept, characters. */
const MESSAGE_CHARS_MAX = 500;

/** What the judge tells after its commit. */
export interface SiteChange {
  readonly site: string;
  readonly changes: readonly LiveChange[];
  readonly agents: readonly AgentSummary[];
}

export interface RoundOptions {
  readonly store: Store;
  readonly handover: Handover;
  readonly findList: FindList;
  readonly now_ms: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** Leaves of one site in one round, where nobody waits for the next one. */
  readonly leaves_max?: number;
  readonly log: { warn(fields: object, message: string): void };
}

export interface RoundHooks {
  readonly tell: (change: SiteChange) => void;
  /** Called after the commit for each site that was folded; `papers`: a document was among it. */
  readonly folded: (judge: SiteJudge, found: Folded, papers: boolean) => void;
  /** This site has more to be judged. */
  readonly again: (site: string) => void;
  readonly fault: () => void;
}

/** Folds some sites and commits what was found in one unit of work. Never throws. */
export async function runRound(
  options: RoundOptions,
  held: HeldSites,
  hooks: RoundHooks,
  sites: readonly string[],
): Promise<void> {
  const folded = new Map<SiteJudge, Turn>();
  for (const { site, load } of await readLeaves(options, held, sites)) {
    try {
      const { judge, leaves } = load();
      if (await startsOver(options, held, judge, leaves)) {
        hooks.again(site);
        continue;
      }
      const before = closedBefore(judge.state);
      const found = await foldSite(options, judge, leaves, leavesMax(options));
      const touched_ms = touchedBy(judge, before, leaves, options.now_ms());
      const papers = leaves.some(({ leaf, document }) => document !== null && leaf.kind !== 'day');
      folded.set(judge, { ...found, touched_ms, papers });
    } catch (error) {
      held.drop(site);
      await stumble(options, hooks, site, error);
    }
  }
  try {
    const saved = await commit(options, held, folded);
    for (const [judge, found] of folded) {
      settle(judge, saved.has(judge), options.now_ms());
      held.weigh(judge);
      hooks.folded(judge, found, found.papers);
      publish(hooks, judge, found);
    }
    held.shrink();
  } catch (error) {
    // What is in memory ran ahead of what is stored: start over from the store.
    for (const { site } of folded.keys()) held.drop(site);
    options.log.warn({ err: error }, 'judgement could not be stored');
    await options.wait(RETRY_WAIT_MS);
    for (const { site } of folded.keys()) hooks.again(site);
  }
}

function leavesMax({ leaves_max = ROUND_LEAVES_MAX }: RoundOptions): number {
  return leaves_max;
}

/** A revocation that reaches back changes what was judged: the site begins anew. */
async function startsOver(
  { store }: RoundOptions,
  held: HeldSites,
  judge: SiteJudge,
  leaves: readonly SiteLeaf[],
): Promise<boolean> {
  const revoked = revokedIn(leaves);
  if (revoked.length === 0) return false;
  const { site, state, published } = judge;
  const all = await readRevocations(store, site);
  if (!reachesBack(all, revoked, state.revoked_to ?? -1)) {
    state.revoked_to = Math.max(state.revoked_to ?? -1, ...revoked);
    return false;
  }
  held.drop(site);
  await store.write(async (tx) => {
    await tx.dropJudgement(site);
    // What was told once is not told again, neither to viewers nor as an alert.
    if (published.log > 0) await tx.putJudgeProgress(site, published);
  });
  return true;
}

interface Turn extends Folded {
  /** From when on leaves change what was judged of whole days; null: no day. */
  readonly touched_ms: number | null;
  readonly papers: boolean;
}

interface Loaded {
  readonly site: string;
  /** Throws what the reading threw. */
  readonly load: () => { readonly judge: SiteJudge; readonly leaves: readonly SiteLeaf[] };
}

/** All sites' leaves in one go; a site that cannot be read does not stop the others. */
async function readLeaves(
  options: RoundOptions,
  held: HeldSites,
  sites: readonly string[],
): Promise<Loaded[]> {
  const fail = (site: string, error: unknown): Loaded => ({
    site,
    load: () => {
      throw error;
    },
  });
  try {
    const isHeld = ({ log, index, hash }: LeafRow): boolean =>
      options.handover.has(log, index, hash);
    return await options.store.read(async (unit) => {
      const loaded: Loaded[] = [];
      for (const site of sites) {
        try {
          const judge = await held.load(site, unit);
          const { position } = judge;
          const leaves = await unit.siteLeaves(site, position, leavesMax(options), isHeld);
          loaded.push({ site, load: () => ({ judge, leaves }) });
        } catch (error) {
          loaded.push(fail(site, error));
        }
      }
      return loaded;
    });
  } catch (error) {
    return sites.map((site) => fail(site, error));
  }
}

async function commit(
  options: RoundOptions,
  held: HeldSites,
  folded: ReadonlyMap<SiteJudge, Turn>,
): Promise<ReadonlySet<SiteJudge>> {
  const now_ms = options.now_ms();
  const saved = new Set<SiteJudge>();
  const writing = [...folded].filter(([judge, { outputs, touched_ms }]) => {
    const due = judge.unsaved >= SAVE_INPUTS_MAX || now_ms - judge.saved_ms >= SAVE_AGE_MAX_MS;
    const save = judge.unsaved > 0 && (due || held.crowded);
    if (save) saved.add(judge);
    return save || touched_ms !== null || outputs.some(saysAnything);
  });
  if (writing.length === 0) return saved;
  await options.store.write(async (tx) => {
    for (const [judge, found] of writing) {
      const changed_ms = await writeOutputs(tx, judge, found, { now_ms, save: saved.has(judge) });
      const from_ms = Math.min(changed_ms ?? Infinity, found.touched_ms ?? Infinity);
      // In the same commit: nobody ever sees a day that its slots no longer bear out.
      if (Number.isFinite(from_ms)) await tx.dropDays(judge.site, dropFrom(from_ms));
    }
  });
  return saved;
}

/** A minute in which every device stayed as it was leaves nothing to write. */
function saysAnything({ states, chunks, windows, live, seen }: JudgeOutput): boolean {
  return states.length + chunks.length + windows.length + live.length + seen.length > 0;
}

function settle(judge: SiteJudge, saved: boolean, now_ms: number): void {
  if (ordinal(judge.position) > ordinal(judge.published)) judge.published = judge.position;
  if (!saved) return;
  judge.unsaved = 0;
  judge.saved_ms = now_ms;
}

function publish(hooks: RoundHooks, { site }: SiteJudge, found: Folded): void {
  if (found.more) hooks.again(site);
  if (found.fresh.length === 0) return;
  const changes = found.fresh.flatMap(({ live }) => live);
  const summaries = found.fresh.flatMap(({ agents }) => agents);
  const newest = new Map(summaries.map((summary) => [summary.agent, summary]));
  hooks.tell({ site, changes, agents: [...newest.values()] });
}

/** An input that breaks the judge is put on record and passed over; the site goes on behind it. */
async function stumble(
  options: RoundOptions,
  hooks: RoundHooks,
  site: string,
  error: unknown,
): Promise<void> {
  options.log.warn({ err: error, site }, 'the judge stumbled');
  if (error instanceof InputFault) {
    const { position, code } = error;
    const message = error.message.slice(0, MESSAGE_CHARS_MAX);
    const row = { site, ...position, code, message, at_ms: options.now_ms() };
    try {
      await options.store.write((tx) => tx.putJudgeFault(row));
      hooks.fault();
      hooks.again(site);
      return;
    } catch (cause) {
      options.log.warn({ err: cause, site }, 'a fault of the judge could not be stored');
    }
  }
  await options.wait(RETRY_WAIT_MS);
  hooks.again(site);
}
