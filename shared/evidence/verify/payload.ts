import { fromBase64, fromUtf8 } from '../../bytes.ts';
import { parseEnvelope } from '../dsse.ts';

/** The bytes inside an envelope, of which nothing is believed. Throws DSSE_FORMAT. */
export function payloadBytes(envelope: string): Uint8Array {
  return fromBase64(parseEnvelope(envelope).payload);
}

/** The members of a payload, of which nothing is believed; none where it is no object. */
export function payloadMembers(payload: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(fromUtf8(payload));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
