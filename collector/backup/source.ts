import { stat } from 'node:fs/promises';
import { equalBytes, fromBase64, toBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { rootAt } from '../ledger/start-check.ts';
import type { DatabaseCopy } from '../store/sqlite/database-copy.ts';
import type { CopiedLog } from './manifest.ts';

/** The heads of all logs in a copy, oldest first. */
export async function headsOf(crypto: Crypto, { evidence }: DatabaseCopy): Promise<CopiedLog[]> {
  const heads: CopiedLog[] = [];
  for (const { log, origin, size } of await evidence.logs()) {
    const { root } = await rootAt(crypto, evidence, log, size);
    heads.push({ origin, size, root: toBase64(root) });
  }
  return heads;
}

/**
 * A backup folder belongs to one history: what the store lost may stand in it only. Throws
 * BACKUP_OTHER_HISTORY.
 */
export async function checkContinues(
  crypto: Crypto,
  { evidence }: DatabaseCopy,
  before: readonly CopiedLog[],
  folder: string,
): Promise<void> {
  const logs = await evidence.logs();
  for (const { origin, size, root } of before) {
    const row = logs.find((one) => one.origin === origin);
    const continued =
      row !== undefined &&
      row.size >= size &&
      equalBytes((await rootAt(crypto, evidence, row.log, size)).root, fromBase64(root));
    if (continued) continue;
    throw new LanProofError(
      'BACKUP_OTHER_HISTORY',
      `this store does not continue ${origin} at ${size} leaves, which the backup holds`,
      {
        hint: 'the store was restored or changed since: keep this backup, use a new folder',
        place: folder,
      },
    );
  }
}

/** Length of a file; -1 where none can be read. */
export function bytesOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => -1,
  );
}

/** Whether nothing has this name: what cannot be read is there still. */
export function isAbsent(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    ({ code }: NodeJS.ErrnoException) => code === 'ENOENT' || code === 'ENOTDIR',
  );
}
