import Database from 'better-sqlite3';
import { LanProofError } from '../../../shared/errors.ts';
import { toStoreError } from './errors.ts';

/**
 * This build of SQLite (STAT4) looks at bound values when it plans `column = ?`, and plans again
 * whenever another value is bound: 30 µs instead of 4 for every read. It does not look behind a
 * unary plus, which changes nothing else. None of our texts has a question mark in a literal.
 */
const KEEP_PLAN = '+?';

/** Said with every unit of work: prepared once instead of parsed each time. */
const UNIT_CONTROL: ReadonlySet<string> = new Set(['BEGIN', 'BEGIN IMMEDIATE', 'COMMIT']);

/** What SQLite takes and gives; booleans are 0 and 1. */
export type SqlValue = string | number | Uint8Array | null;

/** One SQLite connection with its prepared statements, kept by their text. */
export interface Connection {
  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined;
  all<Row>(sql: string, ...values: SqlValue[]): Row[];
  run(sql: string, ...values: SqlValue[]): { readonly changes: number; readonly id: number };
  /** Several statements without values: migrations and transaction control. */
  exec(sql: string): void;
  readonly inTransaction: boolean;
  close(): void;
}

/** SQLite waits so long for a lock: a snapshot or a backup holds it for moments only. */
const BUSY_TIMEOUT_MS = 5_000;
/** WAL pages between checkpoints (16 MB): pages written often are copied back once. */
const WAL_AUTOCHECKPOINT_PAGES = 4_000;
/** The WAL file is cut to this after a checkpoint, bytes. */
const WAL_BYTES_KEPT = 16 * 1024 * 1024;
/** Page cache, KiB: what ingest touches again and again. Readers also have the system's. */
const CACHE_KIB = 16 * 1024;
const READER_CACHE_KIB = 4 * 1024;
/** 4 KiB pages waste least with rows of 1 kB. */
const PAGE_BYTES = 4096;
/** `PRAGMA synchronous` reads FULL back as 2. */
const SYNCHRONOUS_FULL = 2;

/**
 * Opens the database for writing (WAL, FULL: a commit survives a loss of power) or, with
 * `readonly`, for committed reads beside the writer. Throws STORE_NOT_DURABLE if SQLite did not
 * take the settings, and what {@link toStoreError} knows.
 */
export function openConnection(file: string, options: { readonly: boolean }): Connection {
  try {
    const db = new Database(file, { readonly: options.readonly, timeout: BUSY_TIMEOUT_MS });
    try {
      configure(db, file, options.readonly);
    } catch (error) {
      db.close();
      throw error;
    }
    return wrap(db, file);
  } catch (error) {
    throw toStoreError(error, file);
  }
}

function configure(db: Database.Database, file: string, readonly: boolean): void {
  // A negative size means KiB to SQLite.
  db.pragma(`cache_size = -${readonly ? READER_CACHE_KIB : CACHE_KIB}`);
  if (readonly) return;
  // Takes effect only in a file without pages, hence before WAL is set.
  db.pragma(`page_size = ${PAGE_BYTES}`);
  db.pragma('journal_mode = WAL');
  // A reopened WAL database of this build defaults to NORMAL: set on every open, then read back.
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.pragma(`wal_autocheckpoint = ${WAL_AUTOCHECKPOINT_PAGES}`);
  db.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
  const journal = db.pragma('journal_mode', { simple: true });
  const synchronous = db.pragma('synchronous', { simple: true });
  const keys = db.pragma('foreign_keys', { simple: true });
  if (journal === 'wal' && synchronous === SYNCHRONOUS_FULL && keys === 1) return;
  throw new LanProofError('STORE_NOT_DURABLE', 'SQLite did not take WAL and synchronous=FULL', {
    hint: 'put the data directory on a local disk; network file systems cannot keep a WAL',
    place: file,
  });
}

function wrap(db: Database.Database, file: string): Connection {
  const statements = new Map<string, Database.Statement<unknown[], unknown>>();
  const statement = (sql: string): Database.Statement<unknown[], unknown> => {
    let prepared = statements.get(sql);
    if (prepared === undefined) {
      prepared = db.prepare<unknown[], unknown>(sql.replaceAll('?', KEEP_PLAN));
      statements.set(sql, prepared);
    }
    return prepared;
  };
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw toStoreError(error, file);
    }
  };
  return {
    // The row type is the caller's promise about its own SQL; the contract suite checks it.
    get: <Row>(sql: string, ...values: SqlValue[]) =>
      guarded(() => statement(sql).get(...values) as Row | undefined),
    all: <Row>(sql: string, ...values: SqlValue[]) =>
      guarded(() => statement(sql).all(...values) as Row[]),
    run: (sql, ...values) =>
      guarded(() => {
        const { changes, lastInsertRowid } = statement(sql).run(...values);
        return { changes, id: Number(lastInsertRowid) };
      }),
    exec: (sql) =>
      guarded(() => {
        if (UNIT_CONTROL.has(sql)) statement(sql).run();
        else db.exec(sql);
      }),
    get inTransaction() {
      return db.inTransaction;
    },
    close: () => db.close(),
  };
}
