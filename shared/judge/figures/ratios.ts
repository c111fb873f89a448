import type { FigureSums } from './sums.ts';

/** Below this share of known time a figure is flagged; as 1 / 20 unknown, compared in integers. */
const COVERAGE_LOW_PARTS = 20;
/** Below 80 % nothing is a headline; as 1 / 5 unknown. */
const NO_HEADLINE_PARTS = 5;
/** Fewer outages give no mean time between failures that would bear a quotation. */
export const MTBF_OUTAGES_MIN = 10;
/** Three lost slots in a row are an outage; one more, as it begins anywhere inside a slot. */
const DETECTABLE_INTERVALS = 4;

/** Quotients, not rounded (see roundForClaim). Null: nothing is left to divide by. */
export interface Ratios {
  /** Known share of the time that could be known; for a document use percentOf. */
  readonly coverage: number | null;
  readonly availability: number | null;
  /** Unknown counted as down. */
  readonly worst: number | null;
  /** Unknown counted as up. */
  readonly best: number | null;
  /** Only settled LAN causes count as down; what else was down is left out (lan_excluded_ms). */
  readonly availability_lan: number | null;
  /** Unknown, undetermined and unsettled time counted as down. */
  readonly worst_lan: number | null;
  /** Coverage below 95 %. */
  readonly coverage_low: boolean;
  /** Coverage below 80 %, or nothing to cover: print no headline. */
  readonly no_headline: boolean;
  /** Mean length of the outages that ended. */
  readonly mttr_ms: number | null;
  /** Time up per outage; only from MTBF_OUTAGES_MIN outages on. */
  readonly mtbf_ms: number | null;
}

/** A quotient that documents round exactly: see percentOf. */
export interface Share {
  readonly part: number;
  readonly whole: number;
}

/** The shares behind the ratios, in integer ms. */
export function sharesOf(
  sums: FigureSums,
): Record<
  'coverage' | 'availability' | 'worst' | 'best' | 'availability_lan' | 'worst_lan',
  Share
> {
  const up = sums.up_ms + sums.degraded_ms;
  const bad = sums.down_ms + sums.unreachable_ms;
  const unknown = sums.unknown_ms;
  const answerable = sums.expected_ms - sums.maintenance_ms - sums.off_ms;
  const lan = bad - sums.lan_excluded_ms;
  return {
    coverage: { part: answerable - unknown, whole: answerable },
    availability: { part: up, whole: up + bad },
    worst: { part: up, whole: up + bad + unknown },
    best: { part: up + unknown, whole: up + bad + unknown },
    availability_lan: { part: up, whole: up + lan },
    worst_lan: { part: up, whole: up + lan + sums.undetermined_ms + unknown },
  };
}

/** Ratios of sums; sums of parts give the ratios of the whole. */
export function ratiosOf(sums: FigureSums): Ratios {
  const shares = sharesOf(sums);
  const { whole } = shares.coverage;
  return {
    coverage: quotient(shares.coverage),
    availability: quotient(shares.availability),
    worst: quotient(shares.worst),
    best: quotient(shares.best),
    availability_lan: quotient(shares.availability_lan),
    worst_lan: quotient(shares.worst_lan),
    coverage_low: sums.unknown_ms * COVERAGE_LOW_PARTS > whole,
    no_headline: whole <= 0 || sums.unknown_ms * NO_HEADLINE_PARTS > whole,
    mttr_ms: quotient({ part: sums.ended_ms, whole: sums.ended }),
    mtbf_ms:
      sums.outages < MTBF_OUTAGES_MIN
        ? null
        : quotient({ part: sums.up_ms + sums.degraded_ms, whole: sums.outages }),
  };
}

/** Every outage of at least this length is seen, whenever it begins, ms; shorter ones may be. */
export function smallestDetectableOutage_ms(interval_ms: number): number {
  return DETECTABLE_INTERVALS * interval_ms;
}

/**
 * Device time affected, ms: divide by 3 600 000 for device-hours. An upper bound of the harm, and
 * to be called so: nobody need have wanted each of the devices all that time.
 */
export function affectedAtMost_ms(sums: FigureSums): number {
  return sums.down_ms + sums.unreachable_ms;
}

function quotient({ part, whole }: Share): number | null {
  return whole > 0 ? part / whole : null;
}
