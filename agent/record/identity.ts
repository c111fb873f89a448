import type { IdentityRow } from '../../shared/measure/batch.ts';

/** Names that one agent keeps: 2,000 devices, or 200 switches with 48 ports and three names. */
const ROWS_MAX = 50_000;
/** Rows of one batch; the rest follows in the next ones. */
const ROWS_PER_BATCH_MAX = 4_000;
const DAY_MS = 86_400_000;

/** Remembers which addresses and names were already written, so that only changes are sent. */
export class IdentityBook {
  readonly #known = new Map<string, { readonly value: string; readonly day: number }>();
  #waiting: IdentityRow[] = [];

  /** A row is written when it is new, changed, or was last written on another UTC day. */
  add(rows: readonly IdentityRow[], utc_ms: number): void {
    const day = Math.floor(utc_ms / DAY_MS);
    for (const row of rows) {
      const key = `${row.target}/${row.what}/${row.port ?? ''}`;
      const known = this.#known.get(key);
      if (known?.value === row.value && known.day === day) continue;
      if (this.#waiting.length >= ROWS_MAX || this.#known.size >= ROWS_MAX) return;
      this.#known.set(key, { value: row.value, day });
      this.#waiting.push(row);
    }
  }

  /** The device began anew: its ports may have other numbers, so all names are said again. */
  forget(target: number): void {
    const own = `${target}/`;
    for (const key of this.#known.keys()) if (key.startsWith(own)) this.#known.delete(key);
  }

  /** Target indexes change their meaning with the list, so everything is written again. */
  clear(): void {
    this.#known.clear();
    this.#waiting = [];
  }

  take(): IdentityRow[] {
    return this.#waiting.splice(0, ROWS_PER_BATCH_MAX);
  }
}
