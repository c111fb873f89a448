import assert from 'node:assert/strict';
import test from 'node:test';
import { newFolder, removeFolder } from '../../support/collector-core.ts';
import { killRounds } from '../../support/kill-ingest.ts';

/** `npm run soak` runs more. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 10);

test(`killed ${ROUNDS} times while it takes batches, nothing acknowledged is lost`, async (t) => {
  const folder = newFolder();
  try {
    const acknowledged = await killRounds(folder, ROUNDS, Math.random);
    t.diagnostic(`${acknowledged} batches were acknowledged`);
    assert.ok(acknowledged >= ROUNDS);
  } finally {
    removeFolder(folder);
  }
});
