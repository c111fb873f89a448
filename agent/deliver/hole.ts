import { toBase64 } from '../../shared/bytes.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { signDocument } from '../../shared/evidence/documents.ts';
import type { Identity } from '../identity.ts';
import type { Outgoing } from '../spool/types.ts';

export type OutgoingHole = Extract<Outgoing, { kind: 'hole' }>;
type Rotated = Pick<Identity, 'rotations'>;

/** What a hole says of the batch behind it where that one is gone, too, under the next key. */
const NOT_KNOWN = new Uint8Array(32);

/** As far as one key signed what is gone: the rest is another hole. */
export function cutAtRotation(item: OutgoingHole, { rotations }: Rotated): OutgoingHole {
  const next = rotations.find(({ after_seq }) => after_seq >= item.from_seq);
  if (next === undefined || item.to_seq <= next.after_seq) return item;
  return { ...item, to_seq: next.after_seq, next_prev: NOT_KNOWN };
}

/** Whether the key that signed those batches is gone, so that a newer one must sign their hole. */
export function isUnderOlderKey({ from_seq }: OutgoingHole, { rotations }: Rotated): boolean {
  return (rotations.at(-1)?.after_seq ?? 0) >= from_seq;
}

/** The statement that batches are gone, by the key in use. */
export function signHole(
  crypto: Crypto,
  { site, agent, epoch, signer }: Identity,
  { from_seq, to_seq, reason, next_prev }: OutgoingHole,
  now_ms: number,
): string {
  return signDocument(crypto, signer, 'hole', {
    ...{ v: 1, site, agent, epoch, from_seq, to_seq, reason },
    at_ms: Math.max(0, Math.round(now_ms)),
    next_prev: toBase64(next_prev),
  });
}
