/** What a counter counts; it decides how fast it can grow at line rate. */
export type CounterKind = 'octets' | 'packets' | 'errors';

export interface CounterColumn {
  readonly bits: 32 | 64;
  readonly kind: CounterKind;
  readonly direction: 'in' | 'out';
  /** The 64-bit object that counts the same; where a port has it, the narrow one is left aside. */
  readonly wide: string | null;
  /** EtherLike-MIB: only of physical ports, some switches fill other rows with chance memory. */
  readonly etherlike: boolean;
}

const NAMES = ['Octets', 'UcastPkts', 'MulticastPkts', 'BroadcastPkts'] as const;
const DIRECTIONS = { in: 'In', out: 'Out' } as const;
/** EtherLike-MIB columns that are counters (RFC 3635), by the direction of the frames. */
const ETHERLIKE: Readonly<Record<'in' | 'out', readonly string[]>> = {
  in: ['AlignmentErrors', 'FCSErrors', 'FrameTooLongs', 'InternalMacReceiveErrors', 'SymbolErrors'],
  out: [
    'SingleCollisionFrames',
    'MultipleCollisionFrames',
    'DeferredTransmissions',
    'LateCollisions',
    'ExcessiveCollisions',
    'InternalMacTransmitErrors',
    'CarrierSenseErrors',
  ],
};

/** IF-MIB and EtherLike-MIB counters by MIB object name; what is not here is no counter. */
export const COUNTERS: ReadonlyMap<string, CounterColumn> = new Map(
  (['in', 'out'] as const).flatMap((direction) => [
    ...NAMES.flatMap((name) => trafficOf(direction, name)),
    ...(direction === 'in' ? ['Errors', 'Discards', 'UnknownProtos'] : ['Errors', 'Discards']).map(
      (name) => entry(`if${DIRECTIONS[direction]}${name}`, 'errors', direction, false),
    ),
    ...ETHERLIKE[direction].map((name) => entry(`dot3Stats${name}`, 'errors', direction, true)),
  ]),
);

function trafficOf(
  direction: 'in' | 'out',
  name: (typeof NAMES)[number],
): [string, CounterColumn][] {
  const kind = name === 'Octets' ? 'octets' : 'packets';
  const wide = `ifHC${DIRECTIONS[direction]}${name}`;
  const narrow = `if${DIRECTIONS[direction]}${name}`;
  return [
    [wide, { bits: 64, kind, direction, wide: null, etherlike: false }],
    [narrow, { bits: 32, kind, direction, wide, etherlike: false }],
  ];
}

function entry(
  name: string,
  kind: CounterKind,
  direction: 'in' | 'out',
  etherlike: boolean,
): [string, CounterColumn] {
  return [name, { bits: 32, kind, direction, wide: null, etherlike }];
}

/** Counters may be read up to a tenth faster than the line: clocks and caches of devices. */
const MARGIN_TENTHS = 11;
/** Octets that 1 Mb/s carries in 1 ms. */
const OCTETS_PER_MBPS_MS = 125;
/** Shortest frame on the wire: 64 octets, preamble 8, gap 12 (IEEE 802.3). */
const WIRE_OCTETS_MIN = 84;
/** Faster than any Ethernet (800 Gb/s, both ways); also stands in for no known speed, Mb/s. */
export const MBPS_MAX = 1_600_000;

/**
 * The most that a counter can grow in `span_ms` at `mbps` (null: unknown), without margin. An
 * error is at most one frame. Within a valid gap it is far below 2^53, so that numbers are exact.
 */
export function lineLimit(kind: CounterKind, mbps: number | null, span_ms: number): number {
  const octets = Math.ceil((mbps ?? MBPS_MAX) * OCTETS_PER_MBPS_MS * Math.max(0, span_ms));
  return kind === 'octets' ? octets : Math.floor(octets / WIRE_OCTETS_MIN) + 1;
}

/** Line rate × time × 1.1 (accounting §7). */
export function withMargin(limit: number): number {
  return Math.floor((limit * MARGIN_TENTHS) / 10);
}
