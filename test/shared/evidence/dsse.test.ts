import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromUtf8, toBase64, utf8 } from '../../../shared/bytes.ts';
import {
  ENVELOPE_BYTES_MAX,
  openEnvelope,
  pae,
  parseEnvelope,
  serializeEnvelope,
  signEnvelope,
} from '../../../shared/evidence/dsse.ts';
import { keyId, shortCode } from '../../../shared/evidence/keys.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { isCode } from '../../fixtures/errors.ts';
import { testSigner } from '../../fixtures/test-keys.ts';

const crypto = createNodeCrypto();
const signer = testSigner('document');
const TYPE = 'application/vnd.lanproof.note.v1+json';
const envelope = signEnvelope(signer, TYPE, utf8('{"v":1}'), crypto);
const text = serializeEnvelope(envelope);
const open = (input: string): Uint8Array => openEnvelope(crypto, input, TYPE, signer.publicKey);

test('PAE: the example of the DSSE specification; lengths count bytes', () => {
  const encoded = pae('http://example.com/HelloWorld', utf8('hello world'));
  assert.equal(fromUtf8(encoded), 'DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  assert.equal(fromUtf8(pae('đo', utf8('máy'))), 'DSSEv1 3 đo 4 máy');
  assert.equal(fromUtf8(pae('', new Uint8Array())), 'DSSEv1 0  0 ');
});

test('PAE is injective', () => {
  const part = fc.tuple(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.uint8Array());
  fc.assert(
    fc.property(part, part, ([typeA, bodyA], [typeB, bodyB]) => {
      const same = typeA === typeB && toBase64(bodyA) === toBase64(bodyB);
      assert.equal(toBase64(pae(typeA, bodyA)) === toBase64(pae(typeB, bodyB)), same);
    }),
  );
  // The confusions that a naive joining would allow: spaces and digits that move over the border.
  assert.notDeepEqual(pae('a', utf8(' 1 b')), pae('a 1', utf8('b')));
  assert.notDeepEqual(pae('a 1', utf8('b')), pae('a', utf8('1 b')));
});

test('envelopes round trip', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (payload) => {
      const made = signEnvelope(signer, TYPE, payload, crypto);
      const read = openEnvelope(crypto, serializeEnvelope(made), TYPE, signer.publicKey);
      assert.deepEqual(read, payload);
      assert.deepEqual(openEnvelope(crypto, made, TYPE, signer.publicKey), payload);
    }),
    { numRuns: 50 },
  );
});

test('any altered character is refused, save in the keyid, which is only a hint', () => {
  const keyidAt = text.indexOf('"keyid":"') + '"keyid":"'.length;
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 0, max: 6 }), (at, bit) => {
      const letter = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
      const altered = text.slice(0, at) + letter + text.slice(at + 1);
      if (at >= keyidAt && at < keyidAt + 44) return;
      assert.throws(() => open(altered), isCode('DSSE_FORMAT', 'DSSE_TYPE', 'DSSE_SIGNATURE'));
    }),
    { numRuns: 500 },
  );
  assert.deepEqual(open(text.replace(keyId(crypto, signer.publicKey), 'x')), utf8('{"v":1}'));
});

test('type and key are checked, and several signatures need only the one by that key', () => {
  const stranger = testSigner('stranger');
  assert.throws(() => openEnvelope(crypto, text, 'other', signer.publicKey), isCode('DSSE_TYPE'));
  assert.throws(
    () => openEnvelope(crypto, text, TYPE, stranger.publicKey),
    isCode('DSSE_SIGNATURE'),
  );
  const second = signEnvelope(stranger, TYPE, utf8('{"v":1}'), crypto);
  const both = { ...envelope, signatures: [...second.signatures, ...envelope.signatures] };
  for (const key of [signer.publicKey, stranger.publicKey]) {
    assert.deepEqual(openEnvelope(crypto, both, TYPE, key), utf8('{"v":1}'));
  }
});

test('spaces are allowed; another shape is not', () => {
  assert.deepEqual(open(`${JSON.stringify(JSON.parse(text), null, 2)}\n`), utf8('{"v":1}'));
  const sig = envelope.signatures[0]?.sig ?? '';
  const bad: string[] = [
    '',
    'null',
    '[]',
    text.slice(0, -1),
    text.replace('{', '{"extra":1,'),
    text.replace('{"keyid"', '{"cert":"","keyid"'),
    text.replace('"payload":', '"payload":"e30=","payload":'),
    text.replace('"payloadType"', '"payload\\u0054ype"'),
    text.replace(sig, sig.slice(0, -4)),
    text.replace(sig, sig.replace(/=+$/, '')),
    text.replace(/"signatures":.*$/, '"signatures":[]}'),
    serializeEnvelope({ ...envelope, signatures: Array(9).fill(envelope.signatures[0]) }),
    serializeEnvelope({ ...envelope, payloadType: 'a b' }),
    serializeEnvelope({ ...envelope, payloadType: 'a'.repeat(129) }),
    JSON.stringify({ ...envelope, payload: 7 }),
    ' '.repeat(ENVELOPE_BYTES_MAX) + text,
  ];
  const parsed: unknown[] = [null, [], { ...envelope, extra: 1 }, { ...envelope, signatures: 7 }];
  for (const value of parsed) bad.push(JSON.stringify(value));
  assert.throws(
    () => parseEnvelope(JSON.parse('{"signatures":7}')),
    isCode('DSSE_FORMAT'),
    'an object of another shape',
  );
  for (const input of bad) assert.throws(() => parseEnvelope(input), isCode('DSSE_FORMAT'), input);
});

test('short codes: forty bits in Crockford base32', () => {
  const code = shortCode(crypto, signer.publicKey);
  assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  // Forty one-bits are eight times Z; five bits 00001 are 1.
  const fixed = (bytes: number[]) => ({ ...crypto, sha256: () => Uint8Array.from(bytes) });
  assert.equal(shortCode(fixed([255, 255, 255, 255, 255, 0]), signer.publicKey), 'ZZZZ-ZZZZ');
  assert.equal(shortCode(fixed([0x08, 0x42, 0x10, 0x84, 0x21]), signer.publicKey), '1111-1111');
});
