/** What the disk of a backup loses, and what no list names. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BackupOptions, makeBackup } from '../../../collector/backup/backup.ts';
import { checkBackup } from '../../../collector/backup/check-backup.ts';
import { faultOf } from '../../../collector/backup/compare.ts';
import { lockFolder } from '../../../collector/backup/lock.ts';
import { readManifest } from '../../../collector/backup/manifest.ts';
import { restoreBackup } from '../../../collector/backup/restore.ts';
import { LOCK_FILE, lockDataDir } from '../../../collector/store/sqlite/data-lock.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { ran } from '../../deploy/cli/cli-kit.ts';
import { createTestAgent } from '../../support/batches.ts';
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
const signal = new AbortController().signal;
const onProgress = (): void => undefined;
const MOUNT = process.getuid?.() === 0 ? false : 'needs root to mount a small tmpfs';

describe('a backup whose own disk loses files', () => {
  const folder = newFolder('lanproof-heal-');
  const data = join(folder, 'data');
  let copies = 0;
  const place = (name: string): string => join(folder, `${name}-${++copies}`);
  let core: Core;
  before(async () => {
    core = await openCore({ data_dir: data, wait: shortTurns });
    const agent = createTestAgent({ site: 'socson-hq', agent: 'do-1', start_ms: T0 });
    await enrolAgent(core, agent);
    for (let sent = 0; sent < 3; sent++) {
      const { body, header } = agent.next();
      core.clock.now_ms = Math.max(core.clock.now_ms, header.sealed_ms);
      await core.ingest.submitBatch(body, { insecure: false });
    }
  });
  after(async () => {
    await core.close();
    removeFolder(folder);
  });

  const back = (to: string, more: Partial<BackupOptions> = {}) =>
    makeBackup({
      ...{ data_dir: data, folder: to, crypto, signal, onProgress, prune: false, repair: false },
      ...{ software: 'test', now_ms: () => Date.now() },
      ...more,
    });
  const faultsOf = async (of: string) =>
    (await checkBackup({ folder: of, crypto, signal, onProgress })).faults;
  const firstOf = async (of: string) => {
    const [one] = (await back(of)).manifest.bodies;
    assert.ok(one !== undefined && one.bytes > 1);
    return { ...one, path: join(of, 'bodies', one.file) };
  };

  test('a lost or cut file is copied again by the next run', async () => {
    const mine = place('backup');
    const { file, bytes, path } = await firstOf(mine);
    const whole = readFileSync(path);
    for (const damage of [() => rmSync(path), () => writeFileSync(path, whole.subarray(0, -1))]) {
      damage();
      assert.equal((await faultsOf(mine)).length, 1);
      const done = await back(mine);
      assert.deepEqual(done.again, [`bodies/${file}`]);
      assert.equal(done.new_bytes, bytes);
      assert.deepEqual(await faultsOf(mine), []);
      assert.deepEqual(readFileSync(path), whole);
    }
    assert.deepEqual((await back(mine)).again, []);
  });

  test('a flipped bit is made good where it is asked', async () => {
    const mine = place('backup');
    const { file, path } = await firstOf(mine);
    const whole = readFileSync(path);
    writeFileSync(path, Buffer.from(whole).fill(0, 0, 1));
    assert.deepEqual((await back(mine)).again, [], 'nothing was read back');
    assert.deepEqual(await faultsOf(mine), [`${file} differs in part 1 of 1`]);
    assert.deepEqual((await back(mine, { repair: true })).again, [`bodies/${file}`]);
    assert.deepEqual(await faultsOf(mine), []);
    assert.deepEqual(readFileSync(path), whole);
    assert.deepEqual((await back(mine, { repair: true })).again, []);
  });

  test('a store that has something else is no source: the list stays', async () => {
    const mine = place('backup');
    const other = place('data');
    const { file, path } = await firstOf(mine);
    cpSync(data, other, { recursive: true });
    const source = join(other, 'bodies', file);
    writeFileSync(source, readFileSync(source).fill(0, 0, 1));
    writeFileSync(path, readFileSync(path).fill(1, 0, 1));
    const asked = back(mine, { data_dir: other, repair: true });
    await assert.rejects(asked, { code: 'FILE_DIFFERS' });
    assert.deepEqual(await faultsOf(mine), [`${file} differs in part 1 of 1`]);
    // The store lost it, too: named by both.
    rmSync(source);
    rmSync(path);
    assert.deepEqual((await back(mine, { data_dir: other })).missing, [file]);
    assert.deepEqual(await faultsOf(mine), [`${file} is missing`]);
  });

  test('a file that cannot be read is a difference like others', async () => {
    const listed = { file: 'folder', bytes: 1, parts: [''] };
    // Reading a folder fails as reading a bad sector does.
    const fault = await faultOf(listed, folder, { signal, onBytes: onProgress });
    assert.equal(fault, 'cannot be read (EISDIR)');
  });

  test('restored with damage: what is whole, and what can be read of the rest', async () => {
    const mine = place('backup');
    const { file, path } = await firstOf(mine);
    const whole = readFileSync(path);
    const ended = whole.subarray(0, -1);
    const flipped = Buffer.from(whole).fill(0, 0, 1);
    for (const bytes of [ended, flipped, null]) {
      if (bytes === null) rmSync(path);
      else writeFileSync(path, bytes);
      const restoring = { folder: mine, data_dir: place('restored'), signal, onProgress };
      await assert.rejects(restoreBackup(restoring), { code: 'BACKUP_DAMAGED' });
      const { damaged } = await restoreBackup({ ...restoring, with_damage: true });
      assert.deepEqual(damaged, [`bodies/${file}`]);
      lockDataDir(restoring.data_dir).release();
      const restored = join(restoring.data_dir, 'bodies', file);
      if (bytes === null) assert.ok(!existsSync(restored));
      else assert.deepEqual(readFileSync(restored), Buffer.from(bytes));
      const other = await openCore({ data_dir: restoring.data_dir, wait: shortTurns });
      assert.equal((await other.store.logs()).length, 2, 'a collector starts on it');
      await other.close();
    }
    const { database } = (await back(mine)).manifest;
    const copied = join(mine, database.file);
    writeFileSync(copied, readFileSync(copied).fill(1, 0, 1));
    const restoring = { folder: mine, data_dir: place('restored'), signal, onProgress };
    const asked = restoreBackup({ ...restoring, with_damage: true });
    await assert.rejects(asked, { code: 'BACKUP_DAMAGED' }, 'the database must be whole');
    const { manifest, damaged } = await restoreBackup({ ...restoring, former: true });
    assert.notEqual(manifest.database.file, database.file);
    assert.deepEqual(damaged, []);
    lockDataDir(restoring.data_dir).release();
  });

  test('the backup before is whole, is checked, and goes with what is deleted for good', async () => {
    const mine = place('backup');
    const { manifest: first } = await back(mine);
    const none = { folder: mine, data_dir: place('restored'), former: true, signal, onProgress };
    await assert.rejects(restoreBackup(none), { code: 'NO_BACKUP' });
    await back(mine);
    assert.deepEqual((await restoreBackup(none)).manifest, first);
    const { file } = first.database;
    rmSync(join(mine, file));
    assert.deepEqual(await faultsOf(mine), [`${file} is missing`]);
    await back(mine);
    assert.deepEqual(await faultsOf(mine), [], 'the next one takes its place');
  });

  test('neither checked nor restored while another command works on it', async () => {
    const mine = place('backup');
    await back(mine);
    const restoring = { folder: mine, data_dir: place('restored'), signal, onProgress };
    const lock = lockFolder(mine);
    await assert.rejects(back(mine), { code: 'BACKUP_BUSY' });
    await assert.rejects(faultsOf(mine), { code: 'BACKUP_BUSY' });
    await assert.rejects(restoreBackup(restoring), { code: 'BACKUP_BUSY' });
    lock.release();
    assert.deepEqual(await faultsOf(mine), []);
    // Where nothing can be written, as on a disk that is read only, it goes on without.
    rmSync(join(mine, LOCK_FILE));
    mkdirSync(join(mine, LOCK_FILE));
    assert.deepEqual(await faultsOf(mine), []);
    await restoreBackup(restoring);
    const empty = place('empty');
    mkdirSync(empty);
    await assert.rejects(faultsOf(empty), { code: 'NO_BACKUP' });
    assert.deepEqual(readdirSync(empty), []);
  });

  test('a full disk: what was there counts, and with room it goes on', {
    skip: MOUNT,
  }, async () => {
    const disk = place('disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
    try {
      const mine = join(disk, 'backup');
      const { manifest } = await back(mine);
      const ballast = join(disk, 'ballast');
      // No room for the lock, and room for it but not for a database.
      for (const free of [0, 32 * 1024]) {
        assert.throws(() => writeFileSync(ballast, new Uint8Array(9 * 1024 * 1024)), /ENOSPC/);
        truncateSync(ballast, statSync(ballast).size - free);
        await assert.rejects(back(mine), { code: 'BACKUP_DISK_FULL' }, `${free} bytes`);
        assert.deepEqual(readManifest(mine), manifest);
        assert.deepEqual(await faultsOf(mine), []);
        rmSync(ballast);
      }
      await back(mine);
      assert.deepEqual(await faultsOf(mine), []);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  test('typed by a person: each command says what to do, and its exit code tells', async () => {
    const mine = place('backup');
    const { file, path } = await firstOf(mine);
    const own = ['backup', mine, '--data', data];
    assert.equal((await ran(own)).code, 0);
    writeFileSync(path, readFileSync(path).fill(0, 0, 1));
    const checked = await ran(['backup', mine, '--check']);
    assert.equal(checked.code, 1);
    assert.match(checked.err, /fix: lanproof backup \S+ --repair/);
    const restoring = ['restore', mine, '--data', place('restored')];
    const stopped = await ran(restoring);
    assert.equal(stopped.code, 1);
    assert.match(stopped.err, /--with-damage/);
    const damaged = await ran([...restoring, '--with-damage']);
    assert.equal(damaged.code, 1);
    assert.ok(damaged.err.includes(`bodies/${file} is damaged in the backup`));
    const repaired = await ran([...own, '--repair']);
    assert.equal(repaired.code, 0);
    assert.ok(repaired.err.includes(`bodies/${file} was lost or damaged in the backup`));
    assert.equal((await ran(['backup', mine, '--check'])).code, 0);
    const former = ['restore', mine, '--data', place('restored'), '--former'];
    assert.equal((await ran(former)).code, 0);
  });

  test('pruned: what no list names goes, whenever it should have gone', async () => {
    const mine = place('backup');
    await back(mine);
    const stray = join(mine, 'bodies', '2020-01.endpoints');
    writeFileSync(stray, 'should be gone');
    const unlisted = async () =>
      (await checkBackup({ folder: mine, crypto, signal, onProgress })).unlisted;
    assert.deepEqual(await unlisted(), ['bodies/2020-01.endpoints']);
    await back(mine);
    assert.ok(existsSync(stray), 'only where it is asked');
    await back(mine, { prune: true });
    assert.ok(!existsSync(stray));
    assert.deepEqual(await unlisted(), []);
  });
});
