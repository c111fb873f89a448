import assert from 'node:assert/strict';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { copySpool } from '../../../agent/spool/copy.ts';
import { temporaryDir } from '../../support/agent-kit.ts';

const CHANGED_MS = 1_790_000_000_000;
/** Changes nearer than this may carry one time. */
const STEP_MS = 20;

/** A spool whose last change looks fresh until `waits` waits are over. */
async function copied(t: TestContext, waits: number): Promise<string> {
  const dir = temporaryDir(t);
  const [path, to] = [join(dir, 'spool.db'), join(dir, 'copy.db')];
  writeFileSync(path, 'batches');
  utimesSync(path, CHANGED_MS / 1_000, CHANGED_MS / 1_000);
  let left = waits;
  const wait = async (): Promise<void> => {
    left -= 1;
  };
  await copySpool(path, to, { now_ms: () => CHANGED_MS + STEP_MS + (left > 0 ? 0 : 1), wait });
  assert.equal(left, 0);
  return readFileSync(to, 'utf8');
}

test('a spool that changes is tried twenty times', async (t) => {
  assert.equal(await copied(t, 0), 'batches');
  assert.equal(await copied(t, 19), 'batches');
  await assert.rejects(() => copied(t, 20), { code: 'SPOOL_BUSY' });
});
