import type { Cause } from '../../../shared/judge/cause-names.ts';

/**
 * What a judge may say of a fault: the cause of an incident, the cause that explains unknown time,
 * that something is off, a finding without an outage, or nothing.
 */
export type Said = Cause | `unknown/${Cause}` | `finding/${string}` | 'off' | 'none';

/** What else is right to say, because nobody at the agent could tell it apart. */
export interface Accepted {
  readonly said: Said;
  readonly why: string;
}

/** Written down before the run. */
export interface Expected {
  readonly said: Said;
  /** Devices that the answer is about; an answer about none of them is about something else. */
  readonly devices: readonly string[];
  /** What made it so: the truth of the wire and the accounting rule that follows from it. */
  readonly why: string;
  readonly accepted: readonly Accepted[];
}

/** A fault as the plan has it; times in ms from the plan's start. */
export interface PlannedFault {
  readonly id: string;
  readonly kind: string;
  /** Devices, cables or ports that it is made at; see `makeFault`. */
  readonly target: string;
  readonly at_ms: number;
  readonly for_ms: number;
  readonly expected: Expected;
}

/** A fault as it was made, UTC ms. */
export interface MadeFault {
  readonly plan: PlannedFault;
  readonly from_ms: number;
  readonly to_ms: number;
}

/** Causes that blame the office's own network: saying one that is not true is worst. */
export function blamesLan(said: Said): boolean {
  return said.startsWith('lan_') || said === 'gateway' || said === 'device';
}
