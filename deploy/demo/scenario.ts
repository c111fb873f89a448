import type { DemoDevice, DemoSite } from './sites.ts';
import { noise } from './switch-traffic.ts';
import { anyOf, once, type Phase, phaseOf, type Window } from './windows.ts';

/**
 * The script of the demo: what each device does at each moment. A pure function of time and of the
 * first start, so that the modelled history and the live run tell one story.
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const QUARTER_MS = 15 * MINUTE_MS;
/** Asia/Ho_Chi_Minh has had no daylight saving time since 1975. */
const ZONE_MS = 7 * HOUR_MS;
/** From so long before the first start on, faults are frequent: somebody is watching. */
export const OFTEN_BEFORE_MS = HOUR_MS;
/** One packet in so many gets lost on the way, as on a LAN with old cables. */
const LOST_ONE_IN = 2_000;

/** A device falls silent, and with it everything attached behind it. */
export interface Fault extends Window {
  readonly site: string;
  readonly device: string;
}

export interface Story {
  /** First start of the demo, UTC epoch ms, a whole minute. */
  readonly anchor_ms: number;
  /** Faults that come back within minutes, from OFTEN_BEFORE_MS before the anchor on. */
  readonly often: readonly Fault[];
}

/** What an echo request brings: an answer, only an ARP answer, nothing, or no carrier at all. */
export type Reply = 'r' | 'a' | 'n' | 'l';

/** The same reply until then; single packets may still be lost. */
export interface Stretch {
  readonly reply: Reply;
  readonly until_ms: number;
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

/** While somebody watches, something happens in most minutes. */
const OFTEN: readonly Fault[] = [
  fault('dongphu-hq/sw-tang2', QUARTER_MS, 2 * MINUTE_MS, 50 * SECOND_MS),
  fault('dongphu-hq/ap-1', QUARTER_MS, 6 * MINUTE_MS, 100 * SECOND_MS, 20 * SECOND_MS),
  fault('dongphu-hq/may-chu', QUARTER_MS, 12 * MINUTE_MS, 40 * SECOND_MS),
  fault('tanlap-hq/sw-2', QUARTER_MS, 4 * MINUTE_MS, 90 * SECOND_MS),
  fault('tanlap-hq/camera-1', QUARTER_MS, 9 * MINUTE_MS, 75 * SECOND_MS),
];

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
const CORD_SITE = 'tanlap-hq';
const CORD: Window = {
  every_ms: 3 * HOUR_MS,
  at_ms: 41 * MINUTE_MS,
  for_ms: 40 * SECOND_MS,
};

/** Hours before the anchor and minutes long: the first office without power, agent included. */
const POWER_CUTS = {
  site: 'dongphu-hq',
  list: [
    [7.5, 37],
    [55, 22],
    [130, 64],
  ],
} as const;
/** The second office without WAN: measured in time, delivered late. */
const WAN_CUTS = {
  site: 'tanlap-hq',
  list: [
    [15, 45],
    [80, 180],
  ],
} as const;

export function createStory(anchor_ms: number, often: readonly Fault[] = OFTEN): Story {
  return { anchor_ms, often };
}

/** Whether the agent's machine has power; while it has none, no batch is made. History only. */
export function powerAt(story: Story, site: DemoSite, at_ms: number): Phase {
  const cut = anyOf(cutsOf(POWER_CUTS, story, site), at_ms);
  return { on: !cut.on, until_ms: cut.until_ms };
}

/** Whether batches reach the collector. History only. */
export function wanAt(story: Story, site: DemoSite, at_ms: number): Phase {
  const cut = anyOf(cutsOf(WAN_CUTS, story, site), at_ms);
  return { on: !cut.on, until_ms: cut.until_ms };
}

/** What probes of a device see from this moment on. */
export function stretchAt(
  story: Story,
  site: DemoSite,
  device: DemoDevice,
  at_ms: number,
): Stretch {
  const cord = site.code === CORD_SITE ? phaseOf(CORD, at_ms) : NEVER;
  const broken = brokenAt(story, site, device, at_ms);
  const used = inUse(site, device, at_ms);
  const until_ms = Math.min(cord.until_ms, broken.until_ms, used.until_ms);
  if (cord.on) return { reply: 'l', until_ms };
  if (broken.on || !used.on) return { reply: 'n', until_ms };
  return { reply: device.drops_echo === true ? 'a' : 'r', until_ms };
}

/** Fate of a single packet that would be answered: lost, or its round trip in µs. */
export function packetAt(device: DemoDevice, seed: number, at_ms: number): number | 'lost' {
  const luck = noise(seed, Math.floor(at_ms / SECOND_MS), 0);
  if (luck * LOST_ONE_IN < 1) return 'lost';
  const base_us = device.kind === 'pc' ? 420 : 260;
  return Math.round(base_us + 180 * luck + (luck > 0.98 ? 2_500 : 0));
}

/** Faults of a site, with the moment from which they count. */
export function faultsOf(
  story: Story,
  site: DemoSite,
): readonly { readonly fault: Fault; readonly from_ms: number }[] {
  const from_ms = story.anchor_ms - OFTEN_BEFORE_MS;
  return [
    ...SELDOM.map((item) => ({ fault: item, from_ms: 0 })),
    ...story.often.map((item) => ({ fault: item, from_ms })),
  ].filter((item) => item.fault.site === site.code);
}

const NEVER: Phase = { on: false, until_ms: Number.POSITIVE_INFINITY };

/** Silent because it, or something it hangs on, is broken. */
function brokenAt(story: Story, site: DemoSite, device: DemoDevice, at_ms: number): Phase {
  let on = false;
  let until_ms = Number.POSITIVE_INFINITY;
  for (const { fault: item, from_ms } of faultsOf(story, site)) {
    if (!hangsOn(site, device, item.device)) continue;
    const phase = at_ms < from_ms ? { on: false, until_ms: from_ms } : phaseOf(item, at_ms);
    on ||= phase.on;
    until_ms = Math.min(until_ms, phase.until_ms);
  }
  return { on, until_ms };
}

/** A dead gateway silences itself only: the agent sits on the LAN side of it. */
function hangsOn(site: DemoSite, device: DemoDevice, code: string): boolean {
  for (let at: DemoDevice | undefined = device; at !== undefined; at = parentOf(site, at)) {
    if (at.code === code) return at === device || at.kind !== 'gateway';
  }
  return false;
}

function parentOf(site: DemoSite, device: DemoDevice): DemoDevice | undefined {
  return site.devices.find((other) => other.code === device.attached?.device);
}

/** People come around 07:45 and leave around 17:10 on weekdays; one PC sleeps now and then. */
function inUse(site: DemoSite, device: DemoDevice, at_ms: number): Phase {
  if (device.always_on) return { on: true, until_ms: Number.POSITIVE_INFINITY };
  const { day, weekday, day_ms } = localTime(at_ms);
  const midnight_ms = at_ms - day_ms;
  const night: Phase = { on: false, until_ms: midnight_ms + DAY_MS };
  const habit = noise(seedOf(`${site.code}/${device.code}`), day, 1);
  // Some machines are left on over night: that is how offices are.
  if (habit > 0.9) return { on: true, until_ms: night.until_ms };
  if (weekday === 0 || weekday === 6) return night;
  const come_ms = 7 * HOUR_MS + Math.round((30 + 40 * habit) * MINUTE_MS);
  const leave_ms = 16 * HOUR_MS + Math.round((50 + 50 * habit) * MINUTE_MS);
  if (day_ms < come_ms) return { on: false, until_ms: midnight_ms + come_ms };
  if (day_ms >= leave_ms) return night;
  const leave: Phase = { on: true, until_ms: midnight_ms + leave_ms };
  return device.code === 'pc-ngu' ? sleepy(leave, at_ms) : leave;
}

/** Asleep in four of ten stretches of eleven minutes. */
function sleepy(day: Phase, at_ms: number): Phase {
  const nap_ms = 11 * MINUTE_MS;
  const nap = Math.floor(at_ms / nap_ms);
  const on = noise(0, nap, 2) >= 0.4;
  return { on, until_ms: Math.min(day.until_ms, (nap + 1) * nap_ms) };
}

/** A number for `noise` out of a name (FNV-1a). */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

function cutsOf(
  cuts: { readonly site: string; readonly list: readonly (readonly [number, number])[] },
  story: Story,
  site: DemoSite,
): Window[] {
  if (cuts.site !== site.code) return [];
  return cuts.list.map(([hours, minutes]) =>
    once(story.anchor_ms - hours * HOUR_MS, minutes * MINUTE_MS),
  );
}

function localTime(at_ms: number): { day: number; weekday: number; day_ms: number } {
  const local = at_ms + ZONE_MS;
  const day = Math.floor(local / DAY_MS);
  // 1 January 1970 was a Thursday.
  return { day, weekday: (day + 4) % 7, day_ms: local - day * DAY_MS };
}
