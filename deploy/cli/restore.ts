import { restoreBackup } from '../../collector/backup/restore.ts';
import { progressText } from './backup.ts';
import { type Command, EXIT_FAILED, EXIT_OK, readArguments } from './command.ts';
import { counted } from './counted.ts';
import { progressLines } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

const OPTIONS = {
  data: { type: 'string' },
  former: { type: 'boolean' },
  'with-damage': { type: 'boolean' },
} as const;

export const restoreCommand: Command = {
  summary: 'put a backup into a new data directory',
  usage: `lanproof restore BACKUP --data NEWDIR [--former] [--with-damage]
  BACKUP is the folder that lanproof backup was given. NEWDIR must not exist or be empty, but for
  key and certificate files. Every byte is compared with the backup's list. The collector that
  starts on it opens a new log that names the old one; agents follow by themselves and send again
  what the backup does not have.

  --data NEWDIR     the new data directory

  --former          the backup before the newest one: the folder keeps its database, too
  --with-damage     where bodies or reports are damaged, put there what can be read, name them,
                    and end with 1; the database must be whole. What is damaged stays unproved

  Exit codes: 0 done; 1 failed, or restored with damage; 2 used wrongly`,
  async run(args, io) {
    const parsed = readArguments(args, OPTIONS, ['BACKUP']);
    const [folder = ''] = parsed.words;
    const data_dir = parsed.required('data');
    const stop = stopSignal();
    const { signal } = stop;
    try {
      const onProgress = progressLines(io, progressText);
      const { manifest, missing_keys, damaged } = await restoreBackup({
        ...{ folder, data_dir, signal, onProgress },
        ...{ former: parsed.flag('former'), with_damage: parsed.flag('with-damage') },
      });
      for (const { origin, size } of manifest.logs) {
        io.out(`${origin}: ${counted(size, 'leaf', 'leaves')}`);
      }
      const made = new Date(manifest.made_ms).toISOString();
      io.out(`restored the backup of ${made} into ${data_dir}`);
      if (missing_keys.length > 0) {
        io.err(`before the start, put ${missing_keys.join(' and ')} there: lanproof key import`);
      }
      io.err(
        'agents also pin a certificate that the collector made: lanproof key import has tls.pem',
      );
      io.err('the collector will open a new log; do not start the old one again');
      for (const file of damaged) io.err(`${file} is damaged in the backup`);
      return damaged.length === 0 ? EXIT_OK : EXIT_FAILED;
    } catch (error) {
      if (!signal.aborted) throw error;
      io.err('stopped before the end; the same command begins anew');
      return EXIT_FAILED;
    } finally {
      stop.release();
    }
  },
};
