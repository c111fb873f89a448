import { LanProofError } from '../../shared/errors.ts';
import type { KeyRotation } from '../identity.ts';
import type { Outgoing } from '../spool/types.ts';
import type { Refused } from './answers.ts';

/** What is sent to the collector and may be refused. */
export type Refusable = Outgoing | KeyRotation;

/** Errors without a code are faults of this program; they are told, and delivery goes on. */
export function asProblem(error: unknown): LanProofError {
  if (error instanceof LanProofError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new LanProofError('DELIVERY_FAULT', message, {
    hint: 'please report this with the log of the agent',
    fatal: false,
    cause: error,
  });
}

/** What an answer that refuses `item` means for a person. */
export function refusal(item: Refusable, { status, ...error }: Refused): LanProofError {
  const place = placeOf(item);
  const options = { hint: error.hint, place, fatal: false };
  const said = `${status} ${error.code}: ${error.message}`;
  if (status === 401) return new LanProofError('AGENT_UNKNOWN', said, options);
  if (status === 403) return new LanProofError('AGENT_REFUSED', said, options);
  if (status === 409) return new LanProofError('AGENT_CONFLICT', said, options);
  if (status === 429 || status >= 500) return new LanProofError('COLLECTOR_BUSY', said, options);
  return new LanProofError('BATCH_REFUSED', said, options);
}

function placeOf(item: Refusable): string {
  if (!('kind' in item)) return `key after batch ${item.after_seq}`;
  return item.kind === 'hole' ? `hole ${item.from_seq}–${item.to_seq}` : `batch ${item.seq}`;
}
