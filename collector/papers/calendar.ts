import type { Calendar } from '../../shared/calendar/types.ts';
import { readSiteDocuments } from '../../shared/judge/day/documents.ts';
import type { EvidenceReads } from '../store/store-evidence.ts';
import { newestPaper } from './replace.ts';

/** The calendar in force; `issued` null: the built-in one. */
export interface CalendarInForce {
  readonly calendar: Calendar;
  readonly issued: null | {
    readonly version: number;
    /** Document hash, base64. */
    readonly hash: string;
    readonly author: string;
    readonly issued_ms: number;
  };
}

/** The newest calendar of a site, or the one that holds while there is none. */
export async function calendarOf(
  reads: Pick<EvidenceReads, 'documents'>,
  site: string,
): Promise<CalendarInForce> {
  const newest = await newestPaper(reads, site, 'calendar');
  if (newest === null) return { calendar: builtInCalendar(), issued: null };
  const { calendar, version, author, issued_ms } = newest.paper;
  return { calendar, issued: { version, hash: newest.hash, author, issued_ms } };
}

/** What every reader takes where a site has no calendar document. */
export function builtInCalendar(): Calendar {
  return readSiteDocuments([]).calendar;
}
