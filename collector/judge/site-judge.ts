import { LanProofError } from '../../shared/errors.ts';
import {
  type AgentSummary,
  createJudgeState,
  foldInput,
  type JudgeOutput,
} from '../../shared/judge/judge.ts';
import { ordinal } from '../../shared/judge/replay/inputs.ts';
import { disown, type Revocation } from '../../shared/judge/revoked.ts';
import { JUDGE_STATE_VERSION, type JudgeState } from '../../shared/judge/state.ts';
import type { JudgeInput } from '../../shared/judge/types.ts';
import type { Position } from '../store/rows.ts';
import type { ReadUnit } from '../store/store.ts';
import type { SiteLeaf } from '../store/store-evidence.ts';
import { type InputSource, toInput } from './inputs.ts';
import { type LeafedRevocation, readRevocations } from './revocations.ts';

export const START: Position = { log: 0, leaf: -1 };

/** A site's judge in memory. Dropped whenever a commit fails: the store then says how to go on. */
export interface SiteJudge {
  readonly site: string;
  readonly state: JudgeState;
  /** The newest leaf that was folded. */
  position: Position;
  /**
   * Ordinal of the newest folded leaf that is no `day` document: those only repeat what the judge
   * says, so what is held in memory of a site stands while this stays.
   */
  said: number;
  /** The newest leaf whose changes were published; behind it a replay says nothing new. */
  published: Position;
  /** What agents' keys signed from some leaf on is not their word. */
  readonly revocations: readonly Revocation[];
  /** Ordinals of inputs that are passed over. */
  readonly faults: Set<number>;
  /** Folded inputs that the stored state does not have yet, and when it was stored. */
  unsaved: number;
  saved_ms: number;
  /** Median round trips of each device's newest closed minute, µs. */
  readonly rtt_us: Map<string, number>;
  readonly agents: Map<string, AgentSummary>;
}

/** What folding some inputs came to, ready to be written. */
export interface Folded {
  readonly outputs: JudgeOutput[];
  /** Outputs of inputs that nobody heard of yet. */
  readonly fresh: JudgeOutput[];
  /** More leaves may follow. */
  readonly more: boolean;
}

/** An input broke the judge: the state in memory is lost, the input is to be passed over. */
export class InputFault extends Error {
  readonly position: Position;
  readonly code: string;

  constructor(position: Position, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.position = position;
    this.code = cause instanceof LanProofError ? cause.code : 'JUDGE_FAULT';
  }
}

export async function loadSite(store: ReadUnit, site: string, now_ms: number): Promise<SiteJudge> {
  const row = await store.judgeState(site);
  const usable = row !== null && row.version === JUDGE_STATE_VERSION ? row : null;
  const faults = await store.judgeFaults(site);
  const revocations = await readRevocations(store, site);
  // The text was written by this very version of the judge: see putJudgeState.
  const state = usable === null ? createJudgeState() : (JSON.parse(usable.state) as JudgeState);
  // From the beginning on all are known: none will make it begin once more.
  if (usable === null) knowRevocations(state, revocations);
  const position = usable === null ? START : { log: usable.log, leaf: usable.leaf };
  return {
    site,
    state,
    revocations,
    position,
    said: ordinal(position),
    published: (await store.judgeProgress(site)) ?? START,
    faults: new Set(faults.map(ordinal)),
    unsaved: 0,
    saved_ms: usable?.saved_ms ?? now_ms,
    rtt_us: new Map(),
    agents: new Map(),
  };
}

function knowRevocations(state: JudgeState, all: readonly LeafedRevocation[]): void {
  const newest = all.at(-1);
  if (newest !== undefined) state.revoked_to = newest.at;
}

/** Folds the leaves that follow the judge's position. Throws InputFault. */
export async function foldSite(
  source: InputSource,
  judge: SiteJudge,
  leaves: readonly SiteLeaf[],
  limit: number,
): Promise<Folded> {
  const outputs: JudgeOutput[] = [];
  const fresh: JudgeOutput[] = [];
  for (const found of leaves) {
    const position = { log: found.leaf.log, leaf: found.leaf.index };
    if (!judge.faults.has(ordinal(position))) {
      const output = await foldLeaf(source, judge, found, position);
      if (output !== null) outputs.push(output);
      if (output !== null && ordinal(position) > ordinal(judge.published)) fresh.push(output);
    }
    judge.position = position;
    if (found.leaf.kind !== 'day') judge.said = ordinal(position);
    judge.unsaved += 1;
  }
  return { outputs, fresh, more: leaves.length === limit };
}

async function foldLeaf(
  source: InputSource,
  judge: SiteJudge,
  found: SiteLeaf,
  position: Position,
): Promise<JudgeOutput | null> {
  let input: JudgeInput | null;
  try {
    input = await toInput(source, found);
    if (input !== null) input = disown(input, judge.revocations);
  } catch (error) {
    // A disk that fails for a moment is no fault of the batch.
    if (error instanceof LanProofError && !error.fatal) throw error;
    throw new InputFault(position, error);
  }
  if (input === null) return null;
  try {
    const output = foldInput(judge.state, input, { slots: false });
    for (const agent of output.agents) judge.agents.set(agent.agent, agent);
    if (input.kind === 'batch') noteRoundTrips(judge, input);
    return output;
  } catch (error) {
    throw new InputFault(position, error);
  }
}

function noteRoundTrips(judge: SiteJudge, input: Extract<JudgeInput, { kind: 'batch' }>): void {
  const devices = judge.state.agents[input.agent]?.devices;
  for (const { series } of input.sections) {
    for (const { probe, check, targets, rtt } of series) {
      if (rtt === undefined || (check !== undefined && check !== 0)) continue;
      for (let k = 0; k < targets.length; k++) {
        const found = devices?.[targets[k] ?? -1];
        // A page or a large echo takes longer: only what carries the state is comparable.
        if (found?.probe !== probe) continue;
        const median = rtt.med[k];
        if (median === null || median === undefined) judge.rtt_us.delete(found.device);
        else judge.rtt_us.set(found.device, median);
      }
    }
  }
}
