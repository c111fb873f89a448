import { fromBase64, fromUtf8, toBase64 } from '../../../shared/bytes.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import { readSiteDocuments } from '../../../shared/judge/day/documents.ts';
import type { SiteDocuments } from '../../../shared/judge/day/types.ts';
import { floorMinute } from '../../../shared/judge/lists.ts';
import { ordinal } from '../../../shared/judge/replay/inputs.ts';
import { PAPER_KINDS } from '../../../shared/papers/types.ts';
import type { DocumentRow, Position } from '../../store/rows.ts';
import type { EvidenceReads } from '../../store/store-evidence.ts';

/** A `day` document only repeats what the judge says. */
const KINDS = PAPER_KINDS.filter((kind) => kind !== 'day');

/** The papers of a site up to a place in the ledger: what figures may know there. */
export async function readDocuments(
  store: Pick<EvidenceReads, 'documentsOf'>,
  site: string,
  until: Position,
): Promise<SiteDocuments> {
  const rows = await store.documentsOf(site, KINDS);
  const known = rows.filter((row) => ordinal(row) <= ordinal(until));
  return readSiteDocuments(
    known.map((row) => ({
      kind: row.kind,
      payload: payloadOf(row),
      hash: toBase64(row.hash),
      leaf: ordinal(row),
      recv_ms: row.recv_ms,
    })),
  );
}

/** From when on a paper can change what was judged; null: it changes no state and no sum. */
export function touchedByDocument(row: DocumentRow): number | null {
  switch (row.kind) {
    case 'calendar':
    case 'settings':
      // The newest one holds for all time.
      return 0;
    case 'site': {
      const { version, issued_ms } = numbersOf(row);
      // The first inventory also holds before; a number that cannot be read is taken for it.
      return version === undefined || version <= 1 ? 0 : floorMinute(issued_ms ?? 0);
    }
    case 'topology':
      return floorMinute(numbersOf(row).issued_ms ?? 0);
    case 'maintenance':
      return maintenanceFrom(row);
    default:
      return null;
  }
}

/** The earliest window of a plan; a cancellation ends windows from its own time on. */
function maintenanceFrom(row: DocumentRow): number {
  const { windows, cancels, issued_ms } = payloadJson(row);
  if (typeof cancels === 'string' && typeof issued_ms === 'number') return floorMinute(issued_ms);
  if (!Array.isArray(windows)) return 0;
  const starts = windows.map((window: unknown) => Number(Object(window).from_ms));
  return starts.every(Number.isFinite) ? Math.min(...starts) : 0;
}

function numbersOf(row: DocumentRow): { version?: number; issued_ms?: number } {
  const { version, issued_ms } = payloadJson(row);
  return {
    ...(typeof version === 'number' ? { version } : {}),
    ...(typeof issued_ms === 'number' ? { issued_ms } : {}),
  };
}

function payloadJson(row: DocumentRow): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(fromUtf8(payloadOf(row)));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    // One that cannot be read changes nothing, which its reader counts; touching all is safe.
    return {};
  }
}

/** Our own store's document: its signature was checked before it was leafed. */
function payloadOf(row: DocumentRow): Uint8Array {
  return fromBase64(parseEnvelope(row.text).payload);
}
