/** C2SP signed-note with Ed25519 (signature type 0x01): text, a blank line, signature lines. */
import { concat, equalBytes, fromBase64, toBase64, toHex, utf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import type { Crypto, Signer } from './crypto.ts';

/** Longest note read, in characters: a checkpoint with sixteen post-quantum signatures fits. */
export const NOTE_CHARS_MAX = 128 * 1024;
/** Signature lines read: the specification asks for at least 16. */
export const NOTE_SIGNATURES_MAX = 64;

const ED25519_TYPE = 0x01;
const KEY_HASH_BYTES = 4;

/** A key as C2SP policies write it: `<name>+<8 hex digits>+<base64(0x01 ‖ public key)>`. */
export interface VerifierKey {
  readonly name: string;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A key name: not empty, no Unicode space, no plus, no control character, well-formed. */
export function isKeyName(name: string): boolean {
  return name.isWellFormed() && name !== '' && !/[\p{White_Space}\p{Cc}+]/u.test(name);
}

/** First four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key). */
export function noteKeyHash(crypto: Crypto, name: string, publicKey: Uint8Array): Uint8Array {
  const data = concat(utf8(`${name}\n`), Uint8Array.of(ED25519_TYPE), publicKey);
  return crypto.sha256(data).slice(0, KEY_HASH_BYTES);
}

/** Throws LanProofError NOTE_FORMAT on a name that cannot stand in a note. */
export function encodeVerifierKey(crypto: Crypto, key: VerifierKey): string {
  if (!isKeyName(key.name) || key.publicKey.length !== 32) throw malformed('unfit name or key');
  const encoded = toBase64(concat(Uint8Array.of(ED25519_TYPE), key.publicKey));
  return `${key.name}+${toHex(noteKeyHash(crypto, key.name, key.publicKey))}+${encoded}`;
}

/** Reads a verifier key and checks its hash. Throws LanProofError NOTE_FORMAT. */
export function parseVerifierKey(crypto: Crypto, text: string): VerifierKey {
  const [, name, hash, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [];
  if (name === undefined || hash === undefined || encoded === undefined || !isKeyName(name)) {
    throw malformed('not <name>+<hash>+<key>');
  }
  const bytes = decode(encoded);
  if (bytes === undefined || bytes.length !== 33 || bytes[0] !== ED25519_TYPE) {
    throw malformed('the key is not an Ed25519 key of type 0x01');
  }
  const publicKey = bytes.slice(1);
  if (toHex(noteKeyHash(crypto, name, publicKey)) !== hash) {
    throw malformed('the hash does not belong to the key');
  }
  return { name, publicKey };
}

/** Signs `text`, which must end in a newline. Throws LanProofError NOTE_FORMAT. */
export function signNote(crypto: Crypto, name: string, signer: Signer, text: string): string {
  if (!isKeyName(name)) throw malformed('unfit key name');
  if (!text.endsWith('\n') || !isNoteText(text)) throw malformed('unfit text');
  const hash = noteKeyHash(crypto, name, signer.publicKey);
  return `${text}\n— ${name} ${toBase64(concat(hash, signer.sign(utf8(text))))}\n`;
}

/**
 * Returns the text, its final newline included, if the key `name`, `publicKey` signed it.
 * Signatures of other keys are passed over; a false one of this key refuses the whole note.
 * Throws LanProofError NOTE_FORMAT or NOTE_SIGNATURE.
 */
export function openNote(
  crypto: Crypto,
  note: string,
  name: string,
  publicKey: Uint8Array,
): string {
  if (note.length > NOTE_CHARS_MAX) throw malformed('longer than NOTE_CHARS_MAX');
  if (!note.endsWith('\n') || !isNoteText(note)) throw malformed('unfit characters or no newline');
  // The last empty line parts text and signatures; the text itself may contain empty lines.
  const blank = note.lastIndexOf('\n\n');
  if (blank < 0) throw malformed('no blank line before the signatures');
  const text = note.slice(0, blank + 1);
  const lines = note.slice(blank + 2, -1).split('\n');
  if (lines.length > NOTE_SIGNATURES_MAX) throw malformed('too many signatures');
  const hash = noteKeyHash(crypto, name, publicKey);
  const ours = lines
    .map(parseSignatureLine)
    .filter((line) => line.name === name && equalBytes(line.hash, hash));
  const message = utf8(text);
  const verified = ours.every((line) => crypto.verify(publicKey, message, line.signature));
  if (ours.length === 0 || !verified) {
    const what = ours.length === 0 ? `no signature by ${name}` : `false signature by ${name}`;
    throw new LanProofError('NOTE_SIGNATURE', what, {
      hint: 'check that the key is the pinned one; if it is, the note was altered: refuse it',
    });
  }
  return text;
}

/** A line `— name base64(key hash ‖ signature)` without its newline; LanProofError NOTE_FORMAT. */
export function parseSignatureLine(line: string): {
  readonly name: string;
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
} {
  const [, name, encoded] = /^— (\S+) (\S+)$/.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : decode(encoded);
  if (name === undefined || !isKeyName(name) || bytes === undefined) {
    throw malformed('a signature line is not "— name base64"');
  }
  if (bytes.length <= KEY_HASH_BYTES) throw malformed('a signature is too short');
  return { name, hash: bytes.slice(0, KEY_HASH_BYTES), signature: bytes.slice(KEY_HASH_BYTES) };
}

function isNoteText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the format forbids exactly these.
  return text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f]/.test(text);
}

function decode(text: string): Uint8Array | undefined {
  try {
    return fromBase64(text);
  } catch {
    return undefined;
  }
}

function malformed(what: string): LanProofError {
  return new LanProofError('NOTE_FORMAT', `not a signed note or key: ${what}`, {
    hint: 'give the text unchanged, line ends and the long dashes included (C2SP signed-note)',
  });
}
