import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase64, toBase64 } from '../../../shared/bytes.ts';
import { formatCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import {
  encodeCosignerKey,
  parseCosignerKey,
  signCosignature,
  verifyCosignature,
} from '../../../shared/evidence/cosignature.ts';
import { encodeVerifierKey } from '../../../shared/evidence/note.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { testSigner } from '../../fixtures/test-keys.ts';

const crypto = createNodeCrypto();
const signer = testSigner('stranger');
const key = { name: 'witness.example/w1', publicKey: signer.publicKey };
const checkpoint = { origin: 'demo/1/log-1', size: 42, root: new Uint8Array(32).fill(7) };
const text = formatCheckpoint(checkpoint);
const AT_MS = 1_795_000_000_999;
const line = signCosignature(crypto, key.name, signer, text, AT_MS);
const false_signature = { code: 'NOTE_SIGNATURE' };

test('a cosignature says when, in whole seconds', () => {
  assert.deepEqual(verifyCosignature(crypto, line, text, key), { at_ms: 1_795_000_000_000 });
  // Key id, time and signature as C2SP tlog-cosignature lays them out.
  const bytes = fromBase64(line.trimEnd().split(' ')[2] ?? '');
  assert.equal(bytes.length, 4 + 8 + 64);
  const time_s = Buffer.from(bytes.subarray(4, 12)).readBigUInt64BE();
  assert.equal(time_s, 1_795_000_000n);
  const message = Buffer.from(`cosignature/v1\ntime ${time_s}\n${text}`);
  assert.ok(crypto.verify(key.publicKey, message, bytes.subarray(12)));
});

test('the example of the specification has the layout that is read here', () => {
  // The key is not published with it: its line must parse, and be another key's.
  const example =
    '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n';
  assert.throws(() => verifyCosignature(crypto, example, text, key), false_signature);
  assert.deepEqual(verifyCosignature(crypto, example + line, text, key).at_ms, 1_795_000_000_000);
});

test('another text, time, key or name is no cosignature', () => {
  const other = formatCheckpoint({ ...checkpoint, size: 43 });
  assert.throws(() => verifyCosignature(crypto, line, other, key), false_signature);
  const stranger = { ...key, publicKey: testSigner('log').publicKey };
  assert.throws(() => verifyCosignature(crypto, line, text, stranger), false_signature);
  const renamed = { ...key, name: 'witness.example/w2' };
  assert.throws(() => verifyCosignature(crypto, line, text, renamed), false_signature);
  const [dash = '', name = '', encoded = ''] = line.trimEnd().split(' ');
  for (const at of [4, 11, 12, 75]) {
    const bytes = fromBase64(encoded);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const altered = `${dash} ${name} ${toBase64(bytes)}\n`;
    assert.throws(() => verifyCosignature(crypto, altered, text, key), false_signature);
    // A false one of the key refuses the true one, too.
    assert.throws(() => verifyCosignature(crypto, line + altered, text, key), false_signature);
  }
  for (const lines of ['', '\n', line.trimEnd(), 'hello\n', `${line}\n`]) {
    assert.throws(() => verifyCosignature(crypto, lines, text, key), { code: 'NOTE_FORMAT' });
  }
  assert.throws(() => verifyCosignature(crypto, line, 'x\n', key), { code: 'CHECKPOINT_FORMAT' });
  assert.throws(() => signCosignature(crypto, key.name, signer, 'x\n', AT_MS), {
    code: 'CHECKPOINT_FORMAT',
  });
});

test('of several the earliest counts', () => {
  const later = signCosignature(crypto, key.name, signer, text, AT_MS + 5_000);
  assert.equal(verifyCosignature(crypto, later + line, text, key).at_ms, 1_795_000_000_000);
});

test('verifier keys have type 0x04 and one spelling', () => {
  const encoded = encodeCosignerKey(crypto, key);
  assert.deepEqual(parseCosignerKey(crypto, encoded), key);
  const asLog = encodeVerifierKey(crypto, key);
  for (const text of [
    asLog,
    encoded.slice(1),
    `${encoded} `,
    encoded.replace('+', '++'),
    '',
    'a+b+c',
  ]) {
    assert.throws(() => parseCosignerKey(crypto, text), { code: 'NOTE_FORMAT' }, text);
  }
});
