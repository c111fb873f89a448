import { dotted, readFrames } from './pcap.ts';

/** One TCP segment or UDP datagram of a capture. */
export interface Segment {
  readonly protocol: 'tcp' | 'udp';
  /** UTC ms with µs fractions. */
  readonly at_ms: number;
  readonly from: string;
  readonly to: string;
  readonly from_port: number;
  readonly to_port: number;
  /** `S` SYN, `A` ACK, `F` FIN, `R` RST, `P` PSH in this order; empty for UDP. */
  readonly flags: string;
  /** Payload. */
  readonly bytes: number;
}

const ETHERNET_BYTES = 14;
const ETHERTYPE_IPV4 = 0x0800;
const IP_PROTOCOL_TCP = 6;
const IP_PROTOCOL_UDP = 17;
const UDP_HEADER_BYTES = 8;
/** The first 16 bytes hold ports, lengths and flags. */
const READ_BYTES = 16;
/** Bits of the flags (RFC 9293). */
const FLAGS = [
  ['S', 0x02],
  ['A', 0x10],
  ['F', 0x01],
  ['R', 0x04],
  ['P', 0x08],
] as const;

/** Reads TCP and UDP out of what tcpdump wrote. @throws Error if the file is of another kind. */
export function readSegments(file: Uint8Array): Segment[] {
  return readFrames(file, readSegment);
}

function readSegment(bytes: Buffer, at_ms: number): Segment | null {
  if (bytes.length < ETHERNET_BYTES + 20 || bytes.readUInt16BE(12) !== ETHERTYPE_IPV4) return null;
  const ip = bytes.subarray(ETHERNET_BYTES);
  const number = ip.readUInt8(9);
  if (number !== IP_PROTOCOL_TCP && number !== IP_PROTOCOL_UDP) return null;
  const header_bytes = (ip.readUInt8(0) & 0x0f) * 4;
  const body = ip.subarray(header_bytes);
  if (body.length < (number === IP_PROTOCOL_TCP ? READ_BYTES : UDP_HEADER_BYTES)) return null;
  const tcp = number === IP_PROTOCOL_TCP;
  const bits = tcp ? body.readUInt8(13) : 0;
  const own_bytes = tcp ? (body.readUInt8(12) >> 4) * 4 : UDP_HEADER_BYTES;
  return {
    protocol: tcp ? 'tcp' : 'udp',
    at_ms,
    from: dotted(ip, 12),
    to: dotted(ip, 16),
    from_port: body.readUInt16BE(0),
    to_port: body.readUInt16BE(2),
    flags: FLAGS.filter(([, bit]) => (bits & bit) !== 0)
      .map(([name]) => name)
      .join(''),
    bytes: ip.readUInt16BE(2) - header_bytes - own_bytes,
  };
}

/** What passed between the agent and a port, connection by connection; `>` is from the agent. */
export function conversations(
  segments: readonly Segment[],
  address: string,
  port: number,
): string[][] {
  const ours = segments.flatMap(({ protocol, from, to, from_port, to_port, flags }) => {
    if (protocol !== 'tcp') return [];
    if (to === address && to_port === port) return [{ own: from_port, said: `>${flags}` }];
    if (from === address && from_port === port) return [{ own: to_port, said: `<${flags}` }];
    return [];
  });
  return [...Map.groupBy(ours, ({ own }) => own).values()].flatMap((all) =>
    byConnection(all.map(({ said }) => said)),
  );
}

/** The kernel may take a port again for a later connection: each one begins with a SYN. */
function byConnection(said: readonly string[]): string[][] {
  const out: string[][] = [];
  for (const one of said) {
    if (one === '>S' || out.length === 0) out.push([]);
    out.at(-1)?.push(one);
  }
  return out;
}
