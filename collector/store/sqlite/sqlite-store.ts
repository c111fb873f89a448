import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../../shared/node/make-folder.ts';
import { createDataSync } from '../../data-sync.ts';
import type { Store, WriteUnit } from '../store.ts';
import { openBodies } from './bodies.ts';
import { openConnection } from './connection.ts';
import { createDayLeafReads } from './day-leaves.ts';
import { createDiskFloor, DISK_FREE_MIN_BYTES } from './disk-floor.ts';
import { storeClosed, toStoreError } from './errors.ts';
import { createEvidenceReads } from './evidence-reads.ts';
import { createInventoryReads } from './inventory.ts';
import { createJudgementReads } from './judgement.ts';
import { migrate } from './migrate.ts';
import { createPeopleReads } from './people.ts';
import { createSeriesReads } from './series.ts';
import { createUnits } from './unit.ts';

export const DATABASE_FILE = 'lanproof.db';
export const BODIES_FOLDER = 'bodies';
export const SNAPSHOTS_FOLDER = 'snapshots';
export const MIGRATIONS_FOLDER = join(import.meta.dirname, 'migrations');

export interface SqliteOptions {
  readonly data_dir: string;
  /** Wall clock, UTC epoch ms: dates the migrations only. */
  readonly now_ms: () => number;
  /** Monotonic clock, ms. */
  readonly mono_ms: () => number;
  /** Default DISK_FREE_MIN_BYTES. */
  readonly free_min_bytes?: number;
  /** Default: the shipped migrations. */
  readonly migrations?: string;
}

/**
 * Opens (or makes) the embedded store of a data directory. Throws what `migrate` and
 * `openConnection` throw. One process owns a data directory.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const { data_dir, mono_ms, now_ms } = options;
  const file = join(data_dir, DATABASE_FILE);
  try {
    makeFolder(data_dir, 0o700);
  } catch (error) {
    throw toStoreError(error, data_dir);
  }
  const floor = createDiskFloor(data_dir, {
    free_min_bytes: options.free_min_bytes ?? DISK_FREE_MIN_BYTES,
    mono_ms,
  });
  const writer = openConnection(file, { readonly: false });
  try {
    const folder = options.migrations ?? MIGRATIONS_FOLDER;
    migrate(writer, { folder, snapshots: join(data_dir, SNAPSHOTS_FOLDER), now_ms });
  } catch (error) {
    writer.close();
    throw error;
  }
  // Reads beside a running unit must not see what it has not committed: a second connection.
  const reader = openConnection(file, { readonly: true });
  const bodies = openBodies(join(data_dir, BODIES_FOLDER), createDataSync(mono_ms));
  const runUnit = createUnits(writer, bodies);
  let closed = false;
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const result = turn.then(() => {
      if (closed) throw storeClosed();
      return run();
    });
    turn = result.catch(() => undefined);
    return result;
  };
  const write = <T>(work: (unit: WriteUnit) => Promise<T>): Promise<T> =>
    inTurn(async () => {
      await floor.check();
      return await runUnit('BEGIN IMMEDIATE', work);
    });

  return {
    ...createEvidenceReads(reader, bodies),
    ...createInventoryReads(reader),
    ...createPeopleReads(reader),
    ...createJudgementReads(reader),
    ...createDayLeafReads(reader),
    ...createSeriesReads(reader),
    write,
    read: (work) => inTurn(() => runUnit('BEGIN', work)),
    bodyFiles: () => bodies.files(),
    // In turn with the units of work: none of them reads what is being deleted.
    deleteBodies: (files) => inTurn(() => bodies.remove(files)),
    async health() {
      const free_bytes = await floor.freeBytes();
      const used_bytes = (await fileBytes(file)) + (await bodies.usedBytes());
      const min = options.free_min_bytes ?? DISK_FREE_MIN_BYTES;
      return { free_bytes, used_bytes, writable: !closed && free_bytes >= min };
    },
    async close() {
      if (closed) return;
      const last = turn;
      closed = true;
      await last;
      reader.close();
      writer.close();
      await bodies.close();
    },
  };
}

async function fileBytes(file: string): Promise<number> {
  const sizes = await Promise.all(
    [file, `${file}-wal`].map((name) =>
      stat(name).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
