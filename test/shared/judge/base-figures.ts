import { deviceFigures } from '../../../shared/judge/figures/device.ts';
import { type Ratios, ratiosOf } from '../../../shared/judge/figures/ratios.ts';
import type { FigureSums } from '../../../shared/judge/figures/sums.ts';
import type { DeviceWindow } from '../../../shared/judge/lists.ts';
import type { StateInterval, UnknownReason } from '../../../shared/judge/types.ts';

interface BaseAsk {
  readonly intervals: readonly StateInterval[];
  readonly windows: readonly DeviceWindow[];
  readonly from_ms: number;
  readonly to_ms: number;
  readonly known_to_ms: number | null;
  readonly as_of_ms: number;
  readonly late_reason?: UnknownReason;
}

/** Figures of one device by its slots alone, every hour counted, before a site judge saw them. */
export function baseFigures(ask: BaseAsk): FigureSums & Ratios {
  const { from_ms, to_ms, known_to_ms, late_reason } = ask;
  const plain = { latest_ms: null, incident: null, cause: null, confidence: null, settled: true };
  const sums = deviceFigures({
    intervals: ask.intervals.map((one) => ({ ...one, ...plain })),
    windows: ask.windows,
    hours: from_ms < to_ms ? [{ from_ms, to_ms }] : [],
    as_of_to_ms: ask.as_of_ms,
    known_to_ms,
    ...(late_reason === undefined ? {} : { late_reason }),
  });
  return { ...sums, ...ratiosOf(sums) };
}
