import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { openConnection } from '../../../collector/store/sqlite/connection.ts';
import {
  DATABASE_FILE,
  MIGRATIONS_FOLDER,
  openSqliteStore,
  SNAPSHOTS_FOLDER,
} from '../../../collector/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../collector/store/store.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { bytes, storeContract } from '../../contract/store.ts';
import { newFolder, removeFolder } from '../../support/collector-core.ts';

const now_ms = (): number => Date.UTC(2026, 10, 23);
const mono_ms = (): number => performance.now();

function open(
  data_dir: string,
  more: { migrations?: string; free_min_bytes?: number } = {},
): Promise<Store> {
  return openSqliteStore({ data_dir, now_ms, mono_ms, ...more });
}

storeContract({
  name: 'sqlite',
  async open() {
    const folder = newFolder();
    let store = await open(folder);
    return {
      store,
      async reopen() {
        await store.close();
        store = await open(folder);
        return store;
      },
      async remove() {
        await store.close();
        removeFolder(folder);
      },
    };
  },
});

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = newFolder();
  try {
    await work(folder);
  } finally {
    removeFolder(folder);
  }
}

test('every open sets WAL and synchronous=FULL, also of a database made otherwise', () =>
  inFolder(async (folder) => {
    await (await open(folder)).close();
    for (let round = 0; round < 2; round++) {
      const connection = openConnection(join(folder, DATABASE_FILE), { readonly: false });
      assert.equal(connection.get<{ synchronous: number }>('PRAGMA synchronous')?.synchronous, 2);
      const mode = connection.get<{ journal_mode: string }>('PRAGMA journal_mode');
      assert.equal(mode?.journal_mode, 'wal');
      assert.equal(connection.get<{ page_size: number }>('PRAGMA page_size')?.page_size, 4096);
      connection.close();
    }
  }));

test('migrations: an edited, missing or misnamed one refuses to start and says what to do', () =>
  inFolder(async (folder) => {
    const migrations = join(folder, 'sql');
    const data = join(folder, 'data');
    mkdirSync(migrations);
    const first = readdirSync(MIGRATIONS_FOLDER)[0] ?? '';
    copyFileSync(join(MIGRATIONS_FOLDER, first), join(migrations, first));
    await (await open(data, { migrations })).close();

    const second = join(migrations, '0002_more.sql');
    writeFileSync(second, 'CREATE TABLE more (a INTEGER) STRICT;');
    const store = await open(data, { migrations });
    await store.close();
    const snapshots = readdirSync(join(data, SNAPSHOTS_FOLDER));
    assert.equal(snapshots.length, 1);
    assert.ok(statSync(join(data, SNAPSHOTS_FOLDER, snapshots[0] ?? '')).size > 0);

    const fails = async (code: string): Promise<void> => {
      await assert.rejects(open(data, { migrations }), (error) => {
        assert.ok(error instanceof LanProofError);
        assert.deepEqual([error.code, error.hint.length > 20], [code, true]);
        return true;
      });
    };
    writeFileSync(second, 'CREATE TABLE more (a INTEGER, b INTEGER) STRICT;');
    await fails('MIGRATION_EDITED');
    rmSync(second);
    await fails('MIGRATION_MISSING');
    writeFileSync(join(migrations, '0003_later.sql'), 'SELECT 1;');
    await fails('MIGRATION_ORDER');
  }));

test('a migration that fails changes nothing and can be tried again', () =>
  inFolder(async (folder) => {
    const migrations = join(folder, 'sql');
    const data = join(folder, 'data');
    mkdirSync(migrations);
    const first = readdirSync(MIGRATIONS_FOLDER)[0] ?? '';
    copyFileSync(join(MIGRATIONS_FOLDER, first), join(migrations, first));
    const second = join(migrations, '0002_more.sql');
    writeFileSync(second, 'CREATE TABLE more (a INTEGER) STRICT; CREATE TABLE nonsense;');
    await assert.rejects(open(data, { migrations }));
    writeFileSync(second, 'CREATE TABLE more (a INTEGER) STRICT;');
    await (await open(data, { migrations })).close();
  }));

test('below the floor of free space writes are refused and may be tried again', () =>
  inFolder(async (folder) => {
    const store = await open(folder, { free_min_bytes: Number.MAX_SAFE_INTEGER });
    await assert.rejects(
      store.write(async () => undefined),
      (error) => error instanceof LanProofError && error.code === 'DISK_FULL' && !error.fatal,
    );
    assert.equal((await store.health()).writable, false);
    assert.deepEqual(await store.logs(), []);
    await store.close();
  }));

const MOUNT = process.getuid?.() === 0 ? false : 'needs root to mount a small tmpfs';

test(
  'a full disk: what was committed stays, what failed leaves nothing, space heals',
  { skip: MOUNT },
  () =>
    inFolder(async (folder) => {
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
      try {
        const ballast = join(disk, 'ballast');
        writeFileSync(ballast, new Uint8Array(1024 * 1024));
        const store = await open(join(disk, 'data'), { free_min_bytes: 0 });
        const put = (name: string) =>
          store.write(async (tx) => {
            await tx.putSalt('a', name, bytes(1, 20_000));
            await tx.putBody('infra', now_ms(), bytes(2, 20_000));
          });
        const kept: string[] = [];
        let failure: unknown;
        for (let at = 0; at < 1000 && failure === undefined; at++) {
          await put(`n${at}`).then(
            () => kept.push(`n${at}`),
            (error: unknown) => {
              failure = error;
            },
          );
        }
        assert.ok(failure instanceof LanProofError, String(failure));
        assert.deepEqual([failure.code, failure.fatal], ['DISK_FULL', false]);
        assert.ok(kept.length > 10);
        for (const name of kept) assert.notEqual(await store.salt('a', name), null);
        assert.equal(await store.salt('a', `n${kept.length}`), null);
        rmSync(ballast);
        await put('after');
        assert.notEqual(await store.salt('a', 'after'), null);
        await store.close();
      } finally {
        execFileSync('umount', [disk]);
      }
    }),
);

test('a read-only disk says so', { skip: MOUNT }, () =>
  inFolder(async (folder) => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
    try {
      const store = await open(join(disk, 'data'), { free_min_bytes: 0 });
      await store.write((tx) => tx.putSalt('a', 'x', bytes(1)));
      await store.close();
      execFileSync('mount', ['-o', 'remount,ro', disk]);
      await assert.rejects(
        open(join(disk, 'data'), { free_min_bytes: 0 }),
        (error) => error instanceof LanProofError && error.code === 'DISK_READ_ONLY',
      );
    } finally {
      execFileSync('umount', [disk]);
    }
  }),
);
