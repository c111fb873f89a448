import type { OwnNetwork } from '../allow.ts';
import type { Platform } from '../platform/platform.ts';
import type { ArpAsker } from './arp.ts';

/** A second owner of an address answers within milliseconds, too; sleepy Wi-Fi later, ms. */
const ANSWERS_MS = 500;

/** Own addresses seldom change, and reading them costs a dozen files, ms. */
const NETWORKS_MS = 10_000;

/** Finds out which machines are where. Only ARP can, and for the demo its own engine. */
export interface Seeker {
  /** Networks in which a device known by its MAC may be found. */
  networks(hints: readonly string[]): readonly OwnNetwork[];
  /** MACs of all who answer for the address; null where it cannot be asked. */
  macsAt(address: string, signal: AbortSignal): Promise<readonly string[] | null>;
  /** Asks each address once, at most `per_s` a second; ends early when the signal aborts. */
  sweep(
    addresses: readonly string[],
    per_s: number,
    heard: (address: string, mac: string) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** ARP on the own subnets. */
export function createArpSeeker(arp: ArpAsker, platform: Platform): Seeker {
  let read_ms = Number.NEGATIVE_INFINITY;
  let networks: readonly OwnNetwork[] = [];
  return {
    networks: () => {
      const now_ms = platform.monotonic_ms();
      if (now_ms - read_ms < NETWORKS_MS) return networks;
      read_ms = now_ms;
      networks = platform.nics().flatMap(({ cidrs, mac }) =>
        cidrs.flatMap((cidr): OwnNetwork[] => {
          const [address = '', prefix = ''] = cidr.split('/');
          const usable = mac !== null && !address.includes(':');
          return usable ? [{ address, prefix: Number(prefix) }] : [];
        }),
      );
      return networks;
    },
    macsAt: (address, signal) => arp.macsAt(address, ANSWERS_MS, signal),
    sweep: (addresses, per_s, heard, signal) => arp.sweep(addresses, per_s, heard, signal),
  };
}
