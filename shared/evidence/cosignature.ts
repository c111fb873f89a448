/**
 * C2SP tlog-cosignature with Ed25519 (cosignature/v1, signature type 0x04): a witness says that,
 * at a time, a checkpoint was the largest one of its log that it saw, and continued what it saw
 * before.
 */
import { concat, equalBytes, fromBase64, toBase64, toHex, utf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { Crypto, Signer } from './crypto.ts';
import {
  isKeyName,
  NOTE_CHARS_MAX,
  NOTE_SIGNATURES_MAX,
  parseSignatureLine,
  type VerifierKey,
} from './note.ts';

const COSIGNATURE_TYPE = 0x04;
const KEY_HASH_BYTES = 4;
const [TIME_BYTES, SIGNATURE_BYTES, PUBLIC_KEY_BYTES] = [8, 64, 32];

/** First four bytes of SHA-256(name ‖ 0x0A ‖ 0x04 ‖ public key). */
function cosignerKeyHash(crypto: Crypto, { name, publicKey }: VerifierKey): Uint8Array {
  const data = concat(utf8(`${name}\n`), Uint8Array.of(COSIGNATURE_TYPE), publicKey);
  return crypto.sha256(data).slice(0, KEY_HASH_BYTES);
}

/** `<name>+<8 hex digits>+<base64(0x04 ‖ public key)>`. Throws LanProofError NOTE_FORMAT. */
export function encodeCosignerKey(crypto: Crypto, key: VerifierKey): string {
  if (!isKeyName(key.name) || key.publicKey.length !== PUBLIC_KEY_BYTES) throw malformed();
  const encoded = toBase64(concat(Uint8Array.of(COSIGNATURE_TYPE), key.publicKey));
  return `${key.name}+${toHex(cosignerKeyHash(crypto, key))}+${encoded}`;
}

/** Reads a witness's verifier key and checks its hash. Throws LanProofError NOTE_FORMAT. */
export function parseCosignerKey(crypto: Crypto, text: string): VerifierKey {
  // Base64 has plus signs, too: only the first two part the fields.
  const [, name = '', encoded = ''] = /^([^+]+)\+[0-9a-f]{8}\+(\S+)$/.exec(text) ?? [];
  try {
    const bytes = fromBase64(encoded);
    const key = { name, publicKey: bytes.slice(1) };
    if (bytes[0] === COSIGNATURE_TYPE && encodeCosignerKey(crypto, key) === text) return key;
  } catch {
    // Said below.
  }
  throw malformed();
}

/**
 * The signature line, its newline included, over a checkpoint's three lines as seen at `at_ms`
 * (UTC epoch ms; whole seconds are signed). Throws LanProofError CHECKPOINT_FORMAT, NOTE_FORMAT.
 */
export function signCosignature(
  crypto: Crypto,
  name: string,
  signer: Signer,
  text: string,
  at_ms: number,
): string {
  parseCheckpoint(text);
  const key = { name, publicKey: signer.publicKey };
  if (!isKeyName(name)) throw malformed();
  const time_s = Math.floor(at_ms / 1_000);
  const time = new Uint8Array(TIME_BYTES);
  new DataView(time.buffer).setBigUint64(0, BigInt(time_s));
  const signature = signer.sign(messageOf(BigInt(time_s), text));
  return `— ${name} ${toBase64(concat(cosignerKeyHash(crypto, key), time, signature))}\n`;
}

/**
 * Checks a witness's signature lines (each with its newline) over a checkpoint's three lines, and
 * returns when it says that it saw it, UTC epoch ms. Lines of other keys are passed over; a false
 * one of this key refuses all; of several the earliest counts. Throws LanProofError NOTE_FORMAT,
 * NOTE_SIGNATURE or CHECKPOINT_FORMAT.
 */
export function verifyCosignature(
  crypto: Crypto,
  lines: string,
  text: string,
  key: VerifierKey,
): { readonly at_ms: number } {
  parseCheckpoint(text);
  if (lines.length > NOTE_CHARS_MAX || !lines.endsWith('\n')) throw malformed();
  const parsed = lines.slice(0, -1).split('\n');
  if (parsed.length > NOTE_SIGNATURES_MAX) throw malformed();
  const hash = cosignerKeyHash(crypto, key);
  const ours = parsed
    .map(parseSignatureLine)
    .filter((line) => line.name === key.name && equalBytes(line.hash, hash));
  const times = ours.map(({ signature }) => {
    if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return null;
    const time_s = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
    const good = crypto.verify(
      key.publicKey,
      messageOf(time_s, text),
      signature.subarray(TIME_BYTES),
    );
    return good && time_s <= Number.MAX_SAFE_INTEGER / 1_000 ? Number(time_s) * 1_000 : null;
  });
  const good = times.filter((time) => time !== null);
  if (good.length === 0 || good.length < times.length) {
    const what = times.length === 0 ? 'no cosignature' : 'a false cosignature';
    throw new LanProofError('NOTE_SIGNATURE', `${what} by ${key.name}`, {
      hint: 'check that the key is the one that the witness printed; if it is, refuse the text',
    });
  }
  return { at_ms: Math.min(...good) };
}

function messageOf(time_s: bigint, text: string): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time_s}\n${text}`);
}

function malformed(): LanProofError {
  return new LanProofError('NOTE_FORMAT', 'not a cosignature or key of a witness', {
    hint: 'give the text unchanged: NAME+8 HEX DIGITS+BASE64 for a key, with newlines for lines',
  });
}
