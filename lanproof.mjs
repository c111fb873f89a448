#!/usr/bin/env -S node --max-semi-space-size=16 --no-parallel-scavenge --heap-growing-percent=60 --disable-sigusr1 --v8-pool-size=2
// The one entry point. Plain JavaScript, so that an old Node can still run it far enough to be
// told what to do: better-sqlite3 would crash an older Node, and it cannot read TypeScript.
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';
import * as v8 from 'node:v8';

const NODE_MAJOR_MIN = 24;
const major = Number(process.versions.node.split('.')[0]);
if (major < NODE_MAJOR_MIN) {
  console.error(
    `NODE_TOO_OLD: this is Node ${process.versions.node}, LanProof needs Node ${NODE_MAJOR_MIN}; run "npm ci" and then "npx lanproof …", or install Node ${NODE_MAJOR_MIN}.`,
  );
  process.exit(1);
}
if (process.argv[2] === 'agent') {
  // An agent measures for years on a small box with other work to do. Its few dozen lines a second
  // give compilers little to win, and each makes some MB of its own code resident: one of the three
  // does, for what runs often. Young objects stay in their first megabyte instead of growing into
  // 16 (decision 0012). This stands before the compile cache, which keeps code apart by flags.
  v8.setFlagsFromString('--no-opt');
  v8.setFlagsFromString('--no-sparkplug');
  v8.setFlagsFromString('--invocation-count-for-maglev=1000');
  v8.setFlagsFromString('--semi-space-growth-factor=1');
}
// Later starts need not strip types and compile again: a third less time and 25 MB less memory.
// The cache lies beside the code, not in /tmp, where others could plant something.
module.enableCompileCache(fileURLToPath(new URL('node_modules/.cache/lanproof', import.meta.url)));
const { run } = await import('./deploy/cli/cli.ts');
process.exitCode = await run(process.argv.slice(2));
