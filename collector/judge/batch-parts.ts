import { fromBase64, toBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { BatchHeader, ResultSection } from '../../shared/measure/batch.ts';
import { parseHeader } from '../../shared/measure/header.ts';
import { parseResultSection } from '../../shared/measure/section.ts';
import { parseTargetList } from '../../shared/measure/target-list.ts';
import type { TargetList } from '../../shared/measure/targets.ts';
import type { InventoryReads } from '../store/store-inventory.ts';

/** Sections that carry results; `identity` is read by nobody who makes figures. */
const RESULT_SECTIONS = ['infra', 'endpoints'] as const;

/** What could be read of a batch; `fault` is the code of the first thing that could not. */
export interface BatchParts {
  readonly header: BatchHeader | null;
  readonly sections: readonly ResultSection[];
  readonly fault: string | null;
}

export type FindList = (site: string, agent: string, hash: string) => Promise<TargetList | null>;

/**
 * Reads header and result sections (inflated JSON by name) as far as they can be read. Never
 * throws for what the sender did: a fault is a code, and what is faulty is left out.
 */
export async function readParts(
  headerBytes: Uint8Array,
  inflated: ReadonlyMap<string, Uint8Array>,
  findList: FindList,
): Promise<BatchParts> {
  let header: BatchHeader;
  try {
    header = parseHeader(headerBytes);
  } catch (error) {
    return { header: null, sections: [], fault: codeOf(error) };
  }
  const list = await findList(header.site, header.agent, header.list.hash);
  if (list === null) return { header, sections: [], fault: 'LIST_UNKNOWN' };
  if (list.version !== header.list.version) return { header, sections: [], fault: 'LIST_VERSION' };
  const sections: ResultSection[] = [];
  let fault: string | null = null;
  for (const name of RESULT_SECTIONS) {
    const json = inflated.get(name);
    if (json === undefined) continue;
    try {
      sections.push(parseResultSection(json, list, name));
    } catch (error) {
      fault ??= codeOf(error);
    }
  }
  return { header, sections, fault };
}

function codeOf(error: unknown): string {
  if (error instanceof LanProofError) return error.code;
  throw error;
}

/** Lists of all sites of a province; one is some 20 kB in memory. */
const LISTS_MAX = 4_000;

/** Finds target lists by the hash that headers name, and keeps the ones in use. */
export function createListFinder(store: InventoryReads): FindList {
  const lists = new Map<string, TargetList>();
  return async (site, agent, hash) => {
    const key = `${site} ${agent} ${hash}`;
    const known = lists.get(key);
    if (known !== undefined) return known;
    const row = await store.targetsByHash(site, fromBase64(hash));
    if (row === null || row.agent !== agent || toBase64(row.hash) !== hash) return null;
    const list = parseTargetList(fromBase64(parseEnvelope(row.envelope).payload));
    if (lists.size >= LISTS_MAX) lists.clear();
    lists.set(key, list);
    return list;
  };
}
