import { fromBase64, toBase64 } from '../../shared/bytes.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import {
  asProblem,
  type BatchParts,
  faultyParts,
  type MeasuredList,
  partsOf,
} from '../../shared/judge/batch-parts.ts';
import type { BatchHeader } from '../../shared/measure/batch.ts';
import { type HeaderJson, parseHeader } from '../../shared/measure/header.ts';
import { parseTargetList } from '../../shared/measure/target-list.ts';
import type { PublicProbes } from '../../shared/measure/targets.ts';
import type { InventoryReads } from '../store/store-inventory.ts';

export type FindList = (site: string, agent: string, hash: string) => Promise<MeasuredList | null>;

/** Header and result sections of a batch as far as they can be read. See partsOf. */
export async function readParts(
  headerSent: Uint8Array | HeaderJson,
  inflated: ReadonlyMap<string, Uint8Array>,
  findList: FindList,
): Promise<BatchParts> {
  let header: BatchHeader;
  try {
    header = parseHeader(headerSent);
  } catch (error) {
    return faultyParts(null, asProblem(error));
  }
  return partsOf(header, await findList(header.site, header.agent, header.list.hash), inflated);
}

/** Lists of all sites of a province, one for each of their agents. */
const LISTS_MAX = 4_000;
/** Different sets of probes among their targets: a few kinds of devices and intervals. */
const PROBES_MAX = 1_000;

/** Finds target lists by the hash that headers name, and keeps the ones in use. */
export function createListFinder(store: InventoryReads): FindList {
  const lists = new Map<string, MeasuredList>();
  const shared = new Map<string, PublicProbes>();
  // Most targets are asked alike: one object for all of them is 300 bytes less for each.
  const sharedProbes = (probes: PublicProbes): PublicProbes => {
    const key = JSON.stringify(probes);
    const known = shared.get(key);
    if (known !== undefined) return known;
    if (shared.size >= PROBES_MAX) shared.clear();
    shared.set(key, probes);
    return probes;
  };
  return async (site, agent, hash) => {
    const key = `${site} ${agent} ${hash}`;
    const known = lists.get(key);
    if (known !== undefined) return known;
    const row = await store.targetsByHash(site, fromBase64(hash));
    if (row === null || row.agent !== agent || toBase64(row.hash) !== hash) return null;
    const { version, targets } = parseTargetList(fromBase64(parseEnvelope(row.envelope).payload));
    const list: MeasuredList = {
      version,
      targets: targets.map(({ code, kind, own, reachability, probes }) => {
        return { code, kind, own, reachability, probes: sharedProbes(probes) };
      }),
    };
    if (lists.size >= LISTS_MAX) lists.clear();
    lists.set(key, list);
    return list;
  };
}
