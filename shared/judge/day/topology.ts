import type { Attachment } from '../../measure/inventory-types.ts';
import type { SiteDocument, SiteDocumentDevice } from '../../measure/site-document.ts';
import type { Attached, SiteNode, TopologyVersion } from '../site/material.ts';
import type { SiteDocuments } from './types.ts';

type Links = SiteDocuments['links'][number]['links'];

/** An `upstream` device that may prove a WAN outage, and who runs it. */
export interface NamedReference {
  readonly device: string;
  /** Its first group, else its own code: two of one operator prove no more than one. */
  readonly operator: string;
}

/**
 * The site's plan over time: cut wherever an inventory or the adopted links change. Links count
 * only while both ends stand in the inventory. Ascending; empty without a site document.
 */
export function topologyVersions(
  documents: Pick<SiteDocuments, 'versions' | 'links'>,
): TopologyVersion[] {
  const first = documents.versions[0];
  if (first === undefined) return [];
  // The earliest version also holds before: links that came first wait for it.
  const changes = [...documents.versions, ...documents.links]
    .map(({ from_ms }) => Math.max(from_ms, first.from_ms))
    .sort((a, b) => a - b);
  return [...new Set(changes)].map((from_ms) => {
    const { document } = documents.versions.findLast((one) => one.from_ms <= from_ms) ?? first;
    const held = documents.links.findLast((one) => one.from_ms <= from_ms);
    return versionOf(from_ms, document, held?.links ?? []);
  });
}

/** The references of the newest inventory, by code. */
export function referencesOf(documents: Pick<SiteDocuments, 'versions'>): NamedReference[] {
  const devices = documents.versions.at(-1)?.document.devices ?? [];
  return devices
    .filter(({ kind, reachability }) => kind === 'upstream' && reachability !== 'none')
    .map(({ code, groups }) => ({ device: code, operator: groups[0] ?? code }))
    .sort((a, b) => (a.device < b.device ? -1 : 1));
}

function versionOf(from_ms: number, document: SiteDocument, links: Links): TopologyVersion {
  const codes = new Set(document.devices.map(({ code }) => code));
  return {
    from_ms,
    nodes: document.devices.map(nodeOf),
    agents: document.agents.map(({ code, attached }) => ({
      code,
      attached: attachedOf(attached),
    })),
    links: links.filter(([a, b]) => codes.has(a) && codes.has(b)),
  };
}

function nodeOf(device: SiteDocumentDevice): SiteNode {
  const { code, kind, agent, powered_by, witnesses, groups, rtt_limit_ms } = device;
  return {
    code,
    kind,
    agent,
    attached: attachedOf(device.attached),
    powered_by,
    witnesses,
    groups,
    rtt_limit_ms,
    snmp: device.probes.snmp !== undefined,
  };
}

function attachedOf(attached: Attachment | undefined): Attached | null {
  return attached === undefined ? null : { device: attached.device, port: attached.port ?? null };
}
