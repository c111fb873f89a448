/** What ingest takes and answers; the API turns a result into HTTP. */
/** Statuses of refusals: nothing was stored. 503 carries `retry_after_s`. */
export type RefusedStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 503;

export interface Refused {
  readonly kind: 'refused';
  readonly status: RefusedStatus;
  /** Stable; the metric label. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** With 409: the batch that the chain goes on with. */
  readonly expect?: { readonly epoch: number; readonly seq: number };
  /** With 503: seconds, jittered so that agents do not come back together. */
  readonly retry_after_s?: number;
}

export interface Accepted {
  readonly kind: 'accepted';
  /** True: it was there already. */
  readonly duplicate: boolean;
  readonly leaf: number | null;
  /** Newest signed checkpoint note. */
  readonly checkpoint: string;
  readonly renew: boolean;
  /** Newest target list of the agent; 0 if there is none. */
  readonly list_version: number;
}
export type SubmitResult = Accepted | Refused;

/** Facts about the request that no signature covers. */
export interface RequestFacts {
  /** Plain http from beyond loopback. */
  readonly insecure: boolean;
  /**
   * When it arrived, UTC epoch ms; absent: now. Only a log of the demo lets anyone say so, for
   * its modelled past; every other one answers with a TypeError.
   */
  readonly recv_ms?: number;
}

export interface Ingest {
  /** Takes one framed batch (BATCH_CONTENT_TYPE). Never throws for what the sender did. */
  submitBatch(body: Uint8Array, facts: RequestFacts): Promise<SubmitResult>;
  /** Takes a hole statement (HOLE_CONTENT_TYPE): the text of its envelope. */
  submitHole(text: string, facts: RequestFacts): Promise<SubmitResult>;
  stats(): IngestStats;
  /** Refuses new work with 503 and ends when all queued work is answered. */
  close(): Promise<void>;
}

export interface IngestStats {
  readonly queued: number;
  readonly groups: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly faulty: number;
  readonly conflicts: number;
  readonly holes: number;
  /** By code. */
  readonly refused: Readonly<Record<string, number>>;
}
