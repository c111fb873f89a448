import { LanProofError } from '../../errors.ts';

/** What a reader threw for what it read: a code and where. Other errors are thrown again. */
export function problemOf(error: unknown): { problem: string; place: string } {
  if (error instanceof LanProofError) return { problem: error.code, place: error.place ?? '' };
  // Decoders of bytes and numbers throw these for what they cannot decode.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) {
    return { problem: 'UNREADABLE', place: '' };
  }
  throw error;
}
