import { fromBase64, fromUtf8 } from '../../shared/bytes.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { EvidenceReads } from './store-evidence.ts';

/** Sections that figures are made of. */
const JUDGED = ['infra', 'endpoints'] as const;

/** The files of bodies, `2026-10.infra`, that the retention deleted or is about to delete. */
export async function prunedFiles(
  reads: Pick<EvidenceReads, 'documents'>,
): Promise<ReadonlySet<string>> {
  const files = new Set<string>();
  for (const { text } of await reads.documents(null, 'prune')) {
    const { section, months } = Object(payloadOf(text));
    if (!Array.isArray(months)) continue;
    for (const month of months) files.add(`${String(month)}.${String(section)}`);
  }
  return files;
}

/** Our own store's document; a damaged one excuses nothing, and is named by a verification. */
function payloadOf(text: string): unknown {
  try {
    return JSON.parse(fromUtf8(fromBase64(parseEnvelope(text).payload)));
  } catch {
    return null;
  }
}

/** Time before this, UTC epoch ms, can no longer be judged anew; 0: all of it can. */
export function archivedBefore(files: ReadonlySet<string>): number {
  let before_ms = 0;
  for (const file of files) {
    if (JUDGED.some((section) => file.endsWith(`.${section}`))) {
      before_ms = Math.max(before_ms, monthEnd(file));
    }
  }
  return before_ms;
}

/** The first moment behind the UTC month that a file of bodies is named after. */
export function monthEnd(file: string): number {
  return Date.UTC(Number(file.slice(0, 4)), Number(file.slice(5, 7)), 1);
}
