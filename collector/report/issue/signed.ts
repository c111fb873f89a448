import { fromBase64, fromHex, fromUtf8, toBase64 } from '../../../shared/bytes.ts';
import { DAY_MS, dayNumber } from '../../../shared/calendar/dates.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { signDocument } from '../../../shared/evidence/documents.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import type { SignedReport } from '../../../shared/evidence/ledger-documents.ts';
import { HttpError } from '../../http-error.ts';
import type { DocumentRow } from '../../store/rows.ts';
import type { EvidenceReads } from '../../store/store-evidence.ts';
import type { LeafDeps } from './leaf.ts';
import type { ReportRecord } from './types.ts';

/** A date begins first where clocks are farthest before UTC, ms. */
const OFFSET_MAX_MS = 14 * 3_600_000;

/** The copy as a person names it; `sha256` is hex. */
export interface SignedCopy {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Number and date (YYYY-MM-DD) of the letter. */
  readonly number: string;
  readonly date: string;
}

export interface Signed {
  /** False: the same copy stands there already. */
  readonly changed: boolean;
  readonly place: {
    readonly log: string;
    readonly leaf: number;
    readonly hash: string;
    readonly issued_ms: number;
  };
}

/**
 * Ledgers the copy of an issued report that came back signed. Throws HttpError 409 where the
 * report was not issued, LanProofError TIME_FORMAT on a date that does not exist,
 * TIME_FUTURE on one that has not begun anywhere.
 */
export async function signReport(
  { ledger, crypto, document_key, now_ms }: LeafDeps,
  report: ReportRecord,
  copy: SignedCopy,
  author: string,
): Promise<Signed> {
  const { site } = report;
  checkCopy(report, copy, now_ms());
  const { value } = await ledger.commit(async (unit): Promise<Signed> => {
    const known = await findSame(unit.tx, report, copy);
    if (known !== null) return known;
    const issued_ms = now_ms();
    const sha256 = toBase64(fromHex(copy.sha256));
    const document: SignedReport = {
      ...{ v: 1, log: unit.origin, site, report: report.id },
      file: { name: copy.name, bytes: copy.bytes, sha256 },
      ...{ number: copy.number, date: copy.date, issued_ms, author },
    };
    const text = signDocument(crypto, document_key, 'signed-report', document);
    const item = { kind: 'signed-report', site, agent: null, epoch: 0, seq: 0, text } as const;
    const { leaf, hash } = await unit.appendDocument(item, issued_ms);
    const detail = JSON.stringify({ leaf, id: report.id, number: copy.number });
    const action = 'report.signed';
    await unit.tx.addAudit({ at_ms: issued_ms, actor: author, action, site, detail });
    return { changed: true, place: { log: unit.origin, leaf, hash: toBase64(hash), issued_ms } };
  });
  return value;
}

function checkCopy({ id, state }: ReportRecord, { date }: SignedCopy, now_ms: number): void {
  if (state !== 'done') {
    throw new HttpError(409, 'REPORT_STATE', `report ${id} is ${state}`, {
      hint: 'a copy is signed after the report was issued',
    });
  }
  const day = dayNumber(date);
  if (day === null) {
    throw new LanProofError('TIME_FORMAT', `${date} is not a date that exists`, {
      hint: 'write it as 2026-11-30',
      place: 'date',
    });
  }
  if (day * DAY_MS - OFFSET_MAX_MS <= now_ms) return;
  throw new LanProofError('TIME_FUTURE', `${date} is in the future`, {
    hint: 'write the date that stands on the letter',
    place: 'date',
  });
}

async function findSame(
  reads: Pick<EvidenceReads, 'documents' | 'logs'>,
  { id, site }: ReportRecord,
  copy: SignedCopy,
): Promise<Signed | null> {
  for (const row of await reads.documents(site, 'signed-report')) {
    const said = readSigned(row);
    const { file, number, date } = said;
    const same =
      said.report === id &&
      file.sha256 === toBase64(fromHex(copy.sha256)) &&
      number === copy.number &&
      date === copy.date;
    if (!same) continue;
    const { log, issued_ms } = said;
    return { changed: false, place: { log, leaf: row.leaf, hash: toBase64(row.hash), issued_ms } };
  }
  return null;
}

function readSigned({ text }: DocumentRow): SignedReport {
  return JSON.parse(fromUtf8(fromBase64(parseEnvelope(text).payload)));
}
