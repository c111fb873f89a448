import { equalBytes } from '../../../shared/bytes.ts';
import { TILE_WIDTH } from '../../../shared/evidence/tiles.ts';
import { prunedFiles } from '../../store/pruned.ts';
import type { LeafRow, LogRow, Position } from '../../store/rows.ts';
import { createBatchVerifier } from './batches.ts';
import { createChains } from './chains.ts';
import { verifyDocument, verifyLogOpen } from './documents.ts';
import { keysByLog, type PublicKeys, verifyNewestKeys } from './public-keys.ts';
import { createTreeVerifier } from './tree.ts';
import { noCounts, type VerifyCounts, type VerifyFault, type VerifyOptions } from './types.ts';

/** Leaves between two pauses: some milliseconds of work. */
const SLICE_LEAVES = 32;

/** Before everything. */
export const VERIFY_START: Position = { log: 0, leaf: -1 };

export interface VerifiedPart {
  readonly counts: VerifyCounts;
  readonly faults: number;
  /** Where to go on, the newest leaf that was looked at; null: all that was stored is done. */
  readonly next: Position | null;
}

/**
 * Holds what is stored behind `after` against what was signed: leaves, tiles, checkpoints,
 * documents, chains, signatures and bodies. At most about `leaves_max` leaves, in whole tiles; goes
 * on from the `next` of an earlier part. Each difference is told with its place; the store's errors
 * are thrown.
 */
export async function verifyPart(
  options: VerifyOptions,
  after: Position,
  leaves_max = Number.POSITIVE_INFINITY,
): Promise<VerifiedPart> {
  const counts = noCounts();
  let faults = 0;
  const counting: VerifyOptions = {
    ...options,
    onFault(fault: VerifyFault) {
      faults += 1;
      options.onFault(fault);
    },
  };
  const logs = await options.reads.logs();
  const keys = await keysByLog(options.crypto, options.reads);
  const walk = createWalk(counting, counts, keys);
  for (const [at, log] of logs.entries()) {
    if (log.log < after.log) continue;
    // In whole tiles: leaves of the last, unfinished one are looked at again.
    const begin = log.log === after.log ? after.leaf + 1 : 0;
    const from = begin - (begin % TILE_WIDTH);
    const end = await walk(log, logs[at - 1], from, leaves_max);
    if (end < log.size) return { counts, faults, next: { log: log.log, leaf: end - 1 } };
  }
  const newest = logs.at(-1);
  if (newest !== undefined) {
    verifyNewestKeys(keys.get(newest.log), options, (code, message) =>
      counting.onFault({ code, place: `log ${newest.log} leaf 0`, message }),
    );
  }
  await verifyHeads(counting);
  return { counts, faults, next: null };
}

type Walk = (
  log: LogRow,
  before: LogRow | undefined,
  from: number,
  leaves_max: number,
) => Promise<number>;

function createWalk(
  options: VerifyOptions,
  counts: VerifyCounts,
  keys: ReadonlyMap<number, PublicKeys>,
): Walk {
  const { reads, onFault } = options;
  const chains = createChains(reads);
  let pruned: ReadonlySet<string> = new Set();
  const batches = createBatchVerifier(options, chains, counts, () => pruned);

  const verifyLeaf = async (leaf: LeafRow): Promise<void> => {
    const { kind, site, agent, epoch, seq } = leaf;
    const tell = (code: string, message: string): void =>
      onFault({ code, place: placeOf(leaf), message });
    if (kind === 'batch' && site !== null && agent !== null) {
      await batches.verify(leaf, { site, agent, epoch, seq }, tell);
      return;
    }
    counts.documents += 1;
    if (site !== null && agent !== null) chains.forget(site, agent);
    // Under the keys of its own log: those of this collector may have come later.
    await verifyDocument({ ...options, ...keys.get(leaf.log) }, chains, leaf, tell);
  };

  return async (log, before, from, leaves_max) => {
    pruned = await prunedFiles(reads);
    const tellAt = (index: number, code: string, message: string): void =>
      onFault({ code, place: `log ${log.log} leaf ${index}`, message });
    if (from === 0) {
      await verifyLogOpen(options, log, before, (code, words) => tellAt(0, code, words));
    }
    const tree = await createTreeVerifier(
      { ...options, ...keys.get(log.log) },
      log,
      from,
      counts,
      tellAt,
    );
    let at = from;
    while (at < log.size && counts.leaves < leaves_max) {
      for (const [count, leaf] of (await tree.next()).entries()) {
        await verifyLeaf(leaf);
        if (count % SLICE_LEAVES === SLICE_LEAVES - 1) await options.pause(counts);
      }
      at = Math.min(at + TILE_WIDTH, log.size);
      await options.pause(counts);
    }
    return at;
  };
}

/** The head from which each agent goes on is that of its newest stored batch or hole. */
async function verifyHeads({ reads, onFault }: VerifyOptions): Promise<void> {
  for (const { site, agent, epoch, seq, hash } of await reads.agents()) {
    const row = seq === 0 ? null : await reads.batch(site, agent, epoch, seq);
    if (row === null || equalBytes(row.hash, hash)) continue;
    const message = `its head is not the hash of batch ${epoch}/${seq}`;
    onFault({ code: 'AGENT_HEAD', place: `${site}/${agent}`, message });
  }
}

function placeOf({ log, index, kind, site, agent, epoch, seq }: LeafRow): string {
  const whose = [site, agent].filter((code) => code !== null).join('/');
  const number = kind === 'batch' ? `${epoch}/${seq}` : kind;
  return ['log', log, 'leaf', index, whose, number].filter((word) => word !== '').join(' ');
}
