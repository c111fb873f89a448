import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fromBase64, fromUtf8, utf8 } from '../../../shared/bytes.ts';
import { formatCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import { parseCosignerKey, verifyCosignature } from '../../../shared/evidence/cosignature.ts';
import { openDocument } from '../../../shared/evidence/document-reading.ts';
import { documentHash, documentType } from '../../../shared/evidence/documents.ts';
import { serializeEnvelope, signEnvelope } from '../../../shared/evidence/dsse.ts';
import type { LedgerDocuments } from '../../../shared/evidence/ledger-documents.ts';
import { openRotate } from '../../../shared/evidence/rotations.ts';
import { verifyTimestamp } from '../../../shared/evidence/timestamp/verify.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { isCode } from '../../fixtures/errors.ts';
import { ANCHORED, LEDGER_DOCUMENTS } from '../../fixtures/ledger-documents.ts';
import { testSigner } from '../../fixtures/test-keys.ts';

interface Kept {
  readonly kind: keyof LedgerDocuments;
  readonly public_key: string;
  readonly payload: string;
  readonly envelope: string;
  readonly hash: string;
}

const crypto = createNodeCrypto();
const path = fileURLToPath(
  new URL('../../fixtures/vectors/ledger-documents.json', import.meta.url),
);
const vector: {
  readonly documents: readonly Kept[];
  readonly witness_key: string;
  readonly tsa_root: string;
} = JSON.parse(readFileSync(path, 'utf8'));

const kinds = new Set(vector.documents.map(({ kind }) => kind));

test('every kind has a vector', () => {
  assert.deepEqual([...kinds].sort(), Object.keys(LEDGER_DOCUMENTS).sort());
});

for (const { kind, public_key, payload, envelope, hash } of vector.documents) {
  test(`the kept ${kind} opens, and a member altered, missing or more is refused`, () => {
    const key = fromBase64(public_key);
    const said = openDocument(crypto, envelope, kind, key);
    assert.deepEqual(said, JSON.parse(payload));
    assert.deepEqual(documentHash(crypto, envelope), fromBase64(hash));
    const stranger = testSigner('log').publicKey;
    assert.throws(() => openDocument(crypto, envelope, kind, stranger), isCode('DSSE_SIGNATURE'));
    const signer = testSigner('log');
    const open = (value: unknown) => {
      const bytes = utf8(JSON.stringify(value));
      const signed = signEnvelope(signer, documentType(kind), bytes, crypto);
      return openDocument(crypto, serializeEnvelope(signed), kind, signer.publicKey);
    };
    assert.deepEqual(open(said), said);
    assert.throws(() => open({ ...said, more: 1 }), isCode('DOCUMENT_FORMAT'));
    for (const member of Object.keys(said)) {
      for (const value of [undefined, null, {}, -1, '']) {
        assert.throws(() => open({ ...said, [member]: value }), isCode('DOCUMENT_FORMAT'), member);
      }
    }
  });
}

test('a rotation is opened by both of the keys that it names', () => {
  const kept = vector.documents.find(({ kind }) => kind === 'rotate');
  assert.ok(kept !== undefined);
  assert.deepEqual(openRotate(crypto, kept.envelope), LEDGER_DOCUMENTS.rotate);
  const envelope = JSON.parse(kept.envelope);
  for (const signatures of [envelope.signatures.slice(0, 1), envelope.signatures.slice(1)]) {
    assert.throws(
      () => openRotate(crypto, JSON.stringify({ ...envelope, signatures })),
      isCode('DSSE_SIGNATURE'),
    );
  }
});

test('both kept anchors vouch for the three lines of their checkpoint, and for no other', async () => {
  const lines = formatCheckpoint(ANCHORED);
  const other = formatCheckpoint({ ...ANCHORED, size: 999 });
  const proofs = new Map(
    vector.documents
      .filter(({ kind }) => kind === 'anchor')
      .map(({ payload }) => JSON.parse(payload))
      .map(({ kind, proof }) => [String(kind), fromBase64(String(proof))]),
  );
  const [token, line] = [proofs.get('rfc3161'), proofs.get('witness')];
  assert.ok(token !== undefined && line !== undefined);
  const roots = [fromBase64(vector.tsa_root)];
  assert.equal((await verifyTimestamp(token, utf8(lines), roots)).ok, true);
  assert.equal((await verifyTimestamp(token, utf8(other), roots)).problem, 'other_data');
  assert.equal((await verifyTimestamp(token, utf8(lines), [])).problem, 'untrusted_root');
  const key = parseCosignerKey(crypto, vector.witness_key);
  const signed = fromUtf8(line);
  assert.equal(verifyCosignature(crypto, signed, lines, key).at_ms, 1_790_000_000_000);
  const wrong = () => verifyCosignature(crypto, signed, other, key);
  assert.throws(wrong, isCode('NOTE_SIGNATURE'));
});
