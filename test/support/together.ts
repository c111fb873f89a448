/** Many batches into an ingest at once, as if each had come in its own minute. */
import type { Ingest } from '../../collector/ingest/types.ts';

/** Live batches that begin a turn of the collector at once: fewer wait for company. */
export const TURN_BATCHES = 16;

export interface SealedBatch {
  readonly body: Uint8Array;
  /** When it is to have come, UTC ms; only the log of a demo believes that. */
  readonly recv_ms: number;
}

/** Delivers at most TURN_BATCHES batches in one turn, in their order. Throws if one is refused. */
export async function deliverTogether(
  ingest: Pick<Ingest, 'submitBatch'>,
  sealed: readonly SealedBatch[],
): Promise<void> {
  const coming = sealed.map(({ body, recv_ms }) =>
    ingest.submitBatch(body, { insecure: false, recv_ms }),
  );
  for (const result of await Promise.all(coming)) {
    if (result.kind !== 'accepted') throw new Error(`a batch was ${JSON.stringify(result)}`);
  }
}
