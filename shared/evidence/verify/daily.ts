/** Check 12, last part: the days of each log hold no more of the site than is listed. */
import { ordinal } from '../../judge/replay/inputs.ts';
import { dayOf } from '../bundle/lines.ts';
import { logFileName } from '../bundle/names.ts';
import type { BundleDay, BundleLeaf, BundleManifest } from '../bundle/types.ts';
import type { Stretch } from './chains.ts';
import type { VerifiedLog } from './logs.ts';
import type { Recorder } from './recorder.ts';

/**
 * Counts what is listed in the range of leaves of each day. Where an agent's stretch begins or
 * ends inside its history, the log holds more than the bundle; in between never.
 */
export function checkDaily(
  { begin }: BundleManifest,
  logs: readonly VerifiedLog[],
  stretches: readonly Stretch[],
  said: Recorder,
): void {
  const inside = stretches.filter(({ earlier }) => earlier).map(({ first }) => first);
  const ended = stretches.filter(({ reached }) => reached).map(({ last }) => last);
  const from = Math.max(Number.NEGATIVE_INFINITY, ...inside);
  const to = Math.min(Number.POSITIVE_INFINITY, ...ended);
  // Of `day` documents only those from the beginning on are here.
  const papers_from = begin === null ? Number.NEGATIVE_INFINITY : ordinal(begin);
  for (const { log, leaves, days } of logs) {
    const next = reader(leaves);
    for (const day of days) {
      said.count('completeness', 'days');
      const { batches, documents, dated } = next(day);
      const [first, last] = [
        ordinal({ log, leaf: day.first }),
        ordinal({ log, leaf: day.first + day.leaves - 1 }),
      ];
      const place = `${logFileName(log, 'daily')} ${day.day}`;
      if (!dated) said.say('DAILY_DATE', place, { day: day.day });
      const whole = { batches: first >= from && last <= to, documents: first >= papers_from };
      const odd = (listed: number, told: number, all: boolean): boolean =>
        listed > told || (all && listed < told);
      if (odd(batches, day.site_batches, whole.batches)) {
        said.say('DAILY_COUNT', place, { what: 'batch', listed: batches, told: day.site_batches });
      }
      if (odd(documents, day.site_documents, whole.documents)) {
        const told = day.site_documents;
        said.say('DAILY_COUNT', place, { what: 'document', listed: documents, told });
      }
    }
  }
}

/** What is listed of one day. */
interface Listed {
  readonly batches: number;
  readonly documents: number;
  /** False: a leaf says that this is not its day. */
  readonly dated: boolean;
}

/**
 * Counts the leaves of one day after the other. A day is that of the newest time of receipt so far:
 * its first leaf is of it, and no later one is of a later day.
 */
function reader(leaves: readonly BundleLeaf[]): (day: BundleDay) => Listed {
  let at = 0;
  return ({ day, first, leaves: count }) => {
    let [batches, documents, dated] = [0, 0, true];
    for (; at < leaves.length; at += 1) {
      const leaf = leaves[at];
      if (leaf === undefined || leaf.leaf >= first + count) break;
      const own = dayOf(leaf.recv_ms);
      if (own > day || (leaf.leaf === first && own !== day)) dated = false;
      if (leaf.kind === 'batch') batches += 1;
      else if (leaf.site !== null) documents += 1;
    }
    return { batches, documents, dated };
  };
}
