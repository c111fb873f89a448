import type { Columns } from './interfaces.ts';
import type { DevicePoll } from './poll.ts';

/** What a port says about itself in one poll, without the vendors' spelling. */
export interface PortFacts {
  /** A socket for a cable: ETHERNET_TYPES, and not said to lack a connector. */
  readonly physical: boolean;
  /** `other`: testing, unknown, dormant, notPresent, lowerLayerDown or not told: no fault by itself. */
  readonly oper: PortStatus;
  readonly admin: PortStatus;
  /** Mb/s; null where the device does not know it, which is not the same as slow. */
  readonly speed_mbps: number | null;
  /** `unknown` is the device's own word; null where it has no such column or was not asked. */
  readonly duplex: 'full' | 'half' | 'unknown' | null;
  /** Octets of this port count in 64 bits. */
  readonly has_64_bit: boolean;
  /** Counters as they stand, modulo 2^32; null where they were not read. */
  readonly in_errors: number | null;
  readonly out_errors: number | null;
  readonly in_discards: number | null;
  readonly out_discards: number | null;
  /** EtherLike-MIB; null on ports that are not physical, whatever the device says of them. */
  readonly fcs_errors: number | null;
  readonly alignment_errors: number | null;
  readonly late_collisions: number | null;
  readonly excessive_collisions: number | null;
}

export type PortStatus = 'up' | 'down' | 'other';

/**
 * IANAifType: ethernetCsmacd, fastEther, fastEtherFX, gigabitEthernet. The last three are
 * obsolete, but switches in use still say them of their copper ports.
 */
export const ETHERNET_TYPES: ReadonlySet<number> = new Set([6, 62, 69, 117]);

/** TruthValue of RFC 2579. */
const FALSE = 2;
const UP = 1;
const DOWN = 2;
const DUPLEX_HALF = 2;
const DUPLEX_FULL = 3;
/** ifSpeed of ports that it has no room for (RFC 2863). */
const IF_SPEED_FULL = 2 ** 32 - 1;
/** Beyond this some devices say ifSpeed modulo 2^32, Mb/s. */
const IF_SPEED_MAX_MBPS = 4_294;
/** The fastest Ethernet is 800 Gb/s; some devices give ifHighSpeed in bit/s. */
const MBPS_MAX = 1_600_000;

/**
 * Facts by ifIndex, for every port that any column has. `columns` are raw values by MIB object
 * name, of one poll (see `polledColumns`); each port is judged by its own rows alone.
 */
export function portFacts(columns: Columns): Map<number, PortFacts> {
  const ports = new Set<number>();
  for (const rows of Object.values(columns)) for (const port of rows.keys()) ports.add(port);
  return new Map(
    [...ports]
      .sort((a, b) => a - b)
      .map((port): [number, PortFacts] => [port, facts(columns, port)]),
  );
}

/** Whether ifType and ifConnectorPresent describe a socket for a cable. */
export function isPhysical(columns: Columns, port: number): boolean {
  const type = cell(columns, 'ifType', port);
  return (
    type !== null && ETHERNET_TYPES.has(type) && cell(columns, 'ifConnectorPresent', port) !== FALSE
  );
}

function facts(columns: Columns, port: number): PortFacts {
  const read = (name: string): number | null => cell(columns, name, port);
  const physical = isPhysical(columns, port);
  const dot3 = (name: string): number | null => (physical ? read(name) : null);
  return {
    physical,
    oper: status(read('ifOperStatus')),
    admin: status(read('ifAdminStatus')),
    speed_mbps: speed(read('ifSpeed'), read('ifHighSpeed')),
    duplex: duplex(dot3('dot3StatsDuplexStatus')),
    has_64_bit: columns.ifHCInOctets?.has(port) === true,
    in_errors: read('ifInErrors'),
    out_errors: read('ifOutErrors'),
    in_discards: read('ifInDiscards'),
    out_discards: read('ifOutDiscards'),
    fcs_errors: dot3('dot3StatsFCSErrors'),
    alignment_errors: dot3('dot3StatsAlignmentErrors'),
    late_collisions: dot3('dot3StatsLateCollisions'),
    excessive_collisions: dot3('dot3StatsExcessiveCollisions'),
  };
}

function cell(columns: Columns, name: string, port: number): number | null {
  const value = columns[name]?.get(port);
  return value === undefined ? null : Number(value);
}

function status(value: number | null): PortStatus {
  if (value === UP) return 'up';
  return value === DOWN ? 'down' : 'other';
}

function duplex(value: number | null): PortFacts['duplex'] {
  if (value === null) return null;
  if (value === DUPLEX_FULL) return 'full';
  return value === DUPLEX_HALF ? 'half' : 'unknown';
}

/**
 * ifSpeed where it can say the speed, else ifHighSpeed: that one is 0 on some switches whose
 * ifSpeed is right, and in bit/s on others.
 */
function speed(bits: number | null, mbps: number | null): number | null {
  const high = mbps !== null && mbps > 0 && mbps <= MBPS_MAX ? mbps : null;
  const full = bits === null || bits <= 0 || bits === IF_SPEED_FULL;
  if (full || (high !== null && high > IF_SPEED_MAX_MBPS)) return high;
  return bits / 1e6;
}

/** All columns that the parts of one poll brought, side by side. */
export function polledColumns(poll: DevicePoll): Columns {
  const merged: Record<string, Map<number, number | bigint>> = {};
  for (const part of [poll.status, poll.etherlike, poll.traffic]) {
    if (part?.ok !== true) continue;
    for (const [name, rows] of Object.entries(part.columns)) {
      merged[name] = new Map([...(merged[name] ?? []), ...rows]);
    }
  }
  return merged;
}
