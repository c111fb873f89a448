import {
  answers,
  atStart,
  type Case,
  during,
  fellWith,
  inferred,
  isOnCord,
  lanAnswers,
  measured,
  type Proof,
  rootNodes,
  type Scene,
} from './case.ts';
import type { Fact } from './facts.ts';
import { isSwitchedOffKind } from './held.ts';
import { isEndpointAt, nearSpans, nodeAt } from './tracks.ts';

const SWITCHES: ReadonlySet<string> = new Set(['switch', 'unmanaged-switch']);

/**
 * `lan_loop`: a broadcast surge with MAC moves or STP changes proves it; a surge alone, or moves
 * with changes, are a sign. Either of these two alone follows any cord that is moved.
 */
export function lanLoop(scene: Scene, one: Case): Proof {
  const look = one.kind === 'outage' ? atStart : during;
  const surges = look(scene, one, 'broadcast_surge');
  const moves = look(scene, one, 'mac_move');
  const changes = look(scene, one, 'stp_change');
  const facts = [...surges, ...moves, ...changes];
  if (surges.length > 0) return facts.length > surges.length ? measured(facts) : inferred(facts);
  return moves.length > 0 && changes.length > 0 ? inferred(facts) : null;
}

/** `lan_addressing`: two MACs answered for the address of a root. */
export function lanAddressing(scene: Scene, one: Case): Proof {
  const facts = during(scene, one, 'duplicate_address').filter((fact) =>
    one.roots.includes(fact.device),
  );
  return facts.length > 0 ? measured(facts) : null;
}

/**
 * `lan_switch`: its uptime restarted (power was asked before), or everything behind it fell with it
 * while the rest answers. If its uptime is polled, did not restart, and its cord lost link, then
 * the cord failed and not the switch.
 */
export function lanSwitch(scene: Scene, one: Case): Proof {
  if (one.kind !== 'outage') return null;
  const node = rootNodes(scene, one).find(({ kind }) => SWITCHES.has(kind));
  if (node === undefined) return behindSilentSwitch(scene, one);
  const restarts = during(scene, one, 'restart').filter((fact) => fact.device === node.code);
  const behind = scene.plan.behind(node.code).flatMap((code) => scene.tracks.get(code) ?? []);
  const rest = new Set([...one.members, ...behind.map((track) => track.device)]);
  if (!lanAnswers(scene, one, rest)) return null;
  if (restarts.length > 0) return measured(restarts);
  const cord = linkLosses(scene, one);
  if (node.snmp && !one.open && cord.length > 0) return null;
  const seen = behind.map((track) => fellWith(track, scene, one)).filter((it) => it !== 'absent');
  if (seen.length === 0 || seen.includes('alive')) return null;
  return one.weak ? inferred(cord) : measured(cord);
}

/** The parent is a switch that nothing measures, and all that hangs on it fell together. */
function behindSilentSwitch(scene: Scene, one: Case): Proof {
  for (const root of one.roots) {
    const parent = scene.plan.nodes.get(root)?.attached?.device ?? '';
    const node = scene.plan.nodes.get(parent);
    const track = scene.tracks.get(parent);
    if (node === undefined || !SWITCHES.has(node.kind)) continue;
    if (track !== undefined && (track.up.length > 0 || track.silences.length > 0)) continue;
    const children = scene.plan.childrenOf(parent).flatMap((code) => scene.tracks.get(code) ?? []);
    const steady = children.filter(
      (child) => !isEndpointAt(child, one.from_ms) && child.interval_ms > 0,
    );
    const seen = steady.map((child) => fellWith(child, scene, one));
    const rest = new Set([...one.members, ...children.map((child) => child.device)]);
    const all = seen.filter((it) => it === 'fell').length >= 2 && !seen.includes('alive');
    if (all && lanAnswers(scene, one, rest)) return inferred();
  }
  return null;
}

/** `lan_link`: the cord lost link or flaps; signs are lost large echoes and CRC growth with loss. */
export function lanLink(scene: Scene, one: Case): Proof {
  const losses = linkLosses(scene, one);
  if (one.kind === 'outage' && losses.length > 0 && !one.follows) return measured(losses);
  const { flap_window_ms, flap_count } = scene.settings;
  const flaps = scene.facts
    .within('flap', one.from_ms - flap_window_ms, one.to_ms)
    .filter((fact) => isOnCord(scene, one, fact.device, fact.port));
  if (one.kind === 'flapping' || flaps.length >= flap_count) return measured(flaps);
  // A duplex mismatch loses large frames and grows errors too, and is a cause of its own.
  if (mismatches(scene, one).length > 0) return null;
  const large = during(scene, one, 'large_echo_loss');
  const own = large.filter((fact) => one.roots.includes(fact.device));
  const beside = new Set(one.roots.flatMap((root) => scene.plan.branchOf(root)));
  if (own.length > 0 && !large.some((fact) => beside.has(fact.device))) return inferred(own);
  const growth = during(scene, one, 'error_growth').filter(
    (fact) => fact.ratio > 0 && isOnCord(scene, one, fact.device, fact.port),
  );
  return growth.length > 0 ? inferred(growth) : null;
}

function linkLosses(scene: Scene, one: Case): Fact[] {
  return atStart(scene, one, 'link').filter(
    (fact) => !fact.up && isOnCord(scene, one, fact.device, fact.port),
  );
}

function mismatches(scene: Scene, one: Case): Fact[] {
  return during(scene, one, 'duplex_mismatch').filter((fact) =>
    isOnCord(scene, one, fact.device, fact.port),
  );
}

/** `lan_duplex`: a mismatch, with late collisions or growing errors at either end of the cord. */
export function lanDuplex(scene: Scene, one: Case): Proof {
  const mismatch = mismatches(scene, one);
  if (mismatch.length === 0) return null;
  const harm = [...during(scene, one, 'late_collisions'), ...during(scene, one, 'error_growth')];
  const own = harm.filter((fact) => isOnCord(scene, one, fact.device, fact.port));
  return own.length > 0 ? measured([...mismatch, ...own]) : null;
}

/** `gateway`: it is silent while the LAN answers. */
export function gateway(scene: Scene, one: Case): Proof {
  const isGateway = rootNodes(scene, one).some(({ kind }) => kind === 'gateway');
  if (one.kind !== 'outage' || !isGateway) return null;
  return lanAnswers(scene, one, one.members) ? measured() : null;
}

/** `lan_whole`: two vantages agree that nothing always-on of the LAN answers. */
export function lanWhole(scene: Scene, one: Case): Proof {
  if (one.kind !== 'outage' || rootNodes(scene, one).some(({ kind }) => kind === 'upstream')) {
    return null;
  }
  const silent = new Map<string, boolean>();
  for (const track of scene.tracks.values()) {
    const node = nodeAt(track, one.from_ms);
    if (node === null || node.kind === 'upstream' || isSwitchedOffKind(node)) continue;
    if (track.interval_ms === 0 || node.kind === 'unmanaged-switch') continue;
    const isSilent = !answers(track, one, 0.5) && isSeenSilent(track.base, one);
    silent.set(node.agent, isSilent && silent.get(node.agent) !== false);
  }
  const agree = [...silent.values()];
  return agree.length >= 2 && agree.every(Boolean) ? measured() : null;
}

function isSeenSilent(
  base: readonly { from_ms: number; to_ms: number; state: string; reason: string | null }[],
  one: Case,
): boolean {
  const pieces = nearSpans(base, one.from_ms, one.to_ms);
  return pieces.some((piece) => piece.state === 'silent' || piece.reason === 'vantage_isolated');
}

/**
 * `device`: one device is silent while the LAN answers. Measured if the port that it hangs on is
 * watched and kept link; without that nobody looked at its cord.
 */
export function device(scene: Scene, one: Case): Proof {
  const nodes = rootNodes(scene, one).filter(({ kind }) => kind !== 'upstream');
  if (one.kind !== 'outage' || one.follows || nodes.length === 0) return null;
  if (!lanAnswers(scene, one, one.members)) return null;
  const watched = nodes.every(({ attached }) => {
    const parent = attached === null ? undefined : scene.tracks.get(attached.device);
    if (parent === undefined || attached?.port == null) return false;
    return (
      nodeAt(parent, one.from_ms)?.snmp === true &&
      answers(parent, one, scene.settings.answer_share)
    );
  });
  const restarts = during(scene, one, 'restart').filter((fact) => one.roots.includes(fact.device));
  return watched || restarts.length > 0 ? measured(restarts) : inferred();
}
