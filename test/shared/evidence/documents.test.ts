import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, fromBase64, toBase64, utf8 } from '../../../shared/bytes.ts';
import {
  BATCH_TYPE,
  batchHash,
  checkLink,
  signBatch,
  verifyBatchSignature,
} from '../../../shared/evidence/chain.ts';
import { openDocument } from '../../../shared/evidence/document-reading.ts';
import {
  type Documents,
  documentHash,
  documentType,
  type Hole,
  signDocument,
} from '../../../shared/evidence/documents.ts';
import { pae, serializeEnvelope, signEnvelope } from '../../../shared/evidence/dsse.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { DOCUMENTS } from '../../fixtures/documents.ts';
import { isCode } from '../../fixtures/errors.ts';
import { testSigner } from '../../fixtures/test-keys.ts';

const crypto = createNodeCrypto();
const signer = testSigner('document');
const agent = testSigner('agent');
const KINDS: readonly (keyof Documents)[] = ['log-open', 'enrol', 'hole', 'conflict'];

test('documents round trip; their hash ignores signatures and spacing', () => {
  for (const kind of KINDS) {
    const text = signDocument(crypto, signer, kind, DOCUMENTS[kind]);
    assert.deepEqual(openDocument(crypto, text, kind, signer.publicKey), DOCUMENTS[kind]);
    const payload = utf8(JSON.stringify(DOCUMENTS[kind]));
    const hash = toBase64(crypto.sha256(pae(documentType(kind), payload)));
    assert.equal(toBase64(documentHash(crypto, text)), hash);
    const resigned = signDocument(crypto, testSigner('stranger'), kind, DOCUMENTS[kind]);
    assert.equal(toBase64(documentHash(crypto, resigned)), hash);
    const spaced = JSON.stringify(JSON.parse(text), null, 1);
    assert.equal(toBase64(documentHash(crypto, spaced)), hash);
  }
  assert.equal(documentType('batch'), BATCH_TYPE);
});

test('a document with an odd member, a wrong key or another kind is refused', () => {
  const open = (value: unknown, kind: keyof Documents): unknown => {
    const payload = utf8(typeof value === 'string' ? value : JSON.stringify(value));
    const envelope = signEnvelope(signer, documentType(kind), payload, crypto);
    return openDocument(crypto, serializeEnvelope(envelope), kind, signer.publicKey);
  };
  for (const kind of KINDS) {
    for (const member of Object.keys(DOCUMENTS[kind])) {
      for (const value of [undefined, '', -1, 0.5, {}, true, 'x'.repeat(600)]) {
        const altered = { ...DOCUMENTS[kind], [member]: value };
        assert.throws(() => open(altered, kind), isCode('DOCUMENT_FORMAT'), `${kind} ${member}`);
      }
    }
    assert.throws(() => open({ ...DOCUMENTS[kind], more: 1 }, kind), isCode('DOCUMENT_FORMAT'));
    for (const odd of ['null', '[]', '7', '{']) {
      assert.throws(() => open(odd, kind), isCode('DOCUMENT_FORMAT'));
    }
    const text = signDocument(crypto, agent, kind, DOCUMENTS[kind]);
    const read = (): unknown => openDocument(crypto, text, kind, signer.publicKey);
    assert.throws(read, isCode('DSSE_SIGNATURE'));
  }
  const backwards: Hole = { ...DOCUMENTS.hole, from_seq: 9, to_seq: 8 };
  assert.throws(() => open(backwards, 'hole'), isCode('DOCUMENT_FORMAT'));
  const first = { ...DOCUMENTS['log-open'], previous: null };
  assert.deepEqual(open(first, 'log-open'), first);
  const text = signDocument(crypto, signer, 'enrol', DOCUMENTS.enrol);
  assert.throws(() => openDocument(crypto, text, 'hole', signer.publicKey), isCode('DSSE_TYPE'));
});

test('batch hash and signature cover the typed header bytes', () => {
  const header = utf8('{"v":1,"seq":1}');
  const signature = signBatch(agent, header);
  assert.ok(verifyBatchSignature(crypto, agent.publicKey, header, signature));
  assert.ok(!verifyBatchSignature(crypto, signer.publicKey, header, signature));
  assert.ok(!verifyBatchSignature(crypto, agent.publicKey, concat(header, utf8(' ')), signature));
  const naked = agent.sign(header);
  assert.ok(!verifyBatchSignature(crypto, agent.publicKey, header, naked), 'type is signed too');
  const altered = signature.with(3, (signature[3] ?? 0) ^ 1);
  assert.ok(!verifyBatchSignature(crypto, agent.publicKey, header, altered));
  assert.deepEqual(batchHash(crypto, header), crypto.sha256(pae(BATCH_TYPE, header)));
});

test('checkLink: enrol document, next, gap, replay, broken prev, other epoch, after a hole', () => {
  const enrol = crypto.sha256(utf8('enrol'));
  const head = { epoch: 2, seq: 7, hash: crypto.sha256(utf8('7')) };
  const prev = toBase64(head.hash);
  assert.equal(checkLink(enrol, { epoch: 1, seq: 1, prev: toBase64(enrol) }), 'ok');
  assert.equal(checkLink(enrol, { epoch: 1, seq: 1, prev: enrol }), 'ok');
  assert.equal(checkLink(enrol, { epoch: 1, seq: 2, prev }), 'gap');
  assert.equal(checkLink(enrol, { epoch: 1, seq: 1, prev }), 'broken_prev');
  assert.equal(checkLink(head, { epoch: 2, seq: 8, prev }), 'ok');
  assert.equal(checkLink(head, { epoch: 2, seq: 9, prev }), 'gap');
  assert.equal(checkLink(head, { epoch: 2, seq: 7, prev }), 'replay');
  assert.equal(checkLink(head, { epoch: 2, seq: 8, prev: toBase64(enrol) }), 'broken_prev');
  assert.equal(checkLink(head, { epoch: 2, seq: 8, prev: 'not base64' }), 'broken_prev');
  assert.equal(checkLink(head, { epoch: 3, seq: 8, prev }), 'wrong_epoch');
  assert.equal(checkLink(head, { epoch: 2, seq: Number.NaN, prev }), 'gap');
  const hole = DOCUMENTS.hole;
  const after = { epoch: hole.epoch, seq: hole.to_seq, hash: fromBase64(hole.next_prev) };
  const next = { epoch: hole.epoch, seq: hole.to_seq + 1, prev: hole.next_prev };
  assert.equal(checkLink(after, next), 'ok');
});

test('a chain of random headers links in order and in no other order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.nat(), (length, salt) => {
      let head = { epoch: 1, seq: 0, hash: crypto.sha256(utf8(`enrol ${salt}`)) };
      const links = [];
      for (let seq = 1; seq <= length; seq++) {
        const link = { epoch: 1, seq, prev: toBase64(head.hash) };
        assert.equal(checkLink(head, link), 'ok');
        head = { epoch: 1, seq, hash: batchHash(crypto, utf8(JSON.stringify(link))) };
        links.push({ link, head });
      }
      for (const a of links) {
        for (const b of links) {
          assert.equal(checkLink(a.head, b.link) === 'ok', b.link.seq === a.head.seq + 1);
        }
      }
    }),
    { numRuns: 30 },
  );
});
