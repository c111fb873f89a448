import type { Accepted, Said } from './labels.ts';

/** The part of the office that a fault concerns; one at a time happens in each. */
export type Lane = 'cam' | 'prn' | 'acc' | 'unm' | 'north' | 'whole';

/** Where a kind may happen, and what is then right to say. */
export interface Site {
  readonly lane: Lane;
  readonly target: string;
  readonly devices: readonly string[];
}

export interface Kind {
  readonly kind: string;
  /** Length, s: drawn from this range. */
  readonly for_s: readonly [number, number];
  readonly sites: readonly Site[];
  readonly said: Said;
  readonly why: string;
  readonly accepted?: readonly Accepted[];
  /** Endpoints that fall silent together with something of their branch are not off. */
  readonly alone?: boolean;
  /**
   * Devices fall silent. Within 30 slots of each other two silences of a device would be one that
   * loses often (accounting §2), so they are kept apart.
   */
  readonly silent?: boolean;
  /**
   * Losses again and again: with what befalls the device within `lossy_join_ms` they are one
   * incident, and flaps explain an outage within `flap_window_ms`. So they keep further apart.
   */
  readonly joins?: boolean;
  /** Drawn so that it lasts over the minute in which the packets of all ports are read. */
  readonly counted?: boolean;
  /**
   * Order in its lane, default 0. Who votes on a WAN outage must have answered 95 % of the time
   * before, and a lab has no 24 h before: what harms references comes last.
   */
  readonly rank?: number;
}

/** Places of one lane, each with a device of the target's own name. */
export const at = (lane: Lane, ...targets: readonly string[]): Site[] =>
  targets.map((target) => ({ lane, target, devices: [target] }));
