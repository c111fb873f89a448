import type { JudgeOutput } from '../../../shared/judge/judge.ts';
import type { SeenRow } from '../../../shared/judge/observe/types.ts';
import type { LiveChange } from '../../../shared/judge/say.ts';
import { DEFAULT_SETTINGS } from '../../../shared/judge/site/settings.ts';
import type { JudgeState } from '../../../shared/judge/state.ts';

const MINUTE_MS = 60_000;
/** Losses of so much time are counted together, as for degraded minutes. */
const LOSSES_MS = DEFAULT_SETTINGS.degraded_window_min * MINUTE_MS;
/** Fewer lost packets of a device that is up make no degraded minute. */
const LOST_MIN = DEFAULT_SETTINGS.degraded_lost_min;
/**
 * So long after a change time alone may change what is shown: silence is no longer provisional, a
 * degraded time is over, an incident has settled (margins of a batch included). Ascending.
 */
const LOOKS_MS = [1, 2, 5, 6, 10, 16, 20].map((minutes) => minutes * MINUTE_MS);
/** A quiet site that is not all well is looked at this often: working time begins and ends. */
const QUIET_LOOK_MS = 15 * MINUTE_MS;
/** Said again and again of a site at rest; what they decide is decided within the first minutes. */
const STEADY: ReadonlySet<SeenRow['seen']['what']> = new Set<SeenRow['seen']['what']>([
  'port_traffic',
  'document_seen',
  'half_duplex',
  'snmp_silent',
]);

/** What can change the state of a device that answers; the rest only explains silence. */
const ALONE: ReadonlySet<SeenRow['seen']['what']> = new Set<SeenRow['seen']['what']>([
  'slow',
  'flap',
  'link',
]);

/** When something happened in a site that the slots' states do not show by themselves. */
export interface Restless {
  changed_ms: number | null;
  /** Lost slots of devices that were up: when and how many, of each one's last minutes. */
  readonly losses: Map<string, { readonly at_ms: number; readonly lost: number }[]>;
}

export function createRestless(): Restless {
  return { changed_ms: null, losses: new Map() };
}

/** Notes what folded outputs say. Steady minutes leave no trace, nor does a site that begins. */
export function noteOutputs(
  restless: Restless,
  state: JudgeState,
  outputs: readonly JudgeOutput[],
  now: {
    readonly at_ms: number;
    readonly calm: boolean;
    /** Devices to which an answered ARP request is a reply; null: not known. */
    readonly endpoints: ReadonlySet<string> | null;
  },
): void {
  for (const output of outputs) {
    const changed =
      // An outage that ended within its batch is shown by no live change.
      output.states.some((interval) => interval.state === 'down') ||
      output.live.some((change) => !now.calm || !isBeginning(change)) ||
      output.seen.some(({ seen: { what } }) => (now.calm ? ALONE.has(what) : !STEADY.has(what)));
    if (changed || noteLosses(restless, state, output, now.endpoints)) {
      restless.changed_ms = now.at_ms;
    }
  }
}

/** A device that answers for the first time, or that nobody has seen yet, is nothing to explain. */
function isBeginning({ state, reason }: LiveChange): boolean {
  return state === 'up' || reason === 'never_answered';
}

/** Whether a device that is up lost enough to be degraded. */
function noteLosses(
  { losses }: Restless,
  state: JudgeState,
  { agents, slots }: JudgeOutput,
  endpoints: ReadonlySet<string> | null,
): boolean {
  const devices = state.agents[agents[0]?.agent ?? '']?.devices ?? [];
  let enough = false;
  for (const { device, from_ms, slots: lost, class: name } of slots) {
    if (name !== 'no_reply' && name !== 'arp_only') continue;
    if (name === 'arp_only' && endpoints?.has(device) === true) continue;
    const found = devices.find((one) => one?.device === device);
    if (found?.machine.now?.state !== 'up') continue;
    // By the time of the slots: a backlog comes all at once. What is still open is said again.
    const recent = (losses.get(device) ?? []).filter(
      (one) => one.at_ms > from_ms - LOSSES_MS && one.at_ms < from_ms,
    );
    recent.push({ at_ms: from_ms, lost });
    losses.set(device, recent);
    enough ||= recent.reduce((sum, one) => sum + one.lost, 0) >= LOST_MIN;
  }
  return enough;
}

/** Whether what is shown may still change by time alone. */
export function isRestless({ changed_ms }: Restless, now_ms: number): boolean {
  return changed_ms !== null && now_ms - changed_ms <= (LOOKS_MS.at(-1) ?? 0);
}

/** When a site that was looked at `looked_ms` should be looked at again, if nothing happens. */
export function nextLook({ changed_ms }: Restless, looked_ms: number): number {
  const quiet_ms = (Math.floor(looked_ms / QUIET_LOOK_MS) + 1) * QUIET_LOOK_MS;
  if (changed_ms === null) return quiet_ms;
  const after_ms = LOOKS_MS.find((ms) => changed_ms + ms > looked_ms);
  return after_ms === undefined ? quiet_ms : Math.min(quiet_ms, changed_ms + after_ms);
}
