import { type Ratios, ratiosOf, smallestDetectableOutage_ms } from '../figures/ratios.ts';
import type { FigureSums } from '../figures/sums.ts';

/** `low_coverage`: below 95 %; `no_headline`: below 80 %, or nothing to cover. */
export const FIGURE_FLAGS = ['low_coverage', 'no_headline'] as const;
export type FigureFlag = (typeof FIGURE_FLAGS)[number];

/** Everything of contracts §3 but the name; ratios are exact quotients, not rounded. */
export interface FigureRow
  extends Omit<FigureSums, 'ended' | 'ended_ms' | 'undetermined_ms'>,
    Omit<Ratios, 'coverage_low' | 'no_headline'> {
  readonly flags: readonly FigureFlag[];
  /** Every outage of this length is seen; null for sums of several devices. */
  readonly smallest_detectable_ms: number | null;
}

/** Sums with what follows from them. `interval_ms` null: several devices, or none that is asked. */
export function figureRow(sums: FigureSums, interval_ms: number | null): FigureRow {
  const { coverage_low, no_headline, ...ratios } = ratiosOf(sums);
  const flags: FigureFlag[] = [];
  if (coverage_low) flags.push('low_coverage');
  if (no_headline) flags.push('no_headline');
  return {
    expected_ms: sums.expected_ms,
    up_ms: sums.up_ms,
    degraded_ms: sums.degraded_ms,
    down_ms: sums.down_ms,
    unreachable_ms: sums.unreachable_ms,
    off_ms: sums.off_ms,
    unknown_ms: sums.unknown_ms,
    unknown_by: sums.unknown_by,
    maintenance_ms: sums.maintenance_ms,
    down_by_cause_ms: sums.down_by_cause_ms,
    lan_excluded_ms: sums.lan_excluded_ms,
    outages: sums.outages,
    outages_ms: sums.outages_ms,
    longest_ms: sums.longest_ms,
    ...ratios,
    flags,
    smallest_detectable_ms: interval_ms === null ? null : smallestDetectableOutage_ms(interval_ms),
  };
}
