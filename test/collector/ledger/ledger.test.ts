import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { HEAD_FOLDER } from '../../../collector/ledger/open-ledger.ts';
import type { Ledger } from '../../../collector/ledger/types.ts';
import { openConnection } from '../../../collector/store/sqlite/connection.ts';
import { DATABASE_FILE } from '../../../collector/store/sqlite/sqlite-store.ts';
import { utf8 } from '../../../shared/bytes.ts';
import { openCheckpoint, signCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import { openDocument } from '../../../shared/evidence/document-reading.ts';
import {
  leafHash,
  rootFromLeaves,
  verifyConsistency,
  verifyInclusion,
} from '../../../shared/evidence/merkle.ts';
import { testSigner } from '../../fixtures/test-keys.ts';
import { type Core, newFolder, openCore, removeFolder, T0 } from '../../support/collector-core.ts';

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = newFolder();
  try {
    await work(folder);
  } finally {
    removeFolder(folder);
  }
}

/** Appends leaves in groups, as hashes of their number. */
async function append(core: Core, count: number, group = 64, tag = 'leaf'): Promise<void> {
  for (let done = 0; done < count; done += group) {
    await core.ledger.commit(async (unit) => {
      for (let at = done; at < Math.min(count, done + group); at++) {
        const hash = core.crypto.sha256(utf8(`${tag} ${at}`));
        const batch = { site: 'a', agent: 'do-1', epoch: 1, seq: at + 1, hash, recv_ms: T0 };
        await unit.append({ kind: 'batch', ...batch });
      }
    });
  }
}

async function leafHashes(core: Core, size: number): Promise<Uint8Array[]> {
  const bytes = Array.from({ length: size }, (_, at) => core.ledger.leafBytes(1, at));
  return (await Promise.all(bytes)).map((leaf) => leafHash(core.crypto, leaf));
}

async function lastOpening(core: Core): Promise<ReturnType<typeof openDocument<'log-open'>>> {
  const text = (await core.ledger.logOpens()).at(-1) ?? '';
  return openDocument(core.crypto, text, 'log-open', core.documentSigner.publicKey);
}

/** Opens, does something, closes; returns what it returned. */
async function once<T>(folder: string, work: (core: Core) => Promise<T>): Promise<T> {
  const core = await openCore({ data_dir: folder });
  try {
    return await work(core);
  } finally {
    await core.close();
  }
}

test('log 1 opens with its signed log-open as leaf 0', () =>
  inFolder((folder) =>
    once(folder, async (core) => {
      const head = core.ledger.checkpoint();
      assert.deepEqual([head.log, head.origin, head.size], [1, 'test/log-1', 1]);
      const document = await lastOpening(core);
      assert.deepEqual([document.log, document.previous], ['test/log-1', null]);
    }),
  ));

test('tree, proofs and checkpoints of every size verify, also after reopening', () =>
  inFolder(async (folder) => {
    const sizes = [1, 2, 3, 255, 256, 257, 300, 521];
    const notes = await once(folder, async (core) => {
      const seen: string[] = [];
      core.ledger.onCheckpoint(({ note }) => void seen.push(note));
      for (const [at, size] of sizes.entries()) await append(core, size - (sizes[at - 1] ?? 1), 50);
      return seen;
    });
    await once(folder, async (core) => {
      const { crypto, ledger, logSigner } = core;
      const head = ledger.checkpoint();
      assert.equal(head.size, 521);
      const hashes = await leafHashes(core, 521);
      assert.deepEqual(rootFromLeaves(crypto, hashes), head.root);
      for (const index of [0, 1, 254, 255, 256, 300, 511, 512, 520]) {
        for (const size of [index + 1, 521]) {
          const path = await ledger.inclusion(1, index, size);
          const root = rootFromLeaves(crypto, hashes.slice(0, size));
          const hash = hashes[index] ?? new Uint8Array();
          assert.ok(verifyInclusion(crypto, hash, index, size, path, root), `${index} in ${size}`);
        }
      }
      let before = 0;
      for (const note of notes) {
        const old = openCheckpoint(crypto, note, 'test/log-1', logSigner.publicKey);
        assert.ok(old.size > before, 'sizes only rise');
        before = old.size;
        const proof = await ledger.consistency(1, old.size);
        assert.ok(verifyConsistency(crypto, old.size, old.root, 521, head.root, proof));
      }
      await assert.rejects(ledger.inclusion(1, 521), RangeError);
      await assert.rejects(ledger.inclusion(1, 0, 522), RangeError);
      await assert.rejects(ledger.leafBytes(1, 521), RangeError);
      await assert.rejects(ledger.consistency(2, 0), RangeError);
    });
  }));

test('a unit that fails leaves the tree as it was', () =>
  inFolder((folder) =>
    once(folder, async (core) => {
      await append(core, 5);
      const head = core.ledger.checkpoint();
      const failed = core.ledger.commit(async (unit) => {
        await unit.append({
          ...{ kind: 'batch', site: 'a', agent: 'do-1', epoch: 1, seq: 9 },
          ...{ hash: new Uint8Array(32), recv_ms: T0 },
        });
        throw new Error('stop');
      });
      await assert.rejects(failed, /stop/);
      assert.deepEqual(core.ledger.checkpoint(), head);
      await append(core, 3);
      const hashes = await leafHashes(core, 9);
      assert.deepEqual(rootFromLeaves(core.crypto, hashes), core.ledger.checkpoint().root);
    }),
  ));

test('a restart goes on in the same log', () =>
  inFolder(async (folder) => {
    await once(folder, (core) => append(core, 300));
    await once(folder, async (core) => {
      assert.deepEqual([core.ledger.checkpoint().log, core.ledger.checkpoint().size], [1, 301]);
      await append(core, 1);
      assert.equal((await core.store.logs()).length, 1);
    });
  }));

async function assertLogTwo(core: Core, reason: RegExp, size: number): Promise<void> {
  const head = core.ledger.checkpoint();
  assert.equal(head.log, 2);
  assert.match(head.origin, /^test\/log-2-[0-9a-f]{8}$/);
  const [first] = await core.store.logs();
  assert.match(first?.closed_reason ?? '', reason);
  const { previous } = await lastOpening(core);
  assert.deepEqual([previous?.log, previous?.size], ['test/log-1', size]);
  assert.match(previous?.reason ?? '', reason);
  const old = await core.ledger.checkpointOf(1);
  assert.equal(old?.size, size);
  await append(core, 2);
  assert.equal(core.ledger.checkpoint().size, 3);
}

test('a sentinel that is gone closes the log', () =>
  inFolder(async (folder) => {
    await once(folder, (core) => append(core, 10));
    rmSync(join(folder, HEAD_FOLDER), { recursive: true });
    await once(folder, (core) => assertLogTwo(core, /^sentinel_missing$/, 11));
    await once(folder, async (core) => assert.equal(core.ledger.checkpoint().log, 2));
  }));

test('a sentinel that is unreadable counts as gone', () =>
  inFolder(async (folder) => {
    await once(folder, (core) => append(core, 10));
    writeFileSync(join(folder, HEAD_FOLDER, 'sentinel'), 'garbage');
    await once(folder, (core) => assertLogTwo(core, /^sentinel_missing$/, 11));
  }));

/** Stands for a backup of the closed database, and for putting it back. */
function copyDatabase(from: string, to: string): void {
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(to, DATABASE_FILE + suffix), { force: true });
  cpSync(join(from, DATABASE_FILE), join(to, DATABASE_FILE));
}

test('an older copy of the database is recognised by the newer sentinel, which is named', () =>
  inFolder(async (folder) => {
    const backup = newFolder();
    await once(folder, (core) => append(core, 10));
    copyDatabase(folder, backup);
    await once(folder, (core) => append(core, 10));
    copyDatabase(backup, folder);
    removeFolder(backup);
    await once(folder, (core) => assertLogTwo(core, /^sentinel_newer: test\/log-1 21 /, 11));
  }));

test('a database that went on differently from the same point is recognised', () =>
  inFolder(async (folder) => {
    const other = newFolder();
    await once(folder, (core) => append(core, 10));
    cpSync(folder, other, { recursive: true });
    await once(folder, (core) => append(core, 3));
    await once(other, (core) => append(core, 20, 64, 'other'));
    copyDatabase(other, folder);
    removeFolder(other);
    await once(folder, (core) => assertLogTwo(core, /^sentinel_other: test\/log-1 14 /, 31));
  }));

test('damage of leaves or tiles refuses the start', () =>
  inFolder(async (folder) => {
    await once(folder, (core) => append(core, 300));
    const database = openConnection(join(folder, DATABASE_FILE), { readonly: false });
    database.run('UPDATE leaf SET recv_ms = recv_ms + 1 WHERE idx = 299');
    database.close();
    await assert.rejects(openCore({ data_dir: folder }), { code: 'LEDGER_DAMAGED' });
  }));

test('a validly signed larger head that an agent shows closes the log, once', () =>
  inFolder((folder) =>
    once(folder, async (core) => {
      await append(core, 10);
      const { crypto, logSigner, ledger } = core;
      const root = new Uint8Array(32).fill(5);
      const note = (size: number, signer = logSigner, origin = 'test/log-1'): string =>
        signCheckpoint(crypto, signer, { origin, size, root });
      assert.equal(await ledger.reportSeen(ledger.checkpoint().note), 'known');
      assert.equal(await ledger.reportSeen(note(99, testSigner('stranger'))), 'not_ours');
      assert.equal(await ledger.reportSeen(note(99, logSigner, 'other/log-1')), 'not_ours');
      assert.equal(await ledger.reportSeen('nonsense'), 'not_ours');
      assert.equal(ledger.checkpoint().log, 1);
      assert.equal(await ledger.reportSeen(note(99)), 'history_lost');
      await assertLogTwo(core, /^agent_saw_newer: test\/log-1 99 /, 11);
      assert.equal(await ledger.reportSeen(note(99)), 'known');
      assert.equal(await ledger.reportSeen(note(100)), 'known');
      assert.equal(ledger.checkpoint().log, 2);
      const lost = note(7, logSigner, 'test/log-2-0badcafe');
      assert.equal(await ledger.reportSeen(lost), 'history_lost');
      assert.equal(ledger.checkpoint().log, 3);
      assert.equal(await ledger.reportSeen(lost), 'known');
    }),
  ));

test('an equal size with another root, and a smaller head of another history, close it too', () =>
  inFolder((folder) =>
    once(folder, async (core) => {
      await append(core, 10);
      const { crypto, logSigner } = core;
      const forged = { origin: 'test/log-1', size: 11, root: new Uint8Array(32).fill(5) };
      const note = signCheckpoint(crypto, logSigner, forged);
      assert.equal(await core.ledger.reportSeen(note), 'history_lost');
    }),
  ));

test('two ledgers over one store append in turns to one tree', () =>
  inFolder(async (folder) => {
    const first = await openCore({ data_dir: folder });
    const second = await openCore({ data_dir: folder });
    try {
      for (let round = 0; round < 20; round++) await append(round % 2 ? first : second, 7);
      await append(first, 1);
      const head = first.ledger.checkpoint();
      assert.equal(head.size, 142);
      const hashes = await leafHashes(first, 142);
      assert.deepEqual(rootFromLeaves(first.crypto, hashes), head.root);
    } finally {
      await second.close();
      await first.close();
    }
  }));

test('another holder of the lease may not append until it ran out', () =>
  inFolder((folder) =>
    once(folder, async (core) => {
      const take = (now: number): Promise<boolean> =>
        core.store.write((tx) => tx.takeLease('sequencer', 'another', now, now + 30_000));
      assert.equal(await take(T0), false);
      assert.equal(await take(T0 + 30_001), true);
      await assert.rejects(append(core, 1), { code: 'LEDGER_LEASED', fatal: false });
      core.clock.now_ms = T0 + 90_000;
      await append(core, 1);
      const size = (ledger: Ledger): number => ledger.checkpoint().size;
      assert.equal(size(core.ledger), 2);
    }),
  ));
