import { LanProofError } from '../../../shared/errors.ts';

const CODES: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** The same error, or DISK_FULL where the disk or a quota had no room left for a report. */
export function asDiskFull(error: unknown): unknown {
  if (!CODES.has(String(Object(error).code))) return error;
  return new LanProofError('DISK_FULL', 'there is no room for the files of a report', {
    hint: 'make room where data_dir lies (reports, logs, other programs), then ask again',
    fatal: false,
    cause: error,
  });
}
