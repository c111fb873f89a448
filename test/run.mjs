// Runs the test files with node:test. What needs root and a virtual LAN lives in test/lab and runs
// only with --lab; what takes ten minutes of a quiet machine (*.long.test.ts) only when named.
// Plain JavaScript, so that an old Node is told what to do instead of crashing.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `NODE_TOO_OLD: this is Node ${process.versions.node}; run "npm ci", then "npm test".`,
  );
  process.exit(1);
}
const args = process.argv.slice(2);
const lab = args.includes('--lab');
const wanted = args.filter((arg) => !arg.startsWith('--'));
const pattern = lab ? 'test/lab/**/*.test.ts' : 'test/**/*.test.ts';
const files = (wanted.length > 0 ? wanted : globSync(pattern))
  .filter((file) => wanted.length > 0 || !file.endsWith('.long.test.ts'))
  .filter((file) => lab || wanted.length > 0 || !file.startsWith('test/lab/'))
  .sort();
if (files.length === 0) {
  console.error('NO_TESTS: no test file matches.');
  process.exit(1);
}
// Most of the time is spent waiting: for faults, kills and the minute of a batch.
const concurrency = lab ? 4 : 3;
const long = files.some((file) => file.endsWith('.long.test.ts'));
const timeout_ms = long ? 900_000 : lab ? 420_000 : 280_000;
const result = spawnSync(
  process.execPath,
  [
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${timeout_ms}`,
    '--test-reporter=spec',
    ...files,
  ],
  { stdio: 'inherit' },
);
process.exit(result.status ?? 1);
