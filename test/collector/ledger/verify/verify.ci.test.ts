import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { HEAD_FOLDER } from '../../../../collector/ledger/open-ledger.ts';
import type { VerifyFault } from '../../../../collector/ledger/verify/types.ts';
import {
  VERIFY_START,
  type VerifiedPart,
  verifyPart,
} from '../../../../collector/ledger/verify/verify.ts';
import { openSnapshots } from '../../../../collector/store/sqlite/snapshot.ts';
import { createNodeCrypto } from '../../../../shared/node/crypto.ts';
import { testSigner } from '../../../fixtures/test-keys.ts';
import { createTestAgent, type TestAgent } from '../../../support/batches.ts';
import {
  type Core,
  enrolAgent,
  newFolder,
  openCore,
  removeFolder,
  shortTurns,
  T0,
} from '../../../support/collector-core.ts';

const crypto = createNodeCrypto();
const SITE = 'socson-hq';
/** More than a tile of 256 leaves. */
const BATCHES = 270;

interface Looked {
  readonly faults: VerifyFault[];
  readonly part: VerifiedPart;
}

async function look(data_dir: string, every = false): Promise<Looked> {
  const snapshots = openSnapshots(data_dir);
  const faults: VerifyFault[] = [];
  try {
    const part = await snapshots.at((reads) =>
      verifyPart(
        {
          ...{ crypto, reads, every, pause: async () => undefined },
          log_key: testSigner('log').publicKey,
          document_key: testSigner('document').publicKey,
          onFault: (fault) => void faults.push(fault),
        },
        VERIFY_START,
      ),
    );
    return { faults, part };
  } finally {
    await snapshots.close();
  }
}

async function send(core: Core, agent: TestAgent, batches: number): Promise<void> {
  for (let sent = 0; sent < batches; sent++) {
    const { body, header } = agent.next();
    core.clock.now_ms = Math.max(core.clock.now_ms, header.sealed_ms);
    assert.equal((await core.ingest.submitBatch(body, { insecure: false })).kind, 'accepted');
  }
}

/** A change in a store and the first fault that must name it. */
const TAMPERINGS: readonly {
  readonly name: string;
  readonly sql?: string;
  readonly code: string;
  readonly place: RegExp;
  readonly every?: boolean;
}[] = [
  {
    name: 'the receive time of a leaf',
    sql: 'UPDATE leaf SET recv_ms = recv_ms + 1 WHERE log = 1 AND idx = 100',
    ...{ code: 'LEAF_HASH', place: /^log 1 leaf 100$/ },
  },
  {
    name: 'a leaf in the last, unfinished tile',
    sql: 'UPDATE leaf SET seq = seq + 1000 WHERE log = 1 AND idx = 265',
    ...{ code: 'LEAF_HASH', place: /^log 1 leaf 265$/ },
  },
  {
    name: 'a leaf with its hash in the tile',
    sql: `UPDATE tile SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB)
      WHERE log = 1 AND level = 0 AND idx = 0`,
    ...{ code: 'LEAF_HASH', place: /^log 1 leaf 0$/ },
  },
  {
    name: 'a tile of the level above',
    sql: 'UPDATE tile SET hashes = zeroblob(32) WHERE log = 1 AND level = 1 AND idx = 0',
    ...{ code: 'TILE', place: /^log 1 leaf 255$/ },
  },
  {
    name: 'a saved checkpoint of another size',
    sql: 'UPDATE checkpoint SET size = size - 1 WHERE log = 1',
    ...{ code: 'CHECKPOINT_ROOT', place: /^log 1 leaf \d+$/ },
  },
  {
    name: 'the signature of a saved checkpoint',
    sql: "UPDATE checkpoint SET note = replace(note, 'log-1', 'log-9') WHERE log = 1",
    ...{ code: 'CHECKPOINT_SIGNATURE', place: /^log 1 leaf \d+$/ },
  },
  {
    name: 'the text of a document',
    sql: "UPDATE document SET text = replace(text, 'A', 'B') WHERE kind = 'enrol'",
    ...{ code: 'DOCUMENT_HASH', place: /^log 1 leaf 1 socson-hq\/do-1 enrol$/ },
  },
  {
    name: 'the signature of a document',
    sql: `UPDATE document SET text = replace(text, '"sig":"', '"sig":"AAAA') WHERE kind = 'targets'`,
    ...{ code: 'DOCUMENT_HASH', place: / targets$/ },
  },
  {
    name: 'a document is gone',
    sql: "DELETE FROM document WHERE kind = 'hole'",
    ...{ code: 'DOCUMENT_MISSING', place: / hole$/ },
  },
  {
    name: 'a byte of a header',
    sql: `UPDATE batch SET header = CAST(replace(CAST(header AS TEXT), '"minute"', '"MINUTE"')
      AS BLOB) WHERE seq = 40`,
    ...{ code: 'BATCH_HASH', place: / 1\/40$/ },
  },
  {
    name: 'a signature of a batch, every one looked at',
    sql: 'UPDATE batch SET signature = zeroblob(64) WHERE seq = 41',
    ...{ code: 'BATCH_SIGNATURE', place: / 1\/41$/, every: true },
  },
  {
    name: 'a batch is gone',
    sql: 'DELETE FROM batch WHERE seq = 42',
    ...{ code: 'BATCH_MISSING', place: / 1\/42$/ },
  },
  {
    name: 'a section points elsewhere',
    sql: `UPDATE batch SET sections = replace(sections, 'infra@', 'infra@1') WHERE seq = 50`,
    ...{ code: 'SECTION_', place: / 1\/50$/ },
  },
  {
    name: 'sections are taken away',
    sql: "UPDATE batch SET sections = '' WHERE seq = 51",
    ...{ code: 'SECTION_MISSING', place: / 1\/51$/ },
  },
  {
    name: 'the head of an agent',
    sql: 'UPDATE agent SET hash = zeroblob(32)',
    ...{ code: 'AGENT_HEAD', place: /^socson-hq\/do-1$/ },
  },
];

describe('what is stored is held against what was signed', () => {
  const folder = newFolder('lanproof-verify-');
  const data = join(folder, 'data');
  let copies = 0;
  before(async () => {
    let core = await openCore({ data_dir: data, wait: shortTurns });
    const agent = createTestAgent({ site: SITE, agent: 'do-1', start_ms: T0 });
    await enrolAgent(core, agent);
    await send(core, agent, BATCHES - 10);
    const hole = await core.ingest.submitHole(agent.hole(3), { insecure: false });
    assert.equal(hole.kind, 'accepted');
    await send(core, agent, 10);
    const { clock } = core;
    await core.close();
    // A lost head opens the second log.
    rmSync(join(data, HEAD_FOLDER), { recursive: true });
    core = await openCore({ data_dir: data, clock, wait: shortTurns });
    agent.origin = core.ledger.checkpoint().origin;
    await send(core, agent, 5);
    await core.close();
  });
  after(() => removeFolder(folder));

  const copy = (): string => {
    copies += 1;
    const dir = join(folder, `copy-${copies}`);
    cpSync(data, dir, { recursive: true });
    return dir;
  };

  test('nothing differs in what a collector left, over a hole and two logs', async () => {
    const { faults, part } = await look(data);
    assert.deepEqual(faults, []);
    assert.equal(part.next, null);
    const { leaves, batches, documents, signatures, sections, checkpoints } = part.counts;
    assert.equal(batches, BATCHES + 5);
    assert.equal(documents, 5, 'two log-opens, enrolment, list, hole');
    assert.equal(leaves, batches + documents);
    assert.ok(sections >= batches && checkpoints >= 2);
    assert.ok(signatures >= 4 && signatures <= 8, `${signatures} hours`);
    const all = await look(data, true);
    assert.deepEqual([all.faults, all.part.counts.signatures], [[], batches]);
  });

  for (const { name, sql, code, place, every } of TAMPERINGS) {
    test(`named with its place: ${name}`, async () => {
      const dir = copy();
      const db = new Database(join(dir, 'lanproof.db'));
      db.pragma('foreign_keys = OFF');
      assert.ok(db.prepare(sql ?? '').run().changes > 0, 'nothing was changed');
      db.close();
      const { faults } = await look(dir, every);
      const told = faults.some((one) => one.code.startsWith(code) && place.test(one.place));
      assert.ok(told, JSON.stringify(faults));
      rmSync(dir, { recursive: true });
    });
  }

  test('every byte of the bodies counts', async () => {
    const dir = copy();
    const [file = ''] = readdirSync(join(dir, 'bodies')).filter((name) => name.endsWith('infra'));
    const path = join(dir, 'bodies', file);
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 3);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    writeFileSync(path, bytes);
    const { faults } = await look(dir);
    assert.deepEqual(
      faults.map(({ code }) => code),
      ['SECTION_HASH'],
    );
    rmSync(path);
    const gone = await look(dir);
    assert.equal(gone.faults.length, BATCHES + 5);
    assert.ok(gone.faults.every(({ code }) => code === 'SECTION_MISSING'));
  });

  test('in parts it finds the same as in one go', async () => {
    const dir = copy();
    const db = new Database(join(dir, 'lanproof.db'));
    db.exec('UPDATE batch SET signature = zeroblob(64)');
    db.close();
    const whole = await look(dir, true);
    const snapshots = openSnapshots(dir);
    const faults = new Set<string>();
    let parts = 0;
    for (let at = VERIFY_START; ; ) {
      const part: VerifiedPart = await snapshots.at((reads) =>
        verifyPart(
          {
            ...{ crypto, reads, every: true, pause: async () => undefined },
            log_key: testSigner('log').publicKey,
            document_key: testSigner('document').publicKey,
            onFault: ({ place }) => void faults.add(place),
          },
          at,
          100,
        ),
      );
      parts += 1;
      if (part.next === null) break;
      at = part.next;
    }
    await snapshots.close();
    assert.ok(parts >= 2, `${parts} parts`);
    assert.equal(faults.size, BATCHES + 5);
    assert.deepEqual([...faults].sort(), whole.faults.map(({ place }) => place).sort());
  });
});
