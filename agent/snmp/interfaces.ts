import { getCells } from './cells.ts';
import type { SnmpFailure } from './failure.ts';
import { IDENTITY_COLUMNS, ROW_WITNESS, STATUS_COLUMNS, TRAFFIC_32, TRAFFIC_64 } from './if-mib.ts';
import type { SnmpSession } from './session.ts';
import {
  type PollFailure,
  type PollTimes,
  readUptime,
  type SystemPoll,
  timed,
  type Uptime,
} from './system.ts';
import { type DeviceText, numberOf, textOf } from './value.ts';
import { type Column, type Rows, walkColumns } from './walk.ts';

/** Raw values by MIB object name and ifIndex. Counter64 values are bigint, all others number. */
export type Columns = Readonly<Record<string, ReadonlyMap<number, number | bigint>>>;

/** Values of ports with the time and sysUpTime that they belong to. */
export interface PortPoll extends PollTimes {
  readonly ok: true;
  readonly sys_uptime_ticks: number | null;
  /** Columns without any row are left out. */
  readonly columns: Columns;
  /** Caps of the walk were reached: rows may be missing. */
  readonly truncated: boolean;
}

/** Text about ports by ifIndex; kept apart from figures. */
export interface PortIdentity {
  readonly if_name?: DeviceText;
  readonly if_descr?: DeviceText;
  readonly if_alias?: DeviceText;
  /** Lower case with colons; left out where the port has none of its own. */
  readonly mac?: string;
}

/** Rows of some columns by MIB object name. */
export interface Read {
  readonly ok: true;
  readonly columns: Map<string, Rows<number | bigint>>;
  readonly truncated: boolean;
}

/** Few ports are read by GET; beyond this, a walk over the whole table is cheaper. */
export const PORTS_BY_GET_MAX = 16;

function read(
  session: SnmpSession,
  columns: readonly Column[],
  ports: readonly number[] | null,
  deadline: AbortSignal,
): Promise<Read | SnmpFailure> {
  return ports === null
    ? walkColumns(session, columns, numberOf, deadline)
    : getCells(session, columns, ports, numberOf, deadline);
}

/** Ports of the table (or of `ports`) whose row has no 64-bit octets. */
function without64(first: Read, ports: readonly number[] | null): number[] {
  const wide = first.columns.get('ifHCInOctets');
  const known = ports ?? [...(first.columns.get(ROW_WITNESS.name)?.keys() ?? [])];
  return known.filter((index) => wide?.has(index) !== true);
}

async function readTraffic(
  session: SnmpSession,
  ports: readonly number[] | null,
  deadline: AbortSignal,
): Promise<Read | SnmpFailure> {
  const first_columns = ports === null ? [...TRAFFIC_64, ROW_WITNESS] : TRAFFIC_64;
  const first = await read(session, first_columns, ports, deadline);
  if (!first.ok) return first;
  const narrow = without64(first, ports);
  first.columns.delete(ROW_WITNESS.name);
  if (narrow.length === 0) return first;
  const by_get = narrow.length <= PORTS_BY_GET_MAX || ports !== null;
  const second = await read(session, TRAFFIC_32, by_get ? narrow : null, deadline);
  if (!second.ok) return second;
  // A port that has 64-bit counters is described by them alone.
  const keep = new Set(narrow);
  for (const [name, rows] of second.columns) {
    first.columns.set(name, new Map([...rows].filter(([index]) => keep.has(index))));
  }
  return { ...first, truncated: first.truncated || second.truncated };
}

/** A reading as it is recorded, with the clock that was read before it. */
export function portPoll(
  result: Read,
  sys_uptime_ticks: number | null,
): Omit<PortPoll, keyof PollTimes> {
  const filled = [...result.columns].filter(([, rows]) => rows.size > 0);
  return {
    ok: true,
    sys_uptime_ticks,
    columns: Object.fromEntries(filled),
    truncated: result.truncated,
  };
}

/**
 * State and trouble counters of all ports (STATUS_COLUMNS). `system` is the reading of the clocks
 * just before: the poll then begins with it. Without it sysUpTime is read first.
 */
export async function pollStatus(
  session: SnmpSession,
  deadline: AbortSignal,
  system?: SystemPoll,
): Promise<PortPoll | PollFailure> {
  const status = await timed(session, async () => {
    const clock: Uptime | SnmpFailure = system ?? (await readUptime(session, deadline));
    if (!clock.ok) return clock;
    const result = await read(session, STATUS_COLUMNS, null, deadline);
    return result.ok ? portPoll(result, clock.sys_uptime_ticks) : result;
  });
  return system === undefined ? status : spanning(system, status);
}

/** `later` with times that begin with `first`: what both brought was read within them. */
export function spanning<T extends PollTimes>(first: PollTimes, later: T): T {
  const { requested_mono_ms } = first;
  const end_ms = later.requested_mono_ms + later.response_ms;
  return { ...later, requested_mono_ms, response_ms: end_ms - requested_mono_ms };
}

/**
 * Octets and packets of all ports (`ports` null) or of some: 64-bit counters where a port has
 * them, else its 32-bit ones under their own names. Decided per port: on some switches only the
 * uplink has 64 bits. sysUpTime is read with them, so that their epoch is the one they have.
 */
export function pollTraffic(
  session: SnmpSession,
  ports: readonly number[] | null,
  deadline: AbortSignal,
): Promise<PortPoll | PollFailure> {
  return timed(session, async () => {
    const clock = await readUptime(session, deadline);
    if (!clock.ok) return clock;
    const result = await readTraffic(session, ports, deadline);
    return result.ok ? portPoll(result, clock.sys_uptime_ticks) : result;
  });
}

/** ifName, ifDescr, ifAlias and MAC of all ports. */
export async function readPortIdentity(
  session: SnmpSession,
  deadline: AbortSignal,
): Promise<{ ok: true; ports: Map<number, PortIdentity>; truncated: boolean } | SnmpFailure> {
  const result = await walkColumns(session, IDENTITY_COLUMNS, textOf, deadline);
  if (!result.ok) return result;
  const keys = { ifName: 'if_name', ifDescr: 'if_descr', ifAlias: 'if_alias' } as const;
  const ports = new Map<number, PortIdentity>();
  for (const [name, key] of Object.entries(keys)) {
    for (const [index, text] of result.columns.get(name) ?? []) {
      ports.set(index, { ...ports.get(index), [key]: text });
    }
  }
  for (const [index, { raw }] of result.columns.get('ifPhysAddress') ?? []) {
    const mac = macOf(raw);
    if (mac !== undefined) ports.set(index, { ...ports.get(index), mac });
  }
  return { ok: true, ports, truncated: result.truncated };
}

const MAC_BYTES = 6;

/** Undefined for an empty address, one of another kind, or the zeros of a virtual port. */
function macOf(raw: Uint8Array): string | undefined {
  if (raw.length !== MAC_BYTES || raw.every((byte) => byte === 0)) return undefined;
  return Array.from(raw, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
