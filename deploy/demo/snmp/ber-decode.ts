import { SEQUENCE, type SnmpMessage, type SnmpValue, type SnmpVarbind, TAGS } from './ber.ts';

/** Longest length field: UDP carries at most 65,507 bytes. */
const LENGTH_BYTES_MAX = 4;

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('message ends early');
    return byte;
  }

  any(): { tag: number; content: Uint8Array } {
    const tag = this.#byte();
    let length = this.#byte();
    if (length >= 0x80) {
      const size = length & 0x7f;
      if (size === 0 || size > LENGTH_BYTES_MAX) throw new RangeError('bad length');
      length = 0;
      for (let i = 0; i < size; i++) length = length * 256 + this.#byte();
    }
    const content = this.#bytes.subarray(this.#at, this.#at + length);
    if (content.length !== length) throw new RangeError('message ends early');
    this.#at += length;
    return { tag, content };
  }

  expect(tag: number): Uint8Array {
    const found = this.any();
    if (found.tag !== tag) throw new RangeError(`expected tag ${tag}, found ${found.tag}`);
    return found.content;
  }

  integer(): number {
    return Number(integerOf(this.expect(TAGS.integer)));
  }
}

function integerOf(content: Uint8Array): bigint {
  if (content.length === 0 || content.length > 9) throw new RangeError('bad integer');
  let value = 0n;
  for (const byte of content) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(content.length * 8, value);
}

function oidOf(content: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0) {
      const first = Math.min(Math.floor(arc / 40), 2);
      arcs.push(first, arc - first * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

function toValue({ tag, content }: { tag: number; content: Uint8Array }): SnmpValue {
  const type = (Object.keys(TAGS) as (keyof typeof TAGS)[]).find((name) => TAGS[name] === tag);
  switch (type) {
    case 'octets':
    case 'ip':
      return { type, value: new Uint8Array(content) };
    case 'oid':
      return { type, value: oidOf(content) };
    case 'integer':
    case 'counter32':
    case 'gauge32':
    case 'timeticks':
      return { type, value: Number(integerOf(content)) };
    case 'counter64':
      return { type, value: integerOf(content) };
    case undefined:
      throw new RangeError(`unknown type ${tag}`);
    default:
      return { type };
  }
}

/** Decodes a v1 or v2c message; throws a RangeError on anything else. */
export function decodeMessage(bytes: Uint8Array): SnmpMessage {
  const outer = new Reader(new Reader(bytes).expect(SEQUENCE));
  const version = outer.integer();
  const community = Buffer.from(outer.expect(TAGS.octets)).toString('latin1');
  const { tag, content } = outer.any();
  const pdu = new Reader(content);
  const request_id = pdu.integer();
  const status = pdu.integer();
  const index = pdu.integer();
  const list = new Reader(pdu.expect(SEQUENCE));
  const varbinds: SnmpVarbind[] = [];
  while (!list.done) {
    const one = new Reader(list.expect(SEQUENCE));
    varbinds.push({ oid: oidOf(one.expect(TAGS.oid)), value: toValue(one.any()) });
  }
  return { version, community, pdu_type: tag, request_id, status, index, varbinds };
}
