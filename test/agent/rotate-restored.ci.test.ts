import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { loadIdentity } from '../../agent/identity.ts';
import { rotateKey } from '../../agent/rotate-key.ts';
import { HEAD_FOLDER } from '../../collector/ledger/open-ledger.ts';
import { equalBytes, toBase64 } from '../../shared/bytes.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { openDocument } from '../../shared/evidence/document-reading.ts';
import { type Hole, signDocument } from '../../shared/evidence/documents.ts';
import { generateSigner } from '../../shared/node/crypto.ts';
import { openHarness, START_MS } from '../collector/harness.ts';
import { ran } from '../deploy/cli/cli-kit.ts';
import { secondReaderSkip } from '../fixtures/second-reader.ts';
import { crypto, temporaryDir } from '../support/agent-kit.ts';
import {
  drain,
  type EnrolledState,
  enrolledState,
  SITE,
  sealOne,
} from '../support/enrolled-state.ts';
import { bundleOf, failedChecks, findings, told, verified } from '../support/verify-kit.ts';

const MINUTE_MS = 60_000;
const READER = fileURLToPath(new URL('../second_reader/read_bundle.py', import.meta.url));
const deps = { crypto, wall_ms: () => 1_790_000_000_000 };

/** Measures and delivers so many batches, a minute each. */
async function go(k: EnrolledState, count: number): Promise<void> {
  await k.run(async (delivery) => {
    for (let at = 0; at < count; at++) {
      k.harness.clock.now_ms += MINUTE_MS;
      await sealOne(k, delivery);
    }
    await drain(delivery);
  });
}

/** Rotated behind batches 5 and 7, with 9 batches; the copy has the first two, from before. */
async function rotatedTwice(t: TestContext): Promise<{ k: EnrolledState; copy: string }> {
  const k = await enrolledState(t);
  await go(k, 2);
  const copy = mkdtempSync(join(tmpdir(), 'lanproof-copy-'));
  t.after(() => rmSync(copy, { recursive: true, force: true }));
  cpSync(k.harness.data_dir, copy, { recursive: true });
  rmSync(join(copy, HEAD_FOLDER), { recursive: true });
  await go(k, 3);
  rotateKey(k.state_dir, deps);
  await go(k, 2);
  rotateKey(k.state_dir, deps);
  await go(k, 2);
  assert.deepEqual(k.problems, []);
  return { k, copy };
}

/** The agent's other end is put back to the copy. */
async function restored(t: TestContext, k: EnrolledState, copy: string): Promise<EnrolledState> {
  const { now_ms } = k.harness.clock;
  const harness = await openHarness({ copy_of: { data_dir: copy, now_ms } });
  t.after(() => harness.close());
  const state_dir = temporaryDir(t);
  cpSync(k.state_dir, state_dir, { recursive: true });
  return (await k.to(harness)).on(state_dir);
}

function forget({ state_dir }: EnrolledState, seqs: readonly number[]): void {
  const db = new Database(join(state_dir, 'spool.db'));
  for (const seq of seqs) db.prepare('DELETE FROM batch WHERE seq = ?').run(seq);
  db.close();
}

/** Holes of the collector in their order, opened with the key in use. */
async function holes({ harness, state_dir }: EnrolledState): Promise<Hole[]> {
  const { signer } = loadIdentity(state_dir, crypto);
  const rows = await harness.deps.store.documents(SITE, 'hole', 'do-1');
  return rows.map(({ text }) => openDocument(crypto, text, 'hole', signer.publicKey));
}

/** Everything is there, and whoever checks it finds gaps at most. Returns the bundle. */
async function assertSound(k: EnrolledState, last_seq: number): Promise<Uint8Array> {
  const { harness } = k;
  const row = await harness.deps.store.agent(SITE, 'do-1');
  const { signer } = loadIdentity(k.state_dir, crypto);
  assert.equal(row?.seq, last_seq);
  assert.ok(equalBytes(row.key, signer.publicKey));
  const checked = await ran(['ledger', 'verify', '--every', '--data', harness.data_dir]);
  assert.match(checked.out, /: no difference$/m, checked.out);
  harness.clock.now_ms += 120 * MINUTE_MS;
  const period = { from_ms: START_MS, to_ms: START_MS + 60 * MINUTE_MS };
  const zip = await bundleOf(harness, SITE, period);
  const verdict = await verified(zip, { every: true });
  assert.equal(verdict.outcome, 'pass_with_gaps', told(verdict).join('\n'));
  assert.equal(findings(verdict, 'HOLE').length, (await holes(k)).length);
  return zip;
}

test('a collector restored to before rotations takes what the spool still has', async (t) => {
  const { k, copy } = await rotatedTwice(t);
  /** What is gone, and the holes for it: none crosses the last batch of a key. */
  const cases: [string, number[], [number, number][]][] = [
    ['nothing', [], []],
    ['the oldest', [1, 2, 3], [[3, 3]]],
    ['one of the second key', [6], [[6, 6]]],
    [
      'across a rotation',
      [5, 6],
      [
        [5, 5],
        [6, 6],
      ],
    ],
    [
      'all of both older keys',
      [3, 4, 5, 6, 7],
      [
        [3, 5],
        [6, 7],
      ],
    ],
    [
      'across all',
      [4, 5, 6, 7, 8],
      [
        [4, 5],
        [6, 7],
        [8, 8],
      ],
    ],
  ];
  for (const [what, gone, ranges] of cases) {
    await t.test(what, async (t) => {
      const back = await restored(t, k, copy);
      forget(back, gone);
      await go(back, 1);
      // Until it is known there again, it asks for proofs in vain.
      assert.ok(
        back.problems.every((one) => one.startsWith('PROOF_MISSING')),
        `${back.problems}`,
      );
      const made = await holes(back);
      assert.deepEqual(
        made.map(({ from_seq, to_seq }) => [from_seq, to_seq]),
        ranges,
      );
      const rotations = await back.harness.deps.store.documents(SITE, 'rotate', 'do-1');
      assert.equal(rotations.length, 2, 'each is a leaf once');
      await assertSound(back, 10);
    });
  }
});

test('whoever checks takes no looser hole: not across a key, and only by the newest', async (t) => {
  const { k } = await rotatedTwice(t);
  const { harness } = k;
  const { enrolment, signer } = loadIdentity(k.state_dir, crypto);
  assert.equal(enrolment.rotations?.length, 2);
  const place = { site: SITE, agent: 'do-1', epoch: 1 } as const;
  const rest = { reason: 'lost_disk', at_ms: 1, next_prev: toBase64(new Uint8Array(32)) } as const;
  const forge = async (from_seq: number, to_seq: number, by: Signer): Promise<void> => {
    const hole = { v: 1, ...place, from_seq, to_seq, ...rest } as const;
    const text = signDocument(crypto, by, 'hole', hole);
    await harness.deps.ledger.commit((unit) =>
      unit.appendDocument({ kind: 'hole', ...place, seq: from_seq, text }, harness.clock.now_ms),
    );
  };
  await forge(3, 6, signer);
  await forge(3, 5, generateSigner().signer);
  const checked = await ran(['ledger', 'verify', '--every', '--data', harness.data_dir]);
  assert.equal(
    checked.out.match(/DOCUMENT_SIGNATURE: .* the hole document/g)?.length,
    2,
    checked.out,
  );
  harness.clock.now_ms += 120 * MINUTE_MS;
  const period = { from_ms: START_MS, to_ms: START_MS + 60 * MINUTE_MS };
  const verdict = await verified(await bundleOf(harness, SITE, period), { every: true });
  assert.equal(findings(verdict, 'DOCUMENT_SIGNATURE').length, 2, told(verdict).join('\n'));
  assert.ok(failedChecks(verdict).includes('documents'));
});

test('a spool that is lost behind rotations stops nothing', async (t) => {
  const { k, copy } = await rotatedTwice(t);
  rmSync(join(k.state_dir, 'spool.db'));
  await go(k, 1);
  const { after_seq } = loadIdentity(k.state_dir, crypto).rotations.at(-1) ?? { after_seq: 0 };
  assert.equal(after_seq, 7);
  assert.deepEqual(
    (await holes(k)).map(({ from_seq, reason }) => [from_seq, reason]),
    [[10, 'lost_disk']],
  );
  const head = (await k.harness.deps.store.agent(SITE, 'do-1'))?.seq ?? 0;
  assert.ok(head > 9);
  // And the collector put back, too.
  const back = await restored(t, k, copy);
  await go(back, 1);
  const ranges = (await holes(back)).map(({ from_seq, to_seq }) => [from_seq, to_seq]);
  assert.deepEqual(ranges, [
    [3, 5],
    [6, 7],
    [8, head - 1],
  ]);
  const zip = await assertSound(back, head + 1);
  if (secondReaderSkip !== false) return;
  // What the agent saw of the lost log went with its spool, so that this reader can say yes.
  const path = join(temporaryDir(t), 'a.zip');
  writeFileSync(path, zip);
  const second = spawnSync('python3', [READER, path], { encoding: 'utf8' });
  assert.equal(second.status, 0, second.stdout + second.stderr);
  assert.equal(JSON.parse(second.stdout).checked.holes, 3);
});
