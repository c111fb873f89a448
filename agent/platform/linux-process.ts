import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Tells a process from a later one that was given the same number. */
export interface ProcessMark {
  /** When it started, clock ticks since the boot (proc_pid_stat(5), field 22). */
  readonly start_ticks: string;
  /** Numbers mean processes within one such space only; containers have their own. */
  readonly pid_namespace: string;
}

/** `here`: it runs; `gone`: it does not; `unknown`: nobody can tell from where we are. */
export type ProcessFate = 'here' | 'gone' | 'unknown';

/** State and start of a process behind its name, which may hold blanks and brackets. */
const STAT = /^\d+ \(.*\) (\S)(?: -?\d+){18} (\d+)/s;
/** Ended; only its parent has not asked for its exit code yet. */
const ENDED: ReadonlySet<string> = new Set(['Z', 'X']);

/** The mark of an own process; null where /proc does not tell. `root` holds `proc`. */
export function markProcess(pid: number, root = '/'): ProcessMark | null {
  const stat = readStat(pid, root);
  const pid_namespace = namespaceOf(root);
  if (stat === undefined || pid_namespace === undefined) return null;
  return { start_ticks: stat.start_ticks, pid_namespace };
}

/** What became of the process that was marked. */
export function fateOf(pid: number, mark: ProcessMark | null, root = '/'): ProcessFate {
  const namespace = namespaceOf(root);
  if (mark === null || namespace === undefined || namespace !== mark.pid_namespace) {
    return 'unknown';
  }
  const stat = readStat(pid, root);
  // With `hidepid` /proc hides the processes of others; the kernel still knows the number.
  if (stat === undefined) return exists(pid) ? 'unknown' : 'gone';
  return stat.start_ticks === mark.start_ticks && !ENDED.has(stat.state) ? 'here' : 'gone';
}

function readStat(pid: number, root: string) {
  try {
    const text = readFileSync(join(root, 'proc', String(pid), 'stat'), 'utf8');
    const [, state, start_ticks] = STAT.exec(text) ?? [];
    return state === undefined || start_ticks === undefined ? undefined : { state, start_ticks };
  } catch {
    return undefined;
  }
}

function namespaceOf(root: string): string | undefined {
  try {
    return readlinkSync(join(root, 'proc/self/ns/pid'));
  } catch {
    return undefined;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
