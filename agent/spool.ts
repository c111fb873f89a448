import { join } from 'node:path';
import { equalBytes } from '../shared/bytes.ts';
import type { ChainHead } from '../shared/evidence/chain.ts';
import { isCorrupt, isDiskError, type Marks, SpoolDb, type StoredBatch } from './spool/db.ts';
import { HeldBatches } from './spool/held.ts';
import {
  headAfterLoss,
  moveAside,
  openChecked,
  readHeadHint,
  spoolExists,
  unusable,
  writeHeadHint,
} from './spool/loss.ts';
import {
  goneReason,
  makeRoom,
  pruneOld,
  readHead,
  readMarks,
  writeMarks,
  writeStart,
} from './spool/state.ts';
import type { Outgoing, SpoolDeps } from './spool/types.ts';

/**
 * Sealed batches on disk until the collector proved that it has them. A seq is used up only when
 * its batch is fsynced; while the disk refuses, batches wait in memory and nothing of them is sent.
 */
export class Spool {
  readonly #deps: SpoolDeps;
  readonly #held: HeldBatches;
  readonly #path: string;
  #db: SpoolDb;
  #marks: Marks;
  #head: ChainHead;
  #full = false;

  /** @throws LanProofError SPOOL_IN_USE, SPOOL_UNUSABLE or SPOOL_SYNC. */
  constructor(deps: SpoolDeps) {
    this.#deps = deps;
    this.#held = new HeldBatches(deps.held_bytes_max);
    this.#path = join(deps.dir, 'spool.db');
    const { origin, wall_ms, dir } = deps;
    const hint = readHeadHint(dir);
    // Without any note nobody can say that the chain did not go further: take it as lost.
    const noted_seq = hint === undefined ? 1 : hint.epoch === origin.epoch ? hint.seq : 0;
    const missing = !spoolExists(this.#path) && (hint === undefined || hint.seq > 0);
    try {
      this.#db = openChecked(this.#path);
    } catch (error) {
      if (!isCorrupt(error)) throw unusable(error, this.#path);
      this.#db = this.#replace(error.message);
    }
    this.#head = readHead(this.#db, origin);
    if (missing || this.#head.seq < (hint === undefined ? 0 : noted_seq)) {
      const { seq } = headAfterLoss(origin, wall_ms(), hint, deps.issued_ms);
      writeStart(this.#db, origin.epoch, seq);
      deps.onLost(`batches up to ${noted_seq} are not in ${this.#path}; going on after ${seq}`);
      this.#head = readHead(this.#db, origin);
      // The collector knows what it has: asked with a batch beyond, it names the one it expects.
      writeMarks(this.#db, origin.epoch, { sent_to: seq, proven_to: 0 });
    }
    this.#marks = readMarks(this.#db, this.#head);
  }

  /** Where the next batch links to; batches that wait in memory count. */
  get head(): ChainHead {
    return this.#head;
  }

  get marks(): Marks {
    return this.#marks;
  }

  /** Batches that wait in memory because the disk refuses them. */
  get held(): number {
    return this.#held.count;
  }

  /** Batches that the collector has not acknowledged. */
  get waiting(): number {
    return this.#db.count(this.#head.epoch, this.#marks.sent_to) + this.#held.count;
  }

  /** When the oldest batch that waits was sealed, UTC ms; undefined where none waits. */
  get oldest_waiting_ms(): number | undefined {
    const oldest = this.#db.first(this.#head.epoch, this.#marks.sent_to + 1);
    return oldest?.sealed_ms ?? this.#held.batches[0]?.sealed_ms;
  }

  get used_bytes(): number {
    return this.#db.used_bytes;
  }

  /** Keeps a batch that links to `head`; true when it is on disk, false while it waits. */
  put(batch: StoredBatch): boolean {
    if (batch.epoch !== this.#head.epoch || batch.seq !== this.#head.seq + 1) {
      throw new RangeError(`batch ${batch.epoch}/${batch.seq} does not follow the head`);
    }
    this.#held.add(batch);
    this.#head = { epoch: batch.epoch, seq: batch.seq, hash: batch.hash };
    return this.flush();
  }

  /** Tries to write what waits in memory; true when nothing waits any more. */
  flush(): boolean {
    if (this.#held.count === 0) return true;
    const { epoch } = this.#head;
    try {
      makeRoom(this.#db, epoch, this.#marks, this.#deps.bytes_max - this.#held.bytes);
      this.#db.transaction(() => {
        for (const lost of this.#held.lost) this.#db.addLost(epoch, lost);
        for (const batch of this.#held.batches) {
          this.#db.insert(batch, this.#deps.crypto.sha256(batch.body));
        }
        writeMarks(this.#db, epoch, this.#marks);
      });
    } catch (error) {
      return this.#writeFailed(error);
    }
    this.#held.clear();
    writeHeadHint(this.#deps.dir, this.#head);
    if (this.#full) this.#deps.onDisk('ok', 'the spool can be written again');
    this.#full = false;
    return true;
  }

  /** The oldest thing that the collector has not acknowledged and that is on disk. */
  next(): Outgoing | undefined {
    const { epoch } = this.#head;
    const want = this.#marks.sent_to + 1;
    const row = this.#db.first(epoch, want);
    if (row === undefined) return undefined;
    if (row.seq > want) {
      const reason = goneReason(this.#db, epoch, want);
      const to_seq = row.seq - 1;
      return { kind: 'hole', from_seq: want, to_seq, reason, next_prev: row.prev };
    }
    if (!equalBytes(this.#deps.crypto.sha256(row.body), row.digest)) {
      return this.#dropDamaged(row.seq) ? this.next() : undefined;
    }
    return { kind: 'batch', seq: row.seq, hash: row.hash, body: row.body };
  }

  /** Hash of a batch that is still here. */
  hashOf(seq: number): Uint8Array | undefined {
    const row = this.#db.first(this.#head.epoch, seq);
    return row?.seq === seq ? row.hash : undefined;
  }

  /** The collector answered for everything up to `seq`. Reaches the disk with the next batch. */
  markSent(seq: number): void {
    this.#marks = { ...this.#marks, sent_to: Math.max(this.#marks.sent_to, seq) };
  }

  /** Inclusion of `seq` was checked; the chain covers the earlier ones. */
  markProven(seq: number, now_ms: number): void {
    const { epoch } = this.#head;
    this.#marks = { ...this.#marks, proven_to: Math.max(this.#marks.proven_to, seq) };
    this.#try(() => {
      this.#db.transaction(() => writeMarks(this.#db, epoch, this.#marks));
      pruneOld(this.#db, epoch, this.#marks, now_ms);
    });
  }

  /** The collector expects `seq`: whatever it once acknowledged from there on, it lost. */
  rewind(seq: number): 'ok' | 'ahead' {
    if (seq > this.#head.seq + 1) return 'ahead';
    const sent_to = Math.max(0, seq - 1);
    this.#marks = { sent_to, proven_to: Math.min(this.#marks.proven_to, sent_to) };
    this.#try(() => this.#db.transaction(() => this.#writeMarks()));
    return 'ok';
  }

  /** Small texts that must survive a restart: the verified checkpoint. False: not on disk. */
  setMeta(key: string, value: string): boolean {
    return this.#try(() => this.#db.setMeta(key, value));
  }

  meta(key: string): string | undefined {
    return this.#db.meta(key);
  }

  close(): void {
    this.flush();
    this.#try(() => {
      this.#db.transaction(() => {
        this.#writeMarks();
        this.#db.setMeta('clean', 'yes');
      });
    });
    this.#db.close();
  }

  #writeMarks(): void {
    writeMarks(this.#db, this.#head.epoch, this.#marks);
  }

  /** A damaged batch would be refused for ever; an honest hole lets the chain go on. */
  #dropDamaged(seq: number): boolean {
    this.#deps.onLost(`batch ${seq} was damaged on disk`);
    return this.#try(() => {
      this.#db.transaction(() => {
        const range = { from_seq: seq, to_seq: seq, reason: 'lost_disk' } as const;
        this.#db.addLost(this.#head.epoch, range);
        this.#db.delete(this.#head.epoch, seq);
      });
    });
  }

  #writeFailed(error: unknown): false {
    if (isCorrupt(error)) {
      this.#db.close();
      this.#db = this.#replace(error.message);
      return false;
    }
    if (!isDiskError(error)) throw error;
    if (!this.#full) this.#deps.onDisk('full', error.message);
    this.#full = true;
    return false;
  }

  #try(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (isDiskError(error)) return false;
      throw error;
    }
  }

  #replace(message: string): SpoolDb {
    moveAside(this.#path);
    this.#deps.onLost(`${this.#path} was lost (${message}); what is left is ${this.#path}.damaged`);
    return new SpoolDb(this.#path);
  }
}
