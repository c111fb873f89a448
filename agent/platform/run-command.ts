import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Output of a command, null when it is missing, failed or took too long. */
export type RunCommand = (path: string, args: readonly string[]) => Promise<string | null>;

/** A clock question is answered at once or not at all. */
const COMMAND_TIMEOUT_MS = 2000;

/**
 * Runs a command without a shell and in English. One that is not there is not tried: a process is
 * copied before that shows, which costs as much as a second of measuring.
 */
export const runCommand: RunCommand = (path, args) =>
  new Promise((resolve) => {
    const env = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
    if (!path.includes('/') && !env.PATH.split(':').some((dir) => existsSync(join(dir, path)))) {
      resolve(null);
      return;
    }
    const limits = { timeout: COMMAND_TIMEOUT_MS, killSignal: 'SIGKILL', env } as const;
    execFile(path, args, limits, (error, stdout) => resolve(error === null ? stdout : null));
  });
