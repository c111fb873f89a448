import { type AvailabilityRow, availability } from '../../shared/judge/availability.ts';
import { RULES_VERSION } from '../../shared/judge/types.ts';
import type { Device } from '../../shared/measure/inventory-types.ts';
import type { CollectorDeps } from '../deps.ts';
import type { AsOf } from '../judge/read-types.ts';

/** One row of contracts §3: a device and its figures, coverage and bounds always beside. */
export interface FigureRow extends AvailabilityRow {
  readonly device: string;
}

export interface Figures {
  readonly site: string;
  readonly items: readonly FigureRow[];
  /** The ledger prefix and the end of time that the figures are a function of. */
  readonly as_of: AsOf;
  /** Version of the accounting rules. */
  readonly rules: number;
}

/**
 * Availability of devices over [from_ms, to_ms), every hour counted (`hours=all`). Whole UTC
 * minutes; time that has not happened yet is in no period.
 */
export async function availabilityFigures(
  { judge, store }: Pick<CollectorDeps, 'judge' | 'store'>,
  site: string,
  devices: readonly Pick<Device, 'code'>[],
  period: { readonly from_ms: number; readonly to_ms: number },
): Promise<Figures> {
  const { from_ms, to_ms } = period;
  const { intervals: covered, as_of } = await judge.intervals(site, from_ms, to_ms);
  const coveredBy = Map.groupBy(covered, ({ device }) => device);
  // Whole intervals, not clipped ones: an outage counts where it starts, with all its length.
  const stored = await store.intervals(site, from_ms, Math.min(to_ms, as_of.to_ms));
  const storedBy = Map.groupBy(stored, ({ device }) => device);
  const windowsBy = Map.groupBy(await judge.windows(site), ({ device }) => device);
  const current = new Map((await judge.current(site)).map((state) => [state.device, state]));
  const items = devices.map(({ code }) => {
    const known_to_ms = current.get(code)?.closed_to_ms ?? null;
    const late = coveredBy.get(code)?.at(-1)?.reason;
    const row = availability({
      ...period,
      intervals: storedBy.get(code) ?? [],
      windows: windowsBy.get(code) ?? [],
      known_to_ms,
      as_of_ms: as_of.to_ms,
      late_reason: late === 'clock_pending' ? late : 'not_received',
    });
    return { device: code, ...row };
  });
  return { site, items, as_of, rules: RULES_VERSION };
}
