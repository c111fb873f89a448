import { workingSpans } from '../../calendar/working.ts';
import type { Cause, Confidence } from '../cause-names.ts';
import type { OutageKey, Reclassification, Remark } from '../day/types.ts';
import { endOf } from '../figures/outages.ts';
import type { Incident } from '../site/material.ts';
import { total_ms } from '../spans.ts';
import type { Judged } from './judged.ts';

/** What was judged first, or what a person says it was. */
export interface SaidCause {
  readonly cause: Cause;
  readonly confidence: Confidence;
}

export interface CorrectedCause extends SaidCause {
  readonly key: OutageKey;
  readonly reason: string;
  readonly author: string;
  readonly issued_ms: number;
}

/** One incident as people read it; `cause` is the one of the facts, whatever was said later. */
export interface IncidentView extends Incident {
  /** Working time that it touched, ms; for an open one to `as_of.to_ms`. */
  readonly working_ms: number;
  /** Down and unreachable time of all its devices, ms: an upper bound of the harm. */
  readonly device_ms: number;
  readonly notes: readonly Remark[];
  readonly original: SaidCause;
  /** The last word of a person on it; null: nobody said otherwise. */
  readonly corrected: CorrectedCause | null;
}

/** One incident as people read it, out of what was judged of its whole time. */
export function viewOf(incident: Incident, judged: Judged): IncidentView {
  const { documents, as_of } = judged;
  const { id, cause, confidence, started_at_ms } = incident;
  const said = judged.reclassified.get(id);
  const end_ms = Math.min(incident.ended_at_ms ?? as_of.to_ms, as_of.to_ms);
  const work = workingSpans(documents.calendar, null, started_at_ms, end_ms);
  return {
    ...incident,
    working_ms: total_ms(work),
    device_ms: deviceTime(id, judged),
    notes: judged.remarked.get(id) ?? [],
    original: { cause, confidence },
    corrected: said === undefined ? null : correctionOf(said),
  };
}

function correctionOf({ key, cause, reason, author, issued_ms }: Reclassification): CorrectedCause {
  return { cause, confidence: 'declared', key, reason, author, issued_ms };
}

function deviceTime(id: string, { intervals, windows, closed, as_of }: Judged): number {
  let sum_ms = 0;
  for (const one of intervals) {
    if (one.incident !== id || (one.state !== 'down' && one.state !== 'unreachable')) continue;
    const owner = windows.findLast(({ device }) => device === one.device)?.agent ?? '';
    const end_ms = Math.min(endOf(one, closed.get(owner)?.ms ?? null), as_of.to_ms);
    sum_ms += Math.max(0, end_ms - one.from_ms);
  }
  return sum_ms;
}
