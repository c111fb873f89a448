import { getCells } from './cells.ts';
import type { SnmpFailure } from './failure.ts';
import { IDENTITY_COLUMNS, ROW_WITNESS, STATUS_COLUMNS, TRAFFIC_32, TRAFFIC_64 } from './if-mib.ts';
import type { SnmpSession } from './session.ts';
import { type PollFailure, type PollTimes, pollSystem, type SystemPoll, timed } from './system.ts';
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
}

interface Read {
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

function portPoll(result: Read, sys_uptime_ticks: number | null): Omit<PortPoll, keyof PollTimes> {
  const filled = [...result.columns].filter(([, rows]) => rows.size > 0);
  return {
    ok: true,
    sys_uptime_ticks,
    columns: Object.fromEntries(filled),
    truncated: result.truncated,
  };
}

/** sysUpTime at the beginning of a poll: the one already read, or a new reading. */
async function uptime(
  session: SnmpSession,
  system: SystemPoll | undefined,
  deadline: AbortSignal,
): Promise<SystemPoll | PollFailure> {
  return system ?? pollSystem(session, deadline);
}

/**
 * Status and error counters of all ports (STATUS_COLUMNS). `system` is a reading of the same
 * poll; without it sysUpTime is read first.
 */
export function pollStatus(
  session: SnmpSession,
  deadline: AbortSignal,
  system?: SystemPoll,
): Promise<PortPoll | PollFailure> {
  return timed(session, async () => {
    const clock = await uptime(session, system, deadline);
    if (!clock.ok) return clock;
    const result = await read(session, STATUS_COLUMNS, null, deadline);
    return result.ok ? portPoll(result, clock.sys_uptime_ticks) : result;
  });
}

/**
 * Octets and packets of all ports (`ports` null) or of some: 64-bit counters where a port has
 * them, else its 32-bit ones under their own names. Decided per port: on some switches only the
 * uplink has 64 bits.
 */
export function pollTraffic(
  session: SnmpSession,
  ports: readonly number[] | null,
  deadline: AbortSignal,
  system?: SystemPoll,
): Promise<PortPoll | PollFailure> {
  return timed(session, async () => {
    const clock = await uptime(session, system, deadline);
    if (!clock.ok) return clock;
    const result = await readTraffic(session, ports, deadline);
    return result.ok ? portPoll(result, clock.sys_uptime_ticks) : result;
  });
}

/** ifName, ifDescr and ifAlias of all ports. */
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
  return { ok: true, ports, truncated: result.truncated };
}
