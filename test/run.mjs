// Runs the test files with node:test. What needs root and a virtual LAN lives in test/lab and runs
// only with --lab, and so does what only takes minutes (*.ci.test.ts); what takes ten minutes
// of a quiet machine (*.long.test.ts) only when named.
// Plain JavaScript, so that an old Node is told what to do instead of crashing.
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `NODE_TOO_OLD: this is Node ${process.versions.node}; run "npm ci", then "npm test".`,
  );
  process.exit(1);
}
/** Wait for a minute of real time and more: they begin first, or all wait for them at the end. */
const LONGEST = [
  'test/browser/live-page.test.ts',
  'test/e2e/demo.test.ts',
  'test/e2e/demo-live.ci.test.ts',
  'test/lab/restore.test.ts',
  'test/lab/processes.test.ts',
  'test/lab/cables.test.ts',
];
const turnOf = (file) => (LONGEST.includes(file) ? 0 : 1);

const args = process.argv.slice(2);
const lab = args.includes('--lab');
const wanted = args.filter((arg) => !arg.startsWith('--'));
const pattern = lab ? ['test/lab/**/*.test.ts', 'test/**/*.ci.test.ts'] : 'test/**/*.test.ts';
const files = globSync(wanted.length > 0 ? wanted : pattern)
  .filter((file) => wanted.length > 0 || !file.endsWith('.long.test.ts'))
  .filter((file) => lab || wanted.length > 0 || !/^test\/lab\/|\.ci\.test\.ts$/.test(file))
  .sort()
  .sort((a, b) => turnOf(a) - turnOf(b));
if (files.length === 0) {
  console.error('NO_TESTS: no test file matches.');
  process.exit(1);
}
// Most of the time is spent waiting: for faults, kills and the minute of a batch.
const concurrency = 4;
const long = files.some((file) => file.endsWith('.long.test.ts'));
const timeout = long ? 900_000 : lab ? 420_000 : 280_000;
// What runs in the lab is measured, and nothing of it is made quicker.
const execArgv = lab ? [] : ['--import', import.meta.resolve('./compile-cache.mjs')];
// `node --test` would begin the files by their names.
const stream = run({ files, concurrency, timeout, execArgv });
process.exitCode = 1;
stream.on('test:summary', ({ file, success }) => {
  if (file === undefined && success) process.exitCode = 0;
});
stream.compose(new spec()).pipe(process.stdout);
