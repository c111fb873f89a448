import assert from 'node:assert/strict';
import test from 'node:test';
import { etc, Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import {
  createBrowserCrypto,
  createSha256,
} from '../../../../collector/report/verifier/browser-crypto.ts';
import { concat, utf8 } from '../../../../shared/bytes.ts';
import { createNodeCrypto, generateSigner } from '../../../../shared/node/crypto.ts';

const node = createNodeCrypto();
const browser = createBrowserCrypto();
const MESSAGE = utf8('a batch');
const ORDER = Point.CURVE().n;
const P = 2n ** 255n - 19n;

function bytesOf(value: bigint): Uint8Array {
  return etc.hexToBytes(value.toString(16).padStart(64, '0')).reverse();
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${etc.bytesToHex(Uint8Array.from(bytes).reverse())}`);
}

/** What both say of it; they must say the same. */
function agreed(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const said = node.verify(key, message, signature);
  assert.equal(browser.verify(key, message, signature), said, etc.bytesToHex(signature));
  return said;
}

/** Points of order 1, 2, 4 and 8, from the multiples of a point by the order of the base point. */
function smallOrder(): Point[] {
  for (let y = 2n; ; y += 1n) {
    try {
      const any = Point.fromBytes(bytesOf(y), true);
      const torsion = any.multiply(ORDER - 1n, false).add(any);
      const all = Array.from({ length: 8 }, (_, by) => torsion.multiply(BigInt(by), false));
      if (!torsion.double().double().is0()) return all;
    } catch {
      // Not every y is that of a point.
    }
  }
}

/** A signature by the scalar `a` under the key bytes, with `twist` added to R. */
function signed(a: bigint, key: Uint8Array, twist: Point, message: Uint8Array): Uint8Array {
  const r = 123_456_789n;
  const R = Point.BASE.multiply(r).add(twist).toBytes();
  const k = numberOf(sha512(concat(R, key, message))) % ORDER;
  return concat(R, bytesOf((r + k * a) % ORDER));
}

test('honest signatures verify, and altered ones do not', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(511), (message, bit) => {
      const { signer } = generateSigner();
      const signature = signer.sign(message);
      assert.ok(agreed(signer.publicKey, message, signature));
      const altered = signature.map((byte, at) =>
        at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
      );
      assert.ok(!agreed(signer.publicKey, message, altered));
      assert.ok(!agreed(signer.publicKey, concat(message, utf8('x')), signature));
    }),
    { numRuns: 40 },
  );
});

test('the corners in which libraries differ: small orders, twists, S beyond the order', () => {
  const a = 987_654_321n;
  const twists = smallOrder();
  let accepted = 0;
  for (const key_twist of twists) {
    const key = Point.BASE.multiply(a).add(key_twist).toBytes();
    for (const twist of twists) {
      for (let n = 0; n < 4; n += 1) {
        const message = utf8(`message ${n}`);
        if (agreed(key, message, signed(a, key, twist, message))) accepted += 1;
      }
    }
  }
  assert.ok(accepted >= 4, 'plain ones are among them');
  for (const point of twists) {
    const key = point.toBytes();
    for (const R of twists) {
      assert.ok(!agreed(key, MESSAGE, concat(R.toBytes(), bytesOf(0n))), 'all of small order');
      assert.ok(!agreed(key, MESSAGE, signed(0n, key, R, MESSAGE)), 'a key of small order');
    }
  }
  const { signer } = generateSigner();
  const signature = signer.sign(MESSAGE);
  const s = numberOf(signature.subarray(32));
  const beyond = concat(signature.subarray(0, 32), bytesOf(s + ORDER));
  assert.ok(!agreed(signer.publicKey, MESSAGE, beyond));
});

test('keys and R that are not written canonically, or are no points', () => {
  const odd = (bytes: Uint8Array): Uint8Array =>
    bytes.map((byte, at) => (at === 31 ? byte | 0x80 : byte));
  const encodings = [0n, 1n, 2n, 18n]
    .flatMap((y) => [bytesOf(y), bytesOf(y + P), bytesOf(P - 1n - y)])
    .flatMap((bytes) => [bytes, odd(bytes)]);
  for (const key of encodings) {
    for (const R of encodings) {
      agreed(key, MESSAGE, concat(R, bytesOf(0n)));
      agreed(key, MESSAGE, concat(R, bytesOf(1n)));
    }
    agreed(key, MESSAGE, signed(0n, key, Point.ZERO, MESSAGE));
  }
  assert.ok(!agreed(new Uint8Array(31), MESSAGE, new Uint8Array(64)));
  assert.ok(!agreed(new Uint8Array(32), MESSAGE, new Uint8Array(63)));
});

test('SHA-256 is the same at once and in pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (pieces) => {
      const hash = createSha256();
      for (const piece of pieces) hash.update(piece);
      const whole = concat(...pieces);
      assert.deepEqual(hash.digest(), node.sha256(whole));
      assert.deepEqual(browser.sha256(whole), node.sha256(whole));
    }),
  );
});
