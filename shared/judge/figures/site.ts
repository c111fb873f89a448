import { CAUSES } from '../cause-names.ts';
import type { FinalInterval } from '../final.ts';
import type { Span } from '../spans.ts';
import type { UnknownReason } from '../types.ts';
import { deviceFigures, type Window } from './device.ts';
import { type FigureSums, UNKNOWN_REASONS } from './sums.ts';
import {
  expectedOf,
  isBad,
  isResting,
  isUp,
  type Moment,
  plain,
  sweep,
  type Track,
  unknownFor,
  type Verdict,
} from './sweep.ts';

/** One infrastructure device of a site; an inferred group (unmanaged switch) is one, too. */
export interface SiteTrack extends Track {
  /** Gateway or core: the site is up only while one of these is. */
  readonly entry: boolean;
}

export interface SiteAsk {
  readonly site: string;
  /** Infrastructure only, each whole from before the period's first site outage. */
  readonly tracks: readonly SiteTrack[];
  /** As in FiguresAsk. */
  readonly hours: readonly Span[];
  readonly calendar?: readonly Span[];
  readonly as_of_to_ms: number;
}

/** Sums of a site; ratiosOf says its availability (accounting §6). */
export function siteFigures(ask: SiteAsk): FigureSums {
  const { tracks, hours, calendar, as_of_to_ms } = ask;
  return deviceFigures({
    intervals: siteTimeline(ask.site, tracks, as_of_to_ms),
    windows: windowsOf(tracks),
    hours,
    ...(calendar === undefined ? {} : { calendar }),
    as_of_to_ms,
    known_to_ms: as_of_to_ms,
  });
}

/** When the site had infrastructure to judge it by. */
export function windowsOf(tracks: readonly Track[]): Window[] {
  return expectedOf(tracks).map(({ from_ms, to_ms }) => ({
    from_ms,
    to_ms: Number.isFinite(to_ms) ? to_ms : null,
  }));
}

/** The states of a site in time, ascending; `device` holds the site's code. */
export function siteTimeline(
  site: string,
  tracks: readonly SiteTrack[],
  as_of_to_ms: number,
): FinalInterval[] {
  const entry = tracks.map((track) => track.entry);
  return sweep(site, tracks, expectedOf(tracks), as_of_to_ms, (now) => decide(now, entry));
}

/**
 * The first that fits: no entry but under maintenance; more than half of the infrastructure
 * unknown; every entry down; fewer than half of the known ones up; no entry known; up.
 * What is under maintenance or off is left out of the halves.
 */
function decide(now: Moment, isEntry: readonly boolean[]): Verdict {
  const said = now.filter((says) => says !== null);
  const judged = said.filter((says) => !isResting(says));
  const entries = now.filter((_, i) => isEntry[i] === true).filter((says) => says !== null);
  const standing = entries.filter((says) => !isResting(says));
  const resting = said.find((says) => says.state === 'maintenance');
  const planned = entries.some((says) => says.state === 'maintenance');
  if (standing.length === 0 && planned) return plain('maintenance');
  if (judged.length === 0) return plain(resting === undefined ? 'off' : 'maintenance');
  const unknown = judged.filter((says) => says.state === 'unknown');
  if (2 * unknown.length > judged.length) return commonUnknown(unknown);
  const badEntries = standing.filter(isBad);
  if (standing.length > 0 && badEntries.length === standing.length) return commonBad(badEntries);
  const bad = judged.filter(isBad);
  if (2 * judged.filter(isUp).length < judged.length - unknown.length) return commonBad(bad);
  if (standing.some(isUp)) return plain('up');
  // No gateway in the inventory, or one of which nothing is known: nobody can vouch for the site.
  const unseen = standing.filter((says) => says.state === 'unknown');
  return unseen.length > 0 ? commonUnknown(unseen) : unknownFor('never_answered');
}

/** Unknown for the reason that most of them have; of equals the first of UNKNOWN_REASONS. */
function commonUnknown(unknown: readonly Verdict[]): Verdict {
  const reason = most(
    unknown.map((says) => says.reason ?? 'not_received'),
    UNKNOWN_REASONS,
  );
  const whole = unknown.find((says) => (says.reason ?? 'not_received') === reason);
  // A cause explains the site's unknown time only where all agree on it.
  const cause = unknown.every((says) => says.cause === whole?.cause) ? whole?.cause : null;
  const verdict = unknownFor(reason ?? ('not_received' satisfies UnknownReason));
  if (whole === undefined || cause === undefined || cause === null) return verdict;
  const settled = unknown.every((says) => says.settled);
  return { ...verdict, cause, confidence: whole.confidence, incident: whole.incident, settled };
}

/** Down for the cause that most of them have; of equals the first of CAUSES. */
export function commonBad(bad: readonly Verdict[]): Verdict {
  const cause = most(
    bad.map((says) => says.cause ?? 'undetermined'),
    CAUSES,
  );
  const whole = bad.find((says) => (says.cause ?? 'undetermined') === cause);
  return {
    state: 'down',
    reason: null,
    incident: whole?.incident ?? null,
    cause: cause ?? 'undetermined',
    confidence: whole?.confidence ?? null,
    settled: bad.every((says) => says.settled),
  };
}

/** The name that stands most often in a list; of equals the first in `order`. */
function most<T>(names: readonly T[], order: readonly T[]): T | undefined {
  let best: T | undefined;
  let count = 0;
  for (const name of order) {
    const times = names.filter((other) => other === name).length;
    if (times > count) {
      best = name;
      count = times;
    }
  }
  return best;
}
