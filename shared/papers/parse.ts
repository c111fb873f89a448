import type { LeafKind } from '../evidence/leaf.ts';
import { parseSiteDocument } from '../measure/site-document.ts';
import { parseCalendarPaper } from './calendar-paper.ts';
import { parseDayPaper } from './day-paper.ts';
import { parseMaintenancePaper } from './maintenance-paper.ts';
import { parseDeclarationPaper, parseNotePaper, parseReclassifyPaper } from './remark-papers.ts';
import { parseSettingsPaper } from './settings-paper.ts';
import { parseTopologyPaper } from './topology-paper.ts';
import { PAPER_KINDS, type PaperKind, type Papers } from './types.ts';

const PARSERS: { readonly [Kind in PaperKind]: (payload: Uint8Array) => Papers[Kind] } = {
  site: parseSiteDocument,
  calendar: parseCalendarPaper,
  settings: parseSettingsPaper,
  topology: parseTopologyPaper,
  maintenance: parseMaintenancePaper,
  note: parseNotePaper,
  reclassify: parseReclassifyPaper,
  declaration: parseDeclarationPaper,
  day: parseDayPaper,
};

export function isPaperKind(kind: LeafKind): kind is PaperKind {
  return PAPER_KINDS.some((known) => known === kind);
}

/**
 * The payload of a leaf of this kind, after its signature was verified; or of a draft before it is
 * signed. Throws LanProofError PAPER_FORMAT, SITE_FORMAT or CALENDAR_FORMAT; `place` is the member.
 */
export function parsePaper<Kind extends PaperKind>(kind: Kind, payload: Uint8Array): Papers[Kind] {
  return PARSERS[kind](payload);
}
