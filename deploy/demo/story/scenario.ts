import type { DemoDevice, DemoSite } from '../sites.ts';
import { REBOOT_MS } from '../switch/switch-model.ts';
import { noise } from '../switch/switch-traffic.ts';
import type { Fault, Story } from './script.ts';
import { anyOf, longer, type Phase, type Timed, timedPhase, type Window } from './windows.ts';

/** What each device does at each moment: a pure function of time and of the script. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Asia/Ho_Chi_Minh has had no daylight saving time since 1975. */
const ZONE_MS = 7 * HOUR_MS;
/** One packet in so many gets lost on the way, as on a LAN with old cables. */
const LOST_SHARE = 1 / 2_000;
/** Behind a port of half duplex, and behind one with damaged frames: small and large echoes. */
const HALF_LOST = { small: 0.004, large: 0.12 } as const;
const DAMAGED_LOST = { small: 0.01, large: 0.08 } as const;
/** The serialisation of 1,400 bytes at 100 Mb/s, there and back. */
const LARGE_US = 230;

const DEVICE_START_MS = 30 * SECOND_MS;
/** PCs are started by people, one after the other. */
const PC_START_MS = [20 * SECOND_MS, 80 * SECOND_MS] as const;
/** So long the agent of the first office runs on its small UPS. */
export const UPS_MS = 4 * MINUTE_MS;
/** Its machine starts with the mains; the agent measures from the next whole minute on. */
export const AGENT_START_MS = MINUTE_MS;

/** What an echo request brings: an answer, only an ARP answer, nothing, or no carrier at all. */
export type Reply = 'r' | 'a' | 'n' | 'l';

/** The same reply until then; single packets may still be lost. */
export interface Stretch {
  readonly reply: Reply;
  readonly until_ms: number;
  /** Share of small and of large echoes that get lost, 0 to 1. */
  readonly lost: { readonly small: number; readonly large: number };
}

/** Whether the agent's machine has power; while it has none, no batch is made. */
export function powerAt(story: Story, site: DemoSite, at_ms: number): Phase {
  const dark = at(story.mains, site)
    .filter(({ window }) => window.for_ms > UPS_MS)
    .map(({ window, from_ms }) => ({
      window: {
        ...window,
        at_ms: window.at_ms + UPS_MS,
        for_ms: window.for_ms - UPS_MS + AGENT_START_MS,
      },
      from_ms,
    }));
  return inverse(anyOf(dark, at_ms));
}

/** Whether the office has mains. */
export function mainsAt(story: Story, site: DemoSite, at_ms: number): Phase {
  return inverse(anyOf(at(story.mains, site), at_ms));
}

/** Whether batches reach the collector. */
export function wanAt(story: Story, site: DemoSite, at_ms: number): Phase {
  return inverse(anyOf(at(story.wan, site), at_ms));
}

/** Whether the agent's own interface has a carrier: its cord is in, and its switch has started. */
export function carrierAt(story: Story, site: DemoSite, at_ms: number): Phase {
  const dead = at(story.mains, site).map((cut) => longer(cut, REBOOT_MS));
  return inverse(anyOf([...at(story.cord, site), ...dead], at_ms));
}

/** What probes of a device see from this moment on. */
export function stretchAt(
  story: Story,
  site: DemoSite,
  device: DemoDevice,
  at_ms: number,
): Stretch {
  const carrier = carrierAt(story, site, at_ms);
  const broken = brokenAt(story, site, device, at_ms);
  const starting = startingAt(story, site, device, at_ms);
  const used = inUse(site, device, at_ms);
  const wan = isBeyond(device) ? wanAt(story, site, at_ms) : ALWAYS;
  const { until_ms: lost_ms, ...lost } = lostAt(story, site, device, at_ms);
  const phases = [carrier, broken, starting, used, wan];
  const until_ms = Math.min(lost_ms, ...phases.map((phase) => phase.until_ms));
  if (!carrier.on) return { reply: 'l', until_ms, lost };
  if (broken.on || starting.on || !used.on || !wan.on) return { reply: 'n', until_ms, lost };
  return { reply: device.drops_echo === true ? 'a' : 'r', until_ms, lost };
}

/** Fate of a single packet that would be answered: lost, or its round trip in µs. */
export function packetAt(
  device: DemoDevice,
  seed: number,
  at_ms: number,
  size: 'small' | 'large' = 'small',
  lost: Stretch['lost'] = { small: LOST_SHARE, large: LOST_SHARE },
): number | 'lost' {
  const luck = noise(seed, Math.floor(at_ms / SECOND_MS), size === 'small' ? 0 : 3);
  if (luck < lost[size]) return 'lost';
  const base_us = (device.kind === 'pc' ? 420 : 260) + (size === 'large' ? LARGE_US : 0);
  return Math.round(base_us + 180 * luck + (luck > 0.98 ? 2_500 : 0));
}

/** Faults of a site, with the moment from which they count. */
export function faultsOf(story: Story, site: DemoSite): readonly Timed<Fault>[] {
  return at(story.faults, site);
}

/** Damaged frames a second on the port of a device; 0: none. */
export function damagedAt(
  story: Story,
  site: DemoSite,
  device: DemoDevice,
  at_ms: number,
): { readonly per_s: number; readonly until_ms: number } {
  let per_s = 0;
  let until_ms = Number.POSITIVE_INFINITY;
  for (const item of at(story.damaged, site)) {
    if (item.window.device !== device.code) continue;
    const phase = timedPhase(item, at_ms);
    if (phase.on) per_s += item.window.per_s;
    until_ms = Math.min(until_ms, phase.until_ms);
  }
  return { per_s, until_ms };
}

/** When the port of a device went to half duplex, UTC ms; null: it never did. */
export function halfDuplexSince(story: Story, site: DemoSite, device: DemoDevice): number | null {
  const found = story.half_duplex.find(
    (item) => item.site === site.code && item.device === device.code,
  );
  return found?.from_ms ?? null;
}

const ALWAYS: Phase = { on: true, until_ms: Number.POSITIVE_INFINITY };

function at<W extends Window & { readonly site: string }>(
  items: readonly Timed<W>[],
  site: DemoSite,
): readonly Timed<W>[] {
  return items.filter(({ window }) => window.site === site.code);
}

function inverse({ on, until_ms }: Phase): Phase {
  return { on: !on, until_ms };
}

function lostAt(story: Story, site: DemoSite, device: DemoDevice, at_ms: number) {
  const { per_s, until_ms: damaged_ms } = damagedAt(story, site, device, at_ms);
  const since_ms = halfDuplexSince(story, site, device);
  const half = since_ms !== null && at_ms >= since_ms;
  const until_ms = since_ms === null || half ? damaged_ms : Math.min(damaged_ms, since_ms);
  const share = (size: 'small' | 'large') =>
    LOST_SHARE + (per_s > 0 ? DAMAGED_LOST[size] : 0) + (half ? HALF_LOST[size] : 0);
  return { small: share('small'), large: share('large'), until_ms };
}

/** Silent because it, or something it hangs on, is broken. */
function brokenAt(story: Story, site: DemoSite, device: DemoDevice, at_ms: number): Phase {
  const felt = faultsOf(story, site).filter(({ window }) => hangsOn(site, device, window.device));
  return anyOf(felt, at_ms);
}

/** Without mains, or it (or a switch on the way to it) starts after they came back. */
function startingAt(story: Story, site: DemoSite, device: DemoDevice, at_ms: number): Phase {
  let start_ms = 0;
  for (let on: DemoDevice | undefined = device; on !== undefined; on = parentOf(site, on)) {
    if (on === device || on.kind !== 'gateway') start_ms = Math.max(start_ms, startMs(site, on));
  }
  return anyOf(
    at(story.mains, site).map((cut) => longer(cut, start_ms)),
    at_ms,
  );
}

function startMs(site: DemoSite, device: DemoDevice): number {
  if (device.kind === 'switch' || device.kind === 'unmanaged-switch') return REBOOT_MS;
  if (isBeyond(device)) return 0;
  if (device.kind !== 'pc') return DEVICE_START_MS;
  const [least_ms, most_ms] = PC_START_MS;
  const slow = noise(seedOf(`${site.code}/${device.code}`), 0, 4);
  return Math.round(least_ms + slow * (most_ms - least_ms));
}

/** What lies beyond the gateway is reached over the WAN. */
function isBeyond({ kind }: DemoDevice): boolean {
  return kind === 'upstream';
}

/** A dead gateway silences itself and what lies beyond: the agent sits on the LAN side of it. */
function hangsOn(site: DemoSite, device: DemoDevice, code: string): boolean {
  for (let on: DemoDevice | undefined = device; on !== undefined; on = parentOf(site, on)) {
    if (on.code === code) return on === device || on.kind !== 'gateway' || isBeyond(device);
  }
  return false;
}

function parentOf(site: DemoSite, device: DemoDevice): DemoDevice | undefined {
  return site.devices.find((other) => other.code === device.attached?.device);
}

/**
 * Whether people have it switched on: they come around 07:45 and leave around 17:10 on weekdays;
 * one PC sleeps now and then.
 */
export function inUse(site: DemoSite, device: DemoDevice, at_ms: number): Phase {
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

function localTime(at_ms: number): { day: number; weekday: number; day_ms: number } {
  const local = at_ms + ZONE_MS;
  const day = Math.floor(local / DAY_MS);
  // 1 January 1970 was a Thursday.
  return { day, weekday: (day + 4) % 7, day_ms: local - day * DAY_MS };
}
