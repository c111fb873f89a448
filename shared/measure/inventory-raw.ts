import type { Device, Inventory, Timing } from './inventory-types.ts';

/**
 * The inventory in the form of inventory.yml (seconds, nested maps), every default written out:
 * for exports and for sending it on. `checkInventory(toRaw(x))` gives x again.
 */
export function toRaw(inventory: Inventory): Record<string, unknown> {
  const { unit, site, agents, devices } = inventory;
  return { unit, site, agents, devices: devices.map(rawDevice) };
}

function rawDevice(device: Device): Record<string, unknown> {
  const { icmp, arp, snmp, tcp, dns, http } = device.probes;
  return {
    ...device,
    probes: {
      ...(icmp === undefined ? {} : { icmp: inSeconds(icmp) }),
      ...(arp === undefined ? {} : { arp: inSeconds(arp) }),
      ...(snmp === undefined ? {} : { snmp: inSeconds(snmp) }),
      tcp: tcp.map(inSeconds),
      dns: dns.map(inSeconds),
      http: http.map(inSeconds),
    },
  };
}

function inSeconds(probe: Timing): Record<string, unknown> {
  const { interval_ms, ...rest } = probe;
  return { ...rest, interval_s: interval_ms / 1_000 };
}
