/** One echo or ARP frame of a capture; times are UTC ms with µs fractions. */
export type Frame =
  | {
      readonly kind: 'echo' | 'echo-reply';
      readonly at_ms: number;
      /** Of the machine that sent it, as far as the last hop tells. */
      readonly mac: string;
      readonly from: string;
      readonly to: string;
      readonly id: number;
      readonly seq: number;
      /** Total length of the IP packet. */
      readonly ip_bytes: number;
      /** Whether it is a fragment of a packet. */
      readonly fragment: boolean;
    }
  | {
      readonly kind: 'arp' | 'arp-reply';
      readonly at_ms: number;
      /** Address that asks or answers, and the one that is asked for or told. */
      readonly from: string;
      readonly to: string;
    };

/** Classic pcap with µs (libpcap file format, RFC draft-ietf-opsawg-pcap), little endian. */
const MAGIC_US_LE = 0xa1b2c3d4;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const LINKTYPE_ETHERNET = 1;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const IP_PROTOCOL_ICMP = 1;
/** More fragments follow, or this is not the first one (RFC 791). */
const IP_FRAGMENT = 0x3fff;
const ICMP_ECHO_REPLY = 0;
const ICMP_ECHO = 8;

/** Reads echoes and ARP out of what tcpdump wrote. @throws Error if the file is of another kind. */
export function readPcap(file: Uint8Array): Frame[] {
  return readFrames(file, readFrame);
}

/**
 * Reads what tcpdump wrote, also while it still writes: an unfinished last record is left out, and
 * so is every frame that `read` gives null for. `bytes` begin with the Ethernet header.
 * @throws Error if the file is of another kind.
 */
export function readFrames<F>(
  file: Uint8Array,
  read: (bytes: Buffer, at_ms: number) => F | null,
): F[] {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (view.length < FILE_HEADER_BYTES) return [];
  const [magic, link] = [view.readUInt32LE(0), view.readUInt32LE(20)];
  if (magic !== MAGIC_US_LE || link !== LINKTYPE_ETHERNET) {
    throw new Error(`not an Ethernet pcap of this machine: magic ${magic}, link type ${link}`);
  }
  const frames: F[] = [];
  let at = FILE_HEADER_BYTES;
  while (at + RECORD_HEADER_BYTES <= view.length) {
    const at_ms = view.readUInt32LE(at) * 1000 + view.readUInt32LE(at + 4) / 1000;
    const bytes = view.readUInt32LE(at + 8);
    const start = at + RECORD_HEADER_BYTES;
    if (start + bytes > view.length) break;
    const frame = read(view.subarray(start, start + bytes), at_ms);
    if (frame !== null) frames.push(frame);
    at = start + bytes;
  }
  return frames;
}

function readFrame(bytes: Buffer, at_ms: number): Frame | null {
  if (bytes.length < 42) return null;
  const type = bytes.readUInt16BE(12);
  const payload = bytes.subarray(14);
  if (type === ETHERTYPE_ARP) return readArp(payload, at_ms);
  if (type !== ETHERTYPE_IPV4 || payload.readUInt8(9) !== IP_PROTOCOL_ICMP) return null;
  const icmp = payload.subarray((payload.readUInt8(0) & 0x0f) * 4);
  if (icmp.length < 8) return null;
  const kind = icmp.readUInt8(0);
  if (kind !== ICMP_ECHO && kind !== ICMP_ECHO_REPLY) return null;
  return {
    kind: kind === ICMP_ECHO ? 'echo' : 'echo-reply',
    at_ms,
    mac: [...bytes.subarray(6, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
    from: dotted(payload, 12),
    to: dotted(payload, 16),
    id: icmp.readUInt16BE(4),
    seq: icmp.readUInt16BE(6),
    ip_bytes: payload.readUInt16BE(2),
    fragment: (payload.readUInt16BE(6) & IP_FRAGMENT) !== 0,
  };
}

function readArp(arp: Buffer, at_ms: number): Frame | null {
  const operation = arp.readUInt16BE(6);
  if (operation !== 1 && operation !== 2) return null;
  const kind = operation === 1 ? 'arp' : 'arp-reply';
  return { kind, at_ms, from: dotted(arp, 14), to: dotted(arp, 24) };
}

export const dotted = (bytes: Buffer, at: number): string =>
  [...bytes.subarray(at, at + 4)].join('.');
