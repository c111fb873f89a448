/** A real user without any right, as a service has one. */
import { spawnSync } from 'node:child_process';

export const NOBODY = 65_534;

/** For tests that give files to another user. */
export const needsRoot = {
  skip: process.getuid?.() === 0 ? false : 'needs root to give files to another user',
} as const;

/** Runs a module text as that user; what it wrote, or what went wrong. */
export function asNobody(code: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    ...{ uid: NOBODY, gid: NOBODY, cwd: '/', encoding: 'utf8', timeout: 60_000 },
  });
  return stdout === '' ? stderr : stdout;
}
