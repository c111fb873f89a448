import { LanProofError } from '../../shared/errors.ts';

/** Default size of the spool; with SPOOL_DAY_BYTES it holds about 145 days. */
export const SPOOL_BYTES_MAX = 512 * 1024 * 1024;
/** A batch of a busy site is 2.5 kB on disk, one a minute. */
export const SPOOL_DAY_BYTES = 2_500 * 1_440;
/** A commune may be cut off for weeks; less than this is refused at the start. */
export const SPOOL_DAYS_MIN = 60;

/** @throws LanProofError SPOOL_TOO_SMALL with the figure that is needed. */
export function checkSpoolLimit(bytes_max: number): void {
  const least = SPOOL_DAY_BYTES * SPOOL_DAYS_MIN;
  if (bytes_max >= least) return;
  throw new LanProofError('SPOOL_TOO_SMALL', `spool.bytes_max is ${bytes_max}`, {
    hint: `set it to at least ${least} (${SPOOL_DAYS_MIN} days); the default is ${SPOOL_BYTES_MAX}`,
    place: 'spool.bytes_max',
  });
}
