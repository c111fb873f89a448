import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyId } from '../../../shared/evidence/keys.ts';
import {
  parseAuthorization,
  signRequest,
  verifyRequest,
} from '../../../shared/evidence/request-auth.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { isCode } from '../../fixtures/errors.ts';
import { testSigner } from '../../fixtures/test-keys.ts';

const crypto = createNodeCrypto();
const signer = testSigner('agent');
const PATH = '/api/v1/agents/self/proof?epoch=1&seq=2&from=0';
const NONCE = 'AAECAwQFBgcICQoLDA0ODw==';
const value = signRequest(crypto, signer, 'GET', PATH, NONCE);

test('a signed request verifies, and only as it was signed', () => {
  const read = parseAuthorization(value);
  assert.equal(read.keyid, keyId(crypto, signer.publicKey));
  assert.equal(read.nonce, NONCE);
  const verify = (method: string, path: string, given = read, key = signer.publicKey): boolean =>
    verifyRequest(crypto, key, method, path, given);
  assert.ok(verify('GET', PATH));
  assert.ok(!verify('POST', PATH));
  assert.ok(!verify('get', PATH));
  assert.ok(!verify('GET', PATH.replace('seq=2', 'seq=3')));
  assert.ok(!verify('GET', `${PATH}\n${NONCE}`));
  assert.ok(!verify('GET', PATH, { ...read, nonce: NONCE.replace('A', 'B') }));
  assert.ok(!verify('GET', PATH, { ...read, nonce: '' }));
  assert.ok(!verify('GET', PATH, read, testSigner('stranger').publicKey));
  const bent = read.signature.with(9, (read.signature[9] ?? 0) ^ 8);
  assert.ok(!verify('GET', PATH, { ...read, signature: bent }));
  assert.ok(verify('GET', PATH, { ...read, keyid: 'anything' }), 'the keyid is only a hint');
});

test('malformed values are refused', () => {
  const [keyid = '', nonce = '', signature = ''] = value.replace('LanProof ', '').split(':');
  const bad = [
    '',
    'Bearer abc',
    value.replace('LanProof ', 'lanproof '),
    value.replace('LanProof ', 'LanProof  '),
    `${value}:`,
    `${value} `,
    `LanProof ${keyid}:${nonce}`,
    `LanProof ${keyid}:short:${signature}`,
    `LanProof ${keyid}:${'a'.repeat(89)}:${signature}`,
    `LanProof ${keyid.slice(4)}:${nonce}:${signature}`,
    `LanProof ${keyid}:${nonce}:${signature.slice(4)}`,
    `LanProof ${keyid}:${nonce}:${signature.replace(/=+$/, '')}`,
    `LanProof ${'a'.repeat(400)}`,
  ];
  for (const text of bad)
    assert.throws(() => parseAuthorization(text), isCode('AUTH_FORMAT'), text);
  for (const path of ['', 'x', '/a b', '/a\nb', '/é', `/${'a'.repeat(2_048)}`]) {
    assert.throws(() => signRequest(crypto, signer, 'GET', path, NONCE), isCode('AUTH_FORMAT'));
  }
  assert.throws(() => signRequest(crypto, signer, 'G T', '/', NONCE), isCode('AUTH_FORMAT'));
  assert.throws(() => signRequest(crypto, signer, 'GET', '/', 'a:b'), isCode('AUTH_FORMAT'));
});

test('any altered character of the value is refused, save in the keyid', () => {
  const keyidEnd = value.indexOf(':');
  fc.assert(
    fc.property(fc.nat(value.length - 1), fc.integer({ min: 0, max: 6 }), (at, bit) => {
      const letter = String.fromCharCode(value.charCodeAt(at) ^ (1 << bit));
      if (at > 'LanProof'.length && at < keyidEnd) return;
      const altered = value.slice(0, at) + letter + value.slice(at + 1);
      try {
        const read = parseAuthorization(altered);
        assert.ok(!verifyRequest(crypto, signer.publicKey, 'GET', PATH, read));
      } catch (error) {
        if (!isCode('AUTH_FORMAT')(error)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});
