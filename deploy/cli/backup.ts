import { type BackupDone, makeBackup } from '../../collector/backup/backup.ts';
import { checkBackup } from '../../collector/backup/check-backup.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { type Command, EXIT_FAILED, EXIT_OK, type Io, readArguments, usage } from './command.ts';
import { counted } from './counted.ts';
import { DATA_OPTIONS, dataDir } from './data-dir.ts';
import { megabytes, progressLines } from './progress.ts';
import { stopSignal } from './stop-signal.ts';
import { softwareVersion } from './version.ts';

export const backupCommand: Command = {
  summary: 'copy the store into a folder, also while the collector runs',
  usage: `lanproof backup DIR [--data DIR | --config FILE] [--prune] [--repair]
lanproof backup DIR --check
  Copies database, bodies and issued reports as of one moment. Run it again with the same DIR: what
  was copied is not copied again, and a backup that was broken off goes on. Until it is done the
  former one counts, and DIR keeps its database afterwards, too. Keys are never in it: lanproof key
  export. Nor is the folder head/: a collector on a restored copy must open a new log.

  --data DIR        the collector's data directory
  --config FILE     or its configuration; without both: ./data
  --prune           also delete from DIR what the store deleted by its retention
  --repair          also read back what DIR holds, and copy again what differs from its list; a
                    file that DIR lost, or has cut, is copied again in any case
  --check           compare DIR with its own list, change nothing

  Exit codes: 0 done, or the backup is whole; 1 failed, or something is missing; 2 used wrongly`,
  async run(args, io) {
    const own = { check: { type: 'boolean' }, prune: { type: 'boolean' } } as const;
    const more = { repair: { type: 'boolean' } } as const;
    const parsed = readArguments(args, { ...DATA_OPTIONS, ...own, ...more }, ['DIR']);
    const [folder = ''] = parsed.words;
    if (folder === '') throw usage('DIR is empty');
    const stop = stopSignal();
    const { signal } = stop;
    try {
      if (parsed.flag('check')) return await check(folder, io, signal);
      const done = await makeBackup({
        ...{ data_dir: dataDir(parsed), folder, signal },
        ...{ prune: parsed.flag('prune'), repair: parsed.flag('repair') },
        crypto: createNodeCrypto(),
        software: softwareVersion(),
        now_ms: () => Date.now(),
        onProgress: progressLines(io, progressText),
      });
      return tell(done, folder, io);
    } catch (error) {
      if (!signal.aborted) throw error;
      io.err('stopped before the end; the same command goes on from here');
      return EXIT_FAILED;
    } finally {
      stop.release();
    }
  },
};

function tell(done: BackupDone, folder: string, io: Io): number {
  const { manifest, new_bytes, new_report_bytes, missing, unreadable, again } = done;
  const { database, bodies, reports, logs } = manifest;
  const whole = [database, ...bodies, ...reports].reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { origin, size } of logs) io.out(`${origin}: ${counted(size, 'leaf', 'leaves')}`);
  const issued = new_report_bytes === 0 ? '' : `, new reports ${megabytes(new_report_bytes)}`;
  const fresh = `database ${megabytes(database.bytes)}, new bodies ${megabytes(new_bytes)}${issued}`;
  io.out(`backed up to ${folder}: ${fresh}, in all ${megabytes(whole)}`);
  io.err('the keys are not in it: keep the file that lanproof key export writes somewhere else');
  for (const file of again) io.err(`${file} was lost or damaged in the backup: copied again`);
  for (const file of missing) io.err(`bodies/${file} is missing or too short in the store`);
  for (const id of unreadable) io.err(`reports/${id}/report.json cannot be read in the store`);
  if (missing.length + unreadable.length === 0) return EXIT_OK;
  io.err('fix: run lanproof ledger verify; an older backup may hold what is missing');
  return EXIT_FAILED;
}

async function check(folder: string, io: Io, signal: AbortSignal): Promise<number> {
  const onProgress = progressLines(io, progressText);
  const crypto = createNodeCrypto();
  const { manifest, faults, unlisted } = await checkBackup({ folder, crypto, signal, onProgress });
  for (const fault of faults) io.out(fault);
  for (const file of unlisted) {
    io.err(`${file} is not in the list: the next backup goes on with it, or --prune deletes it`);
  }
  const made = new Date(manifest.made_ms).toISOString();
  const files = counted(manifest.bodies.length + manifest.reports.length + 1, 'file');
  const verdict = faults.length === 0 ? 'whole' : counted(faults.length, 'difference');
  io.out(`backup of ${made}, ${files}: ${verdict}`);
  if (faults.length === 0) return EXIT_OK;
  io.err(`fix: lanproof backup ${folder} --repair copies again what the store still has`);
  return EXIT_FAILED;
}

export function progressText(what: string, done: number, total: number): string {
  if (what.includes('pages')) return `${what} ${done} of ${total}`;
  return `${what}: ${megabytes(done)} of ${megabytes(total)}`;
}
