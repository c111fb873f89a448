#!/usr/bin/env node
// The one entry point. Plain JavaScript, so that an old Node can still run it far enough to be
// told what to do: better-sqlite3 would crash an older Node, and it cannot read TypeScript.
const NODE_MAJOR_MIN = 24;
const major = Number(process.versions.node.split('.')[0]);
if (major < NODE_MAJOR_MIN) {
  console.error(
    `NODE_TOO_OLD: this is Node ${process.versions.node}, LanProof needs Node ${NODE_MAJOR_MIN}; run "npm ci" and then "npx lanproof …", or install Node ${NODE_MAJOR_MIN}.`,
  );
  process.exit(1);
}
const { run } = await import('./deploy/cli/cli.ts');
process.exitCode = await run(process.argv.slice(2));
