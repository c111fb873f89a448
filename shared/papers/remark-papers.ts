/** What people say of outages and of the site; the measurement stays as it is. */
import { CAUSES } from '../judge/cause-names.ts';
import { HEAD, PaperReader } from './paper-reader.ts';
import type { DeclarationPaper, NotePaper, ReclassifyPaper } from './types.ts';

const BYTES_MAX = 32 * 1024;
const REMARK_KINDS = ['note', 'acknowledge'] as const;
const DECLARATION_KINDS = ['late_dossiers', 'repair_cost'] as const;
/** Maintenance is announced before it begins, never afterwards. */
export const RECLASSIFY_CAUSES = CAUSES.filter((cause) => cause !== 'maintenance');
/** Dossiers of a province in a year, or đồng of a repair: as the price of an asset. */
const VALUE_MAX = 1_000_000_000_000;
const reader = new PaperReader();

/** Throws LanProofError PAPER_FORMAT with the member's path as place; so do those below. */
export function parseNotePaper(payload: Uint8Array): NotePaper {
  const whole = reader.parse(payload, BYTES_MAX);
  const found = reader.members(whole, '', [...HEAD, 'kind', 'key', 'text']);
  const kind = reader.oneOf(found.kind, 'kind', REMARK_KINDS);
  const text = reader.free(found.text, 'text');
  if (kind === 'note' && text === '') reader.fail('text', 'is empty');
  return { ...reader.head(found), kind, key: reader.key(found.key, 'key'), text };
}

export function parseReclassifyPaper(payload: Uint8Array): ReclassifyPaper {
  const whole = reader.parse(payload, BYTES_MAX);
  const found = reader.members(whole, '', [...HEAD, 'key', 'cause', 'reason']);
  return {
    ...reader.head(found),
    key: reader.key(found.key, 'key'),
    cause: reader.oneOf(found.cause, 'cause', RECLASSIFY_CAUSES),
    reason: reader.line(found.reason, 'reason'),
  };
}

const DECLARED = ['kind', 'from', 'to', 'value', 'document', 'by', 'note'] as const;

export function parseDeclarationPaper(payload: Uint8Array): DeclarationPaper {
  const whole = reader.parse(payload, BYTES_MAX);
  const found = reader.members(whole, '', [...HEAD, ...DECLARED]);
  const from = reader.date(found.from, 'from');
  const to = reader.date(found.to, 'to');
  if (to < from) reader.fail('to', 'is before from');
  return {
    ...reader.head(found),
    kind: reader.oneOf(found.kind, 'kind', DECLARATION_KINDS),
    from,
    to,
    value: reader.integer(found.value, 'value', 0, VALUE_MAX),
    document: reader.line(found.document, 'document'),
    by: reader.line(found.by, 'by'),
    note: reader.free(found.note, 'note'),
  };
}
