import type { DeviceWindow } from '../lists.ts';
import { type HeldNode, isSwitchedOffKind } from '../site/held.ts';
import type { SlotGrid } from '../site/material.ts';
import type { Span } from '../spans.ts';
import type { SiteDocuments } from './types.ts';

/** Whether a device's state hung on ICMP, from `from_ms` (UTC ms) on. */
export interface HeldProbe {
  readonly from_ms: number;
  readonly isIcmp: boolean;
}

/** Each device by the inventories that hold it, ascending. */
export function heldProbes({
  versions,
}: Pick<SiteDocuments, 'versions'>): Map<string, HeldProbe[]> {
  const out = new Map<string, HeldProbe[]>();
  for (const { from_ms, document } of versions) {
    for (const { code, reachability } of document.devices) {
      const list = out.get(code) ?? [];
      list.push({ from_ms, isIcmp: reachability === 'icmp' });
      out.set(code, list);
    }
  }
  return out;
}

/** When an answered ARP request counted as a reply (pc, kiosk, printer); open to both sides. */
export function arpReplySpans(nodes: readonly HeldNode[]): Span[] {
  return nodes.flatMap(({ from_ms, node }, k): Span[] => {
    if (!isSwitchedOffKind(node)) return [];
    return [
      {
        from_ms: k === 0 ? Number.NEGATIVE_INFINITY : from_ms,
        to_ms: nodes[k + 1]?.from_ms ?? Number.POSITIVE_INFINITY,
      },
    ];
  });
}

/** Slot grids by time; empty: nothing is probed. */
export function gridsOf(windows: readonly DeviceWindow[]): SlotGrid[] {
  return windows
    .flatMap(({ from_ms, interval_ms }): SlotGrid[] =>
      interval_ms === null ? [] : [{ from_ms, interval_ms }],
    )
    .sort((a, b) => a.from_ms - b.from_ms);
}
