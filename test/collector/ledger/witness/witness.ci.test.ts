import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openWitness } from '../../../../collector/ledger/witness/open-witness.ts';
import { createWitness, type WitnessAnswer } from '../../../../collector/ledger/witness/witness.ts';
import { toBase64, utf8 } from '../../../../shared/bytes.ts';
import { formatCheckpoint, signCheckpoint } from '../../../../shared/evidence/checkpoint.ts';
import { parseCosignerKey, verifyCosignature } from '../../../../shared/evidence/cosignature.ts';
import { createNodeCrypto } from '../../../../shared/node/crypto.ts';
import { testSigner } from '../../../fixtures/test-keys.ts';
import { newFolder, removeFolder } from '../../../support/collector-core.ts';
import { createModelLog } from '../../../support/model-log.ts';

const crypto = createNodeCrypto();
const AT_MS = 1_795_000_000_000;
const ORIGIN = 'demo/1/log-1';
const logKey = testSigner('log');
const logs = [{ name: ORIGIN, publicKey: logKey.publicKey }];

function open(folder: string) {
  const opened = openWitness(folder, crypto);
  const { name, signer, state } = opened;
  const now_ms = () => AT_MS;
  return { ...opened, answer: createWitness({ crypto, name, signer, logs, state, now_ms }) };
}

const sizeOf = ({ status, type, body }: WitnessAnswer) => [status, type, body];
const SIZE = 'text/x.tlog.size';

test('it signs what continues, and tells its size for what does not begin there', (t) => {
  const folder = newFolder();
  t.after(() => removeFolder(folder));
  const { answer, verifier_key } = open(folder);
  const log = createModelLog(crypto, ORIGIN, logKey);
  const key = parseCosignerKey(crypto, verifier_key);
  const signed = (got: WitnessAnswer, size: number) => {
    assert.equal(got.status, 200, got.body);
    const { at_ms } = verifyCosignature(crypto, got.body, log.text(size), key);
    assert.equal(at_ms, AT_MS);
  };
  signed(answer(log.request(0, 3)), 3);
  signed(answer(log.request(3, 10)), 10);
  // Asked again, as after a lost answer.
  assert.deepEqual(sizeOf(answer(log.request(3, 10))), [409, SIZE, '10\n']);
  signed(answer(log.request(10, 10)), 10);
  // Backwards: the size that the sender believes is not the one that was signed.
  assert.deepEqual(sizeOf(answer(log.request(3, 7))), [409, SIZE, '10\n']);
  assert.deepEqual(sizeOf(answer(log.request(0, 12))), [409, SIZE, '10\n']);
  assert.equal(answer(log.request(10, 10, 7)).status, 400);
  signed(answer(log.request(10, 200)), 200);
  // Another start goes on where this one ended.
  const again = open(folder);
  assert.equal(again.verifier_key, verifier_key);
  assert.deepEqual(sizeOf(again.answer(log.request(10, 200))), [409, SIZE, '200\n']);
  signed(again.answer(log.request(200, 201)), 201);
});

test('a second history is never signed', (t) => {
  const folder = newFolder();
  t.after(() => removeFolder(folder));
  const { answer } = open(folder);
  const log = createModelLog(crypto, ORIGIN, logKey);
  assert.equal(answer(log.request(0, 10)).status, 200);
  const fork = createModelLog(crypto, ORIGIN, logKey, 5);
  assert.deepEqual(fork.root(5), log.root(5));
  assert.notDeepEqual(fork.root(10), log.root(10));
  assert.deepEqual(sizeOf(answer(fork.request(10, 10))), [409, SIZE, '10\n']);
  assert.equal(answer(fork.request(10, 20)).status, 422);
  assert.equal(answer(fork.request(0, 20)).status, 409);
  // Even with the true proof of the true log behind the other head.
  const mixed = `old 10\n${log.proofLines(10, 20)}\n${fork.note(20)}`;
  assert.equal(answer(utf8(mixed)).status, 422);
  const size0 = { origin: ORIGIN, size: 0, root: crypto.sha256(new Uint8Array()) };
  const rollback = `old 0\n\n${signCheckpoint(crypto, logKey, size0)}`;
  assert.equal(answer(utf8(rollback)).status, 409);
  assert.equal(answer(log.request(10, 20)).status, 200);
});

test('strangers, false signatures and other texts are refused', (t) => {
  const folder = newFolder();
  t.after(() => removeFolder(folder));
  const { answer } = open(folder);
  const log = createModelLog(crypto, ORIGIN, logKey);
  const foreign = createModelLog(crypto, 'demo/2/log-1', logKey);
  assert.equal(answer(foreign.request(0, 3)).status, 404);
  const forged = createModelLog(crypto, ORIGIN, testSigner('stranger'));
  assert.equal(answer(forged.request(0, 3)).status, 403);
  const good = Buffer.from(log.request(0, 3)).toString();
  for (const text of [
    '',
    'old 0\n',
    good.replace('old 0', 'old 00'),
    good.replace('old 0', 'old -1'),
    good.replace('old 0', 'new 0'),
    good.replace('old 0\n', 'old 0\nhello\n'),
    `\uFEFF${good}`,
    good.replace('\n3\n', '\n03\n'),
    good.slice(0, -3),
    `old 0\n${`${toBase64(new Uint8Array(32))}\n`.repeat(64)}\n${log.note(3)}`,
  ]) {
    const { status } = answer(utf8(text));
    assert.ok([400, 403].includes(status), `${status} for ${JSON.stringify(text.slice(0, 40))}`);
  }
  assert.equal(answer(new Uint8Array(200_000)).status, 400);
  // A proof where none belongs.
  const proved = `old 0\n${toBase64(new Uint8Array(32))}\n\n${log.note(3)}`;
  assert.equal(answer(utf8(proved)).status, 422);
  assert.deepEqual(readdirSync(join(folder, 'logs')), []);
  assert.equal(answer(log.request(0, 3)).status, 200);
});

test('a disk that does not take the checkpoint means no signature', (t) => {
  const folder = newFolder();
  t.after(() => removeFolder(folder));
  const { name, signer } = openWitness(folder, crypto);
  const log = createModelLog(crypto, ORIGIN, logKey);
  let signatures = 0;
  const counting = {
    publicKey: signer.publicKey,
    sign(message: Uint8Array) {
      signatures += 1;
      return signer.sign(message);
    },
  };
  const state = {
    newest: () => null,
    keep() {
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    },
  };
  const options = { crypto, name, signer: counting, logs, state, now_ms: () => AT_MS };
  assert.throws(() => createWitness(options)(log.request(0, 3)), /ENOSPC/);
  assert.equal(signatures, 0);
});

test('a folder that lost something does not start as if it were new', (t) => {
  const folder = newFolder();
  t.after(() => removeFolder(folder));
  const { answer } = open(folder);
  const log = createModelLog(crypto, ORIGIN, logKey);
  answer(log.request(0, 3));
  assert.throws(() => openWitness(folder, crypto, 'other'), { code: 'WITNESS_NAME' });
  const [file = ''] = readdirSync(join(folder, 'logs'));
  const path = join(folder, 'logs', file);
  for (const text of ['', 'garbage\n', formatCheckpoint({ ...log.head(3), origin: 'other' })]) {
    writeFileSync(path, text);
    assert.throws(() => openWitness(folder, crypto), { code: 'WITNESS_STATE_DAMAGED' });
  }
  rmSync(join(folder, 'logs'), { recursive: true });
  assert.throws(() => openWitness(folder, crypto), { code: 'WITNESS_STATE_LOST' });
  rmSync(join(folder, 'witness.key'));
  assert.throws(() => openWitness(folder, crypto), { code: 'KEY_MISSING' });
});
