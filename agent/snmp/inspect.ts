/** BER tags that the outer shell of an SNMP message uses (RFC 3416, RFC 3412). */
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const REPORT = 0xa8;
const VERSION_3 = 3;
const FLAG_AUTH = 1;
const FLAG_PRIV = 2;

interface Tlv {
  readonly tag: number;
  /** First byte of the content. */
  readonly start: number;
  /** First byte after the content. */
  readonly end: number;
}

/** Reads one definite-length element that lies wholly within `limit`. */
function tlv(bytes: Uint8Array, at: number, limit: number): Tlv | null {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || at + 2 > limit) return null;
  if (first < 0x80) {
    const end = at + 2 + first;
    return end <= limit ? { tag, start: at + 2, end } : null;
  }
  const size = first & 0x7f;
  // UDP limits a message to 65,507 bytes, so more than 4 length bytes are never honest.
  if (size === 0 || size > 4) return null;
  let length = 0;
  for (let i = 0; i < size; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  const start = at + 2 + size;
  return start + length <= limit ? { tag, start, end: start + length } : null;
}

/** The PDU tag of an unencrypted SNMPv3 message, or null where the shell is broken. */
function plainPduTag(bytes: Uint8Array, at: number, limit: number): number | null {
  const scoped = tlv(bytes, at, limit);
  if (scoped?.tag !== SEQUENCE) return null;
  const engine = tlv(bytes, scoped.start, scoped.end);
  if (engine?.tag !== OCTET_STRING) return null;
  const context = tlv(bytes, engine.end, scoped.end);
  if (context?.tag !== OCTET_STRING) return null;
  return tlv(bytes, context.end, scoped.end)?.tag ?? null;
}

function securedV3(bytes: Uint8Array, at: number, limit: number): boolean {
  const header = tlv(bytes, at, limit);
  if (header?.tag !== SEQUENCE) return false;
  const id = tlv(bytes, header.start, header.end);
  const size = id && tlv(bytes, id.end, header.end);
  const flags = size && tlv(bytes, size.end, header.end);
  if (flags?.tag !== OCTET_STRING || flags.end - flags.start !== 1) return false;
  const bits = bytes[flags.start] ?? 0;
  if ((bits & FLAG_AUTH) !== 0) return true;
  if ((bits & FLAG_PRIV) !== 0) return false;
  const parameters = tlv(bytes, header.end, limit);
  return parameters !== null && plainPduTag(bytes, parameters.end, limit) === REPORT;
}

/**
 * Whether a datagram may go on to net-snmp: its outer length fits (net-snmp reads the rest of a cut
 * message as missing values), and, on a secured session, it is authenticated or a report. net-snmp
 * checks the digest only if the answer itself says that it has one, so without this a plain
 * forged answer would pass for an authenticated one (RFC 3414 §3.2, RFC 3412 §7.2 step 13).
 */
export function acceptable(bytes: Uint8Array, secured: boolean): boolean {
  const message = tlv(bytes, 0, bytes.length);
  if (message?.tag !== SEQUENCE) return false;
  const version = tlv(bytes, message.start, message.end);
  if (version?.tag !== INTEGER || version.end - version.start !== 1) return false;
  if (!secured) return true;
  if (bytes[version.start] !== VERSION_3) return false;
  return securedV3(bytes, version.end, message.end);
}
