/** Each named limit of what is read of time stamps: the largest is taken, the next one refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BaseBlock, Constructed, fromBER, Integer, Utf8String } from 'asn1js';
import {
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  CryptoEngine,
  Extension,
} from 'pkijs';
import { concat, fromBase64 } from '../../../../shared/bytes.ts';
import {
  INTERMEDIATES_MAX,
  reachesRoot,
  SIGNATURES_MAX,
} from '../../../../shared/evidence/timestamp/chain.ts';
import { DEPTH_MAX, decodeDer } from '../../../../shared/evidence/timestamp/der.ts';
import {
  readTimestampResponse,
  TIMESTAMP_RESPONSE_BYTES_MAX,
} from '../../../../shared/evidence/timestamp/response.ts';
import {
  CERTIFICATES_MAX,
  type KnownCertificate,
  readCertificate,
  readToken,
} from '../../../../shared/evidence/timestamp/token.ts';
import { isCode } from '../../../fixtures/errors.ts';
import { TIME_STAMP_TOKEN } from '../../../fixtures/time-stamp.ts';

const SEQUENCE = 0x30;
const engine = new CryptoEngine({ name: 'webcrypto', crypto: globalThis.crypto });
const NOW_MS = Date.UTC(2026, 10, 24);
const DAY_MS = 86_400_000;

/** One DER value. */
function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return concat(Uint8Array.of(tag, ...size), content);
}

function nested(levels: number): Uint8Array {
  let value = der(SEQUENCE, new Uint8Array());
  for (let level = 1; level < levels; level++) value = der(SEQUENCE, value);
  return value;
}

test('values inside values', () => {
  decodeDer(nested(DEPTH_MAX));
  assert.throws(() => decodeDer(nested(DEPTH_MAX + 1)), /too deep/);
});

test('bytes of an answer and of a token', () => {
  const refusal = (words: number): Uint8Array => {
    const text = der(SEQUENCE, der(0x0c, new Uint8Array(words).fill(0x78)));
    return der(SEQUENCE, der(SEQUENCE, concat(Uint8Array.of(2, 1, 2), text)));
  };
  const around = refusal(1_000).length - 1_000;
  const longest = refusal(TIMESTAMP_RESPONSE_BYTES_MAX - around);
  assert.equal(longest.length, TIMESTAMP_RESPONSE_BYTES_MAX);
  assert.match(readTimestampResponse(longest).reason, /^x+$/);
  const longer = refusal(TIMESTAMP_RESPONSE_BYTES_MAX - around + 1);
  assert.throws(() => readTimestampResponse(longer), isCode('TIMESTAMP_FORMAT'));
  assert.throws(() => readToken(longer), /too long/);
  assert.throws(
    () => readToken(longest),
    (error) => !/too long/.test(String(error)),
  );
});

/** The kept token with so many certificates, all the same. */
function tokenWith(certificates: number): Uint8Array {
  const token = fromBER(fromBase64(TIME_STAMP_TOKEN)).result;
  const [, explicit] = partsOf(token);
  const [signedData] = partsOf(explicit);
  const field = partsOf(signedData).find(({ idBlock }) => idBlock.tagClass === 3);
  assert.ok(field instanceof Constructed);
  const [first] = partsOf(field);
  assert.ok(first !== undefined);
  field.valueBlock.value = Array.from({ length: certificates }, () => first);
  return new Uint8Array(token.toBER());
}

function partsOf(block: BaseBlock | undefined): BaseBlock[] {
  return block instanceof Constructed ? block.valueBlock.value : [];
}

test('certificates of a token', () => {
  assert.equal(readToken(tokenWith(CERTIFICATES_MAX)).certificates.length, CERTIFICATES_MAX);
  assert.throws(() => readToken(tokenWith(CERTIFICATES_MAX + 1)), /too many certificates/);
});

/** Names of the chain; a certificate is of the first, by the second, with the key of a third. */
async function certificate(subject: string, issuer: string, by: string): Promise<KnownCertificate> {
  const made = new Certificate({ version: 2, serialNumber: new Integer({ value: 1 }) });
  const name = (value: string) =>
    new AttributeTypeAndValue({ type: '2.5.4.3', value: new Utf8String({ value }) });
  made.subject.typesAndValues.push(name(subject));
  made.issuer.typesAndValues.push(name(issuer));
  made.notBefore.value = new Date(NOW_MS - DAY_MS);
  made.notAfter.value = new Date(NOW_MS + DAY_MS);
  const extnValue = new BasicConstraints({ cA: true }).toSchema().toBER();
  made.extensions = [new Extension({ extnID: '2.5.29.19', critical: true, extnValue })];
  await made.subjectPublicKeyInfo.importKey((await keysOf(subject)).publicKey, engine);
  await made.sign((await keysOf(by)).privateKey, 'SHA-256', engine);
  return readCertificate(new Uint8Array(made.toSchema(true).toBER()));
}

const keys = new Map<string, Promise<CryptoKeyPair>>();
function keysOf(name: string): Promise<CryptoKeyPair> {
  const made =
    keys.get(name) ??
    crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  keys.set(name, made);
  return made;
}

for (const [between, reached] of [
  [INTERMEDIATES_MAX, true],
  [INTERMEDIATES_MAX + 1, false],
] as const) {
  test(`${between} certificates between signer and root`, async () => {
    const chain = await Promise.all(
      Array.from({ length: between + 2 }, (_, at) => {
        const issuer = `n${Math.min(at + 1, between + 1)}`;
        return certificate(`n${at}`, issuer, issuer);
      }),
    );
    const [signer, root] = [chain[0], chain.at(-1)];
    assert.ok(signer !== undefined && root !== undefined);
    assert.equal(await reachesRoot(engine, signer, chain.slice(1, -1), [root], NOW_MS), reached);
  });
}

for (const [looks, reached] of [
  [SIGNATURES_MAX, true],
  [SIGNATURES_MAX + 1, false],
] as const) {
  test(`the right one of ${looks} certificates of one name`, async () => {
    const root = await certificate('root', 'root', 'root');
    const signer = await certificate('signer', 'root', 'root');
    keys.delete('root');
    const wrong = await certificate('root', 'root', 'root');
    const pool = Array.from({ length: looks - 1 }, () => wrong);
    assert.equal(await reachesRoot(engine, signer, pool, [root], NOW_MS), reached);
  });
}
