import { rebuildSite } from '../../../collector/rebuild/rebuild.ts';
import { type DataLock, lockDataDir } from '../../../collector/store/sqlite/data-lock.ts';
import { requireStore } from '../../../collector/store/sqlite/snapshot.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/sqlite-store.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { EXIT_OK } from '../command.ts';
import { counted } from '../counted.ts';
import { type RebuildTask, sitesOf, surroundings, tellArchived } from './task.ts';

/** Rebuilds every site. Throws NO_STORE, DATA_DIR_IN_USE and what the store throws. */
export async function rebuildAll(task: RebuildTask): Promise<number> {
  const { data_dir, io } = task;
  requireStore(data_dir);
  const lock = takeLock(data_dir);
  try {
    const clocks = { now_ms: task.now_ms, mono_ms: () => performance.now() };
    const store = await openSqliteStore({ data_dir, ...clocks });
    try {
      const sites = await sitesOf(store, task);
      const around = await surroundings(store, sites, task);
      for (const site of sites) {
        const { faults } = await rebuildSite({ ...around, store }, site);
        const passed = faults === 0 ? '' : `; ${counted(faults, 'leaf', 'leaves')} passed over`;
        io.out(`${site}: rebuilt${passed}`);
      }
      tellArchived(await store.archivedBefore(), io);
      io.out(`${counted(sites.length, 'site')} rebuilt`);
    } finally {
      await store.close();
    }
  } finally {
    lock.release();
  }
  return EXIT_OK;
}

function takeLock(data_dir: string): DataLock {
  try {
    return lockDataDir(data_dir);
  } catch (cause) {
    if (!(cause instanceof LanProofError) || cause.code !== 'DATA_DIR_IN_USE') throw cause;
    throw new LanProofError('DATA_DIR_IN_USE', 'a collector works on this data directory', {
      hint: 'stop it, rebuild, and start it again; --check may run beside it',
      place: data_dir,
      cause,
    });
  }
}
