import type { Varbind } from 'net-snmp';

/** ASN.1 tags of SMIv2 (RFC 2578 §7.1) and of the exceptions of RFC 3416 §3. */
export const TAG = {
  INTEGER: 2,
  OCTET_STRING: 4,
  OID: 6,
  COUNTER32: 65,
  GAUGE32: 66,
  TIMETICKS: 67,
  COUNTER64: 70,
  NO_SUCH_OBJECT: 128,
  NO_SUCH_INSTANCE: 129,
  END_OF_MIB_VIEW: 130,
} as const;

/** DisplayString of RFC 2579; longer text of a device is cut so that one cannot fill the spool. */
export const TEXT_BYTES_MAX = 255;

/** A value as it came, without the OID that it belongs to. */
export type TypedValue = Pick<Varbind, 'type' | 'value'>;

export function isMissing({ type }: Pick<Varbind, 'type'>): boolean {
  return type >= TAG.NO_SUCH_OBJECT && type <= TAG.END_OF_MIB_VIEW;
}

/**
 * Counter64 as it travels: 1–9 bytes from `start` to `end`, big-endian, read unsigned even without
 * the 0 byte. Undefined where the length does not fit.
 */
export function counter64(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): bigint | undefined {
  const extra = end - start - 8;
  if (end <= start || extra > 1 || (extra === 1 && bytes[start] !== 0)) return undefined;
  let high = 0;
  let low = 0;
  const middle = Math.max(end - 4, start);
  for (let i = start + Math.max(extra, 0); i < middle; i++) high = high * 256 + (bytes[i] ?? 0);
  for (let i = middle; i < end; i++) low = low * 256 + (bytes[i] ?? 0);
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}

/** What SMIv2 numbers but Counter64 can be: Integer32 and Unsigned32 (RFC 2578 §7.1). */
const NUMBER_MIN = -(2 ** 31);
const NUMBER_MAX = 2 ** 32 - 1;

/**
 * A counter, gauge or integer; undefined for any other type, and for a number that none of these
 * can be: one such value would make the whole section of a batch unreadable. Counter64 is always a
 * bigint.
 */
export function numberOf({ type, value }: TypedValue): number | bigint | undefined {
  if (type === TAG.COUNTER64) {
    // net-snmp gives its bytes, our own reading of answers the number.
    if (typeof value === 'bigint') return value;
    return value instanceof Uint8Array ? counter64(value) : undefined;
  }
  const numeric = type === TAG.INTEGER || (type >= TAG.COUNTER32 && type <= TAG.TIMETICKS);
  if (!numeric || typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return value >= NUMBER_MIN && value <= NUMBER_MAX ? value : undefined;
}

/** Text of a device: the bytes as they came and how they read. */
export interface DeviceText {
  readonly raw: Uint8Array;
  readonly text: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin1 = new TextDecoder('windows-1252');

/**
 * Text from an OCTET STRING, at most TEXT_BYTES_MAX bytes, without trailing NULs (Windows adds
 * one) and without control characters. Old firmware is not always UTF-8, so the raw bytes stay.
 */
export function textOf({ type, value }: TypedValue): DeviceText | undefined {
  if (type !== TAG.OCTET_STRING || !(value instanceof Uint8Array)) return undefined;
  const raw = new Uint8Array(value.subarray(0, TEXT_BYTES_MAX));
  let end = raw.length;
  while (end > 0 && raw[end - 1] === 0) end--;
  let text: string;
  try {
    text = utf8.decode(raw.subarray(0, end));
  } catch {
    text = latin1.decode(raw.subarray(0, end));
  }
  return { raw, text: text.replace(/\p{Cc}+/gu, ' ') };
}
