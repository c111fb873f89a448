/** CPU and memory of processes that this one started, from /proc (Linux only). */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: the unit of CPU times in /proc. */
const TICKS_PER_S = 100;

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

export interface DescendantUse {
  /** CPU of all that still live, and of those of their children that ended, seconds. */
  readonly cpu_s: number;
  /** Peak memory of the largest one, bytes. */
  readonly largest_peak_bytes: number;
}

/** What all descendants of `root` have used so far. */
export function descendantUse(root: number): DescendantUse {
  const rows = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? rowOf(name) : []));
  const family = new Set([root]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const { pid, parent } of rows) if (family.has(parent)) family.add(pid);
  }
  family.delete(root);
  const mine = rows.filter(({ pid }) => family.has(pid));
  return {
    cpu_s: mine.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_S,
    largest_peak_bytes: mine.reduce((max, { pid }) => Math.max(max, peak_bytes(pid)), 0),
  };
}

function rowOf(name: string): Row[] {
  const stat = read(`/proc/${name}/stat`);
  // The name of the program stands in parentheses and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [, parent = '0'] = fields;
  // utime, stime, cutime, cstime: fields 14 to 17 of the line.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return stat === '' ? [] : [{ pid: Number(name), parent: Number(parent), ticks }];
}

function peak_bytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** Empty where the process has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
