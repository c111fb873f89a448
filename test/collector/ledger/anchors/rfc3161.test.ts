import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { openAnchorKeeper } from '../../../../collector/ledger/anchors/keeper.ts';
import { ANSWER_BYTES_MAX } from '../../../../collector/ledger/anchors/post.ts';
import { createAuthority } from '../../../../collector/ledger/anchors/rfc3161.ts';
import type { AnchorSource } from '../../../../collector/ledger/anchors/types.ts';
import { fromBase64, utf8 } from '../../../../shared/bytes.ts';
import { formatCheckpoint, signCheckpoint } from '../../../../shared/evidence/checkpoint.ts';
import { openDocument } from '../../../../shared/evidence/document-reading.ts';
import { timestampRequest } from '../../../../shared/evidence/timestamp/request.ts';
import { readTimestampResponse } from '../../../../shared/evidence/timestamp/response.ts';
import { readToken } from '../../../../shared/evidence/timestamp/token.ts';
import { verifyTimestamp } from '../../../../shared/evidence/timestamp/verify.ts';
import { createNodeCrypto } from '../../../../shared/node/crypto.ts';
import { type Core, openCore } from '../../../support/collector-core.ts';
import {
  type Answering,
  createTimeAuthority,
  forgeToken,
  missingOpenssl,
  opensslAgrees,
  serveAuthority,
} from '../../../support/time-authority.ts';

const skip = missingOpenssl();
const crypto = createNodeCrypto();
const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
const authority = skip === false ? createTimeAuthority() : undefined;
after(() => authority?.remove());

const keeperOf = (core: Core, sources: readonly AnchorSource[], holder = 'this') => {
  const { store, ledger, documentSigner, clock } = core;
  return openAnchorKeeper({
    ...{ sources, store, ledger, crypto, document_key: documentSigner, holder },
    now_ms: () => clock.now_ms,
    log: { warn: () => undefined },
  });
};

const good: Answering = (query) => ({ body: authority?.reply(query) ?? new Uint8Array() });

/** A keeper with one authority that answers as told. */
async function withAuthority(
  t: { after(work: () => Promise<void>): void },
  answer: Answering,
  timeout_ms = 20_000,
) {
  const core = await openCore();
  // The authority of these tests stamps the true time.
  core.clock.now_ms = Date.now();
  const server = await serveAuthority(answer);
  t.after(async () => {
    await server.close();
    await core.close();
  });
  const roots = authority === undefined ? [] : [authority.root];
  const source = createAuthority({ by: 'tsa', url: server.url, roots, crypto, random, timeout_ms });
  return { core, server, source, keeper: await keeperOf(core, [source]) };
}

test('the newest checkpoint is stamped, verified and leafed', { skip }, async (t) => {
  const { core, keeper, source } = await withAuthority(t, good);
  const head = core.ledger.checkpoint();
  assert.deepEqual(keeper.status(), [{ by: 'tsa', kind: 'rfc3161', last_ms: null, failures: {} }]);
  const [outcome, ...more] = await keeper.anchorNow('admin-1');
  assert.equal(more.length, 0);
  assert.ok(outcome?.ok === true, JSON.stringify(outcome));
  assert.deepEqual([outcome.log, outcome.size, outcome.leaf], [head.origin, head.size, head.size]);
  const [row, ...others] = await core.store.documents(null, 'anchor');
  assert.ok(row !== undefined && others.length === 0);
  assert.deepEqual([row.site, row.agent, row.leaf], [null, null, head.size]);
  const anchor = openDocument(crypto, row.text, 'anchor', core.documentSigner.publicKey);
  assert.equal(anchor.author, 'admin-1');
  assert.equal(anchor.kind, 'rfc3161');
  const root = fromBase64(anchor.root);
  const data = utf8(formatCheckpoint({ origin: anchor.log, size: anchor.size, root }));
  assert.equal(data.length, utf8(head.note.slice(0, head.note.indexOf('\n\n') + 1)).length);
  const token = fromBase64(anchor.proof);
  assert.ok(authority !== undefined);
  const verdict = await verifyTimestamp(token, data, [authority.root]);
  assert.deepEqual([verdict.ok, verdict.gen_time_ms], [true, outcome.at_ms]);
  assert.ok(opensslAgrees(authority, { token }, data));
  assert.equal(keeper.status()[0]?.last_ms, core.clock.now_ms);
  // Another start knows it, too.
  const again = await keeperOf(core, [source]);
  assert.equal(again.status()[0]?.last_ms, core.clock.now_ms);
});

const FALSE_ANSWERS: readonly (readonly [string, string, Answering])[] = [
  ['garbage', 'TIMESTAMP_FORMAT', () => ({ body: utf8('<html>no</html>') })],
  ['an error page', 'TIMESTAMP_REFUSED', () => ({ status: 503, body: utf8('busy') })],
  ['a redirect', 'TIMESTAMP_REFUSED', () => ({ status: 302, body: new Uint8Array() })],
  ['too much', 'ANCHOR_TOO_LONG', () => ({ body: new Uint8Array(ANSWER_BYTES_MAX + 1) })],
  [
    'the answer to another question',
    'TIMESTAMP_UNTRUSTED',
    (query) => {
      // Hash kept, nonce exchanged: an old answer played back.
      const hash = query.subarray(24, 56);
      return { body: authority?.reply(timestampRequest(hash, Uint8Array.of(1))) ?? query };
    },
  ],
  [
    'a stamp of other data',
    'TIMESTAMP_UNTRUSTED',
    () => {
      const query = timestampRequest(crypto.sha256(utf8('other')), Uint8Array.of(1));
      return { body: authority?.reply(query) ?? query };
    },
  ],
  [
    'an altered signature',
    'TIMESTAMP_UNTRUSTED',
    (query) => {
      const body = authority?.reply(query).slice() ?? query;
      body[body.length - 1] = (body[body.length - 1] ?? 0) ^ 1;
      return { body };
    },
  ],
];

for (const [what, code, answer] of FALSE_ANSWERS) {
  test(`${what} is refused and nothing is leafed`, { skip }, async (t) => {
    const { core, keeper } = await withAuthority(t, answer);
    const [outcome] = await keeper.anchorNow('admin-1');
    assert.ok(outcome?.ok === false);
    assert.equal(outcome.code, code, outcome.message);
    assert.notEqual(outcome.hint, '');
    assert.deepEqual(keeper.status()[0]?.failures, { [code]: 1 });
    assert.deepEqual(await core.store.documents(null, 'anchor'), []);
    assert.equal(core.ledger.checkpoint().size, 1);
  });
}

test('an authority of another root, or one that refuses, is told as such', { skip }, async (t) => {
  const other = createTimeAuthority({ digests: 'sha512' });
  const forged = createTimeAuthority();
  t.after(async () => {
    other.remove();
    forged.remove();
  });
  const rejecting = await withAuthority(t, (query) => ({ body: other.reply(query) }));
  const [rejected] = await rejecting.keeper.anchorNow('x');
  assert.ok(rejected?.ok === false && rejected.code === 'TIMESTAMP_REFUSED');
  assert.match(rejected.message, /status 2.*badAlg/);
  const strange = await withAuthority(t, (query) => ({ body: forged.reply(query) }));
  const [untrusted] = await strange.keeper.anchorNow('x');
  assert.ok(untrusted?.ok === false && untrusted.code === 'TIMESTAMP_UNTRUSTED');
  assert.match(untrusted.message, /untrusted_root/);
  assert.match(untrusted.hint, /ca_file/);
});

test('a silent or absent authority ends in time; closing ends at once', { skip }, async (t) => {
  const silent = await withAuthority(t, () => null, 200);
  const [late] = await silent.keeper.anchorNow('x');
  assert.ok(late?.ok === false && late.code === 'ANCHOR_TIMEOUT', JSON.stringify(late));
  await silent.server.close();
  const [gone] = await silent.keeper.anchorNow('x');
  assert.ok(gone?.ok === false && gone.code === 'ANCHOR_UNREACHABLE');
  assert.match(gone.message, /ECONNREFUSED/);
  const patient = await withAuthority(t, () => null, 60_000);
  const waiting = patient.keeper.anchorNow('x');
  await patient.keeper.close();
  const [ended] = await waiting;
  assert.ok(ended?.ok === false);
});

test('one source is asked once at a time, among collectors of one store, too', {
  skip,
}, async (t) => {
  const { core, keeper, server, source } = await withAuthority(t, good);
  const [first, second] = await Promise.all([keeper.anchorNow('a'), keeper.anchorNow('b')]);
  assert.deepEqual(first, second);
  assert.equal(server.queries.length, 1);
  const { clock, store } = core;
  await store.write((tx) =>
    tx.takeLease('anchor-tsa', 'another', clock.now_ms, clock.now_ms + 1_000),
  );
  const other = await keeperOf(core, [source], 'third');
  assert.deepEqual(await other.anchorNow('c'), []);
  clock.now_ms += 2_000;
  assert.equal((await other.anchorNow('c')).length, 1);
  assert.equal(server.queries.length, 2);
});

test('a token that a wrong certificate signed is never leafed', { skip }, async (t) => {
  const wrong = createTimeAuthority({ usage: 'critical,serverAuth' });
  t.after(async () => wrong.remove());
  const { core, keeper } = await withAuthority(t, (query) => {
    const { token } = readTimestampResponse(authority?.reply(query) ?? query);
    const forged = forgeToken(wrong, readToken(token ?? query).infoBytes);
    const status = Uint8Array.of(0x30, 3, 2, 1, 0);
    const length = status.length + forged.length;
    const head = Uint8Array.of(0x30, 0x82, length >> 8, length & 0xff);
    return { body: new Uint8Array(Buffer.concat([head, status, forged])) };
  });
  const [outcome] = await keeper.anchorNow('x');
  assert.ok(outcome?.ok === false);
  assert.match(outcome.message, /wrong_usage/);
  assert.deepEqual(await core.store.documents(null, 'anchor'), []);
});

test('a log that follows a lost one is anchored anew', { skip }, async (t) => {
  const { core, keeper } = await withAuthority(t, good);
  await keeper.anchorNow('x');
  const before = core.ledger.checkpoint();
  const seen = { origin: before.origin, size: before.size + 100, root: new Uint8Array(32) };
  const note = signCheckpoint(crypto, core.logSigner, seen);
  assert.equal(await core.ledger.reportSeen(note), 'history_lost');
  assert.equal(keeper.status()[0]?.last_ms, null);
  const [outcome] = await keeper.anchorNow('x');
  assert.ok(outcome?.ok === true);
  assert.notEqual(outcome.log, before.origin);
  assert.equal(outcome.log, core.ledger.checkpoint().origin);
  assert.equal(keeper.status()[0]?.last_ms, core.clock.now_ms);
});
