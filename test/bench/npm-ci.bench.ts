import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
/** A hung download is not a slow install, ms. */
const INSTALL_MS_MAX = 300_000;
/** All that npm, npx and our bin shim start; nothing here can compile or fetch by itself. */
const PROGRAMS = ['env', 'sh', 'uname', 'dirname', 'readlink', 'ldd', 'getconf'];
const COMPILERS = ['gcc', 'g++', 'cc', 'make', 'python3'];

interface Result {
  readonly name: string;
  readonly figures: Record<string, number>;
  readonly note?: string;
  readonly skipped?: string;
}

/** `npm ci` of a clean copy under the system's own Node, without a compiler, from a cold cache. */
export async function bench(): Promise<Result> {
  const name = 'npm ci on a clean copy';
  const system = systemNode();
  if (system === undefined) {
    return { name, figures: {}, skipped: 'no Node with npm outside this checkout' };
  }
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-npm-ci-'));
  try {
    const bin = join(folder, 'bin');
    const copy = join(folder, 'lanproof');
    makePath(bin, system);
    exportTree(copy);
    const env = { PATH: bin, HOME: folder, npm_config_cache: join(folder, 'cache') };
    const under = run(join(bin, 'node'), ['-v'], copy, env).trim();
    const before_ms = performance.now();
    run(join(bin, 'npm'), ['ci', '--no-audit', '--no-fund'], copy, env);
    const seconds = (performance.now() - before_ms) / 1_000;
    const own = run(join(copy, 'node_modules/.bin/node'), ['-v'], copy, env).trim();
    if (!own.startsWith('v24.')) throw new Error(`node_modules/.bin/node is ${own}, not 24`);
    const version = run(join(bin, 'npx'), ['--no-install', 'lanproof', '--version'], copy, env);
    if (!/^\d+\.\d+\.\d+/.test(version)) throw new Error(`lanproof --version said ${version}`);
    const note =
      `under Node ${under}, a PATH without ${COMPILERS.join(', ')}, an empty npm cache ` +
      `(the registry's speed counts); then Node ${own} ran lanproof ${version.trim()}`;
    return { name, figures: { seconds: Math.round(seconds * 10) / 10 }, note };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The folder of the first Node with npm beside it that `npm ci` here did not bring. */
function systemNode(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return [...folders, '/usr/local/bin', '/usr/bin'].find(
    (folder) =>
      !folder.includes('node_modules') &&
      ['node', 'npm', 'npx'].every((program) => existsSync(join(folder, program))),
  );
}

/** A folder that is the whole PATH: what is not linked into it does not exist. */
function makePath(bin: string, system: string): void {
  mkdirSync(bin);
  for (const program of ['node', 'npm', 'npx']) {
    symlinkSync(join(system, program), join(bin, program));
  }
  for (const program of PROGRAMS) {
    const found = ['/usr/bin', '/bin'].map((folder) => join(folder, program)).find(existsSync);
    if (found !== undefined) symlinkSync(found, join(bin, program));
  }
  const compilers = readdirSync(bin).filter((program) => COMPILERS.includes(program));
  if (compilers.length > 0) throw new Error(`a compiler is in reach: ${compilers.join()}`);
}

/** What a clone would hold: tracked files and new ones that are not ignored, as they are now. */
function exportTree(copy: string): void {
  mkdirSync(copy);
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const files = listed.split('\n').filter((file) => file !== '' && existsSync(join(ROOT, file)));
  const input = `${files.join('\n')}\n`;
  const archive = join(copy, '..', 'tree.tar');
  execFileSync('tar', ['-cf', archive, '-C', ROOT, '-T', '-'], { input });
  execFileSync('tar', ['-xf', archive, '-C', copy]);
}

function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): string {
  const timeout = INSTALL_MS_MAX;
  const done = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout });
  if (done.status === 0) return done.stdout;
  throw new Error(`${command} ${args.join(' ')}: ${done.error ?? ''}${done.stderr}${done.stdout}`);
}
