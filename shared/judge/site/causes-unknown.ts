import type { UnknownReason } from '../types.ts';
import { inferred, measured, type Proof, type Scene, type Verdict } from './case.ts';
import { newBootWithMains, sourceOffIn, stoppedBefore } from './causes-power.ts';

/** Unknown time that lies with the agent, its host, or its own cord. */
const AGENT_REASONS: ReadonlySet<UnknownReason | null> = new Set<UnknownReason>([
  'agent_off',
  'dropped',
  'not_received',
  'agent_link_down',
  'not_sent',
  'vantage_isolated',
]);

/** Unknown time of one agent's device: [from_ms, to_ms). */
export interface Gap {
  readonly agent: string;
  readonly reason: UnknownReason | null;
  readonly from_ms: number;
  readonly to_ms: number;
  /** It may still go on: nothing that fits is no verdict yet. */
  readonly open: boolean;
}

type Rule = (scene: Scene, gap: Gap) => Proof;

/** What a later fact explains of unknown time (accounting §4); it stays unknown all the same. */
export function causeOfGap(scene: Scene, gap: Gap): Verdict | null {
  if (!AGENT_REASONS.has(gap.reason)) return null;
  const order: readonly (readonly [Verdict['cause'], Rule])[] = [
    ['power', power],
    ['lan_switch', ownSwitch],
    ['lan_link', ownLink],
    ['agent', agent],
  ];
  for (const [cause, fits] of order) {
    const proof = fits(scene, gap);
    if (proof !== null) return { cause, ...proof };
  }
  // One target alone may not be sent to for reasons of its own (its address, its route).
  if (gap.open || gap.reason === 'not_sent') return null;
  return { cause: 'undetermined', confidence: 'inferred', facts: [] };
}

/** Facts of the agent in a gap, or a little beside it. */
function inGap(gap: Gap, near_ms: number): [from_ms: number, to_ms: number] {
  return [gap.from_ms - near_ms, gap.to_ms + near_ms];
}

function power(scene: Scene, gap: Gap): Proof {
  const off = sourceOffIn(scene, gap.from_ms, gap.to_ms);
  if (off !== null) return off;
  for (const start of scene.facts.within('agent_start', ...inGap(gap, scene.settings.near_ms))) {
    if (start.agent !== gap.agent) continue;
    const proof = newBootWithMains(scene, start);
    if (proof !== null) return proof;
  }
  return null;
}

/** The switch that the agent hangs on restarted meanwhile. */
function ownSwitch(scene: Scene, gap: Gap): Proof {
  const attached = scene.plan.agents.get(gap.agent)?.attached ?? null;
  if (attached === null || !isCut(gap)) return null;
  const kind = scene.plan.nodes.get(attached.device)?.kind;
  if (kind !== 'switch' && kind !== 'unmanaged-switch') return null;
  const restarts = scene.facts
    .within('restart', ...inGap(gap, scene.settings.near_ms))
    .filter((fact) => fact.device === attached.device);
  return restarts.length > 0 ? measured(restarts) : null;
}

/** The agent's own cord: the port at the other end lost link meanwhile. */
function ownLink(scene: Scene, gap: Gap): Proof {
  const attached = scene.plan.agents.get(gap.agent)?.attached ?? null;
  if (attached === null || attached.port === null || !isCut(gap)) return null;
  const isOwn = (fact: { device: string; port: string | null }) =>
    fact.device === attached.device && fact.port === attached.port;
  const span = inGap(gap, scene.settings.near_ms);
  const losses = scene.facts.within('link', ...span).filter((fact) => !fact.up && isOwn(fact));
  const flaps = scene.facts.within('flap', ...span).filter(isOwn);
  const facts = [...losses, ...flaps];
  return facts.length > 0 ? measured(facts) : null;
}

/** Time that a cut cord explains; an agent that does not run is not cut off. */
function isCut(gap: Gap): boolean {
  return gap.reason !== 'agent_off' && gap.reason !== 'dropped' && gap.reason !== 'not_received';
}

/** It stopped, its link was down, its disk was full; a start without a stop says that it ended. */
function agent(scene: Scene, gap: Gap): Proof {
  const span = inGap(gap, scene.settings.near_ms);
  const isOwn = (fact: { agent: string }) => fact.agent === gap.agent;
  if (isCut(gap)) {
    const carrier = scene.facts
      .within('carrier', ...span)
      .filter((fact) => !fact.up && isOwn(fact));
    if (carrier.length > 0 || gap.reason === 'agent_link_down') return measured(carrier);
    return null;
  }
  const full = scene.facts.within('disk_full', ...span).filter(isOwn);
  if (full.length > 0) return measured(full);
  if (gap.reason === 'dropped') return null;
  const stops = scene.facts.within('agent_stop', ...span).filter(isOwn);
  if (stops.length > 0) return measured(stops);
  const starts = scene.facts.within('agent_start', ...span).filter(isOwn);
  const first = starts[0];
  if (first === undefined) return null;
  return stoppedBefore(scene, first) === null ? inferred(starts) : measured(starts);
}
