import { spawnSync } from 'node:child_process';

/** What the system counted of a program that ran to its end. */
export interface MeasuredRun {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** User and system time of all its threads, seconds. */
  readonly cpu_s: number;
  /** Peak memory, MB of 2^20 bytes. */
  readonly peak_mb: number;
}

const MARK = '@usage ';
const TELL = `process.on("exit", () => process.stderr.write(
  ${JSON.stringify(`\n${MARK}`)} + JSON.stringify(process.resourceUsage())))`;

/** Runs a JavaScript program with this Node and these flags; throws where it could not end. */
export function measuredRun(
  flags: readonly string[],
  program: string,
  args: readonly string[],
): MeasuredRun {
  const tell = `data:text/javascript,${encodeURIComponent(TELL)}`;
  const words = [...flags, '--import', tell, program, ...args];
  const child = spawnSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const [stderr = '', usage] = child.stderr.split(`\n${MARK}`);
  if (usage === undefined || child.status === null) throw new Error(child.stderr);
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(usage) as NodeJS.ResourceUsage;
  return {
    ...{ exit: child.status, stdout: child.stdout, stderr },
    cpu_s: (userCPUTime + systemCPUTime) / 1_000_000,
    peak_mb: Math.round(maxRSS / 1024),
  };
}
