import type {
  Attachment,
  Device,
  Inventory,
  Probes,
  Timing,
} from '../../shared/measure/inventory-types.ts';
import type { SiteDocument, SiteDocumentDevice } from '../../shared/measure/site-document.ts';
import type { PublicProbeTimes } from '../../shared/measure/site-document-probes.ts';

/** The payload of an inventory: what is left out stays with the collector (evidence §2, §4). */
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

function times({ interval_ms, timeout_ms }: Timing): Timing {
  return { interval_ms, timeout_ms };
}

function given(value: { attached: Attachment | undefined }): { attached?: Attachment } {
  return value.attached === undefined ? {} : { attached: value.attached };
}
