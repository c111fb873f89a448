import { SWITCHED_OFF_KINDS } from '../../measure/codes.ts';
import type { SiteNode, TopologyVersion } from './material.ts';

/** A device as one version of the plan has it, from `from_ms` (UTC ms) on. */
export interface HeldNode {
  readonly from_ms: number;
  readonly node: SiteNode;
}

/**
 * What holds at an instant: the newest entry at or before it, else the first. Null: none at all.
 * A device that a version no longer holds stays what it was last, so that changing or removing it
 * never rewrites time that is over.
 */
export function heldAt<T extends { readonly from_ms: number }>(
  ascending: readonly T[],
  at_ms: number,
): T | null {
  return ascending.findLast(({ from_ms }) => from_ms <= at_ms) ?? ascending[0] ?? null;
}

/** Each device by the versions that hold it, ascending. */
export function heldNodes(versions: readonly TopologyVersion[]): Map<string, HeldNode[]> {
  const out = new Map<string, HeldNode[]>();
  for (const { from_ms, nodes } of [...versions].sort((a, b) => a.from_ms - b.from_ms)) {
    for (const node of nodes) {
      const list = out.get(node.code) ?? [];
      list.push({ from_ms, node });
      out.set(node.code, list);
    }
  }
  return out;
}

/** Somebody may switch it off. */
export function isSwitchedOffKind(node: SiteNode | null): boolean {
  return node !== null && SWITCHED_OFF_KINDS.has(node.kind);
}
