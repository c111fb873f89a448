import type { PortState } from './state.ts';
import type { FactChange, Flap, PortFinding } from './types.ts';

/** Changes between up and down within FLAP_MS that make a port flap (accounting §4). */
export const FLAP_CHANGES = 3;
export const FLAP_MS = 600_000;
/** Remembered changes: one a second over the whole time, which no link manages. */
const MOVES_MAX = 600;

type OperChange = Extract<FactChange, { fact: 'oper' }>;

/**
 * Changes of up and down while the port is switched on by its admin, and the flapping that they
 * make. `silent_ms`: the last reading before a long gap, if there was one.
 */
export function feedFlaps(
  index: number,
  port: PortState,
  change: OperChange | null,
  at_ms: number,
  silent_ms: number | null,
): Flap[] {
  const changes = countable(port, change);
  const when_ms = change?.latest_ms ?? at_ms;
  if (changes > 0) port.moves.push({ at_ms: when_ms, changes });
  port.moves = port.moves
    .filter((move) => move.at_ms > Math.max(at_ms, when_ms) - FLAP_MS)
    .slice(-MOVES_MAX);
  const sum = port.moves.reduce((all, move) => all + move.changes, 0);
  const out: Flap[] = [];
  if (port.flap !== null && (sum < FLAP_CHANGES || silent_ms !== null)) {
    const { from_ms, last_ms, changes: all } = port.flap;
    out.push({ port: index, from_ms, to_ms: last_ms, changes: all });
    port.flap = null;
  }
  if (sum < FLAP_CHANGES || changes === 0) return out;
  const from_ms = port.flap?.from_ms ?? port.moves[0]?.at_ms ?? when_ms;
  const all = port.flap === null ? sum : port.flap.changes + changes;
  port.flap = { from_ms, last_ms: when_ms, changes: all };
  out.push({ port: index, from_ms, to_ms: null, changes: all });
  return out;
}

/** notPresent, lowerLayerDown and their like are no link that fell, and hide none that did. */
function countable(port: PortState, change: OperChange | null): number {
  const value = port.oper?.value ?? 'other';
  const before = port.definite;
  if (port.admin !== null && port.admin.value !== 'up') {
    port.definite = null;
    return 0;
  }
  if (value === 'other') return 0;
  port.definite = value;
  if (change?.changes === 2) return 2;
  return before !== null && before !== value ? 1 : 0;
}

/** Half duplex, and slower than this port was before; both only while it is up. */
export function feedFindings(
  index: number,
  port: PortState,
  physical: boolean,
  at_ms: number,
  silent_ms: number | null,
): PortFinding[] {
  const up = physical && port.oper?.value === 'up';
  const speed_mbps = port.speed?.value ?? null;
  if (up && speed_mbps !== null) port.best_mbps = Math.max(port.best_mbps ?? 0, speed_mbps);
  const { best_mbps } = port;
  const now = {
    half_duplex: up && port.duplex?.value === 'half',
    slow: up && speed_mbps !== null && best_mbps !== null && speed_mbps < best_mbps,
  };
  const out: PortFinding[] = [];
  for (const finding of ['half_duplex', 'slow'] as const) {
    const open = port.findings[finding];
    const same = open?.speed_mbps === speed_mbps && open.best_mbps === best_mbps;
    if (open !== undefined && (!now[finding] || !same || silent_ms !== null)) {
      out.push({ ...open, to_ms: Math.max(open.from_ms, silent_ms ?? at_ms) });
      delete port.findings[finding];
    }
    if (!now[finding] || port.findings[finding] !== undefined) continue;
    const begun = { port: index, finding, from_ms: at_ms, to_ms: null, speed_mbps, best_mbps };
    port.findings[finding] = begun;
    out.push(begun);
  }
  return out;
}
