import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Position } from '../../store/rows.ts';

/** In the data directory. No evidence: only where the nightly look goes on, and what it found. */
export const VERIFIED_FILE = 'verified.json';

export interface KeptResult {
  readonly v: 1;
  /** Where the running round goes on; null: the last one is complete. */
  readonly next: Position | null;
  /** When a round last came to the end, UTC epoch ms; null: none did yet. */
  readonly complete_ms: number | null;
  /** When something was last looked at, UTC epoch ms. */
  readonly looked_ms: number;
  /** Faults of the running round, or of the last one where none runs. */
  readonly faults: number;
}

/** Null where there is none that can be read: a round then begins anew. */
export function readKeptResult(data_dir: string): KeptResult | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(data_dir, VERIFIED_FILE), 'utf8'));
    const { v, next, complete_ms, looked_ms, faults } = Object(value);
    const sound =
      v === 1 &&
      (next === null || (Number.isSafeInteger(next?.log) && Number.isSafeInteger(next?.leaf))) &&
      (complete_ms === null || Number.isSafeInteger(complete_ms)) &&
      [looked_ms, faults].every(Number.isSafeInteger);
    return sound ? { v, next, complete_ms, looked_ms, faults } : null;
  } catch {
    return null;
  }
}

/** The nightly look and a command may write at once: each has a draft of its own. */
export async function writeKeptResult(data_dir: string, result: KeptResult): Promise<void> {
  const path = join(data_dir, VERIFIED_FILE);
  const draft_path = `${path}.${process.pid}.new`;
  const draft = await open(draft_path, 'w', 0o600);
  await draft.writeFile(`${JSON.stringify(result)}\n`).finally(() => draft.close());
  await rename(draft_path, path);
}
