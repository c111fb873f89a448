/** The batches of one agent by their number in its chain, through holes and epochs. */
import { fromBase64, fromUtf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import { knownTo } from '../../../shared/judge/replay/stretch.ts';
import type { BatchHeader } from '../../../shared/measure/batch.ts';
import { parseHeader } from '../../../shared/measure/header.ts';
import type { SignedCheckpoint } from '../../ledger/types.ts';
import type { BatchRow } from '../../store/rows.ts';
import type { EvidenceReads } from '../../store/store-evidence.ts';
import { isBelow, type PlacedDocument } from './scope.ts';

/** Batches from_seq … to_seq that the agent said it no longer has. */
interface Hole {
  readonly from_seq: number;
  readonly to_seq: number;
  /** Base64: what the batch behind it names as `prev`. */
  readonly next_prev: string;
}

interface Epoch {
  readonly epoch: number;
  readonly holes: readonly Hole[];
  /** How many batches of it are in the ledger. */
  readonly count: number;
}

export interface AgentChain {
  readonly agent: string;
  readonly count: number;
  /** The batch with this number, from 0. RangeError beyond the count. */
  at(index: number): Promise<BatchRow>;
  /** Base64 hash of what the batch follows; null at the beginning of an epoch. */
  before(index: number): Promise<string | null>;
}

/** Opens the chain of an agent as far as a checkpoint reaches. */
export async function openChain(
  store: Pick<EvidenceReads, 'batch'>,
  site: string,
  agent: string,
  documents: readonly PlacedDocument[],
  checkpoint: SignedCheckpoint,
): Promise<AgentChain> {
  const own = documents.filter(({ leaf }) => leaf.agent === agent);
  const read = async (epoch: number, seq: number): Promise<BatchRow | null> => {
    const row = await store.batch(site, agent, epoch, seq);
    return row !== null && isBelow(row, checkpoint) ? row : null;
  };
  const numbers = new Set(own.flatMap(({ leaf }) => (leaf.kind === 'enrol' ? [leaf.epoch] : [])));
  const epochs: Epoch[] = [];
  for (const epoch of [...numbers].sort((a, b) => a - b)) {
    const holes = holesOf(own, epoch);
    const exists = async (at: number): Promise<boolean> =>
      (await read(epoch, seqOf(holes, at))) !== null;
    epochs.push({ epoch, holes, count: await countWhile(exists) });
  }
  const find = (index: number): { readonly epoch: Epoch; readonly seq: number } => {
    let rest = index;
    for (const epoch of epochs) {
      if (rest < epoch.count) return { epoch, seq: seqOf(epoch.holes, rest) };
      rest -= epoch.count;
    }
    throw new RangeError(`${agent} has no batch number ${index}`);
  };
  return {
    agent,
    count: epochs.reduce((sum, { count }) => sum + count, 0),
    async at(index) {
      const { epoch, seq } = find(index);
      const row = await read(epoch.epoch, seq);
      if (row === null) throw new RangeError(`${agent} has no batch number ${index}`);
      return row;
    },
    async before(index) {
      const { epoch, seq } = find(index);
      if (seq === 1) return null;
      const row = await read(epoch.epoch, seq - 1);
      if (row !== null) return Buffer.from(row.hash).toString('base64');
      return epoch.holes.find(({ to_seq }) => to_seq === seq - 1)?.next_prev ?? null;
    },
  };
}

/** How many batches exist, where each but the last is followed by one: doubled, then halved. */
async function countWhile(exists: (at: number) => Promise<boolean>): Promise<number> {
  let [known, missing] = [0, 1];
  while (await exists(missing - 1)) [known, missing] = [missing, missing * 2];
  while (missing - known > 1) {
    const middle = Math.floor((known + missing) / 2);
    if (await exists(middle - 1)) known = middle;
    else missing = middle;
  }
  return known;
}

/** The seq of the batch number `at` of an epoch. */
function seqOf(holes: readonly Hole[], at: number): number {
  let seq = at + 1;
  for (const { from_seq, to_seq } of holes) if (seq >= from_seq) seq += to_seq - from_seq + 1;
  return seq;
}

function holesOf(documents: readonly PlacedDocument[], epoch: number): Hole[] {
  return documents
    .filter(({ leaf }) => leaf.kind === 'hole' && leaf.epoch === epoch)
    .map(({ leaf, text }) => {
      const payload = fromBase64(parseEnvelope(text).payload);
      const { to_seq, next_prev } = JSON.parse(fromUtf8(payload));
      return { from_seq: leaf.seq, to_seq: Number(to_seq), next_prev: String(next_prev) };
    })
    .sort((a, b) => a.from_seq - b.from_seq);
}

/** The header as far as it can be read. */
export function readHeader({ header }: Pick<BatchRow, 'header'>): BatchHeader | null {
  try {
    return parseHeader(header);
  } catch (error) {
    if (error instanceof LanProofError) return null;
    throw error;
  }
}

/** To where a batch may be believed to have closed time, UTC ms; null: it says nothing. */
export function closedTo(row: BatchRow): number | null {
  return knownTo(readHeader(row), row.recv_ms);
}
