import { setTimeout as timer } from 'node:timers/promises';
import { type RunTool, type SweepTool, sweptHosts } from './arp-tools.ts';

/** arp-scan is one process: 20 requests a second are a /24 in 13 s and 10 kbit/s. */
export const SWEEP_PER_S = 20;
/** arping is one process a request, some 5 ms of CPU each: 5 a second are 3 % of a small core. */
export const SWEEP_PER_S_SINGLY = 5;
/** A host answers at once or is asked again by the next sweep, ms. */
const SINGLE_TIMEOUT_MS = 300;
/** Addresses of one process; then the answers are told. */
const CHUNK = 64;
/** A chunk that takes this much longer than its pace says is given up, ms. */
const CHUNK_GRACE_MS = 5_000;

/** Asks each address once by ARP, at most `per_s` a second, and tells who answered. */
export type ArpSweep = (
  addresses: readonly string[],
  per_s: number,
  heard: (address: string, mac: string) => void,
  signal: AbortSignal,
) => Promise<void>;

export function createArpSweep(options: {
  readonly sweeper: SweepTool | null;
  readonly run: RunTool;
  readonly nic_for: (address: string) => string | null;
  readonly macsAt: (
    address: string,
    timeout_ms: number,
    deadline: AbortSignal,
  ) => Promise<readonly string[] | null>;
}): ArpSweep {
  const { sweeper } = options;
  return async (addresses, per_s, heard, signal) => {
    const byNic = Map.groupBy(addresses, options.nic_for);
    for (const [nic, members] of byNic) {
      if (nic === null) continue;
      if (sweeper === null) await singly(members, heard, signal);
      else await inChunks(sweeper, nic, members);
    }

    async function inChunks(tool: SweepTool, nic: string, all: readonly string[]): Promise<void> {
      const gap_ms = 1_000 / Math.min(per_s, SWEEP_PER_S);
      for (let at = 0; at < all.length && !signal.aborted; at += CHUNK) {
        const chunk = all.slice(at, at + CHUNK);
        const limit = AbortSignal.timeout(Math.ceil(chunk.length * gap_ms + CHUNK_GRACE_MS));
        const ends = AbortSignal.any([signal, limit]);
        const { stdout } = await options.run(tool.path, tool.args(nic, chunk, gap_ms), ends);
        for (const [address, mac] of sweptHosts(stdout)) heard(address, mac);
      }
    }

    async function singly(
      all: readonly string[],
      told: typeof heard,
      ends: AbortSignal,
    ): Promise<void> {
      const gap_ms = 1_000 / Math.min(per_s, SWEEP_PER_S_SINGLY);
      for (const address of all) {
        if (ends.aborted) return;
        const pace = timer(gap_ms, undefined, { signal: ends }).catch(() => undefined);
        const macs = await options.macsAt(address, SINGLE_TIMEOUT_MS, ends);
        for (const mac of macs ?? []) told(address, mac);
        await pace;
      }
    }
  };
}
