import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, fromBase64, toBase64, utf8 } from '../../../shared/bytes.ts';
import {
  encodeVerifierKey,
  noteKeyHash,
  openNote,
  parseVerifierKey,
  signNote,
} from '../../../shared/evidence/note.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { isCode } from '../../fixtures/errors.ts';
import { signerFromSeed, testSigner } from '../../fixtures/test-keys.ts';

const crypto = createNodeCrypto();
const signer = testSigner('log');
const NAME = 'lanproof.test/log1';
const open = (note: string): string => openNote(crypto, note, NAME, signer.publicKey);

/** The reference vector of golang.org/x/mod/sumdb/note, the format's first implementation. */
const REFERENCE = {
  vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text:
    'If you think cryptography is the answer to your problem,\n' +
    "then you don't know what your problem is.\n",
  line:
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg' +
    'KvqfqdngotpRZb6KE6RyyBwJnAM=\n',
};

test('the reference vector verifies, and the same key writes the same note', () => {
  const { name, publicKey } = parseVerifierKey(crypto, REFERENCE.vkey);
  const note = `${REFERENCE.text}\n${REFERENCE.line}`;
  assert.equal(openNote(crypto, note, name, publicKey), REFERENCE.text);
  assert.equal(encodeVerifierKey(crypto, { name, publicKey }), REFERENCE.vkey);
  const privateKey =
    'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
  const peter = signerFromSeed(fromBase64(privateKey.slice(-44)).slice(1));
  assert.equal(signNote(crypto, name, peter, REFERENCE.text), note);
});

test('the example of the C2SP specification parses; its key is not in the specification', () => {
  const text =
    'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n';
  const line =
    '— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrM' +
    'ouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n';
  assert.throws(() => open(`${text}\n${line}`), isCode('NOTE_SIGNATURE'));
  const own = signNote(crypto, NAME, signer, text).slice(text.length + 1);
  assert.equal(open(`${text}\n${line}${own}`), text, 'the text keeps its own empty line');
});

test('verifier keys: every altered one is refused', () => {
  const vkey = encodeVerifierKey(crypto, { name: NAME, publicKey: signer.publicKey });
  assert.deepEqual(parseVerifierKey(crypto, vkey), { name: NAME, publicKey: signer.publicKey });
  const ecdsa = `${NAME}+00000000+${toBase64(Uint8Array.of(2, ...signer.publicKey))}`;
  const bad = ['', 'a+b', ecdsa, `x${vkey}`, `${vkey}=`, vkey.replace('+', ' +'), `\n${vkey}`];
  for (const text of bad)
    assert.throws(() => parseVerifierKey(crypto, text), isCode('NOTE_FORMAT'));
});

test('any altered character of text or own signature is refused', () => {
  const note = signNote(crypto, NAME, signer, 'dòng một\n\ndòng hai\n');
  fc.assert(
    fc.property(fc.nat(note.length - 1), fc.integer({ min: 0, max: 6 }), (at, bit) => {
      const letter = String.fromCharCode(note.charCodeAt(at) ^ (1 << bit));
      const altered = note.slice(0, at) + letter + note.slice(at + 1);
      assert.throws(() => open(altered), isCode('NOTE_FORMAT', 'NOTE_SIGNATURE'));
    }),
    { numRuns: 500 },
  );
});

test('signatures of others are passed over; a false one of the known key refuses the note', () => {
  const note = signNote(crypto, NAME, signer, 'a\n');
  const text = 'a\n\n';
  const line = note.slice(text.length);
  const other = signNote(crypto, 'other.test', testSigner('stranger'), 'a\n').slice(text.length);
  const sameName = signNote(crypto, NAME, testSigner('stranger'), 'a\n').slice(text.length);
  const hash = noteKeyHash(crypto, NAME, signer.publicKey);
  const falseLine = `— ${NAME} ${toBase64(concat(hash, new Uint8Array(64)))}\n`;
  assert.equal(open(text + other + line + sameName), 'a\n');
  assert.equal(open(text + other.repeat(15) + line), 'a\n');
  assert.throws(() => open(text + line + falseLine), isCode('NOTE_SIGNATURE'));
  assert.throws(() => open(text + sameName), isCode('NOTE_SIGNATURE'));
  assert.throws(() => open(text + other.repeat(64) + line), isCode('NOTE_FORMAT'));
});

test('malformed notes and texts are refused', () => {
  const note = signNote(crypto, NAME, signer, 'a\n');
  const bad = ['', '\n', 'a\n', note.slice(0, -1), `${note}\n`, note.replace('—', '-')];
  bad.push(note.replaceAll('\n', '\r\n'), note.replace('a', '\u0000'), note.replace('a', '\ud800'));
  bad.push(`a\n\n— ${NAME} AAAA\n`, `a\n\n—  ${NAME} AAAAAAAA\n`, `${' '.repeat(140_000)}${note}`);
  for (const text of bad) assert.throws(() => open(text), isCode('NOTE_FORMAT'), text.slice(0, 40));
  for (const text of ['a', '', 'a\tb\n', 'a\r\n', '\ud800\n']) {
    assert.throws(() => signNote(crypto, NAME, signer, text), isCode('NOTE_FORMAT'));
  }
  for (const name of ['', 'a b', 'a+b', 'a\u00a0b', 'a\u2003', 'a\n', '\u0085']) {
    assert.throws(() => signNote(crypto, name, signer, 'a\n'), isCode('NOTE_FORMAT'), name);
  }
});

test('random texts round trip', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (lines) => {
      const text = `${lines.map((line) => line.replace(/\p{Cc}/gu, '')).join('\n')}\n`;
      assert.equal(open(signNote(crypto, NAME, signer, text)), text);
      assert.deepEqual(utf8(open(signNote(crypto, NAME, signer, text))), utf8(text));
    }),
    { numRuns: 50 },
  );
});
