import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { rotateKey } from '../../../agent/rotate-key.ts';
import { TRIES_MAX } from '../../../deploy/cli/spool-import.ts';
import { openHarness } from '../../collector/harness.ts';
import { crypto, temporaryDir } from '../../support/agent-kit.ts';
import { type EnrolledState, enrolledState, SITE, sealOne } from '../../support/enrolled-state.ts';
import { type Ran, ran } from './cli-kit.ts';

/** Seals so many batches that wait. */
async function wait(k: EnrolledState, count: number): Promise<void> {
  await k.run(async (delivery) => {
    for (let at = 0; at < count; at++) await sealOne(k, delivery);
  });
}

const fileIn = (t: TestContext): string => join(temporaryDir(t), 'xa.lps');

async function exported(
  { state_dir }: EnrolledState,
  file: string,
  ...more: string[]
): Promise<Ran> {
  return await ran(['spool', 'export', file, '--state', state_dir, ...more]);
}

async function imported({ harness }: EnrolledState, file: string): Promise<Ran> {
  const { port } = harness.app.server.address() as AddressInfo;
  return await ran(['spool', 'import', file, '--collector', `http://127.0.0.1:${port}`]);
}

test('a file of another commune is not written over', async (t) => {
  const k = await enrolledState(t);
  const file = fileIn(t);
  await wait(k, 1);
  assert.equal((await exported(k, file)).code, 0);
  const first = readFileSync(file);
  await wait(k, 1);
  const again = await exported(k, file);
  assert.equal(again.code, 1);
  assert.match(again.err, /^SPOOL_FILE_EXISTS: /);
  assert.deepEqual(readFileSync(file), first);
  assert.match((await exported(k, file, '--force')).out, /: 2 batches, from 1 to 2: /);
});

test('a collector that was put back needs all that is kept', async (t) => {
  const k = await enrolledState(t);
  const copy = temporaryDir(t);
  cpSync(k.harness.data_dir, copy, { recursive: true });
  await k.deliver(2);
  await wait(k, 2);
  const { now_ms } = k.harness.clock;
  const harness = await openHarness({ copy_of: { data_dir: copy, now_ms } });
  t.after(() => harness.close());
  const back = await k.to(harness);
  const file = fileIn(t);
  await exported(k, file);
  const gap = await imported(back, file);
  assert.equal(gap.code, 1);
  assert.match(gap.err, /^SPOOL_GAP: .*expects batch 1, the file goes on with 3[\s\S]*--all/);
  assert.match((await exported(k, file, '--all', '--force')).out, /: 4 batches, from 1 to 4: /);
  assert.equal((await imported(back, file)).out, '4 records taken in, 0 there already');
  assert.equal((await imported(k, file)).out, '2 records taken in, 2 there already');
});

test('what the spool lost travels as a hole; the agent finds it taken', async (t) => {
  const k = await enrolledState(t);
  const file = fileIn(t);
  await wait(k, 3);
  const db = new Database(join(k.state_dir, 'spool.db'));
  db.prepare('DELETE FROM batch WHERE seq = 2').run();
  db.close();
  assert.match((await exported(k, file)).out, /: 2 batches, 1 hole, from 1 to 3: /);
  assert.equal((await imported(k, file)).out, '3 records taken in, 0 there already');
  assert.equal((await imported(k, file)).out, '0 records taken in, 3 there already');
  await k.deliver(1);
  const { store } = k.harness.deps;
  assert.equal((await store.agent(SITE, 'do-1'))?.seq, 4);
  assert.equal((await store.documents(SITE, 'hole', 'do-1')).length, 1);
});

test('a key that the agent did not tell yet is named as what it is', async (t) => {
  const k = await enrolledState(t);
  const file = fileIn(t);
  await k.deliver(1);
  rotateKey(k.state_dir, { crypto, wall_ms: () => 1 });
  await wait(k, 1);
  await exported(k, file);
  const untold = await imported(k, file);
  assert.equal(untold.code, 1);
  assert.match(untold.err, /^SPOOL_KEY_UNTOLD: /);
  assert.match(untold.err, /batch 2/);
  // One moment of a line: the first thing that the agent tells is its key.
  await k.run(async ({ deliverer }) => void (await deliverer.step()));
  assert.equal((await imported(k, file)).out, '1 record taken in, 0 there already');
});

test('who is not known, and what contradicts the collector, is refused', async (t) => {
  const k = await enrolledState(t);
  const file = fileIn(t);
  const other = k.on(k.other_dir);
  await k.deliver(1);
  k.harness.clock.now_ms += 60_000;
  await wait(other, 1);
  await exported(other, file);
  const conflict = await imported(k, file);
  assert.equal(conflict.code, 1);
  assert.match(conflict.err, /^1 batch contradict/);
  const fresh = await openHarness();
  t.after(() => fresh.close());
  const unknown = await imported(await k.to(fresh), file);
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /^unknown_agent: [\s\S]*must reach it once/);
});

test('a busy collector is asked again, but not for ever', async (t) => {
  const k = await enrolledState(t);
  const file = fileIn(t);
  await wait(k, 1);
  await exported(k, file);
  let busy = TRIES_MAX - 1;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      busy -= 1;
      const status = busy >= 0 ? 503 : 200;
      response.writeHead(status, { 'retry-after': '0.01', 'content-type': 'application/json' });
      response.end(JSON.stringify(status === 200 ? {} : { error: { code: 'OVERLOADED' } }));
    });
  });
  await new Promise<void>((go) => void server.listen(0, '127.0.0.1', go));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const taken = await ran(['spool', 'import', file, '--collector', url]);
  assert.equal(taken.out, '1 record taken in, 0 there already');
  busy = TRIES_MAX;
  const refused = await ran(['spool', 'import', file, '--collector', url]);
  assert.deepEqual([refused.code, busy], [1, 0]);
  assert.match(refused.err, /^OVERLOADED: /);
});
