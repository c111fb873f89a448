import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import type { SubmitResult } from '../../../collector/ingest/types.ts';
import { fromBase64, utf8 } from '../../../shared/bytes.ts';
import { openCheckpoint, signCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import { leafHash, verifyInclusion } from '../../../shared/evidence/merkle.ts';
import { encodeWire } from '../../../shared/measure/wire.ts';
import { createTestAgent, type TestAgent, type TestBatch } from '../../support/batches.ts';
import {
  type Core,
  enrolAgent,
  openCore,
  removeFolder,
  shortTurns,
  T0,
} from '../../support/collector-core.ts';

const FACTS = { insecure: false };

async function withCore(
  work: (core: Core, agent: TestAgent) => Promise<void>,
  targets = 6,
): Promise<void> {
  const core = await openCore({ wait: shortTurns });
  try {
    const agent = createTestAgent({ site: 'a-site', agent: 'do-1', start_ms: T0, targets });
    await enrolAgent(core, agent);
    await work(core, agent);
  } finally {
    await core.close();
    removeFolder(core.data_dir);
  }
}

function send(core: Core, batch: TestBatch): Promise<SubmitResult> {
  core.clock.now_ms = Math.max(core.clock.now_ms, batch.header.sealed_ms);
  return core.ingest.submitBatch(batch.body, FACTS);
}

function assertRefused(result: SubmitResult, status: number, code: string): void {
  assert.equal(result.kind, 'refused');
  if (result.kind !== 'refused') return;
  assert.deepEqual([result.status, result.code], [status, code], result.message);
  assert.ok(result.hint.length > 0);
}

test('a batch is stored, leafed, acknowledged and proved', () =>
  withCore(async (core, agent) => {
    const before = core.ledger.checkpoint().size;
    const result = await send(core, agent.next());
    assert.equal(result.kind, 'accepted');
    if (result.kind !== 'accepted') return;
    assert.deepEqual([result.duplicate, result.leaf, result.list_version], [false, before, 1]);
    const head = openCheckpoint(
      core.crypto,
      result.checkpoint,
      agent.origin,
      core.logSigner.publicKey,
    );
    assert.equal(head.size, before + 1);
    const bytes = await core.ledger.leafBytes(1, before);
    const path = await core.ledger.inclusion(1, before);
    const leaf = leafHash(core.crypto, bytes);
    assert.ok(verifyInclusion(core.crypto, leaf, before, head.size, path, head.root));
    const row = await core.store.batch('a-site', 'do-1', 1, 1);
    assert.equal(row?.fault, null);
    const head2 = await core.store.agent('a-site', 'do-1');
    assert.deepEqual([head2?.seq, head2?.closed_to_ms], [1, T0 + 60_000]);
  }));

test('sections are kept byte for byte', () =>
  withCore(async (core, agent) => {
    const batch = agent.next();
    await send(core, batch);
    const row = await core.store.batch('a-site', 'do-1', 1, 1);
    assert.deepEqual(
      row?.sections.map(({ name, file }) => [name, file]),
      [
        ['infra', '2026-11.infra'],
        ['endpoints', '2026-11.endpoints'],
      ],
    );
    for (const section of row?.sections ?? []) {
      const named = batch.header.sections.find(({ name }) => name === section.name);
      const bytes = await core.store.readBody(section);
      assert.equal(bytes.length, named?.bytes);
      assert.deepEqual([...core.crypto.sha256(bytes)], [...fromBase64(named?.sha256 ?? '')]);
    }
  }, 14));

test('a repeated delivery is a success and adds nothing', () =>
  withCore(async (core, agent) => {
    const batch = agent.next();
    const first = await send(core, batch);
    const size = core.ledger.checkpoint().size;
    const again = await send(core, batch);
    assert.ok(first.kind === 'accepted' && again.kind === 'accepted');
    assert.deepEqual([again.duplicate, again.leaf], [true, first.leaf]);
    assert.equal(core.ledger.checkpoint().size, size);
  }));

test('a gap says what is expected; a signed hole goes on behind it', () =>
  withCore(async (core, agent) => {
    await send(core, agent.next());
    const before = { seq: agent.seq, prev: agent.prev };
    agent.next();
    agent.next();
    const early = await send(core, agent.next());
    assertRefused(early, 409, 'EXPECT');
    assert.deepEqual(early.kind === 'refused' ? early.expect : null, { epoch: 1, seq: 2 });
    Object.assign(agent, before);
    const hole = agent.hole(3);
    const done = await core.ingest.submitHole(hole, FACTS);
    assert.ok(done.kind === 'accepted' && !done.duplicate);
    const again = await core.ingest.submitHole(hole, FACTS);
    assert.ok(again.kind === 'accepted' && again.duplicate);
    assert.equal((await send(core, agent.next())).kind, 'accepted');
    const [leafed] = await core.store.documents('a-site', 'hole', 'do-1');
    assert.equal(leafed?.text, hole);
    assert.equal((await core.store.leaf(1, leafed?.leaf ?? -1))?.seq, 2);
    assert.equal((await core.store.batch('a-site', 'do-1', 1, 5))?.fault, null);
  }));

test('a hole that another key signed is refused', () =>
  withCore(async (core, agent) => {
    const stranger = createTestAgent({ site: 'a-site', agent: 'do-1', start_ms: T0 });
    assertRefused(await core.ingest.submitHole(stranger.hole(1), FACTS), 422, 'DSSE_SIGNATURE');
    const nobody = createTestAgent({ site: 'a-site', agent: 'do-9', start_ms: T0 });
    assertRefused(await core.ingest.submitHole(nobody.hole(1), FACTS), 401, 'unknown_agent');
    assertRefused(await core.ingest.submitHole('{', FACTS), 400, 'DSSE_FORMAT');
    agent.next();
    agent.next();
    assertRefused(await core.ingest.submitHole(agent.hole(1), FACTS), 409, 'EXPECT');
  }));

test('same number, other content: conflict leaf once, quarantine, later batches are kept', () =>
  withCore(async (core, agent) => {
    await send(core, agent.next());
    const size = core.ledger.checkpoint().size;
    const clone = agent.fork();
    assertRefused(await send(core, clone), 409, 'CONFLICT');
    assertRefused(await send(core, clone), 409, 'CONFLICT');
    assert.equal(core.ledger.checkpoint().size, size + 1);
    assert.notEqual((await core.store.agent('a-site', 'do-1'))?.quarantined_ms, null);
    assert.equal((await core.store.documents('a-site', 'conflict', 'do-1')).length, 1);
    assert.equal((await send(core, agent.next())).kind, 'accepted');
    assert.equal(core.ingest.stats().conflicts, 2);
  }));

test('what is not authentic or not whole is refused and nothing of it is stored', () =>
  withCore(async (core, agent) => {
    const size = core.ledger.checkpoint().size;
    const used = (await core.store.health()).used_bytes;
    const good = agent.next();
    const stranger = createTestAgent({ site: 'a-site', agent: 'do-1', start_ms: T0 });
    const elsewhere = createTestAgent({ site: 'b-site', agent: 'do-1', start_ms: T0 });
    const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
    const changed = Uint8Array.from(good.body);
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
    const fresh = (): TestAgent =>
      Object.assign(createTestAgent({ site: 'a-site', agent: 'do-1', start_ms: T0 }), {
        signer: agent.signer,
        prev: agent.prev,
        listHash: agent.listHash,
      });
    const cases: [Uint8Array, number, string][] = [
      [utf8('nonsense'), 400, 'WIRE_FORMAT'],
      [new Uint8Array(1024 * 1024 + 1), 413, 'WIRE_TOO_LARGE'],
      [
        encodeWire({ header: utf8('{}'), signature: new Uint8Array(64), sections: [] }),
        400,
        'HEADER_FORMAT',
      ],
      [stranger.next().body, 422, 'SIGNATURE'],
      [elsewhere.next().body, 401, 'unknown_agent'],
      [changed, 422, 'SECTION_HASH'],
      [fresh().next({ sections: { infra: utf8('no gzip at all') } }).body, 422, 'SECTION_GZIP'],
      [fresh().next({ sections: { infra: bomb } }).body, 422, 'SECTION_TOO_LARGE'],
      [fresh().next({ header: { sections: [] } }).body, 422, 'SECTION_COUNT'],
      [fresh().next({ header: { epoch: 2 } }).body, 403, 'WRONG_EPOCH'],
    ];
    for (const [body, status, code] of cases) {
      assertRefused(await core.ingest.submitBatch(body, FACTS), status, code);
    }
    assert.equal(core.ledger.checkpoint().size, size);
    assert.equal((await core.store.agent('a-site', 'do-1'))?.seq, 0);
    assert.equal(await core.store.batch('a-site', 'do-1', 1, 1), null);
    assert.ok((await core.store.health()).used_bytes - used < 64 * 1024);
    assert.equal((await send(core, good)).kind, 'accepted');
  }));

test('a revoked key is refused', () =>
  withCore(async (core, agent) => {
    const row = await core.store.agent('a-site', 'do-1');
    assert.ok(row !== null);
    await core.store.write((tx) => tx.putAgent({ ...row, revoked_ms: T0 }));
    assertRefused(await send(core, agent.next()), 403, 'KEY_REVOKED');
  }));

test('what is authentic but unreadable is leafed with its fault and the chain goes on', () =>
  withCore(async (core, agent) => {
    const faults: [string, TestBatch][] = [
      ['HEADER_VERSION', agent.next({ rewrite: (json) => json.replace('"v":1', '"v":9') })],
      ['HEADER_FIELD', agent.next({ rewrite: (json) => json.replace('"minute"', '"whim"') })],
      [
        'LIST_UNKNOWN',
        agent.next({ header: { list: { version: 1, hash: btoa('x'.repeat(32)) } } }),
      ],
      ['LIST_VERSION', agent.next({ header: { list: { version: 2, hash: agent.listHash } } })],
      ['PREV_BROKEN', agent.next({ header: { prev: btoa('y'.repeat(32)) } })],
      ['SECTION_RUNS', agent.next({ codes: { 0: 'r59' } })],
      ['SECTION_FORMAT', agent.next({ infra: () => [] })],
      [
        'SECTION_TARGET',
        agent.next({
          infra: (s) => ({ ...s, series: [{ ...s.series[0], targets: [99], s: ['r60'] }] }),
        }),
      ],
    ];
    for (const [fault, batch] of faults) {
      const result = await send(core, batch);
      assert.equal(result.kind, 'accepted', fault);
      assert.equal((await core.store.batch('a-site', 'do-1', 1, batch.seq))?.fault, fault);
    }
    const good = agent.next();
    assert.equal((await send(core, good)).kind, 'accepted');
    assert.equal((await core.store.batch('a-site', 'do-1', 1, good.seq))?.fault, null);
    assert.equal(core.ingest.stats().faulty, faults.length);
  }));

test('sections that only a later version knows are kept under one file', () =>
  withCore(async (core, agent) => {
    const batch = agent.next({
      rewrite: (json) => json.replace('"v":1', '"v":2').replace('"infra"', '"../etc"'),
    });
    assertRefused(await send(core, batch), 400, 'HEADER_FORMAT');
    agent.seq = 0;
    agent.prev = (await core.store.agent('a-site', 'do-1'))?.hash ?? new Uint8Array();
    const later = agent.next({
      rewrite: (json) => json.replace('"v":1', '"v":2').replace('"infra"', '"flows"'),
    });
    assert.equal((await send(core, later)).kind, 'accepted');
    const row = await core.store.batch('a-site', 'do-1', 1, 1);
    const [section] = row?.sections ?? [];
    assert.deepEqual([section?.name, section?.file], ['flows', '2026-11.other']);
    assert.ok(section !== undefined && (await core.store.readBody(section)).length > 0);
  }));

test('200 batches at once share commits and none is lost or doubled', async () => {
  const core = await openCore();
  try {
    const agents = Array.from({ length: 200 }, (_, at) =>
      createTestAgent({ site: `site-${at}`, agent: 'do-1', start_ms: T0 }),
    );
    for (const agent of agents) await enrolAgent(core, agent);
    const size = core.ledger.checkpoint().size;
    const results = await Promise.all(agents.map((agent) => send(core, agent.next())));
    const leaves = results.map((result) => (result.kind === 'accepted' ? result.leaf : null));
    assert.equal(new Set(leaves).size, 200);
    assert.equal(core.ledger.checkpoint().size, size + 200);
    assert.ok(core.ingest.stats().groups < 20, `${core.ingest.stats().groups} groups`);
    for (const agent of agents) assert.equal((await core.store.agent(agent.site, 'do-1'))?.seq, 1);
  } finally {
    await core.close();
    removeFolder(core.data_dir);
  }
});

test('a batch that fails inside a group harms no neighbour', async () => {
  const core = await openCore({
    wrap: (store) => ({
      ...store,
      write: (work) =>
        store.write((tx) =>
          work({
            ...tx,
            putAgent: async (row) => {
              await tx.putAgent(row);
              if (row.site === 'site-3' && row.seq > 0) throw new Error('a fault of ours');
            },
          }),
        ),
    }),
  });
  try {
    const agents = Array.from({ length: 10 }, (_, at) =>
      createTestAgent({ site: `site-${at}`, agent: 'do-1', start_ms: T0 }),
    );
    for (const agent of agents) await enrolAgent(core, agent);
    const size = core.ledger.checkpoint().size;
    const results = await Promise.allSettled(agents.map((agent) => send(core, agent.next())));
    const failed = results.flatMap(({ status }, at) => (status === 'rejected' ? [at] : []));
    assert.deepEqual(failed, [3]);
    assert.equal(core.ingest.stats().groups, 1);
    assert.equal(core.ledger.checkpoint().size, size + 9);
    assert.equal(await core.store.batch('site-3', 'do-1', 1, 1), null);
    const leaves = await core.store.leaves(1, size, size + 9);
    assert.deepEqual(
      leaves.map(({ index }) => index),
      [...leaves.keys()].map((at) => size + at),
    );
    const last = leaves.at(-1);
    const head = core.ledger.checkpoint();
    const path = await core.ledger.inclusion(1, last?.index ?? 0);
    const hash = leafHash(core.crypto, await core.ledger.leafBytes(1, last?.index ?? 0));
    assert.ok(verifyInclusion(core.crypto, hash, last?.index ?? 0, head.size, path, head.root));
  } finally {
    await core.close();
    removeFolder(core.data_dir);
  }
});

test('renew is asked until a header shows a newer seen, and again after an hour', () =>
  withCore(async (core, agent) => {
    const first = await send(core, agent.next());
    assert.ok(first.kind === 'accepted' && !first.renew);
    agent.skip(61 * 60_000);
    const stale = await send(core, agent.next());
    assert.ok(stale.kind === 'accepted' && stale.renew);
    const size = core.ledger.checkpoint().size;
    const fresh = await send(core, agent.next({ header: { seen: { log: agent.origin, size } } }));
    assert.ok(fresh.kind === 'accepted' && !fresh.renew);
  }));

test('a batch that proves lost history is a leaf of the next log', () =>
  withCore(async (core, agent) => {
    const { origin, size } = core.ledger.checkpoint();
    const head = { origin, size: size + 7, root: new Uint8Array(32).fill(3) };
    const checkpoint = signCheckpoint(core.crypto, core.logSigner, head);
    const seen = { log: origin, size: head.size, checkpoint };
    assert.equal((await send(core, agent.next({ header: { seen } }))).kind, 'accepted');
    const row = await core.store.batch('a-site', 'do-1', 1, 1);
    assert.deepEqual([core.ledger.checkpoint().log, row?.log], [2, 2]);
  }));

test('an invented seen never closes a log', () =>
  withCore(async (core, agent) => {
    const text = `${agent.origin}\n999999\n${btoa('z'.repeat(32))}\n`;
    const checkpoint = `${text}\n— ${agent.origin} ${btoa('q'.repeat(68))}\n`;
    const seen = { log: agent.origin, size: 999_999, checkpoint };
    assert.equal((await send(core, agent.next({ header: { seen } }))).kind, 'accepted');
    assert.equal(core.ledger.checkpoint().log, 1);
  }));
