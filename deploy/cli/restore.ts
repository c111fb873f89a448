import { restoreBackup } from '../../collector/backup/restore.ts';
import { progressText } from './backup.ts';
import { type Command, EXIT_FAILED, EXIT_OK, readArguments } from './command.ts';
import { counted } from './counted.ts';
import { progressLines } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

export const restoreCommand: Command = {
  summary: 'put a backup into a new data directory',
  usage: `lanproof restore BACKUP --data NEWDIR
  BACKUP is the folder that lanproof backup was given. NEWDIR must not exist or be empty, but for
  key and certificate files. Every byte is compared with the backup's list. The collector that
  starts on it opens a new log that names the old one; agents follow by themselves and send again
  what the backup does not have.

  --data NEWDIR     the new data directory

  Exit codes: 0 done; 1 failed; 2 used wrongly`,
  async run(args, io) {
    const parsed = readArguments(args, { data: { type: 'string' } }, ['BACKUP']);
    const [folder = ''] = parsed.words;
    const data_dir = parsed.required('data');
    const stop = stopSignal();
    const { signal } = stop;
    try {
      const onProgress = progressLines(io, progressText);
      const { manifest, missing_keys } = await restoreBackup({
        ...{ folder, data_dir, signal, onProgress },
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
      return EXIT_OK;
    } catch (error) {
      if (!signal.aborted) throw error;
      io.err('stopped before the end; the same command begins anew');
      return EXIT_FAILED;
    } finally {
      stop.release();
    }
  },
};
