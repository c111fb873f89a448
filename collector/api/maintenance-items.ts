import { type Static, Type } from 'typebox';
import type { Plan } from '../papers/maintenance.ts';
import { Ms, NullableMs, NullableTime, Time } from './schemas.ts';
import { rfc3339 } from './times.ts';

export const MaintenanceItem = Type.Object({
  key: Type.String({ description: 'for ?after=' }),
  id: Type.String({ description: 'of the announcement; windows of one series share it' }),
  state: Type.Enum(['planned', 'running', 'over', 'cancelled'], {
    description: 'cancelled: taken back before it began; one that was ended early is over',
  }),
  devices: Type.Union([Type.Array(Type.String()), Type.Null()], {
    description: 'null: the whole site; viewers get computers as a number',
  }),
  computers: Type.Integer({ description: 'computers that are not shown by name' }),
  from_ms: Ms,
  from: Time,
  to_ms: Ms,
  to: Time,
  late: Type.Union([Type.Boolean(), Type.Null()], {
    description:
      'it began before an agent of the site had seen it: until then time is measured as always, ' +
      'and figures are shown with and without it; null: no agent is known to have seen it yet',
  }),
  reason: Type.String(),
  author: Type.String(),
  issued_ms: Ms,
  issued: Time,
  cancelled_ms: NullableMs,
  cancelled: NullableTime,
  leaf: Type.Integer(),
});
export type MaintenanceItem = Static<typeof MaintenanceItem>;

/** Digits of a time up to the year 9999, so that keys sort as times. */
const KEY_DIGITS = 15;

/**
 * The windows of an announcement, as they stand after a cancellation. `seen_ms`: from when agents
 * had seen a leaf, as the judge knows it.
 */
export function windowItems(
  { paper, leaf, cancelled }: Plan,
  now_ms: number,
  hidden: ReadonlySet<string>,
  seen_ms: ReadonlyMap<number, number>,
): MaintenanceItem[] {
  const known_ms = seen_ms.get(leaf);
  const { id, reason, author, issued_ms } = paper;
  const cancelled_ms = cancelled?.issued_ms ?? null;
  const devices = paper.devices?.filter((code) => !hidden.has(code)) ?? null;
  return paper.windows.map((window) => {
    const { from_ms } = window;
    const taken = cancelled_ms !== null && cancelled_ms <= from_ms;
    // One that was taken back keeps the hours that it would have had.
    const ends_ms = taken ? window.to_ms : Math.min(window.to_ms, cancelled_ms ?? window.to_ms);
    const ended = cancelled_ms !== null && ends_ms < window.to_ms;
    return {
      key: `${String(from_ms).padStart(KEY_DIGITS, '0')}-${id}`,
      id,
      state: taken ? 'cancelled' : stateOf(from_ms, ends_ms, now_ms),
      devices,
      computers: (paper.devices?.length ?? 0) - (devices?.length ?? 0),
      from_ms,
      from: rfc3339(from_ms),
      to_ms: ends_ms,
      to: rfc3339(ends_ms),
      late: known_ms === undefined ? null : from_ms < known_ms,
      reason,
      author,
      issued_ms,
      issued: rfc3339(issued_ms),
      ...(taken || ended
        ? { cancelled_ms, cancelled: rfc3339(cancelled_ms) }
        : { cancelled_ms: null, cancelled: null }),
      leaf,
    };
  });
}

function stateOf(from_ms: number, to_ms: number, now_ms: number): MaintenanceItem['state'] {
  if (now_ms < from_ms) return 'planned';
  return now_ms < to_ms ? 'running' : 'over';
}
