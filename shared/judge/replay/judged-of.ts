import type { Closed } from '../closed.ts';
import { byIncident, incidentOfKey, newestWords } from '../day/corrected.ts';
import { joinWindows } from '../day/join.ts';
import type { JudgedWindow, OutageKey } from '../day/types.ts';
import type { WindowKnown } from '../day/window-ask.ts';
import type { FinalInterval } from '../final.ts';
import type { AsOf, Judged } from '../period/judged.ts';
import { isBad } from '../period/site.ts';
import type { SiteMarks } from '../site/material.ts';
import type { Span } from '../spans.ts';

/**
 * What was bad as judging began stands from its true start, which the carry told: an outage counts
 * where it begins, and an incident's time is all of its time.
 */
export function wholeAtBegin(window: JudgedWindow, marks: SiteMarks | undefined): JudgedWindow {
  const begin_ms = window.from_ms;
  const begun = new Map(
    (marks?.pieces ?? [])
      .filter((piece) => piece.from_ms < begin_ms && piece.to_ms > begin_ms)
      .map((piece) => [piece.device, piece]),
  );
  const intervals = window.intervals.map((one): FinalInterval => {
    const piece = begun.get(one.device);
    if (one.from_ms !== begin_ms || !isBad(one) || piece?.state !== one.state) return one;
    const { from_ms, silence } = piece;
    const earliest_ms = from_ms === silence.from_ms ? silence.earliest_ms : null;
    return { ...one, from_ms, earliest_ms };
  });
  return { ...window, intervals };
}

/** What stands of a period, out of the windows that follow one another from the begin on. */
export function judgedOf(
  ask: { readonly period: Span; readonly end_ms: number; readonly as_of: AsOf },
  { windows, closed, documents }: Pick<WindowKnown, 'windows' | 'closed' | 'documents'>,
  parts: readonly JudgedWindow[],
): Judged {
  const { period, as_of } = ask;
  const whole = joined(parts);
  const end_ms = Math.min(period.to_ms, as_of.to_ms);
  const touches = (begin_ms: number, over_ms: number | null): boolean =>
    begin_ms < end_ms && (over_ms ?? Number.POSITIVE_INFINITY) > period.from_ms;
  const incidents = whole.incidents.filter((one) => touches(one.started_at_ms, one.ended_at_ms));
  const ids = new Set(incidents.map(({ id }) => id));
  // What people said of other times is no part of this period; a key outside names nothing here.
  const incidentOf = (key: OutageKey): string | null => {
    const id = incidentOfKey(whole.intervals, key);
    return id !== null && ids.has(id) ? id : null;
  };
  return {
    days: [],
    intervals: whole.intervals.filter((one) => one.from_ms < end_ms),
    incidents,
    findings: whole.findings.filter((one) => touches(one.from_ms, one.to_ms)),
    reclassified: newestWords(documents.reclassifications, incidentOf),
    remarked: byIncident(documents.remarks, incidentOf),
    windows,
    closed: closedUntil(closed, ask.end_ms),
    documents,
    as_of,
  };
}

function joined(parts: readonly JudgedWindow[]): JudgedWindow {
  if (parts.length > 0) return joinWindows(parts);
  return { from_ms: 0, to_ms: 0, intervals: [], incidents: [], findings: [] };
}

/** What was closed behind the end is not judged here. */
function closedUntil(closed: Closed, end_ms: number): Closed {
  return new Map(
    [...closed].map(([agent, { ms, pending }]) => [
      agent,
      { ms: ms === null ? null : Math.min(ms, end_ms), pending },
    ]),
  );
}
