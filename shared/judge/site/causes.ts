import type { Cause } from '../cause-names.ts';
import {
  answers,
  type Case,
  during,
  inferred,
  measured,
  type Proof,
  rootNodes,
  type Scene,
  type Verdict,
} from './case.ts';
import {
  device,
  gateway,
  lanAddressing,
  lanDuplex,
  lanLink,
  lanLoop,
  lanSwitch,
  lanWhole,
} from './causes-lan.ts';
import { power } from './causes-power.ts';
import type { Reference } from './material.ts';
import { nodeAt, upShare } from './tracks.ts';

/** Fewer operators that fail together may be one operator's trouble. */
const OPERATORS_MIN = 2;

/** The order for down time (accounting §4): the first that fits is the cause. */
const ORDER: readonly (readonly [Cause, (scene: Scene, one: Case) => Proof])[] = [
  ['power', power],
  ['lan_loop', lanLoop],
  ['lan_addressing', lanAddressing],
  ['lan_switch', lanSwitch],
  ['lan_link', lanLink],
  ['lan_duplex', lanDuplex],
  ['gateway', gateway],
  ['lan_whole', lanWhole],
  ['device', device],
  ['wan', wan],
  ['dns', dns],
  ['upstream_app', upstreamApp],
];

/** Why something was down, degraded or flapping: exactly one cause, `undetermined` if none fits. */
export function causeOf(scene: Scene, one: Case): Verdict {
  if (one.maintained) return { cause: 'maintenance', confidence: 'declared', facts: [] };
  if (!one.unplaced) {
    for (const [cause, fits] of ORDER) {
      const proof = fits(scene, one);
      if (proof !== null) return { cause, ...proof };
    }
  }
  return { cause: 'undetermined', confidence: 'inferred', facts: [] };
}

/** `wan`: the gateway answers, and all voting references, of two operators at least, fail. */
function wan(scene: Scene, one: Case): Proof {
  if (!isOutside(scene, one) || !gatewayAnswers(scene, one)) return null;
  const votes = scene.references.filter((reference) => mayVote(reference, one));
  const fail = votes.filter(({ device: code }) => {
    const share = upShare(scene.tracks.get(code), one.from_ms, one.to_ms);
    return share !== null && share < 0.5;
  });
  const operators = new Set(fail.map((reference) => reference.operator));
  return fail.length === votes.length && operators.size >= OPERATORS_MIN ? measured() : null;
}

function gatewayAnswers(scene: Scene, one: Case): boolean {
  return [...scene.tracks.values()].some(
    (track) =>
      nodeAt(track, one.from_ms)?.kind === 'gateway' &&
      answers(track, one, scene.settings.answer_share),
  );
}

function referencesAnswer(scene: Scene, one: Case): boolean {
  return scene.references.some((reference) => {
    const track = scene.tracks.get(reference.device);
    return (
      mayVote(reference, one) &&
      track !== undefined &&
      answers(track, one, scene.settings.answer_share)
    );
  });
}

function mayVote({ may_vote }: Reference, one: Case): boolean {
  return typeof may_vote === 'boolean' ? may_vote : may_vote(one.from_ms);
}

function isOutside(scene: Scene, one: Case): boolean {
  const nodes = rootNodes(scene, one);
  return (
    one.kind === 'outage' && nodes.length > 0 && nodes.every(({ kind }) => kind === 'upstream')
  );
}

/** `dns`: names fail while references answer. */
function dns(scene: Scene, one: Case): Proof {
  if (!isOutside(scene, one) || !referencesAnswer(scene, one)) return null;
  const facts = during(scene, one, 'dns_fail');
  return facts.length > 0 ? measured(facts) : null;
}

/** `upstream_app`: one application fails while references answer. */
function upstreamApp(scene: Scene, one: Case): Proof {
  if (!isOutside(scene, one) || !referencesAnswer(scene, one)) return null;
  const facts = during(scene, one, 'app_fail').filter((fact) => one.roots.includes(fact.target));
  return facts.length > 0 ? measured(facts) : inferred();
}
