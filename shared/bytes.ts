/** Byte helpers that work alike in Node and in a browser. Base64 is RFC 4648 §4 with padding. */

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Decodes UTF-8; throws a TypeError on bytes that are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return strictDecoder.decode(bytes);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** The two letters of every 12 bits: three bytes are two look-ups, half the time of btoa. */
const LETTER_PAIRS = Array.from(BASE64, (high) => Array.from(BASE64, (low) => high + low)).flat();
/** Six bits of each letter by its character code. */
const SIX_BITS = new Uint8Array(128).fill(0xff);
for (let i = 0; i < BASE64.length; i++) SIX_BITS[BASE64.charCodeAt(i)] = i;

export function toBase64(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [b, c] = [bytes[i + 1], bytes[i + 2]];
    const word = ((bytes[i] ?? 0) << 16) | ((b ?? 0) << 8) | (c ?? 0);
    const low = LETTER_PAIRS[word & 0xfff] ?? '';
    out += LETTER_PAIRS[word >> 12];
    if (c !== undefined) out += low;
    else out += b === undefined ? '==' : `${low.charAt(0)}=`;
  }
  return out;
}

/**
 * Decodes canonical padded base64; throws a TypeError on anything else: two texts for one value
 * would be malleable.
 */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new TypeError('not base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const end = text.length - padding;
  let at = 0;
  let unfit = 0;
  for (let i = 0; i < text.length; i += 4) {
    const a = sixBits(text, i, end);
    const b = sixBits(text, i + 1, end);
    const c = sixBits(text, i + 2, end);
    const d = sixBits(text, i + 3, end);
    unfit |= a | b | c | d;
    const word = (a << 18) | (b << 12) | (c << 6) | d;
    // Writes beyond the end, those of the padding, go nowhere.
    bytes[at] = word >> 16;
    bytes[at + 1] = word >> 8;
    bytes[at + 2] = word;
    at += 3;
  }
  if (unfit > 0x3f) throw new TypeError('not base64');
  const spare = padding === 0 ? 0 : sixBits(text, end - 1, end) & (padding === 1 ? 0x03 : 0x0f);
  if (spare !== 0) throw new TypeError('not canonical base64');
  return bytes;
}

/** Letters and padding; the last letter of a shortened group carries 2 or 4 bits that are 0. */
const CANONICAL = /^[A-Za-z0-9+/]*(?:|[AEIMQUYcgkosw048]=|[AQgw]==)$/;

/** Whether {@link fromBase64} would read `text` as so many bytes, at a fifth of the cost. */
export function isBase64(text: string, bytes: number): boolean {
  if (text.length !== 4 * Math.ceil(bytes / 3)) return false;
  const padding = (3 - (bytes % 3)) % 3;
  return text.indexOf('=') === (padding === 0 ? -1 : text.length - padding) && CANONICAL.test(text);
}

/** Padding counts as zeros; 0xff is no letter. */
function sixBits(text: string, at: number, end: number): number {
  return at < end ? (SIX_BITS[text.charCodeAt(at)] ?? 0xff) : 0;
}

export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += byte.toString(16).padStart(2, '0');
  return out;
}

export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new TypeError('not lower-case hex');
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}
