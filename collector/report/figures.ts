import { floorMinute } from '../../shared/judge/lists.ts';
import {
  correctedOf,
  type LateWindow,
  lateMaintenanceOf,
} from '../../shared/judge/period/corrected.ts';
import { isToldDevice } from '../../shared/judge/period/devices.ts';
import type { AsOf, Judged } from '../../shared/judge/period/judged.ts';
import { isBad, isDownBefore } from '../../shared/judge/period/site.ts';
import type { PeriodAsk } from '../../shared/judge/period/sums.ts';
import {
  type FiguresShape,
  type FigureTable,
  figureTable,
} from '../../shared/judge/period/table.ts';
import { RULES_VERSION } from '../../shared/judge/types.ts';
import { notFound } from '../http-error.ts';
import type { JudgeReader } from '../judge/read-types.ts';

/** An outage that others hand on from one to the next so often is one of the whole year. */
const LOOKS_BACK_MAX = 4;
const MINUTE_MS = 60_000;

/** Version and base64 hash of a document that figures hang on. */
export interface PaperRef {
  readonly version: number;
  readonly hash: string;
}

export interface Figures extends FigureTable {
  readonly site: string;
  readonly calendar: {
    readonly code: string;
    readonly profile: string | null;
    /** Null: the built-in calendar. */
    readonly version: number | null;
    readonly hash: string | null;
  };
  /** The site's settings; null: built in. */
  readonly settings: PaperRef | null;
  /** The same, had every window of maintenance been known in time; null: none was late. */
  readonly late_maintenance: (FigureTable & { readonly windows: readonly LateWindow[] }) | null;
  /** The same with the causes that people gave; null: nothing was reclassified. */
  readonly corrected: FigureTable | null;
  /** The ledger prefix and the end of time that the figures are a function of. */
  readonly as_of: AsOf;
  /** Version of the accounting rules. */
  readonly rules: number;
}

/**
 * Availability over a period (accounting §6). Time that has not happened yet is in no period.
 * Throws LanProofError CALENDAR_PROFILE, and HttpError 404 for a device that was never the site's.
 */
export async function availabilityFigures(
  { judge }: { readonly judge: Pick<JudgeReader, 'judged'> },
  site: string,
  ask: PeriodAsk,
  shape: FiguresShape,
): Promise<Figures> {
  const judged = await judgedWhole(judge, site, ask.from_ms, ask.to_ms);
  const { device, hide_computers } = shape;
  if (device !== null && !isToldDevice(judged, device, hide_computers)) {
    throw notFound('device', device);
  }
  const { calendar, calendar_ref, settings_ref } = judged.documents;
  const late = lateMaintenanceOf(judged, ask);
  const corrected = correctedOf(judged, ask);
  // Rows of days were added up without them: what differs is counted from the intervals.
  const anew = (intervals: Judged['intervals']) =>
    figureTable({ ...judged, days: [], intervals }, ask, shape);
  return {
    site,
    ...figureTable(judged, ask, shape),
    calendar: {
      code: calendar.code,
      profile: ask.hours === 'working' ? ask.profile : null,
      version: calendar_ref?.version ?? null,
      hash: calendar_ref?.hash ?? null,
    },
    settings: settings_ref,
    late_maintenance: late === null ? null : { windows: late.windows, ...anew(late.intervals) },
    corrected: corrected === null ? null : anew(corrected),
    as_of: judged.as_of,
    rules: RULES_VERSION,
  };
}

/**
 * What the judge says of a period, and of the time before it as far as an outage of the site or of
 * its workplaces reaches back: whether one begins in the period hangs on all devices at its start.
 */
async function judgedWhole(
  judge: Pick<JudgeReader, 'judged'>,
  site: string,
  from_ms: number,
  to_ms: number,
): Promise<Judged> {
  const found = await judge.judged(site, from_ms, to_ms);
  // What was down as the period came is down in it: mostly nothing is.
  if (!found.intervals.some((one) => isBad(one) && one.from_ms <= from_ms)) return found;
  let judged = await judge.judged(site, from_ms - MINUTE_MS, to_ms);
  let start_ms = from_ms;
  for (let step = 0; step < LOOKS_BACK_MAX && isDownBefore(judged, start_ms); step += 1) {
    const before = judged.intervals.filter((one) => isBad(one) && one.from_ms < start_ms);
    const first_ms = before.reduce((least, one) => Math.min(least, one.from_ms), start_ms);
    start_ms = floorMinute(first_ms);
    judged = await judge.judged(site, start_ms - MINUTE_MS, to_ms);
  }
  return judged;
}
