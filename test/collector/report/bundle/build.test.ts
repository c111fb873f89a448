import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { buildBundle } from '../../../../collector/report/bundle/build.ts';
import { equalBytes, fromBase64, toHex, utf8 } from '../../../../shared/bytes.ts';
import { decodeBatches } from '../../../../shared/evidence/bundle/batches.ts';
import { crc32 } from '../../../../shared/evidence/bundle/crc32.ts';
import { parseDaily } from '../../../../shared/evidence/bundle/daily.ts';
import { parseDocuments } from '../../../../shared/evidence/bundle/documents.ts';
import { parseLeaves } from '../../../../shared/evidence/bundle/leaves.ts';
import { parseStatement } from '../../../../shared/evidence/bundle/manifest.ts';
import { parsePolicy } from '../../../../shared/evidence/bundle/policy.ts';
import { parseInclusion } from '../../../../shared/evidence/bundle/proofs.ts';
import { type BundleBatch, STATEMENT_PAYLOAD } from '../../../../shared/evidence/bundle/types.ts';
import { bytesSource, openZip } from '../../../../shared/evidence/bundle/zip-reading.ts';
import { batchHash, checkLink } from '../../../../shared/evidence/chain.ts';
import { openCheckpoint } from '../../../../shared/evidence/checkpoint.ts';
import { documentHash } from '../../../../shared/evidence/documents.ts';
import { openEnvelope } from '../../../../shared/evidence/dsse.ts';
import { hashLeaf } from '../../../../shared/evidence/leaf.ts';
import { rootOfProof } from '../../../../shared/evidence/multiproof.ts';
import { parseIdentity } from '../../../../shared/measure/header.ts';
import { createNodeCrypto } from '../../../../shared/node/crypto.ts';
import {
  askFor,
  build,
  bundleDeps,
  type LongOffice,
  NOTE_TEXT,
  newFolder,
  OTHER_SITE,
  openLongOffice,
  type ReadBundle,
  SITE,
} from '../../../support/bundle-kit.ts';
import { measureTogether } from '../../harness.ts';

const crypto = createNodeCrypto();
let office: LongOffice;
before(async () => {
  office = await openLongOffice();
});
after(() => office.harness.close());

function leavesOf(bundle: ReadBundle) {
  return parseLeaves(bundle.text('logs/1/leaves.txt'), 1);
}

function batchesOf({ entries }: ReadBundle): BundleBatch[] {
  return [...entries].flatMap(([name, bytes]) =>
    name.startsWith('batches/') ? [...decodeBatches(bytes, name)] : [],
  );
}

/** Whether a zip holds these bytes anywhere. */
function holds(zip: Uint8Array, bytes: Uint8Array): boolean {
  return Buffer.from(zip.buffer, zip.byteOffset, zip.length).includes(Buffer.from(bytes));
}

test('the same ask gives the same bytes, also when the ledger has grown', async (t) => {
  const { harness, agent, second_day } = office;
  const ask = await askFor(harness, second_day);
  const one = await build(t, bundleDeps(harness), ask);
  await measureTogether(harness, agent, 2, () => ({ ticks: 600 }));
  const again = await build(t, bundleDeps(harness), ask);
  assert.ok(equalBytes(one.zip, again.zip));
  assert.equal(one.sha256, toHex(crypto.sha256(one.zip)));
  assert.equal(one.bytes, one.zip.length);
});

test('every file is signed by its hash, and the zip has the right checksums', async (t) => {
  const { harness, third_day } = office;
  const bundle = await build(t, bundleDeps(harness), await askFor(harness, third_day));
  const text = bundle.text('manifest.dsse.json');
  const key = harness.deps.document_key.publicKey;
  const { subjects, manifest } = parseStatement(openEnvelope(crypto, text, STATEMENT_PAYLOAD, key));
  assert.deepEqual(manifest, bundle.manifest);
  const others = [...bundle.entries].filter(([name]) => name !== 'manifest.dsse.json');
  assert.deepEqual(
    subjects,
    others.map(([name, bytes]) => ({ name, sha256: toHex(crypto.sha256(bytes)) })),
  );
  for (const { name, crc32: said } of await openZip(bytesSource(bundle.zip))) {
    assert.equal(crc32(bundle.entries.get(name) ?? utf8('')), said, name);
  }
});

test('leaves are those of the documents and batches, and their ends are proved', async (t) => {
  const { harness, third_day } = office;
  const bundle = await build(t, bundleDeps(harness), await askFor(harness, third_day));
  const { origin, size, leaves } = leavesOf(bundle);
  const note = bundle.text('logs/1/checkpoint.txt');
  const policy = parsePolicy(crypto, bundle.text('policy.txt'));
  assert.deepEqual(policy.logs, [{ name: origin, publicKey: harness.deps.log_key }]);
  const head = openCheckpoint(crypto, note, origin, harness.deps.log_key);
  assert.deepEqual([head.size, size], [bundle.manifest.as_of.size, head.size]);

  const batches = batchesOf(bundle);
  const placed = leaves.filter(({ kind }) => kind === 'batch');
  assert.deepEqual(
    batches.map(({ header }) => toHex(batchHash(crypto, header))),
    placed.map(({ hash }) => toHex(hash)),
  );
  const documents = parseDocuments(bundle.text('documents.ndjson'));
  assert.deepEqual(
    documents.map(({ leaf, text }) => [leaf, toHex(documentHash(crypto, text ?? ''))]),
    leaves.filter(({ kind }) => kind !== 'batch').map(({ leaf, hash }) => [leaf, toHex(hash)]),
  );
  const hashes = parseInclusion(bundle.entries.get('logs/1/inclusion.bin') ?? new Uint8Array());
  const proved = leaves.map((leaf) => ({ index: leaf.leaf, hash: hashLeaf(crypto, leaf) }));
  assert.deepEqual(rootOfProof(crypto, head.size, proved, hashes), head.root);
  assert.notDeepEqual(rootOfProof(crypto, head.size, proved.slice(1), hashes), head.root);
  assert.equal(new Set(leaves.map(({ site }) => site)).has(OTHER_SITE), false);
});

test('a stretch of a chain follows what the manifest names, through a hole', async (t) => {
  const { harness, agent, third_day } = office;
  const bundle = await build(t, bundleDeps(harness), await askFor(harness, third_day));
  const { agents, begin, begin_ms, end_ms } = bundle.manifest;
  const [own] = agents;
  assert.ok(begin !== null && own !== undefined && own.before_seq > 0 && agents.length === 1);
  const identities = batchesOf(bundle).map(({ header }) => parseIdentity(header));
  let head = { epoch: 1, seq: own.before_seq, hash: fromBase64(own.before_hash ?? '') };
  let holes = 0;
  for (const [at, { header }] of batchesOf(bundle).entries()) {
    const identity = identities[at];
    assert.ok(identity !== undefined);
    if (identity.seq !== head.seq + 1) {
      holes += 1;
      head = { ...head, seq: identity.seq - 1, hash: fromBase64(identity.prev) };
    }
    assert.equal(checkLink(head, identity), 'ok');
    head = { epoch: 1, seq: identity.seq, hash: batchHash(crypto, header) };
  }
  assert.equal(holes, 1, 'the hole lies in the stretch');
  assert.ok(head.seq < agent.seq, 'not to the end of the chain');
  assert.ok(begin_ms <= third_day.from_ms && end_ms >= third_day.to_ms);
  const kinds = leavesOf(bundle).leaves.map(({ kind }) => kind);
  assert.ok(kinds.includes('hole') && kinds.includes('enrol') && kinds.includes('note'));
  assert.equal(kinds.filter((kind) => kind === 'day').length, 1, 'none of the day before');
});

test('days of the log add up, and only own leaves are counted as own', async (t) => {
  const { harness, second_day } = office;
  const bundle = await build(t, bundleDeps(harness), await askFor(harness, second_day));
  const { days, size } = parseDaily(bundle.text('logs/1/daily.txt'));
  const { store } = harness.deps;
  const rows = await store.leaves(1, 0, size);
  const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  assert.deepEqual(
    days.map(({ day, leaves, site_batches, site_documents }) => [
      day,
      leaves,
      site_batches,
      site_documents,
    ]),
    [...Map.groupBy(rows, ({ recv_ms }) => dayOf(recv_ms))].map(([day, leaves]) => {
      const own = leaves.filter(({ site }) => site === SITE);
      const batches = own.filter(({ kind }) => kind === 'batch').length;
      return [day, leaves.length, batches, own.length - batches];
    }),
  );
});

test('a masked bundle holds no byte of private sections, notes or other sites', async (t) => {
  const { harness, third_day } = office;
  const whole = await build(t, bundleDeps(harness), await askFor(harness, third_day));
  const masked = await build(t, bundleDeps(harness), await askFor(harness, third_day, true));
  let hidden = 0;
  for (const [at, { header, sections }] of batchesOf(whole).entries()) {
    const shown = batchesOf(masked)[at]?.sections ?? [];
    for (const [index, { name }] of parseIdentity(header).sections.entries()) {
      const section = sections[index];
      assert.ok(section !== null && section !== undefined, 'a whole bundle has all of them');
      assert.ok(holds(whole.zip, section));
      if (name === 'infra') {
        assert.deepEqual(shown[index], section);
        continue;
      }
      hidden += 1;
      assert.equal(shown[index], null);
      assert.equal(holds(masked.zip, section.subarray(0, 24)), false);
    }
  }
  assert.ok(hidden > 100);
  const base64 = Buffer.from(NOTE_TEXT).toString('base64').slice(0, -4);
  const notes = (bundle: ReadBundle) =>
    leavesOf(bundle).leaves.filter(({ kind }) => kind === 'note').length;
  assert.deepEqual([notes(whole), notes(masked)], [1, 1]);
  const texts = parseDocuments(masked.text('documents.ndjson')).map(({ text }) => text);
  assert.equal(texts.filter((text) => text === null).length, 1);
  for (const secret of [NOTE_TEXT, base64, 'Trụ sở', '10.77.0.', OTHER_SITE, 'dong-anh']) {
    assert.equal(holds(masked.zip, utf8(secret)), false, secret);
  }
  for (const secret of [OTHER_SITE, 'dong-anh']) {
    assert.equal(holds(whole.zip, utf8(secret)), false, secret);
  }
  const named = masked.figures.not_recomputable ?? [];
  assert.ok(named.some(({ what, code }) => what === 'hours/all/devices' && code === 'pc-1'));
  assert.equal(whole.figures.not_recomputable, undefined);
  assert.ok(masked.figures.hours.all.devices.every(({ device }) => !device?.startsWith('pc-')));
});

test('what is aborted leaves nothing, and others run meanwhile', async (t) => {
  const { harness, second_day } = office;
  const folder = join(newFolder(t), 'one');
  mkdirSync(folder);
  const stop = new AbortController();
  let breaths = 0;
  const deps = {
    ...bundleDeps(harness),
    breathe: async () => {
      breaths += 1;
      if (breaths === 5) stop.abort(new Error('stopped by the test'));
    },
  };
  const options = { folder, name: 'a.zip', onProgress() {}, signal: stop.signal };
  const ask = await askFor(harness, second_day);
  await assert.rejects(buildBundle(deps, ask, options), /stopped by the test/);
  assert.deepEqual(readdirSync(folder), []);
  const percents: number[] = [];
  const whole = { ...options, signal: new AbortController().signal };
  breaths = 10;
  await buildBundle(deps, ask, { ...whole, onProgress: ({ percent }) => percents.push(percent) });
  assert.ok(breaths - 10 >= batchesIn(percents) / 16, `${breaths} breaths`);
  assert.deepEqual(
    percents,
    percents.toSorted((a, b) => a - b),
  );
  assert.deepEqual(readdirSync(folder), ['a.zip']);
});

function batchesIn(percents: readonly number[]): number {
  return percents.filter((percent) => percent < 60).length;
}

test('deleted results of computers are withheld and named, the rest stands', async (t) => {
  const { harness, third_day } = office;
  const whole = await build(t, bundleDeps(harness), await askFor(harness, third_day));
  const bodies = join(harness.data_dir, 'bodies');
  for (const name of readdirSync(bodies)) {
    if (!name.endsWith('.endpoints')) continue;
    // The store holds what it read last: it is made to read something else of the file first.
    appendFileSync(join(bodies, name), Buffer.alloc(256 * 1024));
    await harness.deps.store.readBody({ file: name, offset: 192 * 1024, length: 1 });
    truncateSync(join(bodies, name));
  }
  const pruned = await build(t, bundleDeps(harness), await askFor(harness, third_day));
  assert.equal(pruned.manifest.masked, false);
  assert.ok(batchesOf(pruned).every(({ sections }) => sections.includes(null)));
  const named = pruned.figures.not_recomputable ?? [];
  assert.ok(named.some(({ code }) => code === 'pc-1'));
  const row = (bundle: ReadBundle) =>
    bundle.figures.hours.all.devices.find(({ device }) => device === 'gw');
  assert.deepEqual(row(pruned), row(whole));
});
