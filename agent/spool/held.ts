import type { LostRange, StoredBatch } from './db.ts';

/** What may wait in memory while the disk refuses: about two days of batches of 2.5 kB. */
export const HELD_BYTES_MAX = 8 * 1024 * 1024;

/** Batches that are sealed but not on disk yet. The oldest go first when memory is full. */
export class HeldBatches {
  readonly #bytes_max: number;
  #batches: StoredBatch[] = [];
  #lost: LostRange | undefined;
  #bytes = 0;

  constructor(bytes_max = HELD_BYTES_MAX) {
    this.#bytes_max = bytes_max;
  }

  get batches(): readonly StoredBatch[] {
    return this.#batches;
  }

  /** What had to be given up, one range because the oldest go first. */
  get lost(): readonly LostRange[] {
    return this.#lost === undefined ? [] : [this.#lost];
  }

  get count(): number {
    return this.#batches.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(batch: StoredBatch): void {
    this.#batches.push(batch);
    this.#bytes += batch.body.length;
    // The newest one stays in any case: the chain goes on from it.
    while (this.#bytes > this.#bytes_max && this.#batches.length > 1) {
      const gone = this.#batches.shift();
      if (gone === undefined) return;
      this.#bytes -= gone.body.length;
      const from_seq = this.#lost?.from_seq ?? gone.seq;
      this.#lost = { from_seq, to_seq: gone.seq, reason: 'disk_full' };
    }
  }

  clear(): void {
    this.#batches = [];
    this.#lost = undefined;
    this.#bytes = 0;
  }
}
