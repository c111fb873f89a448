import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fromBase64, fromUtf8, toBase64, utf8 } from '../../../shared/bytes.ts';
import { batchHash, verifyBatchSignature } from '../../../shared/evidence/chain.ts';
import { encodeHeader, parseHeader, parseIdentity } from '../../../shared/measure/header.ts';
import { parseResultSection } from '../../../shared/measure/section.ts';
import { parseIdentitySection } from '../../../shared/measure/section-identity.ts';
import {
  checkCommitments,
  parsePrivateTargets,
  parseTargetList,
} from '../../../shared/measure/target-list.ts';
import { parseTargetRecord } from '../../../shared/measure/target-record.ts';
import { decodeWire, encodeWire } from '../../../shared/measure/wire.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { unpackSection } from '../../../shared/node/section-bytes.ts';
import { batchVectors } from '../../fixtures/batch-vectors.ts';
import { CHECKED_INFRA } from './example.ts';

const crypto = createNodeCrypto();

interface BatchVector {
  readonly public_key: string;
  readonly header: string;
  readonly batch_hash: string;
  readonly signature: string;
  readonly sections: readonly { readonly json: string; readonly stored: string }[];
  readonly wire: string;
}

function read(name: string): unknown {
  const file = new URL(`../../fixtures/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The vectors' form is this test's own. */
function readBatch(name: string): BatchVector {
  return read(name) as BatchVector;
}

for (const name of ['batch-full', 'batch-bare', 'batch-checks']) {
  test(`${name}: wire, sections, hash and signature`, () => {
    const vector = readBatch(name);
    const body = fromBase64(vector.wire);
    const { header, signature, sections } = decodeWire(body);
    assert.equal(fromUtf8(header), vector.header);
    assert.equal(toBase64(signature), vector.signature);
    assert.deepEqual(encodeWire({ header, signature, sections }), body);
    assert.equal(toBase64(batchHash(crypto, header)), vector.batch_hash);
    assert.ok(verifyBatchSignature(crypto, fromBase64(vector.public_key), header, signature));
    const parsed = parseHeader(header);
    assert.deepEqual(encodeHeader(parsed), header);
    assert.equal(parseIdentity(header).sections.length, sections.length);
    for (const [index, ref] of parsed.sections.entries()) {
      const stored = sections[index] ?? new Uint8Array();
      const known = vector.sections[index];
      assert.equal(toBase64(stored), known?.stored);
      assert.deepEqual([ref.bytes, ref.sha256], [stored.length, toBase64(crypto.sha256(stored))]);
      const json = unpackSection(ref.name, stored);
      assert.equal(fromUtf8(json), known?.json);
      if (ref.name === 'identity') parseIdentitySection(json, null);
      else parseResultSection(json, null, ref.name);
    }
  });
}

for (const name of ['batch-targets', 'batch-targets-checks']) {
  test(`${name}: the list, its commitments and its records`, () => {
    const vector = Object(read(name));
    const list = parseTargetList(utf8(vector.payload));
    const priv = parsePrivateTargets(vector.private);
    checkCommitments(crypto, list, priv);
    for (const [index, { record }] of priv.records.entries()) {
      const { tcp, dns, http } = parseTargetRecord(record);
      const probes = list.targets[index]?.probes;
      const lengths = [probes?.tcp?.length, probes?.dns?.length, probes?.http?.length];
      assert.deepEqual([tcp?.length, dns?.length, http?.length], lengths);
    }
  });
}

test('batch-checks: the section is that of the list with checks', () => {
  const { sections } = readBatch('batch-checks');
  const list = parseTargetList(utf8(Object(read('batch-targets-checks')).payload));
  const json = utf8(sections[0]?.json ?? '');
  assert.deepEqual(parseResultSection(json, list, 'infra'), CHECKED_INFRA);
});

test('this program still writes the vectors, but for the bytes of another zlib', () => {
  for (const [name, content] of Object.entries(batchVectors())) {
    const [mine, kept] = [Object(JSON.parse(JSON.stringify(content))), Object(read(name))];
    const parts = (value: { sections?: { name: string; json: string }[] }) =>
      value.sections?.map((part) => [part.name, part.json]);
    assert.deepEqual(parts(mine), parts(kept));
    assert.deepEqual([mine.payload, mine.private], [kept.payload, kept.private]);
  }
});
