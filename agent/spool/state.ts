import type { ChainHead } from '../../shared/evidence/chain.ts';
import type { HoleReason } from '../../shared/evidence/documents.ts';
import type { Marks, SpoolDb } from './db.ts';

/** Proven batches stay this long, so that a collector restored from a backup can be refilled. */
export const SPOOL_KEEP_MS = 30 * 86_400_000;
/** Batches removed at once when the spool is full; small, so that no commit is long. */
const PRUNE_BATCHES = 32;
/** Old proven batches removed after each hourly proof, far more than an hour brings. */
const PRUNE_OLD_BATCHES = 1_000;
/** Rounds of making room before one write; each frees some 80 kB. */
const ROOM_ROUNDS_MAX = 64;

function key(epoch: number, name: string): string {
  return `${name}/${epoch}`;
}

/** The last batch of the epoch, or the place where the chain goes on after a loss. */
export function readHead(db: SpoolDb, origin: ChainHead): ChainHead {
  const start = Number(db.meta(key(origin.epoch, 'start')) ?? origin.seq);
  const last = db.last(origin.epoch);
  if (last !== undefined && last.seq >= start) return { epoch: origin.epoch, ...last };
  return { ...origin, seq: start };
}

/** From here on the chain goes on after `seq`; what lies between is a hole. */
export function writeStart(db: SpoolDb, epoch: number, seq: number): void {
  db.setMeta(key(epoch, 'start'), String(seq));
}

export function readMarks(db: SpoolDb, head: ChainHead): Marks {
  const read = (name: string) => Number(db.meta(key(head.epoch, name)) ?? 0);
  return {
    sent_to: Math.min(read('sent_to'), head.seq),
    proven_to: Math.min(read('proven_to'), head.seq),
  };
}

export function writeMarks(db: SpoolDb, epoch: number, marks: Marks): void {
  db.setMeta(key(epoch, 'sent_to'), String(marks.sent_to));
  db.setMeta(key(epoch, 'proven_to'), String(marks.proven_to));
}

/** Why a batch is not here: what was noted, else age (it was proven once), else a loss. */
export function goneReason(db: SpoolDb, epoch: number, seq: number): HoleReason {
  const noted = db.lostAt(epoch, seq);
  if (noted !== undefined) return noted.reason;
  const pruned_to = Number(db.meta(key(epoch, 'pruned_to')) ?? 0);
  return seq <= pruned_to ? 'spool_limit' : 'lost_disk';
}

/** Removes proven batches that are older than SPOOL_KEEP_MS. */
export function pruneOld(db: SpoolDb, epoch: number, marks: Marks, now_ms: number): void {
  const old = db
    .oldest(PRUNE_OLD_BATCHES)
    .filter((row) => row.sealed_ms < now_ms - SPOOL_KEEP_MS)
    .filter((row) => row.epoch < epoch || row.seq <= marks.proven_to);
  remove(db, epoch, marks, old);
}

/**
 * Removes the oldest batches until the file uses at most `bytes`: earlier epochs and proven ones
 * come first by their age; an unproven one is noted as lost. The newest one always stays.
 */
export function makeRoom(db: SpoolDb, epoch: number, marks: Marks, bytes: number): void {
  for (let round = 0; round < ROOM_ROUNDS_MAX && db.used_bytes > bytes; round++) {
    const last = db.last(epoch)?.seq;
    const oldest = db.oldest(PRUNE_BATCHES);
    const rows = oldest.filter((row) => row.epoch !== epoch || row.seq !== last);
    if (rows.length === 0) return;
    remove(db, epoch, marks, rows);
  }
}

function remove(
  db: SpoolDb,
  current: number,
  marks: Marks,
  rows: readonly { readonly epoch: number; readonly seq: number }[],
): void {
  if (rows.length === 0) return;
  db.transaction(() => {
    for (const { epoch, seq } of rows) {
      db.delete(epoch, seq);
      if (epoch !== current) continue;
      if (seq <= marks.proven_to) db.setMeta(key(epoch, 'pruned_to'), String(seq));
      else db.addLost(epoch, { from_seq: seq, to_seq: seq, reason: 'spool_limit' });
    }
  });
}
