import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Debian keeps half of the programs where an ordinary PATH does not look. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;
const COMMAND_TIMEOUT_MS = 20_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Programs of a lab and the Debian package of each. */
export const LAB_PROGRAMS: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nft: 'nftables',
  fping: 'fping',
  ping: 'iputils-ping',
  arping: 'arping',
  tcpdump: 'tcpdump',
  snmpd: 'snmpd',
  snmpget: 'snmp',
  sysctl: 'procps',
};
export const CLOCK_PROGRAMS: Readonly<Record<string, string>> = { faketime: 'faketime' };
export const DISK_PROGRAMS: Readonly<Record<string, string>> = {
  'mkfs.ext4': 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  losetup: 'mount',
};

/** The environment of every program of a lab: English, with the administrator's folders. */
export function labEnv(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, PATH, LC_ALL: 'C', ...more };
}

/** Runs a command and gives its output; throws with its last words if it fails. */
export function run(command: string, args: readonly string[], input = ''): string {
  try {
    return execFileSync(command, args, {
      input,
      encoding: 'utf8',
      env: labEnv(),
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    const said = (error as { stderr?: unknown }).stderr;
    const line = `${command} ${args.join(' ')}`.slice(0, 300);
    throw new Error(`${line}: ${typeof said === 'string' ? said.trim() : String(error)}`);
  }
}

/** Like `run`, where failing is an answer: null. */
export function tryRun(command: string, args: readonly string[], input = ''): string | null {
  try {
    return run(command, args, input);
  } catch {
    return null;
  }
}

function isInstalled(program: string): boolean {
  return PATH.split(':').some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * False when the lab can run here, else why not. Without root it is skipped everywhere; a missing
 * program is a failure with CI=true, so that no pipeline is green because it tested nothing.
 */
export function labSkip(programs: Readonly<Record<string, string>> = {}): string | false {
  if (process.getuid?.() !== 0) return 'the virtual LAN needs root (sudo npm run test:lab)';
  const missing = Object.entries({ ...LAB_PROGRAMS, ...programs }).filter(
    ([program]) => !isInstalled(program),
  );
  if (missing.length === 0) return false;
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  const why = `missing ${missing.map(([program]) => program).join(', ')}: apt-get install ${packages}`;
  if (process.env.CI === 'true') throw new Error(`LAB_PROGRAM_MISSING: ${why}`);
  return why;
}
