import { concat } from '../../../shared/bytes.ts';

/** A value as SNMPv2c carries it (RFC 2578 §7.1, RFC 3416 §3). */
export type SnmpValue =
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'octets'; readonly value: Uint8Array }
  | { readonly type: 'null' }
  | { readonly type: 'oid'; readonly value: string }
  | { readonly type: 'ip'; readonly value: Uint8Array }
  | { readonly type: 'counter32' | 'gauge32' | 'timeticks'; readonly value: number }
  | { readonly type: 'counter64'; readonly value: bigint }
  | { readonly type: 'no_such_object' | 'no_such_instance' | 'end_of_mib_view' };

export interface SnmpVarbind {
  readonly oid: string;
  readonly value: SnmpValue;
}

/** PDU tags of RFC 3416 §3. */
export const PDU = {
  GET: 0xa0,
  GETNEXT: 0xa1,
  RESPONSE: 0xa2,
  GETBULK: 0xa5,
} as const;

/** A community message (RFC 1901): version 0 is v1, version 1 is v2c. */
export interface SnmpMessage {
  readonly version: number;
  readonly community: string;
  readonly pdu_type: number;
  readonly request_id: number;
  /** error-status, or non-repeaters of a GETBULK. */
  readonly status: number;
  /** error-index, or max-repetitions of a GETBULK. */
  readonly index: number;
  readonly varbinds: readonly SnmpVarbind[];
}

/** ASN.1 tags by type name. */
export const TAGS = {
  integer: 0x02,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  ip: 0x40,
  counter32: 0x41,
  gauge32: 0x42,
  timeticks: 0x43,
  counter64: 0x46,
  no_such_object: 0x80,
  no_such_instance: 0x81,
  end_of_mib_view: 0x82,
} as const;
export const SEQUENCE = 0x30;
const NOTHING = new Uint8Array(0);

/** Tag, length and content (X.690 §8.1, definite form). */
export function element(tag: number, content: Uint8Array): Uint8Array {
  const length = content.length;
  if (length < 0x80) return concat(Uint8Array.of(tag, length), content);
  if (length < 0x100) return concat(Uint8Array.of(tag, 0x81, length), content);
  return concat(Uint8Array.of(tag, 0x82, length >> 8, length & 0xff), content);
}

/** Two's complement in the fewest bytes (X.690 §8.3). */
function integerBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = Number(rest & 0xffn);
    bytes.unshift(byte);
    rest >>= 8n;
    if (rest === 0n && byte < 0x80) break;
    if (rest === -1n && byte >= 0x80) break;
  }
  return Uint8Array.from(bytes);
}

function oidBytes(oid: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const group = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      group.unshift((left % 128) + 128);
    }
    bytes.push(...group);
  }
  return Uint8Array.from(bytes);
}

function valueBytes(value: SnmpValue): Uint8Array {
  switch (value.type) {
    case 'integer':
    case 'counter32':
    case 'gauge32':
    case 'timeticks':
    case 'counter64':
      return element(TAGS[value.type], integerBytes(BigInt(value.value)));
    case 'octets':
    case 'ip':
      return element(TAGS[value.type], value.value);
    case 'oid':
      return element(TAGS.oid, oidBytes(value.value));
    default:
      return element(TAGS[value.type], NOTHING);
  }
}

export function encodeVarbind({ oid, value }: SnmpVarbind): Uint8Array {
  return element(SEQUENCE, concat(element(TAGS.oid, oidBytes(oid)), valueBytes(value)));
}

/** Encodes a message around varbinds that are encoded already, so that their size is known. */
export function encodeAround(
  message: Omit<SnmpMessage, 'varbinds'>,
  varbinds: readonly Uint8Array[],
): Uint8Array {
  const integer = (value: number): Uint8Array => element(TAGS.integer, integerBytes(BigInt(value)));
  const pdu = concat(
    integer(message.request_id),
    integer(message.status),
    integer(message.index),
    element(SEQUENCE, concat(...varbinds)),
  );
  const community = Uint8Array.from(Buffer.from(message.community, 'latin1'));
  return element(
    SEQUENCE,
    concat(
      integer(message.version),
      element(TAGS.octets, community),
      element(message.pdu_type, pdu),
    ),
  );
}

export function encodeMessage(message: SnmpMessage): Uint8Array {
  return encodeAround(message, message.varbinds.map(encodeVarbind));
}
