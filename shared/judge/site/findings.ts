import { total_ms } from '../spans.ts';
import { type Fact, type FactIndex, type FactName, portOf, subjectOf } from './facts.ts';
import type { Finding } from './material.ts';
import type { SiteSettings } from './settings.ts';
import type { Plans } from './topology.ts';
import { isEndpointAt, partIn, silenceAt } from './tracks.ts';
import type { Tracks } from './witnesses.ts';

/** Facts that are worth a person's look where no incident stands on them (accounting §4). */
const WORTH_A_LOOK: ReadonlySet<FactName> = new Set<FactName>([
  'error_growth',
  'duplex_mismatch',
  'late_collisions',
  'half_duplex',
  'speed_fall',
  'broadcast_surge',
  'mac_move',
  'stp_change',
  'duplicate_address',
  'large_echo_loss',
  'snmp_silent',
  'dns_fail',
  'app_fail',
]);

/** Findings: facts that no cause used, joined per port while they come within the settling time. */
export function findingsOf(
  facts: FactIndex,
  used: ReadonlySet<Fact>,
  plans: Plans,
  tracks: Tracks,
  settings: SiteSettings,
): Finding[] {
  const found = new Map<string, Finding[]>();
  for (const fact of facts.all) {
    if (!WORTH_A_LOOK.has(fact.what) || used.has(fact)) continue;
    if (isExpected(fact, plans, tracks)) continue;
    const device = subjectOf(fact);
    const port = portOf(fact);
    const key = JSON.stringify([fact.what, device, port]);
    const list = found.get(key) ?? [];
    found.set(key, list);
    const last = list.at(-1);
    const { from_ms, to_ms } = fact;
    if (last === undefined || from_ms - last.to_ms > settings.settle_ms) {
      list.push({ what: fact.what, device, port, from_ms, to_ms, facts: [fact] });
    } else {
      const until_ms = Math.max(last.to_ms, to_ms);
      list[list.length - 1] = { ...last, to_ms: until_ms, facts: [...last.facts, fact] };
    }
  }
  const keys = [...found.keys()].sort();
  return keys.flatMap((key) => found.get(key) ?? []).sort((a, b) => a.from_ms - b.from_ms);
}

function isExpected(fact: Fact, plans: Plans, tracks: Tracks): boolean {
  if (fact.what === 'speed_fall') {
    // A sleeping PC keeps link at low speed.
    const owner = plans.at(fact.from_ms)?.ownerOf(fact.device, fact.port) ?? fact.device;
    const track = tracks.get(owner);
    if (track === undefined) return false;
    return [fact.from_ms, fact.to_ms].some((at_ms) => {
      const silence = silenceAt(track.silences, at_ms);
      return silence !== null && isEndpointAt(track, silence.from_ms);
    });
  }
  if (fact.what === 'snmp_silent') {
    const track = tracks.get(fact.device);
    return track === undefined || partIn(track.up, fact.from_ms, fact.to_ms + 1).length === 0;
  }
  if (fact.what === 'dns_fail' || fact.what === 'app_fail') {
    // Names and pages fail with the server that is asked, and with the agent's own cord.
    const track = tracks.get(fact.target);
    if (track === undefined || track.interval_ms === 0) return false;
    const to_ms = fact.to_ms + 1;
    return total_ms(partIn(track.up, fact.from_ms, to_ms)) * 2 < to_ms - fact.from_ms;
  }
  return false;
}
