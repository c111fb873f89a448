import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { test } from 'node:test';
import { ANCHOR_CLOCK_MS, openAnchorKeeper } from '../../../../collector/ledger/anchors/keeper.ts';
import { createWitnessSource } from '../../../../collector/ledger/anchors/witness-client.ts';
import { openWitness } from '../../../../collector/ledger/witness/open-witness.ts';
import { createWitnessServer } from '../../../../collector/ledger/witness/server.ts';
import { createWitness, type WitnessAnswer } from '../../../../collector/ledger/witness/witness.ts';
import { fromBase64, fromUtf8 } from '../../../../shared/bytes.ts';
import { formatCheckpoint } from '../../../../shared/evidence/checkpoint.ts';
import { parseCosignerKey, verifyCosignature } from '../../../../shared/evidence/cosignature.ts';
import { openDocument } from '../../../../shared/evidence/document-reading.ts';
import { createNodeCrypto } from '../../../../shared/node/crypto.ts';
import { testSigner } from '../../../fixtures/test-keys.ts';
import { type Core, newFolder, openCore, removeFolder } from '../../../support/collector-core.ts';
import { createModelLog } from '../../../support/model-log.ts';

const crypto = createNodeCrypto();
type Cleaner = { after(work: () => Promise<void> | void): void };

/** A real witness over HTTP for the collector's log. */
async function startWitness(
  t: Cleaner,
  core: Core,
  change = (answer: WitnessAnswer) => answer,
  ahead_ms = 0,
) {
  const folder = newFolder();
  const { name, signer, state, verifier_key } = openWitness(folder, crypto);
  const origin = core.ledger.checkpoint().origin;
  const logs = [{ name: origin, publicKey: core.logSigner.publicKey }];
  const now_ms = () => core.clock.now_ms + ahead_ms;
  const answer = createWitness({ crypto, name, signer, logs, state, now_ms });
  const requests: string[] = [];
  const server: Server = createWitnessServer({
    answer(body) {
      requests.push(fromUtf8(body).split('\n', 1)[0] ?? '');
      return change(answer(body));
    },
    log: () => undefined,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    removeFolder(folder);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const key = parseCosignerKey(crypto, verifier_key);
  return { url: `http://127.0.0.1:${port}`, key, answer, requests };
}

type Witness = Awaited<ReturnType<typeof startWitness>>;

function keeperOf(core: Core, { url, key }: Pick<Witness, 'url' | 'key'>) {
  const { store, ledger, documentSigner, clock } = core;
  const source = createWitnessSource({ by: 'so-tai-chinh', url, key, crypto, ledger });
  return openAnchorKeeper({
    ...{ sources: [source], store, ledger, crypto, document_key: documentSigner, holder: 'this' },
    now_ms: () => clock.now_ms,
    log: { warn: () => undefined },
  });
}

/** Appends a leaf that says nothing. */
async function grow(core: Core, leaves: number): Promise<void> {
  for (let i = 0; i < leaves; i++) {
    const hash = new Uint8Array(32).fill(i);
    const codes = { site: null, agent: null, epoch: 0, seq: 0 };
    const recv_ms = core.clock.now_ms;
    await core.ledger.commit((unit) => unit.append({ kind: 'prune', ...codes, hash, recv_ms }));
  }
}

test('checkpoints are cosigned with a proof from the last one, and leafed', async (t) => {
  const core = await openCore();
  t.after(() => core.close());
  const witness = await startWitness(t, core);
  const keeper = await keeperOf(core, witness);
  const sizes: number[] = [];
  for (const leaves of [0, 5, 40]) {
    await grow(core, leaves);
    sizes.push(core.ledger.checkpoint().size);
    const [outcome] = await keeper.anchorNow('collector');
    assert.ok(outcome?.ok === true, JSON.stringify(outcome));
  }
  assert.deepEqual(witness.requests, ['old 0', `old ${sizes[0]}`, `old ${sizes[1]}`]);
  const rows = await core.store.documents(null, 'anchor');
  assert.equal(rows.length, 3);
  for (const [index, { text }] of rows.entries()) {
    const anchor = openDocument(crypto, text, 'anchor', core.documentSigner.publicKey);
    assert.deepEqual([anchor.kind, anchor.size], ['witness', sizes[index]]);
    const lines = fromUtf8(fromBase64(anchor.proof));
    const head = { origin: anchor.log, size: anchor.size, root: fromBase64(anchor.root) };
    const { at_ms } = verifyCosignature(crypto, lines, formatCheckpoint(head), witness.key);
    assert.equal(at_ms, core.clock.now_ms);
  }
  // A collector that starts anew goes on from the newest anchor that it has.
  await (await keeperOf(core, witness)).anchorNow('collector');
  assert.equal(witness.requests.at(-1), `old ${sizes[2]}`);
});

test('a lost answer is asked for again from the size that the witness names', async (t) => {
  const core = await openCore();
  t.after(() => core.close());
  let lost = 1;
  const witness = await startWitness(t, core, (answer) => {
    if (lost === 0 || answer.status !== 200) return answer;
    lost -= 1;
    throw new Error('the line is cut');
  });
  const keeper = await keeperOf(core, witness);
  const [first] = await keeper.anchorNow('collector');
  assert.ok(first?.ok === false && first.code === 'WITNESS_REFUSED');
  await grow(core, 3);
  const [second] = await keeper.anchorNow('collector');
  assert.equal(second?.ok, true);
  assert.deepEqual(witness.requests, ['old 0', 'old 0', 'old 1']);
});

test('a witness that saw more, or another history, is told to people', async (t) => {
  const core = await openCore();
  t.after(() => core.close());
  const witness = await startWitness(t, core);
  await grow(core, 8);
  const keeper = await keeperOf(core, witness);
  const { origin, size } = core.ledger.checkpoint();
  // What a copy of this log that was put back later would not have.
  const other = createModelLog(crypto, origin, core.logSigner);
  assert.equal(witness.answer(other.request(0, size)).status, 200);
  const [forked] = await keeper.anchorNow('collector');
  assert.ok(forked?.ok === false && forked.code === 'WITNESS_REFUSED');
  assert.match(forked.hint, /another history/);
  assert.equal(witness.answer(other.request(size, size + 9)).status, 200);
  const [ahead] = await keeper.anchorNow('collector');
  assert.ok(ahead?.ok === false && ahead.code === 'WITNESS_AHEAD');
  assert.match(ahead.message, new RegExp(`${size + 9} leaves`));
  assert.deepEqual(keeper.status()[0]?.failures, { WITNESS_REFUSED: 1, WITNESS_AHEAD: 1 });
  assert.deepEqual(await core.store.documents(null, 'anchor'), []);
});

test('a witness whose clock is wrong gives no anchor: its leaf would stay', async (t) => {
  const core = await openCore();
  t.after(() => core.close());
  for (const sign of [-1, 1]) {
    const edge = await startWitness(t, core, undefined, sign * ANCHOR_CLOCK_MS);
    const [near] = await (await keeperOf(core, edge)).anchorNow('x');
    assert.equal(near?.ok, true, JSON.stringify(near));
    const wrong = await startWitness(t, core, undefined, sign * (ANCHOR_CLOCK_MS + 1_000));
    const keeper = await keeperOf(core, wrong);
    const [far] = await keeper.anchorNow('x');
    assert.ok(far?.ok === false && far.code === 'ANCHOR_CLOCK', JSON.stringify(far));
    assert.match(far.message, sign < 0 ? /31000 ms behind/ : /31000 ms ahead/);
    assert.deepEqual(keeper.status()[0]?.failures, { ANCHOR_CLOCK: 1 });
  }
  assert.equal((await core.store.documents(null, 'anchor')).length, 2, 'those at the edge');
});

test('a cosignature of another key, or of nothing, is not believed', async (t) => {
  const core = await openCore();
  t.after(() => core.close());
  const witness = await startWitness(t, core);
  const stranger = { ...witness.key, publicKey: testSigner('stranger').publicKey };
  const [outcome] = await (await keeperOf(core, { ...witness, key: stranger })).anchorNow('x');
  assert.ok(outcome?.ok === false && outcome.code === 'NOTE_SIGNATURE');
  const empty = await startWitness(t, core, (answer) => ({ ...answer, body: 'hello\n' }));
  const [garbage] = await (await keeperOf(core, empty)).anchorNow('x');
  assert.ok(garbage?.ok === false && garbage.code === 'NOTE_FORMAT');
  assert.deepEqual(await core.store.documents(null, 'anchor'), []);
});
