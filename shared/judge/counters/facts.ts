import type { PortValues } from '../../measure/snmp-columns.ts';
import { MBPS_MAX } from './columns.ts';
import { GAP_MAX_MS } from './deltas.ts';
import { feedFindings, feedFlaps } from './findings.ts';
import type { CountersState, PortState, Seen } from './state.ts';
import { TICK_MS } from './ticks.ts';
import type { CountersOutput, Duplex, FactChange, PlacedReading, PortStatus } from './types.ts';

/**
 * IANAifType: ethernetCsmacd, fastEther, fastEtherFX, gigabitEthernet. The last three are
 * obsolete, but switches in use still say them of their copper ports.
 */
const ETHERNET_TYPES: ReadonlySet<number> = new Set([6, 62, 69, 117]);
/** TruthValue of RFC 2579. */
const FALSE = 2n;
/** ifSpeed of ports that it has no room for (RFC 2863). */
const IF_SPEED_FULL = 2 ** 32 - 1;
/** Beyond this some devices say ifSpeed modulo 2^32, Mb/s. */
const IF_SPEED_MAX_MBPS = 4_294;
/** ifLastChange and sysUpTime are read a moment apart and may be in whole seconds, ms. */
const EVENT_MS = 1_000;

/** A socket for a cable: an Ethernet type, and not said to lack a connector. */
export function isPhysical(port: PortState): boolean {
  return port.type !== null && ETHERNET_TYPES.has(port.type) && port.connector;
}

/** What a row says of the kind of port; another ifType under the number is another port. */
export function feedKind(port: PortState, row: PortValues): 'same' | 'other' {
  const type = row.get('ifType');
  const connector = row.get('ifConnectorPresent');
  const discontinuity = row.get('ifCounterDiscontinuityTime');
  if (connector !== undefined) port.connector = connector !== FALSE;
  if (discontinuity !== undefined) port.discontinuity = discontinuity?.toString() ?? null;
  if (type === undefined || type === null) return 'same';
  const other = port.type !== null && port.type !== Number(type);
  port.type = Number(type);
  return other ? 'other' : 'same';
}

function statusOf(value: bigint | null): PortStatus {
  if (value === 1n) return 'up';
  return value === 2n ? 'down' : 'other';
}

function duplexOf(value: bigint | null): Duplex | null {
  if (value === null) return null;
  if (value === 3n) return 'full';
  return value === 2n ? 'half' : 'unknown';
}

/**
 * Mb/s: ifSpeed where it can say the speed, else ifHighSpeed, which is 0 on some switches whose
 * ifSpeed is right, and in bit/s on others. The same choice as the agent's. Null: not known.
 */
export function speedOf(if_speed: bigint | null, if_high_speed: bigint | null): number | null {
  const bits = if_speed === null ? null : Number(if_speed);
  const mbps = if_high_speed === null ? null : Number(if_high_speed);
  const high = mbps !== null && mbps > 0 && mbps <= MBPS_MAX ? mbps : null;
  const full = bits === null || bits <= 0 || bits === IF_SPEED_FULL;
  if (full || (high !== null && high > IF_SPEED_MAX_MBPS)) return high;
  return bits / 1e6;
}

interface Bounds {
  readonly earliest_ms: number | null;
  readonly latest_ms: number;
}

/** Remembers `value`; bounds of when it became so where it is new. */
function renew<T>(before: Seen<T> | null, value: T, reading: PlacedReading): Bounds | null {
  if (before !== null && before.value === value) return null;
  return { earliest_ms: before?.at_ms ?? null, latest_ms: reading.at_ms + reading.response_ms };
}

type SpeedChange = Bounds & { readonly before: number | null; readonly value: number | null };

/** What a row says of the speed, which is what counters of the port are held against. */
export function feedSpeed(
  port: PortState,
  row: PortValues,
  reading: PlacedReading,
): SpeedChange | null {
  if (!row.has('ifSpeed') && !row.has('ifHighSpeed')) return null;
  const value = speedOf(row.get('ifSpeed') ?? null, row.get('ifHighSpeed') ?? null);
  const before = port.speed?.value ?? null;
  const bounds = renew(port.speed, value, reading);
  port.speed = { value, at_ms: reading.at_ms };
  if (bounds === null) return null;
  // Cells that were read under this speed know it already.
  for (const name in port.cells) {
    const cell = port.cells[name];
    if (cell !== undefined && value !== null && value > (cell.top_mbps ?? 0)) cell.top_mbps = value;
  }
  return { before, value, ...bounds };
}

/** What a row says of state, speed and duplex of a port, and what follows from it. */
export function feedFacts(
  state: CountersState,
  index: number,
  port: PortState,
  row: PortValues,
  reading: PlacedReading,
  out: CountersOutput,
): void {
  const { at_ms } = reading;
  const said: FactChange[] = [];
  const faster = feedSpeed(port, row, reading);
  if (faster !== null) said.push({ port: index, fact: 'speed', ...faster });
  const duplex = row.get('dot3StatsDuplexStatus');
  if (duplex !== undefined) {
    const value = isPhysical(port) ? duplexOf(duplex) : null;
    const bounds = renew(port.duplex, value, reading);
    const before = port.duplex?.value ?? null;
    if (bounds !== null) said.push({ port: index, fact: 'duplex', before, value, ...bounds });
    port.duplex = { value, at_ms };
  }
  const admin = row.get('ifAdminStatus');
  if (admin !== undefined) {
    const value = statusOf(admin);
    const bounds = renew(port.admin, value, reading);
    const before = port.admin?.value ?? null;
    if (bounds !== null) said.push({ port: index, fact: 'admin', before, value, ...bounds });
    port.admin = { value, at_ms };
  }
  const oper = row.get('ifOperStatus');
  if (oper !== undefined) {
    const seen_ms = port.oper?.at_ms ?? null;
    const silent_ms = seen_ms !== null && at_ms - seen_ms > GAP_MAX_MS ? seen_ms : null;
    const change = operChange(state, index, port, statusOf(oper), row, reading);
    if (change !== null) said.push(change);
    out.flaps.push(...feedFlaps(index, port, change, at_ms, silent_ms));
    out.findings.push(...feedFindings(index, port, isPhysical(port), at_ms, silent_ms));
  }
  out.changes.push(...said);
}

type OperChange = Extract<FactChange, { fact: 'oper' }>;

function operChange(
  state: CountersState,
  index: number,
  port: PortState,
  value: PortStatus,
  row: PortValues,
  reading: PlacedReading,
): OperChange | null {
  const { at_ms } = reading;
  const { oper } = port;
  const before = oper?.value ?? null;
  const moved_ms = lastChange(state, port, row, reading);
  port.oper = { value, at_ms };
  // A change that came and went between two polls shows in ifLastChange alone.
  const hidden = moved_ms !== null && before === value && value !== 'other';
  const seen = hidden
    ? { earliest_ms: oper?.at_ms ?? null, latest_ms: at_ms + reading.response_ms }
    : renew(oper, value, reading);
  if (seen === null) return null;
  const bounds = moved_ms === null ? seen : narrowed(seen, moved_ms, reading.response_ms);
  return { port: index, fact: 'oper', before, value, changes: hidden ? 2 : 1, ...bounds };
}

function narrowed(seen: Bounds, moved_ms: number, response_ms: number): Bounds {
  if (seen.earliest_ms === null) return seen;
  const earliest_ms = Math.max(seen.earliest_ms, moved_ms - EVENT_MS);
  const latest_ms = Math.min(seen.latest_ms, moved_ms + response_ms + EVENT_MS);
  return earliest_ms <= latest_ms ? { earliest_ms, latest_ms } : seen;
}

/**
 * UTC ms at which the port last changed, where ifLastChange moved since the reading before, within
 * one epoch. Devices that leave it at 0, or say one beyond sysUpTime, do not tell it.
 */
function lastChange(
  state: CountersState,
  port: PortState,
  row: PortValues,
  reading: PlacedReading,
): number | null {
  const value = row.get('ifLastChange');
  if (value === undefined) return null;
  const before = port.last_change;
  const ticks = Number(value ?? 0n);
  const uptime = reading.sys_uptime_ticks;
  if (ticks === 0) {
    port.last_change = null;
    return null;
  }
  port.last_change = { ticks, epoch: state.epoch };
  if (before === null || before.epoch !== state.epoch || ticks <= before.ticks) return null;
  if (uptime === null || ticks > uptime + EVENT_MS / TICK_MS) return null;
  return reading.at_ms - Math.max(0, uptime - ticks) * TICK_MS;
}
