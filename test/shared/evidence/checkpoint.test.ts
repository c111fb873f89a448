import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toBase64, utf8 } from '../../../shared/bytes.ts';
import {
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from '../../../shared/evidence/checkpoint.ts';
import { createFrontier, inclusionProof, leafHash } from '../../../shared/evidence/merkle.ts';
import { signNote } from '../../../shared/evidence/note.ts';
import {
  formatTlogProof,
  parseTlogProof,
  verifyTlogProof,
} from '../../../shared/evidence/tlog-proof.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { isCode } from '../../fixtures/errors.ts';
import { NodeTable } from '../../fixtures/reference-tree.ts';
import { testSigner } from '../../fixtures/test-keys.ts';

const crypto = createNodeCrypto();
const signer = testSigner('log');
const ORIGIN = 'lanproof.test/log1';
const ROOT = crypto.sha256(utf8('root'));

test('checkpoints round trip', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (size, root) => {
      const checkpoint = { origin: ORIGIN, size, root };
      assert.deepEqual(parseCheckpoint(formatCheckpoint(checkpoint)), checkpoint);
      const note = signCheckpoint(crypto, signer, checkpoint);
      assert.deepEqual(openCheckpoint(crypto, note, ORIGIN, signer.publicKey), checkpoint);
    }),
    { numRuns: 50 },
  );
});

test('the example of the C2SP specification reads', () => {
  const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
  const read = parseCheckpoint(`example.com/behind-the-sofa\n20852163\n${root}\n`);
  assert.equal(read.origin, 'example.com/behind-the-sofa');
  assert.equal(read.size, 20_852_163);
  assert.equal(toBase64(read.root), root);
});

test('other spellings are refused', () => {
  const root = toBase64(ROOT);
  for (const size of [
    '01',
    '-1',
    '+1',
    '1e3',
    '1.0',
    '',
    ' 1',
    '0x10',
    '9007199254740992',
    'NaN',
  ]) {
    const text = `${ORIGIN}\n${size}\n${root}\n`;
    assert.throws(() => parseCheckpoint(text), isCode('CHECKPOINT_FORMAT'), size);
  }
  for (const origin of ['', 'a b', 'a+b', 'a\u2003b', 'a\tb', 'x'.repeat(201)]) {
    const text = `${origin}\n1\n${root}\n`;
    assert.throws(() => parseCheckpoint(text), isCode('CHECKPOINT_FORMAT'), origin);
  }
  const odd = [
    `${ORIGIN}\n1\n${root}`,
    `${ORIGIN}\n1\n${root}\nextension\n`,
    `${ORIGIN}\n1\n${root}\n\n`,
    `${ORIGIN}\n1\n${root.slice(0, -4)}\n`,
    `${ORIGIN}\n1\n${root.replace('=', '')}\n`,
    `${ORIGIN}\n1\n`,
    '',
  ];
  for (const text of odd) assert.throws(() => parseCheckpoint(text), isCode('CHECKPOINT_FORMAT'));
  const unfit = { origin: 'a\nb', size: 1, root: ROOT };
  assert.throws(() => signCheckpoint(crypto, signer, unfit), isCode('CHECKPOINT_FORMAT'));
});

test('a checkpoint of another log under the same key is refused', () => {
  const text = formatCheckpoint({ origin: 'lanproof.test/log2', size: 1, root: ROOT });
  const note = signNote(crypto, ORIGIN, signer, text);
  assert.throws(
    () => openCheckpoint(crypto, note, ORIGIN, signer.publicKey),
    isCode('CHECKPOINT_ORIGIN'),
  );
  const other = signCheckpoint(crypto, signer, { origin: 'other', size: 1, root: ROOT });
  assert.throws(
    () => openCheckpoint(crypto, other, ORIGIN, signer.publicKey),
    isCode('NOTE_SIGNATURE'),
  );
});

const frontier = createFrontier(crypto);
const nodes = new NodeTable();
for (let index = 0; index < 11; index++) {
  nodes.add(frontier.append(leafHash(crypto, utf8(`leaf ${index}`))));
}
const checkpoint = signCheckpoint(crypto, signer, {
  origin: ORIGIN,
  size: frontier.size,
  root: frontier.root(),
});
const proof = {
  extra: null,
  index: 6,
  hashes: inclusionProof(crypto, 11, 6, nodes.get).map((hash) => new Uint8Array(hash)),
  checkpoint,
};

test('tlog-proof: format, parse and verify', () => {
  const leaf = leafHash(crypto, utf8('leaf 6'));
  for (const extra of [null, utf8('thêm'), new Uint8Array()]) {
    const text = formatTlogProof({ ...proof, extra });
    assert.deepEqual(parseTlogProof(text), { ...proof, extra: extra && new Uint8Array(extra) });
    const { index, checkpoint: head } = verifyTlogProof(
      crypto,
      text,
      leaf,
      ORIGIN,
      signer.publicKey,
    );
    assert.deepEqual([index, head.size], [6, 11]);
  }
  const text = formatTlogProof(proof);
  assert.ok(text.startsWith('c2sp.org/tlog-proof@v1\nindex 6\n'));
  const verify = (input: string, hash = leaf) =>
    verifyTlogProof(crypto, input, hash, ORIGIN, signer.publicKey);
  const seven = leafHash(crypto, utf8('leaf 7'));
  assert.throws(() => verify(text, seven), isCode('PROOF_INCLUSION'));
  assert.throws(() => verify(text.replace('index 6', 'index 5')), isCode('PROOF_INCLUSION'));
  const single = formatTlogProof({ ...proof, index: 0, hashes: [] });
  assert.deepEqual(parseTlogProof(single).hashes, []);
});

test('tlog-proof: altered text is refused', () => {
  const text = formatTlogProof(proof);
  const leaf = leafHash(crypto, utf8('leaf 6'));
  const codes = ['PROOF_FORMAT', 'PROOF_INCLUSION', 'NOTE_FORMAT', 'NOTE_SIGNATURE'];
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 0, max: 6 }), (at, bit) => {
      const letter = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
      const altered = text.slice(0, at) + letter + text.slice(at + 1);
      assert.throws(
        () => verifyTlogProof(crypto, altered, leaf, ORIGIN, signer.publicKey),
        isCode(...codes),
      );
    }),
    { numRuns: 500 },
  );
  const hash = toBase64(ROOT);
  const bad = [
    '',
    text.replace('v1', 'v2'),
    text.replace('index 6', 'index 06'),
    text.replace('index 6\n', ''),
    text.replace('index 6', 'index -0'),
    text.replace('index 6', 'extra ?\nindex 6'),
    text.replace('index 6', `index 6\n${hash.slice(4)}`),
    text.replace('index 6', `index 6${`\n${hash}`.repeat(53)}`),
    text.replaceAll('\n', '\r\n'),
  ];
  for (const input of bad) assert.throws(() => parseTlogProof(input), isCode('PROOF_FORMAT'));
});
