import { LanProofError } from '../../shared/errors.ts';
import { type DataLock, lockDataDir } from '../store/sqlite/data-lock.ts';

/** Takes a backup folder for this command. Throws BACKUP_BUSY, DATA_DIR_UNUSABLE. */
export function lockFolder(folder: string): DataLock {
  try {
    return lockDataDir(folder);
  } catch (cause) {
    if (!(cause instanceof LanProofError) || cause.code !== 'DATA_DIR_IN_USE') throw cause;
    throw new LanProofError('BACKUP_BUSY', 'another command works on this backup', {
      hint: 'wait until it is done',
      place: folder,
      cause,
    });
  }
}

/** As {@link lockFolder}; where nothing can be written, nobody changes what is read either. */
export function lockForReading(folder: string): DataLock {
  try {
    return lockFolder(folder);
  } catch (error) {
    if (!(error instanceof LanProofError) || error.code !== 'DATA_DIR_UNUSABLE') throw error;
    return { release: () => undefined };
  }
}
