import { once, type Timed, timed, type Window } from './windows.ts';

/**
 * What goes wrong in the two offices and when: the tables behind scenario.ts. Everything is a
 * function of the first start, so that the modelled history and the live run tell one story.
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
export const QUARTER_MS = 15 * MINUTE_MS;
export const HALF_HOUR_MS = 30 * MINUTE_MS;
/** From so long before the first start on, faults are frequent: somebody is watching. */
export const OFTEN_BEFORE_MS = HOUR_MS;

/** A device falls silent, and with it everything attached behind it. */
export interface Fault extends Window {
  readonly site: string;
  readonly device: string;
}

/** A window in which a whole office has no mains, or no WAN, or its agent's cord is out. */
export interface SiteWindow extends Window {
  readonly site: string;
}

/** Damaged frames on the port of a device, as a bad patch cord beside a power cable makes them. */
export interface DamagedFrames extends Window {
  readonly site: string;
  readonly device: string;
  readonly per_s: number;
}

/** A device whose port negotiated half duplex at some time, and nobody saw it. */
export interface HalfDuplex {
  readonly site: string;
  readonly device: string;
  /** UTC epoch ms. */
  readonly from_ms: number;
}

/** What comes back within minutes while somebody watches. */
export interface Often {
  readonly faults: readonly Fault[];
  readonly mains: readonly SiteWindow[];
  readonly wan: readonly SiteWindow[];
  readonly damaged: readonly DamagedFrames[];
  /** DHCP gives a device its other address. */
  readonly leases?: readonly Fault[];
}

/** The whole script of one demo. Without power: `mains`; without a way to the collector: `wan`. */
export interface Story {
  /** First start of the demo, UTC epoch ms, a whole minute. */
  readonly anchor_ms: number;
  readonly faults: readonly Timed<Fault>[];
  readonly mains: readonly Timed<SiteWindow>[];
  readonly wan: readonly Timed<SiteWindow>[];
  readonly cord: readonly Timed<SiteWindow>[];
  readonly damaged: readonly Timed<DamagedFrames>[];
  readonly half_duplex: readonly HalfDuplex[];
  readonly leases: readonly Timed<Fault>[];
}

const fault = (
  place: string,
  every_ms: number,
  at_ms: number,
  for_ms: number,
  flap_ms?: number,
): Fault => {
  const [site = '', device = ''] = place.split('/');
  const window = { site, device, every_ms, at_ms, for_ms };
  return flap_ms === undefined ? window : { ...window, flap_ms };
};

/** The places of the stories that are told on the terminal and in the guide. */
export const PLACES = {
  mains: 'dongphu-hq',
  wan: 'tanlap-hq',
  cord: 'tanlap-hq',
  damaged: { site: 'dongphu-hq', device: 'pc-vp-3' },
  half_duplex: { site: 'dongphu-hq', device: 'may-in-1' },
} as const;

/** Mains are away longer than the agent's 30 s between two looks at its UPS. */
const SHORT_CUT_MS = 40 * SECOND_MS;
/** sw-2 of the second office fails 30 s into it: its outage is known only afterwards. */
const WAN_CUT_MS = 80 * SECOND_MS;
const BURST_PER_S = 3;

export const OFTEN: Often = {
  faults: [
    fault('dongphu-hq/sw-tang2', QUARTER_MS, 2 * MINUTE_MS, 50 * SECOND_MS),
    fault('dongphu-hq/ap-1', QUARTER_MS, 6 * MINUTE_MS, 100 * SECOND_MS, 20 * SECOND_MS),
    fault('dongphu-hq/may-chu', QUARTER_MS, 12 * MINUTE_MS, 40 * SECOND_MS),
    fault('tanlap-hq/sw-2', QUARTER_MS, 4 * MINUTE_MS, 90 * SECOND_MS),
    fault('tanlap-hq/camera-1', QUARTER_MS, 9 * MINUTE_MS, 75 * SECOND_MS),
  ],
  mains: [
    {
      ...{ site: PLACES.mains, every_ms: HALF_HOUR_MS },
      ...{ at_ms: 8 * MINUTE_MS + 30 * SECOND_MS, for_ms: SHORT_CUT_MS },
    },
  ],
  wan: [
    {
      ...{ site: PLACES.wan, every_ms: HALF_HOUR_MS },
      ...{ at_ms: 18 * MINUTE_MS + 30 * SECOND_MS, for_ms: WAN_CUT_MS },
    },
  ],
  damaged: [
    {
      ...{ ...PLACES.damaged, every_ms: QUARTER_MS, at_ms: 13 * MINUTE_MS },
      ...{ for_ms: 90 * SECOND_MS, per_s: BURST_PER_S },
    },
  ],
  leases: [fault('tanlap-hq/pc-vp-1', HALF_HOUR_MS, 7 * MINUTE_MS, QUARTER_MS)],
};

/** Nothing but what an ordinary week brings: for tests that bring their own faults. */
export const QUIET: Often = { faults: [], mains: [], wan: [], damaged: [] };

/** What goes wrong in an ordinary week. */
const SELDOM: readonly Fault[] = [
  fault('dongphu-hq/gw', 50 * HOUR_MS, 11 * HOUR_MS, 3 * MINUTE_MS),
  fault('dongphu-hq/sw-tang2', 31 * HOUR_MS, 4 * HOUR_MS, 6 * MINUTE_MS),
  fault('dongphu-hq/ap-1', 19 * HOUR_MS, 2 * HOUR_MS, 4 * MINUTE_MS, 20 * SECOND_MS),
  fault('dongphu-hq/may-chu', 70 * HOUR_MS, 30 * HOUR_MS, 12 * MINUTE_MS),
  fault('tanlap-hq/sw-2', 27 * HOUR_MS, 9 * HOUR_MS, 25 * MINUTE_MS),
  fault('tanlap-hq/camera-1', 37 * HOUR_MS, 20 * HOUR_MS, 80 * MINUTE_MS),
];

/** The agent's cord of the second office is knocked out: no carrier, code `l`. */
const CORD: SiteWindow = {
  ...{ site: PLACES.cord, every_ms: 3 * HOUR_MS },
  ...{ at_ms: 41 * MINUTE_MS, for_ms: 40 * SECOND_MS },
};

/** Hours before the anchor and minutes long: the first office without mains. */
const MAINS_CUTS: readonly (readonly [number, number])[] = [
  [7.5, 37],
  [55, 22],
  [130, 64],
];
/** The second office without WAN: measured in time, delivered late. */
const WAN_CUTS: readonly (readonly [number, number])[] = [
  [15, 45],
  [80, 180],
];
/** The printer's card was set by hand: its link went for a moment and came back in half duplex. */
const HALF_SINCE_BEFORE_MS = 26 * HOUR_MS;
const REPLUG_MS = 8 * SECOND_MS;

/** Mornings and afternoons of working days in Hanoi (UTC+7); 1970 began on a Thursday. */
const WORK_STARTS_MS = [30 * MINUTE_MS, 6.5 * HOUR_MS] as const;
const WORK_FOR_MS = [4 * HOUR_MS, 3.5 * HOUR_MS] as const;
const MONDAY_MS = 4 * DAY_MS;
const WORKING_DAYS = 5;
/** Machines beside the cord run: some frames a minute arrive damaged. */
const WORK_PER_S = 0.6;

function damagedAtWork(): DamagedFrames[] {
  return Array.from({ length: WORKING_DAYS }, (_, day) => day).flatMap((day) =>
    WORK_STARTS_MS.map((start_ms, half) => ({
      ...PLACES.damaged,
      every_ms: WEEK_MS,
      at_ms: (MONDAY_MS + day * DAY_MS + start_ms) % WEEK_MS,
      for_ms: WORK_FOR_MS[half] ?? 0,
      per_s: WORK_PER_S,
    })),
  );
}

/** The script for a first start at `anchor_ms`; `often` counts from an hour before it. */
export function createStory(anchor_ms: number, often: Often = OFTEN): Story {
  const from_ms = anchor_ms - OFTEN_BEFORE_MS;
  const cuts = (site: string, list: readonly (readonly [number, number])[]) =>
    list.map(([hours, minutes]) => ({
      ...once(anchor_ms - hours * HOUR_MS, minutes * MINUTE_MS),
      site,
    }));
  const both = <W extends Window>(always: readonly W[], often_: readonly W[]): Timed<W>[] => [
    ...always.map((window) => timed(window)),
    ...often_.map((window) => timed(window, from_ms)),
  ];
  const half_ms = anchor_ms - HALF_SINCE_BEFORE_MS;
  const replugged: Fault = { ...once(half_ms, REPLUG_MS), ...PLACES.half_duplex };
  return {
    anchor_ms,
    faults: both([...SELDOM, replugged], often.faults),
    mains: both(cuts(PLACES.mains, MAINS_CUTS), often.mains),
    wan: both(cuts(PLACES.wan, WAN_CUTS), often.wan),
    cord: [timed(CORD)],
    damaged: both(damagedAtWork(), often.damaged),
    half_duplex: [{ ...PLACES.half_duplex, from_ms: half_ms }],
    leases: both([], often.leases ?? []),
  };
}
