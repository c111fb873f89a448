import type { SnmpValue } from '../snmp/ber.ts';
import { createMib, type Mib, type MibEntry } from '../snmp/mib.ts';
import type { PortSnapshot, SwitchModel, SwitchSnapshot } from './switch-model.ts';

const IF_ENTRY = '1.3.6.1.2.1.2.2.1';
const IF_X_ENTRY = '1.3.6.1.2.1.31.1.1.1';
const DOT3_ENTRY = '1.3.6.1.2.1.10.7.2.1';
const ETHERNET_CSMACD = 6;
const TRUE = 1;
const DUPLEX = { half: 2, full: 3 } as const;
/** ifSpeed cannot say more; then ifHighSpeed counts (RFC 2863). */
const IF_SPEED_MAX = 2 ** 32 - 1;

/** Locally administered, so it is nobody's. */
function macOf(port: number): Buffer {
  return Buffer.from([0x02, 0x4c, 0x50, 0x00, port >> 8, port & 0xff]);
}

type Read = (port: PortSnapshot) => SnmpValue | undefined;
interface SwitchColumn {
  readonly name: string;
  readonly oid: string;
  readonly read: Read;
}

const text = (value: string): SnmpValue => ({ type: 'octets', value: Buffer.from(value, 'utf8') });
const integer = (value: number): SnmpValue => ({ type: 'integer', value });
const c32 = (value: bigint): SnmpValue => ({
  type: 'counter32',
  value: Number(BigInt.asUintN(32, value)),
});
const gauge = (value: number): SnmpValue => ({ type: 'gauge32', value });
const ticks = (value: number): SnmpValue => ({ type: 'timeticks', value });
const status = (up: boolean): SnmpValue => integer(up ? 1 : 2);

function table(
  entry: string,
  columns: readonly (readonly [number, string, Read])[],
): SwitchColumn[] {
  return columns.map(([number, name, read]) => ({ name, oid: `${entry}.${number}`, read }));
}

/** A 64-bit counter where the port has them. */
function wide(read: (port: PortSnapshot) => bigint): Read {
  return (port) => (port.has_64_bit ? { type: 'counter64', value: read(port) } : undefined);
}

const COLUMNS: readonly SwitchColumn[] = [
  ...table(IF_ENTRY, [
    [1, 'ifIndex', (p) => integer(p.if_index)],
    [2, 'ifDescr', (p) => text(p.if_descr)],
    [3, 'ifType', () => integer(ETHERNET_CSMACD)],
    [5, 'ifSpeed', (p) => gauge(Math.min(p.speed_mbps * 1e6, IF_SPEED_MAX))],
    [6, 'ifPhysAddress', (p) => ({ type: 'octets', value: macOf(p.port) })],
    [7, 'ifAdminStatus', (p) => status(p.admin_up)],
    [8, 'ifOperStatus', (p) => status(p.link_up && p.admin_up)],
    [9, 'ifLastChange', (p) => ticks(p.last_change_ticks)],
    [10, 'ifInOctets', (p) => c32(p.in_octets)],
    [11, 'ifInUcastPkts', (p) => c32(p.in_ucast)],
    [13, 'ifInDiscards', (p) => c32(p.in_discards)],
    [14, 'ifInErrors', (p) => c32(p.in_errors)],
    [16, 'ifOutOctets', (p) => c32(p.out_octets)],
    [17, 'ifOutUcastPkts', (p) => c32(p.out_ucast)],
    [19, 'ifOutDiscards', (p) => c32(p.out_discards)],
    [20, 'ifOutErrors', (p) => c32(p.late_collisions)],
  ]),
  ...table(IF_X_ENTRY, [
    [1, 'ifName', (p) => text(p.if_name)],
    [2, 'ifInMulticastPkts', (p) => c32(p.in_mcast)],
    [3, 'ifInBroadcastPkts', (p) => c32(p.in_bcast)],
    [4, 'ifOutMulticastPkts', (p) => c32(p.out_mcast)],
    [5, 'ifOutBroadcastPkts', (p) => c32(p.out_bcast)],
    [6, 'ifHCInOctets', wide((p) => p.in_octets)],
    [7, 'ifHCInUcastPkts', wide((p) => p.in_ucast)],
    [8, 'ifHCInMulticastPkts', wide((p) => p.in_mcast)],
    [9, 'ifHCInBroadcastPkts', wide((p) => p.in_bcast)],
    [10, 'ifHCOutOctets', wide((p) => p.out_octets)],
    [11, 'ifHCOutUcastPkts', wide((p) => p.out_ucast)],
    [12, 'ifHCOutMulticastPkts', wide((p) => p.out_mcast)],
    [13, 'ifHCOutBroadcastPkts', wide((p) => p.out_bcast)],
    [15, 'ifHighSpeed', (p) => gauge(p.speed_mbps)],
    [17, 'ifConnectorPresent', () => integer(TRUE)],
    [18, 'ifAlias', (p) => text(p.if_alias)],
    [19, 'ifCounterDiscontinuityTime', () => ticks(0)],
  ]),
  ...table(DOT3_ENTRY, [
    [1, 'dot3StatsIndex', (p) => integer(p.if_index)],
    [2, 'dot3StatsAlignmentErrors', (p) => c32(p.alignment_errors)],
    [3, 'dot3StatsFCSErrors', (p) => c32(p.fcs_errors)],
    [4, 'dot3StatsSingleCollisionFrames', (p) => c32(p.single_collisions)],
    [5, 'dot3StatsMultipleCollisionFrames', (p) => c32(p.multiple_collisions)],
    [7, 'dot3StatsDeferredTransmissions', (p) => c32(p.deferred)],
    [8, 'dot3StatsLateCollisions', (p) => c32(p.late_collisions)],
    [9, 'dot3StatsExcessiveCollisions', (p) => c32(p.excessive_collisions)],
    [10, 'dot3StatsInternalMacTransmitErrors', () => c32(0n)],
    [11, 'dot3StatsCarrierSenseErrors', () => c32(0n)],
    [13, 'dot3StatsFrameTooLongs', () => c32(0n)],
    [16, 'dot3StatsInternalMacReceiveErrors', () => c32(0n)],
    [18, 'dot3StatsSymbolErrors', () => c32(0n)],
    [19, 'dot3StatsDuplexStatus', (p) => integer(DUPLEX[p.duplex])],
  ]),
];

/**
 * The named columns of a snapshot as a poll would return them, for a history that is modelled
 * without UDP. Names that the model does not know, and cells that a port lacks, are left out.
 */
export function snapshotColumns(
  snapshot: SwitchSnapshot,
  names: readonly string[],
): Record<string, Map<number, number | bigint>> {
  const result: Record<string, Map<number, number | bigint>> = {};
  for (const { name, read } of COLUMNS) {
    if (!names.includes(name)) continue;
    const rows = new Map<number, number | bigint>();
    for (const port of snapshot.ports) {
      const value = read(port);
      if (value === undefined || !('value' in value)) continue;
      if (typeof value.value === 'number' || typeof value.value === 'bigint') {
        rows.set(port.if_index, value.value);
      }
    }
    if (rows.size > 0) result[name] = rows;
  }
  return result;
}

/** The scalars of a snapshot as a poll would return them. */
export function snapshotScalars({
  engine_boots,
  engine_time_s,
  sys_uptime_ticks,
}: SwitchSnapshot): Record<string, number> {
  return {
    snmpEngineBoots: engine_boots,
    snmpEngineTime: engine_time_s,
    hrSystemUptime: sys_uptime_ticks,
    ifTableLastChange: 0,
  };
}

/**
 * The switch as an SNMP agent serves it: call the result once per request, for it is then that
 * all cells of the answer get the one instant that `clock` says.
 */
export function createSwitchMib(model: SwitchModel, clock: () => number): () => Mib {
  let shown = model.snapshot(clock());
  const entries: MibEntry[] = [
    ['1.3.6.1.2.1.1.1.0', () => text(shown.sys_descr)],
    ['1.3.6.1.2.1.1.2.0', { type: 'oid', value: '1.3.6.1.4.1.8072.9999.1' }],
    ['1.3.6.1.2.1.1.3.0', () => ticks(shown.sys_uptime_ticks)],
    ['1.3.6.1.2.1.1.5.0', () => text(shown.sys_name)],
    ['1.3.6.1.2.1.2.1.0', () => integer(shown.ports.length)],
    ['1.3.6.1.2.1.31.1.5.0', ticks(0)],
    ['1.3.6.1.2.1.25.1.1.0', () => ticks(shown.sys_uptime_ticks)],
    ['1.3.6.1.6.3.10.2.1.2.0', () => integer(shown.engine_boots)],
    ['1.3.6.1.6.3.10.2.1.3.0', () => integer(shown.engine_time_s)],
  ];
  for (const { oid, read } of COLUMNS) {
    for (const [i, port] of shown.ports.entries()) {
      if (read(port) === undefined) continue;
      const value = (): SnmpValue => read(shown.ports[i] ?? port) ?? { type: 'null' };
      entries.push([`${oid}.${port.if_index}`, value]);
    }
  }
  const mib = createMib(entries);
  return () => {
    const at_ms = clock();
    if (at_ms !== shown.at_ms) shown = model.snapshot(at_ms);
    return mib;
  };
}
