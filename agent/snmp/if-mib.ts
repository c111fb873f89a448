import type { Column } from './walk.ts';

/** IF-MIB (RFC 2863): ifEntry and ifXEntry. Rows are `<column>.<ifIndex>`. */
const IF_ENTRY = '1.3.6.1.2.1.2.2.1';
const IF_X_ENTRY = '1.3.6.1.2.1.31.1.1.1';

function column(name: string, entry: string, number: number): Column {
  return { name, oid: `${entry}.${number}` };
}

/** State, speed and trouble counters: every 60 s on every port. */
export const STATUS_COLUMNS: readonly Column[] = [
  column('ifType', IF_ENTRY, 3),
  column('ifSpeed', IF_ENTRY, 5),
  column('ifAdminStatus', IF_ENTRY, 7),
  column('ifOperStatus', IF_ENTRY, 8),
  column('ifLastChange', IF_ENTRY, 9),
  column('ifInDiscards', IF_ENTRY, 13),
  column('ifInErrors', IF_ENTRY, 14),
  column('ifOutDiscards', IF_ENTRY, 19),
  column('ifOutErrors', IF_ENTRY, 20),
  column('ifHighSpeed', IF_X_ENTRY, 15),
  column('ifConnectorPresent', IF_X_ENTRY, 17),
  column('ifCounterDiscontinuityTime', IF_X_ENTRY, 19),
];

/** 64-bit octets and packets, and the epoch that they belong to. */
export const TRAFFIC_64: readonly Column[] = [
  column('ifHCInOctets', IF_X_ENTRY, 6),
  column('ifHCInUcastPkts', IF_X_ENTRY, 7),
  column('ifHCInMulticastPkts', IF_X_ENTRY, 8),
  column('ifHCInBroadcastPkts', IF_X_ENTRY, 9),
  column('ifHCOutOctets', IF_X_ENTRY, 10),
  column('ifHCOutUcastPkts', IF_X_ENTRY, 11),
  column('ifHCOutMulticastPkts', IF_X_ENTRY, 12),
  column('ifHCOutBroadcastPkts', IF_X_ENTRY, 13),
  column('ifCounterDiscontinuityTime', IF_X_ENTRY, 19),
];

/** The same in 32 bits, for ports without 64-bit counters. Octets wrap in 34 s at 1 Gb/s. */
export const TRAFFIC_32: readonly Column[] = [
  column('ifInOctets', IF_ENTRY, 10),
  column('ifInUcastPkts', IF_ENTRY, 11),
  column('ifOutOctets', IF_ENTRY, 16),
  column('ifOutUcastPkts', IF_ENTRY, 17),
  column('ifInMulticastPkts', IF_X_ENTRY, 2),
  column('ifInBroadcastPkts', IF_X_ENTRY, 3),
  column('ifOutMulticastPkts', IF_X_ENTRY, 4),
  column('ifOutBroadcastPkts', IF_X_ENTRY, 5),
];

/** Present on every row of ifTable, so it tells which ports lack 64-bit counters. */
export const ROW_WITNESS: Column = column('ifInOctets', IF_ENTRY, 10);

/** Free text about ports: personal, private, and never read by a figure. */
export const IDENTITY_COLUMNS: readonly Column[] = [
  column('ifDescr', IF_ENTRY, 2),
  column('ifPhysAddress', IF_ENTRY, 6),
  column('ifName', IF_X_ENTRY, 1),
  column('ifAlias', IF_X_ENTRY, 18),
];
