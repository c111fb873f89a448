import type { SlotClass, State, UnknownReason } from './types.ts';

/** Consecutive lost slots that make an outage (accounting §2). */
export const DOWN_SLOTS_MIN = 3;

/** Where a device's state stands after the slots that were fed; plain JSON. */
export interface Machine {
  /** Null before the first slot. */
  now: Span | null;
  /** Lost slots in a row, counted up to DOWN_SLOTS_MIN. */
  lost: number;
  /** Start of the losses; meaningless while `lost` is 0. */
  lost_from_ms: number;
  /** Whether the slot before the losses was answered. */
  lost_after_answer: boolean;
  /** Class kind of the newest slot. */
  last: 'answered' | 'lost' | 'unknown' | null;
  /** Send time of the newest answered tick; null: never answered. */
  last_reply_ms: number | null;
  /** It was down and did not answer since: unknown time may lie between. */
  fell: boolean;
}

/** A state from `from_ms` on. */
export interface Span {
  readonly from_ms: number;
  readonly state: State;
  readonly reason: UnknownReason | null;
  readonly earliest_ms: number | null;
}
/** A state that ended. */
export interface EndedSpan extends Span {
  readonly to_ms: number;
}

/** Consecutive slots of one class, clipped to the device's window. */
export interface FedSlots {
  readonly class: SlotClass;
  readonly from_ms: number;
  readonly slots: number;
  /** Send times of the first and last of them, if they have ticks. */
  readonly first_sent_ms: number;
  readonly last_sent_ms: number;
}

export function createMachine(): Machine {
  return {
    now: null,
    lost: 0,
    lost_from_ms: 0,
    lost_after_answer: false,
    last: null,
    last_reply_ms: null,
    fell: false,
  };
}

/**
 * Feeds slots in time order and adds the states that end by them to `ended` (accounting §2):
 * - 3 lost slots in a row are `down` from the first to the last, whatever the device is: what of it
 *   is off, unreachable or maintenance is decided where the whole site is seen (shared/judge/site);
 * - 1 or 2 are up if an answered slot stands next to them (being consecutive, "within 3 slots with
 *   no unknown between" is exactly that), otherwise unknown, `short_run`;
 * - unknown ends a run; nothing is bridged;
 * - lost slots before the first answer ever are unknown, `never_answered`.
 */
export function feed(machine: Machine, fed: FedSlots, ended: EndedSpan[]): void {
  switch (fed.class) {
    case 'reply':
    case 'arp_only': {
      const first_ms = machine.fell ? fed.first_sent_ms : null;
      settle(machine, first_ms, ended);
      enter(machine, ended, fed.from_ms, 'up', null, first_ms);
      machine.fell = false;
      machine.last = 'answered';
      machine.last_reply_ms = fed.last_sent_ms;
      break;
    }
    case 'no_reply':
      if (machine.last_reply_ms === null) {
        enter(machine, ended, fed.from_ms, 'unknown', 'never_answered', null);
        machine.last = 'unknown';
        break;
      }
      if (machine.lost === 0) {
        machine.lost_from_ms = fed.from_ms;
        machine.lost_after_answer = machine.last === 'answered';
      }
      machine.lost = Math.min(DOWN_SLOTS_MIN, machine.lost + fed.slots);
      machine.last = 'lost';
      if (machine.lost === DOWN_SLOTS_MIN) {
        enter(machine, ended, machine.lost_from_ms, 'down', null, machine.last_reply_ms);
        machine.fell = true;
      }
      break;
    case 'maintenance':
      settle(machine, 'unknown', ended);
      enter(machine, ended, fed.from_ms, 'maintenance', null, null);
      machine.last = 'unknown';
      break;
    default:
      settle(machine, 'unknown', ended);
      enter(machine, ended, fed.from_ms, 'unknown', fed.class, null);
      machine.last = 'unknown';
  }
}

/** Appends what is said at the end of the known slots: an open run below 3 is unknown. */
export function finish(machine: Machine, ended: EndedSpan[]): void {
  if (isShortRun(machine)) {
    enter(machine, ended, machine.lost_from_ms, 'unknown', 'short_run', null);
  }
}

/** Losses that are too few for an outage are open: what follows says what they were. */
export function isShortRun({ lost }: Machine): boolean {
  return lost > 0 && lost < DOWN_SLOTS_MIN;
}

/**
 * Ends a run of losses. What follows it: unknown time, or an answer, whose send time is given where
 * it is the first after an outage.
 */
function settle(machine: Machine, next: number | null | 'unknown', ended: EndedSpan[]): void {
  const { lost, lost_from_ms } = machine;
  machine.lost = 0;
  if (lost === 0 || lost >= DOWN_SLOTS_MIN) return;
  if (next !== 'unknown') enter(machine, ended, lost_from_ms, 'up', null, next);
  else if (machine.lost_after_answer) enter(machine, ended, lost_from_ms, 'up', null, null);
  else enter(machine, ended, lost_from_ms, 'unknown', 'short_run', null);
}

function enter(
  machine: Machine,
  ended: EndedSpan[],
  from_ms: number,
  state: State,
  reason: UnknownReason | null,
  earliest_ms: number | null,
): void {
  const { now } = machine;
  if (now !== null) {
    // Two outages are never neighbours: an answer or unknown time lies between them.
    if (now.state === state && now.reason === reason) return;
    ended.push({ ...now, to_ms: from_ms });
  }
  machine.now = { from_ms, state, reason, earliest_ms };
}
