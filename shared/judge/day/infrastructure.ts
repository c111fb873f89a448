import { SWITCHED_OFF_KINDS } from '../../measure/codes.ts';
import type { SiteDocument } from '../../measure/site-document.ts';
import type { WorkplaceGroup } from '../figures/workplaces.ts';
import type { SiteNode, TopologyVersion } from '../site/material.ts';
import { Plan } from '../site/topology.ts';
import { clip, type Span } from '../spans.ts';
import { topologyVersions } from './topology.ts';
import type { SiteDocuments } from './types.ts';

/** What stands in a site's inventory while one version of it and of its links holds. */
export interface Inventory {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly version: TopologyVersion;
  readonly document: SiteDocument;
  /** Codes of what something can be said of: probed, or with witnesses. */
  readonly measured: ReadonlySet<string>;
}

/** Versions that hold in [from_ms, to_ms), ascending. The first of all also holds before. */
export function inventoriesOf(
  documents: Pick<SiteDocuments, 'versions' | 'links'>,
  from_ms: number,
  to_ms: number,
): Inventory[] {
  const versions = topologyVersions(documents);
  return versions.flatMap((version, k): Inventory[] => {
    const held = documents.versions.findLast((one) => one.from_ms <= version.from_ms);
    const document = (held ?? documents.versions[0])?.document;
    const begin_ms = k === 0 ? from_ms : Math.max(from_ms, version.from_ms);
    const end_ms = Math.min(to_ms, versions[k + 1]?.from_ms ?? to_ms);
    if (document === undefined || begin_ms >= end_ms) return [];
    const measured = new Set(
      document.devices
        .filter(({ reachability, kind, witnesses }) =>
          kind === 'unmanaged-switch' ? witnesses.length > 0 : reachability !== 'none',
        )
        .map(({ code }) => code),
    );
    return [{ from_ms: begin_ms, to_ms: end_ms, version, document, measured }];
  });
}

/**
 * Whether a device is infrastructure: all but what people switch off and what lies outside. What
 * nothing measures is left out, and so is an unmanaged switch without an always-on witness: it
 * would be unknown for ever.
 */
export function isInfrastructure(node: SiteNode, { version, measured }: Inventory): boolean {
  if (SWITCHED_OFF_KINDS.has(node.kind) || node.kind === 'upstream') return false;
  if (node.kind !== 'unmanaged-switch') return measured.has(node.code);
  return version.nodes.some(
    ({ code, kind }) => node.witnesses.includes(code) && !SWITCHED_OFF_KINDS.has(kind),
  );
}

/**
 * The ways into the site (accounting §6, "gateway or core"): every gateway, and the core switches,
 * which are the switches that share a cord with a gateway. Without a gateway in the inventory the
 * core is the uppermost switch above where the agents are attached.
 */
export function entriesOf({ version }: Inventory): Set<string> {
  const nodes = new Map(version.nodes.map((node) => [node.code, node]));
  const isSwitch = (code: string) => nodes.get(code)?.kind === 'switch';
  const entries = new Set<string>();
  for (const { code, kind } of version.nodes) if (kind === 'gateway') entries.add(code);
  if (entries.size === 0) {
    for (const { attached } of version.agents) {
      const top = attached === null ? null : topSwitch(attached.device, nodes);
      if (top !== null) entries.add(top);
    }
    return entries;
  }
  const gateways = new Set(entries);
  const cords = version.nodes.flatMap(({ code, attached }): (readonly [string, string])[] =>
    attached === null ? [] : [[code, attached.device]],
  );
  for (const [a, b] of [...cords, ...version.links]) {
    if (gateways.has(a) && isSwitch(b)) entries.add(b);
    if (gateways.has(b) && isSwitch(a)) entries.add(a);
  }
  return entries;
}

function topSwitch(from: string, nodes: ReadonlyMap<string, SiteNode>): string | null {
  let top: string | null = null;
  const seen = new Set<string>();
  for (let node = nodes.get(from); node !== undefined && !seen.has(node.code); ) {
    seen.add(node.code);
    if (node.kind === 'switch') top = node.code;
    node = nodes.get(node.attached?.device ?? '');
  }
  return top;
}

/**
 * Workplaces by their group, with the ways from its devices up to a gateway: all that lies on every
 * path there (in a ring what can be gone around is left out), gateway included. Something that
 * people switch off is no part of its own way, and what nothing measures is passed over. A group
 * without devices has no way.
 */
export function workplaceGroups(inventory: Inventory, expected: readonly Span[]): WorkplaceGroup[] {
  const { version, document, from_ms, to_ms, measured } = inventory;
  const windows = clip(expected, from_ms, to_ms);
  const plans = version.nodes
    .filter(({ kind }) => kind === 'gateway')
    .map(({ code }) => planFrom(version, code));
  return Object.keys(document.workplaces)
    .sort()
    .map((group): WorkplaceGroup => {
      const ways = new Map<string, readonly string[]>();
      for (const node of version.nodes) {
        if (!node.groups.includes(group)) continue;
        for (const plan of plans) {
          const above = plan.above(node.code);
          if (above === null) continue;
          const all = SWITCHED_OFF_KINDS.has(node.kind) ? above : [...above, node.code];
          const way = all.filter((code) => measured.has(code));
          ways.set(JSON.stringify(way), way);
        }
      }
      return {
        group,
        workplaces: document.workplaces[group] ?? 0,
        ways: [...ways.values()],
        windows,
      };
    });
}

/** The plan as the gateway sees it: as if an agent were plugged into it. */
function planFrom({ from_ms, nodes, links }: TopologyVersion, gateway: string): Plan {
  const agent = 'gateway';
  return new Plan({
    from_ms,
    nodes: nodes.map((node) => ({ ...node, agent })),
    agents: [{ code: agent, attached: { device: gateway, port: null } }],
    links,
  });
}
