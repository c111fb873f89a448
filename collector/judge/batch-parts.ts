import { fromBase64, toBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { BatchHeader, ResultSection } from '../../shared/measure/batch.ts';
import { type HeaderJson, parseHeader } from '../../shared/measure/header.ts';
import { parseResultSection } from '../../shared/measure/section.ts';
import { parseTargetList } from '../../shared/measure/target-list.ts';
import type { MeasuredTarget, PublicProbes } from '../../shared/measure/targets.ts';
import type { InventoryReads } from '../store/store-inventory.ts';

/** Sections that carry results; `identity` is read by nobody who makes figures. */
const RESULT_SECTIONS = ['infra', 'endpoints'] as const;

/** What could be read of a batch; `fault` is the code of the first thing that could not. */
export interface BatchParts {
  readonly header: BatchHeader | null;
  readonly sections: readonly ResultSection[];
  readonly fault: string | null;
  /** The fault with its place and fix, for the log; only where the batch was just read. */
  readonly problem?: LanProofError;
}

/** What a header's list says of the targets of its batch. */
export interface MeasuredList {
  readonly version: number;
  readonly targets: readonly MeasuredTarget[];
}

export type FindList = (site: string, agent: string, hash: string) => Promise<MeasuredList | null>;

/**
 * Reads header and result sections (inflated JSON by name) as far as they can be read. Never
 * throws for what the sender did: a fault is a code, and what is faulty is left out.
 */
export async function readParts(
  headerSent: Uint8Array | HeaderJson,
  inflated: ReadonlyMap<string, Uint8Array>,
  findList: FindList,
): Promise<BatchParts> {
  let header: BatchHeader;
  try {
    header = parseHeader(headerSent);
  } catch (error) {
    return faulty(null, asProblem(error));
  }
  const list = await findList(header.site, header.agent, header.list.hash);
  if (list === null) return faulty(header, listProblem('LIST_UNKNOWN', 'list.hash'));
  if (list.version !== header.list.version) {
    return faulty(header, listProblem('LIST_VERSION', 'list.version'));
  }
  const sections: ResultSection[] = [];
  let problem: LanProofError | undefined;
  for (const name of RESULT_SECTIONS) {
    const json = inflated.get(name);
    if (json === undefined) continue;
    try {
      sections.push(parseResultSection(json, list, name));
    } catch (error) {
      problem ??= asProblem(error);
    }
  }
  if (problem === undefined) return { header, sections, fault: null };
  return { header, sections, fault: problem.code, problem };
}

function faulty(header: BatchHeader | null, problem: LanProofError): BatchParts {
  return { header, sections: [], fault: problem.code, problem };
}

function asProblem(error: unknown): LanProofError {
  if (error instanceof LanProofError) return error;
  throw error;
}

function listProblem(code: 'LIST_UNKNOWN' | 'LIST_VERSION', place: string): LanProofError {
  return new LanProofError(code, 'the batch names a target list that was never given out', {
    hint: 'the batch is kept as unreadable; restart the agent so that it fetches its list again',
    place,
    fatal: false,
  });
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
