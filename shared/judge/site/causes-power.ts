import { type Case, during, measured, type Proof, type Scene } from './case.ts';
import type { Fact, FactOf } from './facts.ts';

/** A power source without mains: from the fact that said so to the one that took it back. */
interface Cut {
  readonly from: Fact;
  readonly to_ms: number;
}

/** `power`: a source says so, or machines fed by the mains restarted together. */
export function power(scene: Scene, one: Case): Proof {
  if (one.kind !== 'outage') return null;
  return (
    sourceSaysSo(scene, one) ?? agentFellWithMains(scene, one) ?? restartedTogether(scene, one)
  );
}

/** UPS on battery or the agent host's AC line off. What a UPS feeds may fall at any time then. */
function sourceSaysSo(scene: Scene, one: Case): Proof {
  const { near_ms } = scene.settings;
  const onUps = one.roots.every((code) => scene.plan.nodes.get(code)?.powered_by === 'ups');
  for (const cut of cutsOf(scene, one.from_ms + near_ms)) {
    const last_ms = onUps ? cut.to_ms : cut.from.to_ms;
    const first_ms = cut.from.from_ms;
    if (first_ms <= one.from_ms + near_ms && last_ms >= one.earliest_ms - near_ms) {
      return measured([cut.from]);
    }
  }
  return null;
}

/** Times without mains that began by `until_ms`. */
function cutsOf(scene: Scene, until_ms: number): Cut[] {
  const low = Number.NEGATIVE_INFINITY;
  const ac = scene.facts.within('ac_line', low, until_ms).map((fact) => ({ fact, cut: !fact.on }));
  const ups = scene.facts
    .within('ups_on_battery', low, until_ms)
    .map((fact) => ({ fact, cut: fact.on }));
  return [...cutsIn(ac, scene.to_ms), ...cutsIn(ups, scene.to_ms)];
}

function cutsIn(changes: readonly { fact: Fact; cut: boolean }[], to_ms: number): Cut[] {
  const open = new Map<string, Fact>();
  const out: Cut[] = [];
  for (const { fact, cut } of changes) {
    const source = 'agent' in fact ? fact.agent : 'device' in fact ? fact.device : '';
    const from = open.get(source);
    if (cut && from === undefined) open.set(source, fact);
    if (cut || from === undefined) continue;
    out.push({ from, to_ms: fact.to_ms });
    open.delete(source);
  }
  return [...out, ...[...open.values()].map((from) => ({ from, to_ms }))];
}

/** The agent ended without a stop, came back in a new boot, and mains devices restarted with it. */
function agentFellWithMains(scene: Scene, one: Case): Proof {
  for (const start of during(scene, one, 'agent_start')) {
    const proof = newBootWithMains(scene, start);
    if (proof === null) continue;
    if (proof.facts.some((fact) => 'device' in fact && one.members.has(fact.device))) return proof;
  }
  return null;
}

/** The same of one start of an agent, whatever it explains. */
export function newBootWithMains(scene: Scene, start: FactOf<'agent_start'>): Proof {
  if (!start.new_boot || stoppedBefore(scene, start)) return null;
  const { near_ms } = scene.settings;
  const mains = scene.facts
    .within('restart', start.from_ms - near_ms, start.to_ms + near_ms)
    .filter((fact) => isMains(scene, fact));
  return mains.length === 0 ? null : measured([start, ...mains]);
}

/** Whether the agent said that it stops before it came back. */
export function stoppedBefore(scene: Scene, start: FactOf<'agent_start'>): Fact | null {
  const low = Number.NEGATIVE_INFINITY;
  const stop = scene.facts
    .within('agent_stop', low, start.from_ms)
    .findLast((fact) => fact.agent === start.agent);
  if (stop === undefined) return null;
  const other = scene.facts
    .within('agent_start', stop.to_ms, start.from_ms)
    .some((fact) => fact.agent === start.agent && fact !== start && fact.from_ms > stop.from_ms);
  return other ? null : stop;
}

/**
 * At least two mains devices of one branch restarted within two minutes, one of them in the
 * incident. What another device feeds by PoE restarts with it and proves nothing.
 */
function restartedTogether(scene: Scene, one: Case): Proof {
  const mains = during(scene, one, 'restart').filter(
    (fact) => isMains(scene, fact) && fact.to_ms >= one.earliest_ms,
  );
  for (const own of mains) {
    if (!one.members.has(own.device)) continue;
    const others = mains.filter((fact) => isBeside(scene, own, fact));
    if (others.length > 0) return measured([own, ...others]);
  }
  return null;
}

function isBeside(scene: Scene, own: FactOf<'restart'>, other: FactOf<'restart'>): boolean {
  if (own.device === other.device) return false;
  const apart_ms = Math.max(own.from_ms, other.from_ms) - Math.min(own.to_ms, other.to_ms);
  if (apart_ms > scene.settings.near_ms) return false;
  const { plan } = scene;
  const isAbove = (a: string, b: string) => plan.above(b)?.includes(a) === true;
  return (
    plan.branchOf(own.device).includes(other.device) ||
    isAbove(own.device, other.device) ||
    isAbove(other.device, own.device)
  );
}

function isMains(scene: Scene, fact: FactOf<'restart'>): boolean {
  return scene.plan.nodes.get(fact.device)?.powered_by === 'mains';
}

/** A mains source was off at some time in a span: for unknown time of an agent. */
export function sourceOffIn(scene: Scene, from_ms: number, to_ms: number): Proof {
  const { near_ms } = scene.settings;
  const cut = cutsOf(scene, to_ms).find(
    (one) => one.from.from_ms <= from_ms + near_ms && one.to_ms >= from_ms - near_ms,
  );
  return cut === undefined ? null : measured([cut.from]);
}
