import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex, utf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import {
  type Checkpoint,
  formatCheckpoint,
  parseCheckpoint,
} from '../../../shared/evidence/checkpoint.ts';
import type { Crypto } from '../../../shared/evidence/crypto.ts';
import { makeFolder } from '../../../shared/node/make-folder.ts';
import { syncDirectory } from '../../../shared/node/whole-file.ts';
import { replacePublicFile } from '../../secret-file.ts';

/** Folder of the checkpoints, one file a log; it is made together with the key, never later. */
export const LOGS_FOLDER = 'logs';

/** The newest checkpoint of each log that was signed: all that a witness must never forget. */
export interface WitnessState {
  newest(origin: string): Checkpoint | null;
  /** On disk when it returns. Throws the errors of the disk: then nothing may be signed. */
  keep(checkpoint: Checkpoint): void;
}

/** Makes the folder of a new witness. */
export function createWitnessFolder(folder: string): void {
  makeFolder(join(folder, LOGS_FOLDER), 0o700);
  syncDirectory(folder);
}

/**
 * Reads what was signed. Throws LanProofError WITNESS_STATE_LOST if the folder is gone, or
 * WITNESS_STATE_DAMAGED: a witness that forgot could sign two histories.
 */
export function openWitnessState(folder: string, crypto: Crypto): WitnessState {
  const logs = join(folder, LOGS_FOLDER);
  if (!existsSync(logs)) {
    throw new LanProofError('WITNESS_STATE_LOST', 'what this witness signed before is gone', {
      hint: 'put the folder back; else begin a new witness with a new --state and tell its key',
      place: logs,
    });
  }
  const fileOf = (origin: string): string =>
    join(logs, `${toHex(crypto.sha256(utf8(origin)))}.checkpoint`);
  const kept = new Map<string, Checkpoint>();
  for (const name of readdirSync(logs).filter((found) => found.endsWith('.checkpoint'))) {
    const checkpoint = readKept(join(logs, name));
    if (fileOf(checkpoint.origin) !== join(logs, name)) throw damaged(join(logs, name));
    kept.set(checkpoint.origin, checkpoint);
  }
  return {
    newest: (origin) => kept.get(origin) ?? null,
    keep(checkpoint) {
      // Written, fsynced, renamed, folder fsynced: the old or the new one, whole, at any moment.
      replacePublicFile(fileOf(checkpoint.origin), formatCheckpoint(checkpoint));
      kept.set(checkpoint.origin, checkpoint);
    },
  };
}

function readKept(path: string): Checkpoint {
  try {
    return parseCheckpoint(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function damaged(path: string, cause?: unknown): LanProofError {
  return new LanProofError('WITNESS_STATE_DAMAGED', 'this is not what the witness wrote', {
    hint: 'put the file back from a backup that is not older; never delete it',
    place: path,
    cause,
  });
}
