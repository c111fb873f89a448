import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { concat, toBase64, utf8 } from '../../../shared/bytes.ts';
import { batchHash, signBatch } from '../../../shared/evidence/chain.ts';
import { signCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import { documentHash, signDocument } from '../../../shared/evidence/documents.ts';
import { encodeLeaf, hashLeaf, type Leaf } from '../../../shared/evidence/leaf.ts';
import { createFrontier, inclusionProof } from '../../../shared/evidence/merkle.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { DOCUMENTS } from '../../fixtures/documents.ts';
import { NodeTable } from '../../fixtures/reference-tree.ts';
import { secondReaderSkip } from '../../fixtures/second-reader.ts';
import { testSigner } from '../../fixtures/test-keys.ts';

const crypto = createNodeCrypto();
const reader = fileURLToPath(new URL('../../second_reader/read_evidence.py', import.meta.url));
const [agent, document, log] = [testSigner('agent'), testSigner('document'), testSigner('log')];
const { log: origin, site, agent: code } = DOCUMENTS.enrol;

/** Batches 1 to 3, a hole over 4 and 5, batch 6; every batch with a plain and a private section. */
function writeExport(folder: string): void {
  mkdirSync(join(folder, 'batches'));
  mkdirSync(join(folder, 'holes'));
  const put = (name: string, data: string | Uint8Array): void =>
    writeFileSync(join(folder, name), data);
  const enrol = signDocument(crypto, document, 'enrol', DOCUMENTS.enrol);
  put('enrol.json', enrol);
  const [frontier, nodes] = [createFrontier(crypto), new NodeTable()];
  const leaves: string[] = [];
  const add = (kind: Leaf['kind'], seq: number, hash: Uint8Array): number => {
    const leaf: Leaf = { kind, site, agent: code, epoch: 1, seq, hash, recv_ms: 1_790_000_000_000 };
    nodes.add(frontier.append(hashLeaf(crypto, leaf)));
    return leaves.push(`${frontier.size - 1}\t${toBase64(encodeLeaf(leaf))}\n`) - 1;
  };
  let prev = documentHash(crypto, enrol);
  add('enrol', 0, prev);
  const placed: { seq: number; leaf_index: number }[] = [];
  for (const seq of [1, 2, 3, 6]) {
    if (seq === 6) {
      prev = crypto.sha256(utf8('header 5'));
      const hole = { ...DOCUMENTS.hole, from_seq: 4, to_seq: 5, next_prev: toBase64(prev) };
      const text = signDocument(crypto, agent, 'hole', hole);
      put('holes/4.json', text);
      add('hole', 4, documentHash(crypto, text));
    }
    const stored = [
      { name: 'infra', data: gzipSync('{"v":1}') },
      { name: 'identity', data: concat(new Uint8Array(16).fill(seq), gzipSync('{"v":1}')) },
    ];
    const sections = stored.map(({ name, data }) => {
      put(`batches/1-${seq}.${name}.bin`, data);
      return { name, bytes: data.length, sha256: toBase64(crypto.sha256(data)) };
    });
    const fields = { v: 1, site, agent: code, epoch: 1, seq, prev: toBase64(prev), sections };
    const header = utf8(JSON.stringify(fields));
    put(`batches/1-${seq}.hdr`, header);
    put(`batches/1-${seq}.sig`, signBatch(agent, header));
    prev = batchHash(crypto, header);
    placed.push({ seq, leaf_index: add('batch', seq, prev) });
  }
  put('leaves.txt', leaves.join(''));
  const head = { origin, size: frontier.size, root: frontier.root() };
  put('checkpoint.txt', signCheckpoint(crypto, log, head));
  const proofs = placed.map(({ seq, leaf_index }) => {
    const path = inclusionProof(crypto, frontier.size, leaf_index, nodes.get);
    return { epoch: 1, seq, leaf_index, hashes: path.map((hash) => toBase64(hash)) };
  });
  put('proofs.json', JSON.stringify(proofs));
  const [a, d, l] = [agent, document, log].map((signer) => toBase64(signer.publicKey));
  put('keys.json', JSON.stringify({ agent: a, document: d, log: l, origin }));
}

test('the second reader reads an export and refuses altered ones', {
  skip: secondReaderSkip,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-export-'));
  try {
    writeExport(folder);
    const read = () => spawnSync('python3', [reader, 'export', folder], { encoding: 'utf8' });
    const good = read();
    assert.equal(good.status, 0, good.stdout + good.stderr);
    assert.match(
      good.stdout,
      /^ok 4 batches, 1 holes, 0 sections withheld, 0 unproved, tree of 6 leaves$/m,
    );
    const alter = (name: string, change: (data: Buffer) => Buffer | null): void => {
      const path = join(folder, name);
      const data = readFileSync(path);
      const altered = change(Buffer.from(data));
      if (altered === null) rmSync(path);
      else writeFileSync(path, altered);
      const run = read();
      writeFileSync(path, data);
      assert.equal(run.status, 1, `${name}: ${run.stdout}${run.stderr}`);
      assert.match(run.stdout, /^MISMATCH /);
    };
    const flip = (data: Buffer): Buffer => {
      const at = data.length >> 1;
      data[at] = (data[at] ?? 0) ^ 1;
      return data;
    };
    for (const name of ['1-2.hdr', '1-2.sig', '1-3.infra.bin', '1-6.identity.bin']) {
      alter(`batches/${name}`, flip);
    }
    for (const name of ['enrol.json', 'holes/4.json', 'checkpoint.txt', 'keys.json']) {
      alter(name, flip);
    }
    for (const name of ['batches/1-2.hdr', 'holes/4.json', 'leaves.txt']) alter(name, () => null);
    alter('leaves.txt', (data) => Buffer.from(data.toString().replace('\t', '\tAAAA')));
    alter('leaves.txt', (data) => Buffer.from(data.toString().split('\n').slice(0, 4).join('\n')));
    alter('proofs.json', (data) => Buffer.from(data.toString().replace('"seq":2', '"seq":3')));
    alter('proofs.json', () => Buffer.from('[]'));
    rmSync(join(folder, 'batches', '1-3.identity.bin'));
    assert.match(read().stdout, /1 sections withheld/, 'withholding is counted, not refused');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the second reader refuses altered vectors', { skip: secondReaderSkip }, () => {
  const vectors = fileURLToPath(new URL('../../fixtures/vectors/', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-vectors-'));
  const names = ['keys', 'dsse', 'documents', 'ledger-documents', 'papers', 'chain', 'leaf'];
  names.push('tree', 'note', 'request-auth');
  try {
    for (const altered of names) {
      for (const name of names) {
        const text = readFileSync(`${vectors}${name}.json`, 'utf8');
        // The first long base64 value of the file gets another first letter.
        const at = text.search(/[A-Za-z0-9+/]{40,}=/);
        const letter = text.charAt(at) === 'Q' ? 'R' : 'Q';
        const bent = text.slice(0, at) + letter + text.slice(at + 1);
        writeFileSync(join(folder, `${name}.json`), name === altered ? bent : text);
      }
      const run = spawnSync('python3', [reader, 'vectors', folder], { encoding: 'utf8' });
      assert.equal(run.status, 1, altered + run.stdout + run.stderr);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
