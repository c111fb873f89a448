import type { PortValues } from '../../measure/snmp-columns.ts';
import { COUNTERS } from './columns.ts';
import type { CountersState, PortState, ScalarsState } from './state.ts';
import { drift, TICK_MS, TICKS_WRAP, TOLERANCE_MS } from './ticks.ts';
import { RESTART_EVIDENCE, type Restart, type RestartEvidence, type RestartKind } from './types.ts';

/** What one reading says of restarts, by seen_ms: of each only the last word. */
export type Said = Map<number, Restart>;

/** Scalars are written once an hour at least; what comes later belongs to no restart, ms. */
const EVIDENCE_MS = 65 * 60_000;
/** hrSystemUptime is read beside sysUpTime, but some devices count it in whole seconds, ms. */
const HOST_BOUND_MS = 5_000;
/** A host uptime this near to the expected one ran on: no host begins anew that fast, ms. */
const HOST_CLOSE_MS = 1_500;
/** Signs, besides sysUpTime itself, that the whole device began anew. */
const REBOOT_SIGNS: readonly RestartEvidence[] = [
  'boots_grew',
  'host_uptime_fell',
  'counters_fell',
  'last_change_fell',
];

export function tell(said: Said, restart: Restart): void {
  said.set(restart.seen_ms, restart);
}

/** A restart was seen; later readings may tell what it was. */
export function openRestart(state: CountersState, restart: Restart, said: Said): void {
  state.open = { restart, before: state.scalars, host_judged: false };
  tell(said, restart);
}

function kindOf(evidence: readonly RestartEvidence[]): RestartKind {
  // A host that ran on restarted its SNMP agent only, however its counters look (Windows, Linux).
  if (evidence.includes('host_uptime_fell')) return 'reboot';
  if (evidence.includes('host_uptime_ran_on')) return 'agent_restart';
  return evidence.some((sign) => REBOOT_SIGNS.includes(sign)) ? 'reboot' : 'restart';
}

function add(state: CountersState, signs: readonly RestartEvidence[], said: Said): void {
  const { open } = state;
  if (open === null) return;
  const { restart } = open;
  const all = new Set([...restart.evidence, ...signs]);
  if (all.size === restart.evidence.length) return;
  const evidence = RESTART_EVIDENCE.filter((sign) => all.has(sign));
  open.restart = { ...restart, kind: kindOf(evidence), evidence };
  tell(said, open.restart);
}

/**
 * What the scalars `now` say of the newest restart; true where there is one that they are about.
 * `read` is false where they only ran on.
 */
export function hostEvidence(
  state: CountersState,
  now: ScalarsState,
  read: boolean,
  said: Said,
): boolean {
  const { open } = state;
  if (open === null || open.host_judged) return false;
  const { restart, before } = open;
  if (now.at_ms - restart.seen_ms > EVIDENCE_MS) {
    state.open = null;
    return true;
  }
  const signs: RestartEvidence[] = [];
  const grew =
    before !== null && before.boots !== null && now.boots !== null && now.boots > before.boots;
  if (grew) signs.push('boots_grew');
  if (before?.engine_s != null && now.engine_s !== null && now.engine_s < before.engine_s) {
    signs.push('engine_time_fell');
  }
  const host = hostSign(restart, before, now);
  // Scalars of the very reading that showed the restart may have been read just before it.
  const after = now.at_ms > restart.seen_ms || (read && grew);
  if (host === 'host_uptime_fell' || (host !== null && after)) signs.push(host);
  add(state, signs, said);
  // Later scalars are compared with these by themselves.
  open.host_judged = grew || (host !== null && after);
  return true;
}

function hostSign(
  restart: Restart,
  before: ScalarsState | null,
  now: ScalarsState,
): 'host_uptime_fell' | 'host_uptime_ran_on' | null {
  const host = now.host_ticks;
  if (host === null) return null;
  const old = before?.host_ticks ?? null;
  const elapsed_ms = before === null ? 0 : now.at_ms - before.at_ms;
  const off_ms = old === null ? null : Math.abs(drift(old, host, elapsed_ms));
  const near = off_ms !== null && off_ms <= TOLERANCE_MS;
  if (off_ms !== null && off_ms <= HOST_CLOSE_MS && host !== old) return 'host_uptime_ran_on';
  const wraps = old !== null && old + elapsed_ms / TICK_MS + TOLERANCE_MS / TICK_MS >= TICKS_WRAP;
  if (near && wraps) return 'host_uptime_ran_on';
  const booted_ms = now.at_ms - host * TICK_MS;
  if (booted_ms >= restart.last_ms - HOST_BOUND_MS) return 'host_uptime_fell';
  // A value that stands still proves nothing; without an older one neither does a large one.
  return near && host !== old ? 'host_uptime_ran_on' : null;
}

/**
 * What the ports tell of the newest restart: every counter and ifLastChange that is read for the
 * first time after it, held against what was read of it before.
 */
export function portEvidence(
  state: CountersState,
  ports: ReadonlyMap<number, PortValues>,
  at_ms: number,
  said: Said,
): void {
  const { open } = state;
  if (open === null || at_ms - open.restart.seen_ms > EVIDENCE_MS) return;
  const counters = { compared: 0, fell: 0 };
  const changes = { compared: 0, fell: 0 };
  for (const [index, row] of ports) {
    const port = state.ports[index];
    if (port === undefined) continue;
    compareCounters(port, row, state.epoch, counters);
    const now = row.get('ifLastChange');
    const old = port.last_change;
    if (old !== null && old.epoch < state.epoch && now !== undefined && now !== null) {
      changes.compared += 1;
      if (now < BigInt(old.ticks)) changes.fell += 1;
    }
  }
  const signs: RestartEvidence[] = [];
  if (counters.fell > 0 && counters.fell * 2 >= counters.compared) signs.push('counters_fell');
  if (changes.fell > 0 && changes.fell === changes.compared) signs.push('last_change_fell');
  add(state, signs, said);
}

function compareCounters(
  port: PortState,
  row: PortValues,
  epoch: number,
  counts: { compared: number; fell: number },
): void {
  for (const [name, value] of row) {
    const cell = port.cells[name];
    const column = COUNTERS.get(name);
    if (column === undefined || cell === undefined || value === null) continue;
    // 32 bits of octets or packets may have wrapped; nothing falls from zero.
    if (column.bits === 32 && column.kind !== 'errors') continue;
    if (cell.value === 0 || cell.epoch >= epoch) continue;
    counts.compared += 1;
    if (value < BigInt(cell.value)) counts.fell += 1;
  }
}
