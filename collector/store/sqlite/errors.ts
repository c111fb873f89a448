import { LanProofError } from '../../../shared/errors.ts';

/** Node and SQLite both put a word into `code`; the rest of the message is for people. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

interface Known {
  readonly match: RegExp;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly fatal: boolean;
}

/** First match wins. Extended SQLite codes (`SQLITE_IOERR_FSYNC`) share their prefix. */
const KNOWN: readonly Known[] = [
  {
    match: /^(SQLITE_FULL|ENOSPC|EDQUOT)$/,
    code: 'DISK_FULL',
    message: 'the disk under the data directory is full',
    hint: 'make space; agents keep their batches and send them again',
    fatal: false,
  },
  {
    match: /^(SQLITE_READONLY.*|EROFS|EACCES|EPERM|SQLITE_CANTOPEN.*)$/,
    code: 'DISK_READ_ONLY',
    message: 'the data directory cannot be written',
    hint: 'look whether the file system was remounted read-only (dmesg) and who owns the files',
    fatal: false,
  },
  {
    match: /^(SQLITE_IOERR.*|EIO)$/,
    code: 'DISK_IO',
    message: 'the disk reports an error',
    hint: 'look at dmesg and the health of the disk; restore from a backup if it is failing',
    fatal: false,
  },
  {
    match: /^(SQLITE_BUSY.*|SQLITE_LOCKED.*)$/,
    code: 'STORE_BUSY',
    message: 'another process holds the database',
    hint: 'stop the other process; one collector owns one data directory',
    fatal: false,
  },
  {
    match: /^(SQLITE_CORRUPT.*|SQLITE_NOTADB)$/,
    code: 'STORE_CORRUPT',
    message: 'the database file is damaged',
    hint: 'stop the collector, keep the file, restore the newest backup; agents refill the rest',
    fatal: true,
  },
];

/** Gives an error of the disk or of SQLite its code; leaves all others as they are. */
export function toStoreError(error: unknown, place: string): unknown {
  if (error instanceof LanProofError) return error;
  const code = codeOf(error);
  const known = KNOWN.find(({ match }) => match.test(code));
  if (known === undefined) return error;
  const { hint, fatal } = known;
  return new LanProofError(known.code, known.message, { hint, fatal, place, cause: error });
}

export function storeClosed(): LanProofError {
  return new LanProofError('STORE_CLOSED', 'the store is closed', {
    hint: 'the collector is stopping; ask again after it started',
  });
}
