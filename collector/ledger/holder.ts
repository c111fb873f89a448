import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The name under which this data directory holds leases. It is kept, so that a collector that
 * was killed takes its own lease back at once instead of waiting for it to run out.
 */
export function keptHolder(folder: string, make: () => string): string {
  const file = join(folder, 'holder');
  try {
    const kept = readFileSync(file, 'utf8').trim();
    if (kept !== '') return kept;
  } catch {
    // There is none yet.
  }
  const made = make();
  writeFileSync(file, `${made}\n`, { mode: 0o600 });
  return made;
}
