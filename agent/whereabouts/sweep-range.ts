import {
  type IpNetwork,
  inNetwork,
  parseAddress,
  parseNetwork,
} from '../../shared/measure/address.ts';
import type { OwnNetwork } from '../allow.ts';

/** A larger subnet is searched only around the addresses that are known of it. */
export const SWEEP_PREFIX_MIN = 22;
const V4_BITS = 32;

/**
 * IPv4 addresses that one sweep may ask: own subnets, of a subnet larger than a /22 only the /22s
 * around `hints` and the own address, without network, broadcast and own addresses, and only what
 * `permits` says yes to.
 */
export function sweepAddresses(
  own: readonly OwnNetwork[],
  hints: readonly string[],
  permits: (address: string) => boolean,
): string[] {
  const mine = new Set(own.map(({ address }) => address));
  const found = new Set<string>();
  for (const { address, prefix } of own) {
    const network = parseNetwork(`${address}/${prefix}`);
    if (network?.version !== 4) continue;
    const edges = new Set([firstOf(network), firstOf(network) + sizeOf(network.prefix) - 1n]);
    for (const part of partsOf(network, [...hints, address])) {
      const first = firstOf(part);
      for (let bits = first; bits < first + sizeOf(part.prefix); bits += 1n) {
        if (prefix < V4_BITS - 1 && edges.has(bits)) continue;
        const text = dotted(bits);
        if (!mine.has(text) && permits(text)) found.add(text);
      }
    }
  }
  return [...found];
}

/** Whether the address lies in one of the networks. */
export function isWithin(address: string, own: readonly OwnNetwork[]): boolean {
  const bits = parseAddress(address);
  if (bits === undefined) return false;
  return own.some((net) => {
    const network = parseNetwork(`${net.address}/${net.prefix}`);
    return network !== undefined && inNetwork(bits, network);
  });
}

function partsOf(network: IpNetwork, hints: readonly string[]): IpNetwork[] {
  if (network.prefix >= SWEEP_PREFIX_MIN) return [network];
  const parts = hints.flatMap((hint): [bigint, IpNetwork][] => {
    const address = parseAddress(hint);
    if (address === undefined || !inNetwork(address, network)) return [];
    const part = { ...address, prefix: SWEEP_PREFIX_MIN };
    return [[firstOf(part), part]];
  });
  return [...new Map(parts).values()];
}

function sizeOf(prefix: number): bigint {
  return 1n << BigInt(V4_BITS - prefix);
}

function firstOf({ bits, prefix }: IpNetwork): bigint {
  const size = sizeOf(prefix);
  return (bits / size) * size;
}

function dotted(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');
}
