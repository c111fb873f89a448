import type { Device, Inventory, Probes } from '../../shared/measure/inventory-types.ts';

/**
 * Payload of a `site` document: every fact about the site that a figure may need, and nothing
 * that names a person, an address or a place. It is a leaf for ever (evidence §2, §4).
 */
export interface SiteDocument {
  readonly v: 1;
  readonly log: string;
  readonly site: string;
  readonly unit: string;
  readonly version: number;
  readonly issued_ms: number;
  readonly author: string;
  readonly calendar: string;
  readonly workplaces: Readonly<Record<string, number>>;
  readonly agents: readonly { readonly code: string; readonly attached?: object }[];
  readonly devices: readonly SiteDocumentDevice[];
}

export interface SiteDocumentDevice {
  readonly code: string;
  readonly kind: string;
  readonly agent: string;
  readonly reachability: string;
  readonly attached?: object;
  readonly groups: readonly string[];
  readonly powered_by: string;
  readonly witnesses: readonly string[];
  readonly rtt_limit_ms: number;
  readonly probes: PublicProbeTimes;
  /** Counts replacements under one code. */
  readonly generation: number;
}

interface Times {
  readonly interval_ms: number;
  readonly timeout_ms: number;
}

/** Intervals and timeouts only: names and pages that are asked for say who works on what. */
export interface PublicProbeTimes {
  readonly icmp?: Times;
  readonly arp?: Times;
  readonly snmp?: Times;
  readonly tcp: readonly (Times & { readonly port: number })[];
  readonly dns: readonly Times[];
  readonly http: readonly Times[];
}

export function siteDocument(
  inventory: Inventory,
  facts: { log: string; version: number; issued_ms: number; author: string },
): SiteDocument {
  const { site, unit, agents, devices } = inventory;
  return {
    v: 1,
    log: facts.log,
    site: site.code,
    unit: unit.code,
    version: facts.version,
    issued_ms: facts.issued_ms,
    author: facts.author,
    calendar: site.calendar,
    workplaces: site.workplaces,
    agents: agents.map(({ code, attached }) => ({ code, ...given({ attached }) })),
    devices: devices.map(publicDevice),
  };
}

function publicDevice(device: Device): SiteDocumentDevice {
  const { code, kind, agent, reachability, attached, groups, powered_by } = device;
  return {
    code,
    kind,
    agent,
    reachability,
    ...given({ attached }),
    groups,
    powered_by,
    witnesses: device.witnesses,
    rtt_limit_ms: device.rtt_limit_ms,
    probes: publicProbes(device.probes),
    generation: device.asset.generation ?? 1,
  };
}

function publicProbes({ icmp, arp, snmp, tcp, dns, http }: Probes): PublicProbeTimes {
  return {
    ...(icmp === undefined ? {} : { icmp: times(icmp) }),
    ...(arp === undefined ? {} : { arp: times(arp) }),
    ...(snmp === undefined ? {} : { snmp: times(snmp) }),
    tcp: tcp.map((probe) => ({ ...times(probe), port: probe.port })),
    dns: dns.map(times),
    http: http.map(times),
  };
}

function times({ interval_ms, timeout_ms }: Times): Times {
  return { interval_ms, timeout_ms };
}

function given<T extends object>(value: { attached: T | undefined }): { attached?: T } {
  return value.attached === undefined ? {} : { attached: value.attached };
}
