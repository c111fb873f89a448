import { readdirSync, readFileSync } from 'node:fs';
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { join } from 'node:path';
import type { Nic } from './platform.ts';

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

const NO_MAC = '00:00:00:00:00:00';
const RTF_GATEWAY = 0x2;
const RTF_UP = 0x1;
const RTF_REJECT = 0x200;

/** Own interfaces without loopback, sorted by name. */
export function readNics(root: string, interfaces: Interfaces): Nic[] {
  let names: string[];
  try {
    names = readdirSync(join(root, 'sys/class/net'));
  } catch {
    return [];
  }
  return names
    .filter((name) => name !== 'lo' && readNic(root, name, 'address') !== null)
    .sort()
    .map((name) => {
      const mac = readNic(root, name, 'address');
      const speed = number(readNic(root, name, 'speed'));
      const duplex = readNic(root, name, 'duplex');
      return {
        name,
        cidrs: (interfaces[name] ?? []).flatMap((info) => info.cidr ?? []),
        mac: mac === null || mac === '' || mac === NO_MAC ? null : mac.toLowerCase(),
        // −1 is the kernel's word for unknown.
        speed_mbps: speed !== null && speed > 0 ? speed : null,
        duplex: duplex === 'full' || duplex === 'half' ? duplex : null,
        ...readCarrierFacts(root, name),
        rx_packets: number(readNic(root, name, 'statistics/rx_packets')),
      };
    });
}

export function carrierPath(root: string, name: string): string {
  return join(root, 'sys/class/net', name, 'carrier');
}

/** True or false with the interface up; null when it is down (EINVAL) or gone. */
export function carrierIn(text: string | null): boolean | null {
  const word = text?.trim();
  return word === '1' ? true : word === '0' ? false : null;
}

/** The carrier and its ups and downs since boot; both null where the interface is gone. */
export function readCarrierFacts(
  root: string,
  name: string,
): Pick<Nic, 'carrier' | 'carrier_changes'> {
  return {
    carrier: carrierIn(readNic(root, name, 'carrier')),
    carrier_changes: number(readNic(root, name, 'carrier_changes')),
  };
}

/** Interface of the default route with the least metric, IPv4 first. */
export function findDefaultNic(root: string): string | null {
  return default4(root) ?? default6(root);
}

function default4(root: string): string | null {
  const routes = rows(root, 'proc/net/route')
    .slice(1)
    .flatMap((cells) => {
      const [name, destination, , flags, , , metric, mask] = cells;
      if (name === undefined || destination !== '00000000' || mask !== '00000000') return [];
      const bits = Number.parseInt(flags ?? '0', 16);
      const usable = (bits & RTF_UP) !== 0 && (bits & RTF_REJECT) === 0;
      return usable ? [{ name, metric: Number(metric) }] : [];
    });
  return least(routes);
}

function default6(root: string): string | null {
  const routes = rows(root, 'proc/net/ipv6_route').flatMap((cells) => {
    const [destination, prefix, , , , metric, , , flags, name] = cells;
    if (name === undefined || prefix !== '00' || !/^0+$/.test(destination ?? '')) return [];
    if ((Number.parseInt(flags ?? '0', 16) & RTF_GATEWAY) === 0) return [];
    return [{ name, metric: Number.parseInt(metric ?? '0', 16) }];
  });
  return least(routes);
}

function least(routes: readonly { name: string; metric: number }[]): string | null {
  return routes.toSorted((a, b) => a.metric - b.metric)[0]?.name ?? null;
}

/** The interface with the longest own prefix that holds the address, loopback left out. */
export function findOnLink(address: string, interfaces: Interfaces): string | null {
  const family = isIPv4(address) ? 'IPv4' : isIPv6(address) ? 'IPv6' : null;
  if (family === null) return null;
  let best: { name: string; prefix: number } | null = null;
  for (const [name, infos] of Object.entries(interfaces)) {
    for (const info of infos ?? []) {
      if (info.internal || info.family !== family || info.cidr === null) continue;
      const prefix = Number(info.cidr.split('/')[1]);
      if (best !== null && best.prefix >= prefix) continue;
      const subnet = new BlockList();
      const type = family === 'IPv4' ? 'ipv4' : 'ipv6';
      subnet.addSubnet(info.address, prefix, type);
      if (subnet.check(address, type)) best = { name, prefix };
    }
  }
  return best?.name ?? null;
}

function readNic(root: string, name: string, file: string): string | null {
  try {
    return readFileSync(join(root, 'sys/class/net', name, file), 'utf8').trim();
  } catch {
    return null;
  }
}

function rows(root: string, path: string): string[][] {
  try {
    const text = readFileSync(join(root, path), 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : [line.trim().split(/\s+/)]));
  } catch {
    return [];
  }
}

function number(text: string | null): number | null {
  return text === null || text === '' || Number.isNaN(Number(text)) ? null : Number(text);
}
