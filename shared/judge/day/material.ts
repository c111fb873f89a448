import { workingSpans } from '../../calendar/working.ts';
import type { DeviceWindow } from '../lists.ts';
import type { Seen, SlowMinute } from '../observe/types.ts';
import type { Fact } from '../site/facts.ts';
import { heldAt, heldNodes } from '../site/held.ts';
import type {
  BaseInterval,
  DeviceCarry,
  DeviceMaterial,
  MinuteRow,
  SiteMaterial,
} from '../site/material.ts';
import type { SiteSettings } from '../site/settings.ts';
import type { Span } from '../spans.ts';
import { closed, probedBase } from './base.ts';
import { Maintenance } from './maintenance.ts';
import { minuteRows } from './minutes.ts';
import { votersOf } from './references.ts';
import { arpReplySpans, gridsOf, type HeldProbe, heldProbes } from './roles.ts';
import {
  type DeviceSlots,
  deviceSlots,
  intervalAt,
  type SlotShare,
  shareAround,
  shareBefore,
} from './slots.ts';
import { topologyVersions } from './topology.ts';
import type { WindowAsk } from './types.ts';

/** So long before a cut the next window begins to judge; what it says of that time is dropped. */
export const WARM_MS = 3_600_000;
/** Spans of work end where they end, not where the window does. */
const WORK_BEYOND_MS = 86_400_000;

/** Where judging begins. */
export function warmOf(ask: Pick<WindowAsk, 'from_ms' | 'carry'>): number {
  return ask.carry?.warm_ms ?? ask.from_ms;
}

/** What judgeSite reads, with the slots behind it. */
export interface WindowMaterial {
  readonly site: SiteMaterial;
  readonly slots: ReadonlyMap<string, DeviceSlots>;
}

/** Rows of level 1 and documents as judgeSite takes them; judged from the carry's warm_ms on. */
export function materialOf(ask: WindowAsk): WindowMaterial {
  const { documents, to_ms, carry } = ask;
  const from_ms = warmOf(ask);
  const versions = topologyVersions(documents);
  const nodes = heldNodes(versions);
  const states = byDevice(ask.states);
  const runs = byDevice(ask.runs);
  const windows = byDevice(ask.windows);
  const slow = byDevice(slowMinutes(ask));
  const probes = heldProbes(documents);
  const maintenance = new Maintenance(documents, ask.seen);
  const working = workingSpans(
    documents.calendar,
    null,
    from_ms - WORK_BEYOND_MS,
    to_ms + WORK_BEYOND_MS,
  );
  const slots = new Map<string, DeviceSlots>();
  const devices = [...windows.keys()].sort().flatMap((device): DeviceMaterial[] => {
    const own = (windows.get(device) ?? []).filter((one) => touches(one, from_ms, to_ms));
    if (own.length === 0) return [];
    const probed = probedBase(ask, own, states.get(device) ?? [], from_ms);
    const grids = gridsOf(own);
    const known = deviceSlots(
      closed(probed, to_ms),
      runs.get(device) ?? [],
      grids,
      arpReplySpans(nodes.get(device) ?? []),
    );
    slots.set(device, known);
    const before = carry?.devices[device] ?? null;
    const settings = documents.settings;
    const reach_ms = (settings.degraded_window_min - 1) * 60_000;
    const seen = { from_ms: from_ms - reach_ms, to_ms };
    const asked = { known, held: probes.get(device) ?? [], settings };
    return [
      {
        device,
        interval_ms: grids.at(-1)?.interval_ms ?? 0,
        grids,
        base: withAround(probed, known, before, from_ms, to_ms),
        minutes: quickRows(asked, slow.get(device) ?? [], seen),
        maintenance: maintenance.of(device),
        working,
        carry: before,
      },
    ];
  });
  return {
    site: {
      site: ask.site,
      from_ms,
      to_ms,
      versions,
      devices,
      facts: factsOf(ask),
      references: votersOf(documents, ask.references),
      settings: documents.settings,
      sha256: ask.sha256,
      used_facts: (carry?.incidents ?? []).flatMap((incident) => incident.facts),
    },
    slots,
  };
}

function byDevice<T extends { readonly device: string }>(rows: readonly T[]): Map<string, T[]> {
  const out = new Map<string, T[]>();
  for (const row of rows) {
    const list = out.get(row.device);
    if (list === undefined) out.set(row.device, [row]);
    else list.push(row);
  }
  return out;
}

function touches(window: DeviceWindow, from_ms: number, to_ms: number): boolean {
  return window.from_ms < to_ms && (window.to_ms ?? to_ms) > from_ms;
}

interface Asked {
  readonly known: DeviceSlots;
  readonly held: readonly HeldProbe[];
  readonly settings: SiteSettings;
}

/** Minutes in which the device was asked by ICMP, and often enough to be called degraded. */
function quickRows(
  { known, held, settings }: Asked,
  slow: readonly SlowMinute[],
  span: Span,
): MinuteRow[] {
  const { degraded_interval_max_ms, degraded_window_min } = settings;
  const isFast = (interval_ms: number) => interval_ms <= degraded_interval_max_ms;
  if (!held.some(({ isIcmp }) => isIcmp)) return [];
  if (!known.grids.some(({ interval_ms }) => isFast(interval_ms))) return [];
  return minuteRows(known, slow, span, degraded_window_min).filter(
    ({ at_ms }) => heldAt(held, at_ms)?.isIcmp === true && isFast(intervalAt(known, at_ms)),
  );
}

function slowMinutes({ seen }: WindowAsk): SlowMinute[] {
  return seen.map((row) => row.seen).filter((one): one is SlowMinute => one.what === 'slow');
}

function factsOf({ seen, to_ms }: WindowAsk): Fact[] {
  return seen.map((row) => row.seen).filter((one): one is Fact => isFact(one, to_ms));
}

/** What was seen only after the window belongs to later ones, however much is stored already. */
function isFact(seen: Seen, to_ms: number): boolean {
  if (seen.what === 'slow' || seen.what === 'document_seen' || seen.what === 'withdrawn') {
    return false;
  }
  return seen.to_ms <= to_ms;
}

function withAround(
  base: readonly BaseInterval[],
  slots: DeviceSlots,
  carry: DeviceCarry | null,
  from_ms: number,
  to_ms: number,
): BaseInterval[] {
  return base.map((one) => {
    if (one.state !== 'silent') return one;
    const before = beforeOf(one.from_ms, slots, carry, from_ms);
    return { ...one, around: shareAround(slots, before, one.to_ms, to_ms) };
  });
}

/** The 30 slots before a silence: counted, or as they were counted in the window before. */
export function beforeOf(
  silent_ms: number,
  slots: DeviceSlots,
  carry: DeviceCarry | null,
  from_ms: number,
): SlotShare | null {
  if (silent_ms < from_ms && carry !== null) return carry.before ?? null;
  return shareBefore(slots, silent_ms);
}
