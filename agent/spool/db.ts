import Database from 'better-sqlite3';
import { LanProofError } from '../../shared/errors.ts';
import type { HoleReason } from '../../shared/evidence/documents.ts';

/** A sealed batch as it lies in the spool; `body` is what is sent, byte for byte. */
export interface StoredBatch {
  readonly epoch: number;
  readonly seq: number;
  /** Batch hash, 32 bytes; `prev` is the one of the batch before it. */
  readonly hash: Uint8Array;
  readonly prev: Uint8Array;
  readonly body: Uint8Array;
  /** UTC ms by the run's offset. */
  readonly sealed_ms: number;
}

/** Batches that are gone before they were proven; why decides the signed hole's reason. */
export interface LostRange {
  readonly from_seq: number;
  readonly to_seq: number;
  readonly reason: HoleReason;
}

/** How far the collector has the chain of an epoch. */
export interface Marks {
  readonly sent_to: number;
  readonly proven_to: number;
}

export type StoredRow = Omit<StoredBatch, 'epoch'> & { readonly digest: Uint8Array };

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS batch (
    epoch INTEGER NOT NULL, seq INTEGER NOT NULL, sealed_ms INTEGER NOT NULL,
    hash BLOB NOT NULL, prev BLOB NOT NULL, digest BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (epoch, seq)) STRICT;
  CREATE TABLE IF NOT EXISTS lost (
    epoch INTEGER NOT NULL, from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY (epoch, from_seq)) STRICT;
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;
/** `PRAGMA synchronous` as a number: every commit reaches the disk before it returns. */
const SYNCHRONOUS_FULL = 2;
const CACHE_KB = 256;
const ROW = 'seq, sealed_ms, hash, prev, digest, body';

/**
 * The SQLite file of the spool, without any policy. Every method may throw an SqliteError; one
 * process at a time holds the file (exclusive lock), so that no seq is used twice.
 */
export class SpoolDb {
  readonly #db: Database.Database;
  readonly #insert: Database.Statement;
  readonly #first: Database.Statement;
  readonly #setMeta: Database.Statement;

  /** @throws LanProofError SPOOL_IN_USE, SPOOL_SYNC, or an SqliteError. */
  constructor(path: string) {
    this.#db = new Database(path, { timeout: 0 });
    try {
      this.#db.pragma('locking_mode = EXCLUSIVE');
      this.#db.pragma('journal_mode = WAL');
      this.#db.pragma('synchronous = FULL');
      // Rows are written once and read once: a small cache does, and the default would fill 2 MB.
      this.#db.pragma(`cache_size = -${CACHE_KB}`);
      this.#db.exec(SCHEMA);
      assertDurable(this.#db);
      this.#insert = this.#db.prepare(
        'INSERT INTO batch (epoch, seq, sealed_ms, hash, prev, digest, body) VALUES (?,?,?,?,?,?,?)',
      );
      this.#first = this.#db.prepare(
        `SELECT ${ROW} FROM batch WHERE epoch = ? AND seq >= ? ORDER BY seq LIMIT 1`,
      );
      this.#setMeta = this.#db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
    } catch (error) {
      this.#db.close();
      throw busyExplained(error, path);
    }
  }

  /** Throws if the file's structure is damaged. */
  check(): void {
    const said = this.#db.pragma('quick_check(1)', { simple: true });
    if (said !== 'ok') throw new Database.SqliteError(String(said), 'SQLITE_CORRUPT');
  }

  transaction(work: () => void): void {
    this.#db.transaction(work).immediate();
  }

  insert(batch: StoredBatch, digest: Uint8Array): void {
    const { epoch, seq, sealed_ms, hash, prev, body } = batch;
    this.#insert.run(epoch, seq, sealed_ms, hash, prev, digest, body);
  }

  /** The first batch of the epoch at or after `seq`. */
  first(epoch: number, seq: number): StoredRow | undefined {
    return this.#first.get(epoch, seq) as StoredRow | undefined;
  }

  last(epoch: number): { seq: number; hash: Uint8Array } | undefined {
    const sql = 'SELECT seq, hash FROM batch WHERE epoch = ? ORDER BY seq DESC LIMIT 1';
    return this.#db.prepare(sql).get(epoch) as { seq: number; hash: Uint8Array } | undefined;
  }

  /** The oldest batches by epoch and seq; bodies are left out. */
  oldest(limit: number): { epoch: number; seq: number; sealed_ms: number }[] {
    const sql = 'SELECT epoch, seq, sealed_ms FROM batch ORDER BY epoch, seq LIMIT ?';
    return this.#db.prepare(sql).all(limit) as { epoch: number; seq: number; sealed_ms: number }[];
  }

  delete(epoch: number, seq: number): void {
    this.#db.prepare('DELETE FROM batch WHERE epoch = ? AND seq = ?').run(epoch, seq);
  }

  /** Notes a loss; a range that touches one of the same reason grows it. */
  addLost(epoch: number, range: LostRange): void {
    const before = this.#db
      .prepare('SELECT from_seq FROM lost WHERE epoch = ? AND to_seq = ? AND reason = ?')
      .get(epoch, range.from_seq - 1, range.reason) as { from_seq: number } | undefined;
    const from_seq = before?.from_seq ?? range.from_seq;
    this.#db
      .prepare('INSERT OR REPLACE INTO lost (epoch, from_seq, to_seq, reason) VALUES (?,?,?,?)')
      .run(epoch, from_seq, range.to_seq, range.reason);
  }

  /** The loss that `seq` belongs to. */
  lostAt(epoch: number, seq: number): LostRange | undefined {
    const sql =
      'SELECT from_seq, to_seq, reason FROM lost WHERE epoch = ? AND from_seq <= ? AND to_seq >= ?';
    return this.#db.prepare(sql).get(epoch, seq, seq) as LostRange | undefined;
  }

  count(epoch: number, above_seq: number): number {
    const sql = 'SELECT count(*) FROM batch WHERE epoch = ? AND seq > ?';
    return Number(this.#db.prepare(sql).pluck().get(epoch, above_seq));
  }

  meta(key: string): string | undefined {
    const sql = 'SELECT value FROM meta WHERE key = ?';
    return this.#db.prepare(sql).pluck().get(key) as string | undefined;
  }

  setMeta(key: string, value: string): void {
    this.#setMeta.run(key, value);
  }

  /** Bytes of pages in use; pages freed by deletes are used again and do not count. */
  get used_bytes(): number {
    const pages = Number(this.#db.pragma('page_count', { simple: true }));
    const free = Number(this.#db.pragma('freelist_count', { simple: true }));
    return (pages - free) * Number(this.#db.pragma('page_size', { simple: true }));
  }

  close(): void {
    this.#db.close();
  }
}

/** An SqliteError: `code` is the extended result code's name. */
export type SqliteFailure = Error & { readonly code: string };

/** Disk errors that may pass: full, read-only, or the device failed for the moment. */
export function isDiskError(error: unknown): error is SqliteFailure {
  return (
    error instanceof Database.SqliteError &&
    /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN)/.test(error.code)
  );
}

/** The file itself is damaged and will not heal. */
export function isCorrupt(error: unknown): error is SqliteFailure {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

function assertDurable(db: Database.Database): void {
  const mode = db.pragma('journal_mode', { simple: true });
  const sync = db.pragma('synchronous', { simple: true });
  if (mode === 'wal' && sync === SYNCHRONOUS_FULL) return;
  throw new LanProofError('SPOOL_SYNC', `the spool runs with ${mode}, synchronous=${sync}`, {
    hint: 'put state_dir on a local disk whose file system supports SQLite WAL',
  });
}

function busyExplained(error: unknown, path: string): unknown {
  if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) {
    return error;
  }
  return new LanProofError('SPOOL_IN_USE', 'another agent uses this state directory', {
    hint: 'stop the other one (`lanproof agent status` names its process) or give this one its own',
    place: path,
    cause: error,
  });
}
