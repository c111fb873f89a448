/** The files of a bundle about each log: its head, and what is proved at it. */
import { fromBase64, fromUtf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { formatDaily } from '../../../shared/evidence/bundle/daily.ts';
import type { LogHead } from '../../../shared/evidence/bundle/lines.ts';
import { formatConsistency, formatInclusion } from '../../../shared/evidence/bundle/proofs.ts';
import type { BundleProof } from '../../../shared/evidence/bundle/types.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import { missingRanges } from '../../../shared/evidence/multiproof.ts';
import type { VerifierKey } from '../../../shared/evidence/note.ts';
import { PRINT_ACTION } from '../../ledger/printed.ts';
import type { Ledger, SignedCheckpoint } from '../../ledger/types.ts';
import type { PeopleReads } from '../../store/store-people.ts';
import { dailyCounts } from './daily.ts';
import { ofKind, type PlacedDocument } from './scope.ts';
import type { BundleDeps } from './types.ts';

/** Hashes asked for at once: their tiles are in memory together, some megabytes at most. */
const RANGES_AT_ONCE = 500;

/** What a log is told at. */
export interface ToldHead extends LogHead {
  readonly log: number;
  /** The newest head that the log's own key signed, and its size: less, where the key was lost. */
  readonly note: string;
  readonly signed_size: number;
}

/** What has to be proved of one log, collected while its leaves are written. */
export interface LogNeeds {
  readonly head: ToldHead;
  /** Indexes of the leaves that are listed, ascending. */
  readonly leaves: number[];
  /** Sizes of older checkpoints. */
  readonly sizes: Set<number>;
}

/**
 * The heads that a bundle is proved under: of the open log `head`, of each closed one the size that
 * the next log's first leaf names. It lies behind the last signed head where the key was lost.
 */
export async function headsOf(
  ledger: Pick<Ledger, 'checkpointOf'>,
  head: SignedCheckpoint,
  documents: readonly PlacedDocument[],
): Promise<ToldHead[]> {
  const closed_at = new Map(
    ofKind(documents, 'log-open').map(({ text }) => {
      const { log, size } = Object.assign({ log: '', size: 0 }, saidOf(text).previous);
      return [String(log), Number(size)] as const;
    }),
  );
  const heads: ToldHead[] = [];
  for (let log = 1; log < head.log; log++) {
    const signed = await ledger.checkpointOf(log);
    if (signed === null) {
      throw new LanProofError('LEDGER_DAMAGED', `log ${log} has no signed head`, {
        hint: 'run `lanproof ledger verify`; restore the ledger if it reports damage',
      });
    }
    heads.push(toldAt(signed, Math.max(signed.size, closed_at.get(signed.origin) ?? 0)));
  }
  return [...heads, toldAt(head, head.size)];
}

function toldAt({ log, origin, note, size }: SignedCheckpoint, told_size: number): ToldHead {
  return { log, origin, note, signed_size: size, size: told_size };
}

/** What is to be proved under a head: at first only that it continues the signed one. */
export function needsOf(head: ToldHead): LogNeeds {
  const behind = head.signed_size < head.size;
  return { head, leaves: [], sizes: new Set(behind ? [head.signed_size] : []) };
}

/** Payload of a document of our own store. */
function saidOf(text: string): Record<string, unknown> {
  return Object.assign({}, JSON.parse(fromUtf8(fromBase64(parseEnvelope(text).payload))));
}

/** Sizes that anchors vouch for; the anchored log need not be the one that they are leaves of. */
export function noteAnchors(
  documents: readonly PlacedDocument[],
  needs: ReadonlyMap<string, LogNeeds>,
): void {
  for (const { text } of ofKind(documents, 'anchor')) {
    const { log, size } = Object.assign({ log: '', size: 0 }, saidOf(text));
    noteSize(needs.get(String(log)), Number(size));
  }
}

/** Heads that earlier reports print: whoever holds one on paper can compare it here. */
export function noteReports(
  documents: readonly PlacedDocument[],
  needs: ReadonlyMap<string, LogNeeds>,
): void {
  for (const { text } of ofKind(documents, 'report')) {
    const { log, size } = Object.assign({ log: '', size: 0 }, saidOf(text).as_of);
    noteSize(needs.get(String(log)), Number(size));
  }
}

/** Heads that were printed on sheets up to `at_ms`, UTC ms: the same ask finds the same ones. */
export async function notePrinted(
  store: Pick<PeopleReads, 'auditOf'>,
  at_ms: number,
  needs: ReadonlyMap<string, LogNeeds>,
): Promise<void> {
  for (const row of await store.auditOf(PRINT_ACTION)) {
    if (row.at_ms > at_ms) continue;
    const { log, size } = Object.assign({ log: '', size: 0 }, JSON.parse(row.detail));
    noteSize(needs.get(String(log)), Number(size));
  }
}

/** Beyond the head nothing can be proved; what claims it is found by the reader. */
export function noteSize(needs: LogNeeds | undefined, size: number): void {
  if (needs !== undefined && size >= 1 && size <= needs.head.size) needs.sizes.add(size);
}

/** Keys of all logs as their first leaves say, oldest first. */
export function logKeys(documents: readonly PlacedDocument[]): VerifierKey[] {
  return ofKind(documents, 'log-open').map(({ text }) => {
    const { log, log_key } = Object.assign({ log: '', log_key: '' }, saidOf(text));
    return { name: String(log), publicKey: fromBase64(String(log_key)) };
  });
}

/** What proves the listed leaves and older heads, and the daily counts. */
export async function proofFiles(
  { ledger, store, breathe }: Pick<BundleDeps, 'ledger' | 'store' | 'breathe'>,
  { head, leaves, sizes }: LogNeeds,
  site: string,
): Promise<{ inclusion: Uint8Array; consistency: string; daily: string }> {
  const { log, size } = head;
  const hashes: Uint8Array[] = [];
  for (const ranges of groupsOf(missingRanges(size, leaves), RANGES_AT_ONCE)) {
    hashes.push(...(await ledger.ranges(log, ranges, size)));
    await breathe();
  }
  const proofs: BundleProof[] = [];
  for (const at of [...sizes].sort((a, b) => a - b)) {
    proofs.push({ at, hashes: await ledger.consistency(log, at, size) });
    await breathe();
  }
  return {
    inclusion: formatInclusion(hashes),
    consistency: formatConsistency(head, proofs),
    daily: formatDaily(head, await dailyCounts(store, { log, size }, site, breathe)),
  };
}

function* groupsOf<T>(items: Iterable<T>, length: number): Generator<T[]> {
  let group: T[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < length) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
