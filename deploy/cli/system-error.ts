import { LanProofError } from '../../shared/errors.ts';

/** A file or folder that the system refuses, where no command said it better. */
export function systemError(error: unknown): LanProofError | undefined {
  if (!(error instanceof Error) || error instanceof LanProofError) return undefined;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || typeof path !== 'string' || syscall === undefined) return undefined;
  return new LanProofError('FILE_UNUSABLE', `cannot be used (${syscall}: ${code})`, {
    hint: 'check the path, its rights, and room on the disk',
    place: path,
    cause: error,
  });
}
