import { type AvailabilityRow, availability } from '../../shared/judge/availability.ts';
import type { DeviceWindow } from '../../shared/judge/lists.ts';
import { RULES_VERSION, type StateInterval } from '../../shared/judge/types.ts';
import type { Device } from '../../shared/measure/inventory-types.ts';
import type { CollectorDeps } from '../deps.ts';
import { type Closed, lateReason } from '../judge/closed.ts';
import type { AsOf } from '../judge/read-types.ts';
import type { IntervalRow } from '../store/rows-judgement.ts';

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
  { judge }: Pick<CollectorDeps, 'judge'>,
  site: string,
  devices: readonly Pick<Device, 'code'>[],
  period: { readonly from_ms: number; readonly to_ms: number },
): Promise<Figures> {
  const found = await judge.material(site, period.from_ms, period.to_ms);
  const { as_of, closed } = found;
  const storedBy = Map.groupBy(found.stored, ({ device }) => device);
  const windowsBy = Map.groupBy(found.windows, ({ device }) => device);
  const items = devices.map(({ code }) => {
    const windows = windowsBy.get(code) ?? [];
    const owner = windows.at(-1)?.agent ?? '';
    const row = availability({
      ...period,
      intervals: windows.flatMap((window) => within(window, storedBy.get(code) ?? [], closed)),
      windows,
      known_to_ms: closed.get(owner)?.ms ?? null,
      as_of_ms: as_of.to_ms,
      late_reason: lateReason(closed, owner),
    });
    return { device: code, ...row };
  });
  return { site, items, as_of, rules: RULES_VERSION };
}

/**
 * The owner's intervals in its window, not clipped to the period: an outage counts where it
 * starts, with all its length. What an agent had open when it lost the device ends with its word.
 */
function within(
  { agent, from_ms, to_ms }: DeviceWindow,
  stored: readonly IntervalRow[],
  closed: Closed,
): StateInterval[] {
  const known_ms = closed.get(agent)?.ms ?? from_ms;
  return stored.flatMap((row) => {
    if (row.agent !== agent) return [];
    const from = Math.max(row.from_ms, from_ms);
    const to = to_ms === null ? row.to_ms : Math.min(row.to_ms ?? known_ms, to_ms);
    return to !== null && to <= from ? [] : [{ ...row, from_ms: from, to_ms: to }];
  });
}
