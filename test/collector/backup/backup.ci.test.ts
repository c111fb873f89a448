import assert from 'node:assert/strict';
import {
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BackupOptions, makeBackup } from '../../../collector/backup/backup.ts';
import { checkBackup } from '../../../collector/backup/check-backup.ts';
import { FORMER_FILE, MANIFEST_FILE, readManifest } from '../../../collector/backup/manifest.ts';
import { restoreBackup } from '../../../collector/backup/restore.ts';
import { HEAD_FOLDER } from '../../../collector/ledger/open-ledger.ts';
import { lockDataDir, RESTORE_FILE } from '../../../collector/store/sqlite/data-lock.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { NOBODY, needsRoot } from '../../support/as-nobody.ts';
import { createTestAgent, type TestAgent } from '../../support/batches.ts';
import {
  type Core,
  enrolAgent,
  newFolder,
  openCore,
  removeFolder,
  shortTurns,
  T0,
} from '../../support/collector-core.ts';

const crypto = createNodeCrypto();
const SITE = 'socson-hq';
const signal = new AbortController().signal;
const onProgress = (): void => undefined;

function optionsFor(data_dir: string, folder: string, more: Partial<BackupOptions> = {}) {
  const clock = { software: 'test', now_ms: () => Date.now() };
  return {
    data_dir,
    folder,
    crypto,
    signal,
    onProgress,
    prune: false,
    repair: false,
    ...clock,
    ...more,
  };
}

async function send(core: Core, agent: TestAgent, batches: number): Promise<void> {
  for (let sent = 0; sent < batches; sent++) {
    const { body, header } = agent.next();
    core.clock.now_ms = Math.max(core.clock.now_ms, header.sealed_ms);
    const result = await core.ingest.submitBatch(body, { insecure: false });
    assert.equal(result.kind, 'accepted');
  }
}

/** Every batch of a store with its sections, by seq. */
async function kept({ store }: Core): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const { batch } of await store.siteLeaves(SITE, { log: 0, leaf: -1 }, 100_000)) {
    if (batch === null) continue;
    const bodies = await Promise.all(batch.sections.map((section) => store.readBody(section)));
    const parts = [batch.header, batch.signature, ...bodies];
    assert.ok(!found.has(batch.seq), `batch ${batch.seq} is there twice`);
    found.set(batch.seq, parts.map((part) => Buffer.from(part).toString('hex')).join('.'));
  }
  return found;
}

describe('backup and restore', () => {
  const folder = newFolder('lanproof-backup-');
  const data = join(folder, 'data');
  const backup = join(folder, 'backup');
  let copies = 0;
  const place = (name: string): string => join(folder, `${name}-${++copies}`);
  let core: Core;
  let agent: TestAgent;
  before(async () => {
    core = await openCore({ data_dir: data, wait: shortTurns });
    agent = createTestAgent({ site: SITE, agent: 'do-1', start_ms: T0 });
    await enrolAgent(core, agent);
    await send(core, agent, 5);
  });
  after(async () => {
    await core.close();
    removeFolder(folder);
  });

  test('beside a collector that works: as of one moment, and what is new later', async () => {
    let stop = false;
    const working = (async () => {
      while (!stop) await send(core, agent, 1);
    })();
    const first = await makeBackup(optionsFor(data, backup));
    stop = true;
    await working;
    assert.deepEqual(
      (await checkBackup({ folder: backup, crypto, signal, onProgress })).faults,
      [],
    );
    assert.ok(first.new_bytes > 0);
    assert.deepEqual(first.missing, []);
    const [head] = first.manifest.logs;
    assert.ok(head !== undefined && head.size >= 7, 'two documents and five batches');
    await send(core, agent, 3);
    const second = await makeBackup(optionsFor(data, backup));
    const grown = second.manifest.bodies.reduce((sum, { bytes }) => sum + bytes, 0);
    const had = first.manifest.bodies.reduce((sum, { bytes }) => sum + bytes, 0);
    assert.equal(second.new_bytes, grown - had);
    assert.deepEqual(
      (await checkBackup({ folder: backup, crypto, signal, onProgress })).faults,
      [],
    );
    const third = await makeBackup(optionsFor(data, backup));
    assert.equal(third.new_bytes, 0);
    const names = readdirSync(backup).sort();
    const folders = ['bodies', 'reports'];
    const databases = [second, third].map(({ manifest }) => manifest.database.file);
    const lists = [MANIFEST_FILE, FORMER_FILE];
    const expected = [...lists, ...folders, 'collector.lock', ...databases];
    assert.deepEqual(names, expected.sort(), 'two databases, no key, no head');
    assert.deepEqual(readManifest(backup, FORMER_FILE), second.manifest);
    assert.equal(statSync(join(backup, third.manifest.database.file)).mode & 0o077, 0);
  });

  test('restored: whole, in a new log, and refilled with nothing lost or doubled', async () => {
    const mine = place('backup');
    await makeBackup(optionsFor(data, mine));
    const backedUp = await kept(core);
    const later = [agent.next(), agent.next(), agent.next()];
    for (const { body } of later) {
      assert.equal((await core.ingest.submitBatch(body, { insecure: false })).kind, 'accepted');
    }
    const all = await kept(core);
    const restored = place('restored');
    const { missing_keys } = await restoreBackup({
      ...{ folder: mine, data_dir: restored, signal, onProgress },
    });
    assert.deepEqual(missing_keys, ['log.key', 'document.key']);
    assert.ok(!readdirSync(restored).includes(HEAD_FOLDER));
    const clock = { now_ms: core.clock.now_ms };
    const other = await openCore({ data_dir: restored, clock, wait: shortTurns });
    try {
      const logs = await other.store.logs();
      assert.deepEqual(
        logs.map(({ closed_reason }) => closed_reason),
        ['sentinel_missing', null],
      );
      assert.deepEqual(await kept(other), backedUp);
      for (const { body } of later) {
        const result = await other.ingest.submitBatch(body, { insecure: false });
        assert.ok(result.kind === 'accepted' && !result.duplicate);
      }
      assert.deepEqual(await kept(other), all);
    } finally {
      await other.close();
    }
    const next = makeBackup(optionsFor(restored, mine));
    assert.equal((await next).manifest.logs.length, 2, 'its own continuation may go on');
    await assert.rejects(makeBackup(optionsFor(data, mine)), { code: 'BACKUP_OTHER_HISTORY' });
    agent.seq = later.at(-1)?.seq ?? 0;
  });

  test('broken off anywhere: the former backup counts, the next run goes on', async () => {
    const mine = place('backup');
    const done = await makeBackup(optionsFor(data, mine));
    await send(core, agent, 3);
    const words = ['database, pages', 'bodies', 'reading back'];
    for (const word of words) {
      const abort = new AbortController();
      const broken = makeBackup(
        optionsFor(data, mine, {
          signal: abort.signal,
          onProgress: (what) => {
            if (what.includes(word)) abort.abort();
          },
        }),
      );
      await assert.rejects(broken, { name: 'AbortError' }, word);
      assert.deepEqual(readManifest(mine), done.manifest);
      const { faults } = await checkBackup({ folder: mine, crypto, signal, onProgress });
      assert.deepEqual(faults, [], word);
    }
    const finished = await makeBackup(optionsFor(data, mine));
    assert.ok((finished.manifest.logs[0]?.size ?? 0) > (done.manifest.logs[0]?.size ?? 0));
    assert.deepEqual((await checkBackup({ folder: mine, crypto, signal, onProgress })).faults, []);
    const first = place('backup');
    const abort = new AbortController();
    const never = optionsFor(data, first, {
      signal: abort.signal,
      onProgress: (what) => what.includes('reading') && abort.abort(),
    });
    await assert.rejects(makeBackup(never));
    const restoring = { folder: first, data_dir: place('restored'), signal, onProgress };
    await assert.rejects(restoreBackup(restoring), { code: 'NO_BACKUP' });
    assert.equal((await makeBackup(optionsFor(data, first))).new_bytes, 0, 'bodies were there');
  });

  test('damage is named by the check and stops a restore', async () => {
    const mine = place('backup');
    const { manifest } = await makeBackup(optionsFor(data, mine));
    const body = join('bodies', manifest.bodies[0]?.file ?? '');
    for (const [file, damage] of [
      [body, flip],
      [manifest.database.file, flip],
      [body, cut],
      [body, remove],
      [manifest.database.file, remove],
    ] as const) {
      const copy = place('damaged');
      cpSync(mine, copy, { recursive: true });
      damage(join(copy, file));
      const { faults } = await checkBackup({ folder: copy, crypto, signal, onProgress });
      assert.equal(faults.length, 1, `${file} ${damage.name}`);
      assert.ok(file.endsWith(faults[0]?.split(' ')[0] ?? '?'), faults[0]);
      const data_dir = place('restored');
      const restoring = { folder: copy, data_dir, signal, onProgress };
      await assert.rejects(restoreBackup(restoring), { code: 'BACKUP_DAMAGED' });
      // Half a store would begin a new history.
      assert.throws(() => lockDataDir(data_dir), { code: 'RESTORE_UNFINISHED' });
      await restoreBackup({ folder: mine, data_dir, signal, onProgress });
      lockDataDir(data_dir).release();
      assert.ok(!readdirSync(data_dir).includes(RESTORE_FILE));
    }
    writeFileSync(join(mine, MANIFEST_FILE), '{');
    await assert.rejects(checkBackup({ folder: mine, crypto, signal, onProgress }), {
      code: 'BACKUP_DAMAGED',
    });
  });

  test('what is no place for it is refused', async () => {
    const refused = async (from: string, to: string, code: string): Promise<void> =>
      assert.rejects(makeBackup(optionsFor(from, to)), { code });
    await refused(data, join(data, 'backup'), 'BACKUP_INSIDE');
    await refused(data, folder, 'BACKUP_INSIDE');
    await refused(join(folder, 'nothing'), place('backup'), 'NO_STORE');
    const other = place('other');
    mkdirSync(other);
    writeFileSync(join(other, 'letter.txt'), '');
    await refused(data, other, 'BACKUP_FOLDER');
    assert.deepEqual(readdirSync(other), ['letter.txt']);
    // Names that only begin like its own, and what a run that was cut off leaves.
    const cutOff = place('cut-off');
    mkdirSync(cutOff);
    for (const name of ['bodies-old', 'reports.bak', 'backup.json.old', 'lanproof.db.new.1']) {
      mkdirSync(join(cutOff, name));
      await refused(data, cutOff, 'BACKUP_FOLDER');
      rmSync(join(cutOff, name), { recursive: true });
    }
    for (const name of ['backup.json.new', 'lanproof.db.new-wal', 'collector.lock-journal']) {
      writeFileSync(join(cutOff, name), '');
    }
    await makeBackup(optionsFor(data, cutOff));
    await makeBackup(optionsFor(data, backup));
    const full = { folder: backup, data_dir: other, signal, onProgress };
    await assert.rejects(restoreBackup(full), { code: 'DATA_DIR_NOT_EMPTY' });
    const keyed = place('keyed');
    mkdirSync(keyed);
    // Keys, the notes beside those that were replaced, and what a crash left of writing them.
    for (const name of ['log.key', 'log.key.replaced', 'document.key.new']) {
      writeFileSync(join(keyed, name), 'k', { mode: 0o600 });
    }
    const { missing_keys } = await restoreBackup({ ...full, data_dir: keyed });
    assert.deepEqual(missing_keys, ['document.key']);
    assert.equal(readFileSync(join(keyed, 'log.key'), 'utf8'), 'k');
  });

  test('what root puts back belongs to the owner of the new directory', needsRoot, async () => {
    const theirs = place('theirs');
    await makeBackup(optionsFor(data, backup));
    mkdirSync(theirs);
    chownSync(theirs, NOBODY, NOBODY);
    await restoreBackup({ folder: backup, data_dir: theirs, signal, onProgress });
    const all = readdirSync(theirs, { recursive: true, encoding: 'utf8' });
    assert.ok(all.includes('lanproof.db') && all.some((name) => name.startsWith('bodies/')));
    for (const name of all) assert.equal(statSync(join(theirs, name)).uid, NOBODY, name);
  });

  test('bodies that the store lost are named, and the backup keeps what it had', async () => {
    const copy = place('data');
    const mine = place('backup');
    await makeBackup(optionsFor(data, mine));
    cpSync(data, copy, { recursive: true });
    const [file = ''] = readdirSync(join(copy, 'bodies'));
    rmSync(join(copy, 'bodies', file));
    const { missing, manifest } = await makeBackup(optionsFor(copy, mine));
    assert.deepEqual(missing, [file]);
    assert.ok(manifest.bodies.some((one) => one.file === file && !one.gone));
    assert.deepEqual((await checkBackup({ folder: mine, crypto, signal, onProgress })).faults, []);
  });
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function cut(path: string): void {
  writeFileSync(path, readFileSync(path).subarray(0, -1));
}

function remove(path: string): void {
  rmSync(path);
}
