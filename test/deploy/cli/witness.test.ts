import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCosignerKey, verifyCosignature } from '../../../shared/evidence/cosignature.ts';
import { encodeVerifierKey, type VerifierKey } from '../../../shared/evidence/note.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { testSigner } from '../../fixtures/test-keys.ts';
import { newFolder, removeFolder } from '../../support/collector-core.ts';
import { createModelLog } from '../../support/model-log.ts';
import { type Program, startProgram } from '../../support/programs.ts';
import { ran } from './cli-kit.ts';

const crypto = createNodeCrypto();
const ORIGIN = 'demo/1/log-1';
const logKey = testSigner('log');
const LOG_VKEY = encodeVerifierKey(crypto, { name: ORIGIN, publicKey: logKey.publicKey });
const START_MS_MAX = 30_000;

interface Running {
  readonly program: Program;
  readonly url: string;
  readonly key: VerifierKey;
}

let logs = 0;

/** Starts the real program and waits until it has printed address and key. */
async function startWitness(folder: string): Promise<Running> {
  logs += 1;
  const args = ['witness', '--listen', '127.0.0.1:0', '--state', folder, '--log', LOG_VKEY];
  const program = startProgram(args, `${folder}.${logs}.log`);
  const deadline_ms = performance.now() + START_MS_MAX;
  for (;;) {
    const [, port, key] = /listening on 127\.0\.0\.1:(\d+)\n(\S+)\n/.exec(program.output()) ?? [];
    if (port !== undefined && key !== undefined) {
      const url = `http://127.0.0.1:${port}/add-checkpoint`;
      return { program, url, key: parseCosignerKey(crypto, key) };
    }
    if (!program.running || performance.now() > deadline_ms) throw new Error(program.output());
    await sleep(5);
  }
}

async function post(url: string, body: Uint8Array) {
  const answer = await fetch(url, { method: 'POST', body: Buffer.from(body) });
  const type = answer.headers.get('content-type');
  return { status: answer.status, type, text: await answer.text() };
}

function setUp(t: { after(work: () => void): void }): string {
  const folder = newFolder();
  t.after(() => {
    removeFolder(folder);
    for (let number = 1; number <= logs; number++)
      rmSync(`${folder}.${number}.log`, { force: true });
  });
  return folder;
}

test('a witness that is killed at any moment never signs two histories', async (t) => {
  const folder = setUp(t);
  const log = createModelLog(crypto, ORIGIN, logKey);
  const fork = createModelLog(crypto, ORIGIN, logKey, 20);
  let witness = await startWitness(folder);
  t.after(() => witness.program.stop('SIGKILL'));
  const { key } = witness;
  // Killed while it answers a row of requests: nobody knows which of them were kept.
  let signed = 0;
  for (const delay_ms of [0, 5, 20]) {
    const sending = (async () => {
      for (let size = signed + 1; size < signed + 40; size++) {
        const answer = await post(witness.url, log.request(size - 1, size)).catch(() => null);
        if (answer === null) return size - 1;
        if (answer.status === 409) {
          size = Number(answer.text);
          continue;
        }
        assert.equal(answer.status, 200, answer.text);
        assert.ok(verifyCosignature(crypto, answer.text, log.text(size), key).at_ms > 0);
      }
      return signed + 39;
    })();
    await sleep(delay_ms);
    await witness.program.stop('SIGKILL');
    const last = await sending;
    witness = await startWitness(folder);
    assert.deepEqual(witness.key, key);
    const asked = await post(witness.url, log.request(0, 300));
    const held = asked.status === 200 ? 300 : Number(asked.text);
    // What was answered was kept; at most one more was kept and not answered.
    assert.ok(held === last || held === last + 1 || asked.status === 200, `${held} after ${last}`);
    if (asked.status === 200) break;
    assert.equal(asked.type, 'text/x.tlog.size');
    signed = held;
  }
  const size = signed === 0 ? 300 : signed;
  if (size < 300) {
    assert.equal((await post(witness.url, log.request(size, 300))).status, 200);
  }
  assert.equal((await post(witness.url, fork.request(300, 300))).status, 409);
  assert.equal((await post(witness.url, fork.request(0, 30))).status, 409);
  assert.equal(statSync(join(folder, 'witness.key')).mode & 0o777, 0o600);
  assert.ok(!witness.program.output().includes('PRIVATE'));
  await witness.program.stop('SIGTERM');
});

test('killed between signature and answer it has the checkpoint, and no other', async (t) => {
  const folder = setUp(t);
  const log = createModelLog(crypto, ORIGIN, logKey);
  const fork = createModelLog(crypto, ORIGIN, logKey, 5);
  const first = await startWitness(folder);
  const { key } = first;
  assert.equal((await post(first.url, log.request(0, 5))).status, 200);
  await first.program.stop('SIGTERM');
  const script = join(import.meta.dirname, '../../support/witness-child.ts');
  const child = spawn(process.execPath, [script, folder, LOG_VKEY]);
  const ended = once(child, 'exit');
  const [port] = await once(child.stdout, 'data');
  const url = `http://127.0.0.1:${Number(port)}/add-checkpoint`;
  await assert.rejects(post(url, log.request(5, 9)));
  assert.deepEqual(await ended, [null, 'SIGKILL']);
  const second = await startWitness(folder);
  t.after(() => second.program.stop('SIGKILL'));
  // The sender knows nothing of it and asks as before; the other history finds the door shut.
  assert.equal((await post(second.url, fork.request(5, 9))).status, 409);
  assert.deepEqual(await post(second.url, log.request(5, 9)), {
    status: 409,
    type: 'text/x.tlog.size',
    text: '9\n',
  });
  assert.equal((await post(second.url, fork.request(9, 9))).status, 409);
  const answer = await post(second.url, log.request(9, 9));
  assert.equal(answer.status, 200);
  verifyCosignature(crypto, answer.text, log.text(9), key);
  // A second one over the same folder would be a second history.
  const other = await ran([
    'witness',
    '--listen',
    '127.0.0.1:0',
    '--state',
    folder,
    '--log',
    LOG_VKEY,
  ]);
  assert.equal(other.code, 1);
  assert.match(other.err, /WITNESS_IN_USE/);
  assert.equal((await fetch(second.url)).status, 405);
  assert.equal((await fetch(second.url.replace('add-checkpoint', ''))).status, 404);
  const long = await post(second.url, new Uint8Array(500_000)).catch(() => ({ status: 413 }));
  assert.equal(long.status, 413);
});

test('a command line that cannot work says why', async () => {
  const words = ['witness', '--listen', '127.0.0.1:0', '--state', '/tmp/lanproof-none'];
  const none = await ran(words);
  assert.equal(none.code, 2);
  assert.match(none.err, /--log is missing/);
  const wrong = await ran([...words, '--log', 'hello']);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /NOTE_FORMAT/);
  assert.equal((await ran(['witness', '--listen', 'x', '--state', '/tmp/x'])).code, 2);
  assert.match((await ran(['witness', '--help'])).out, /never put back from an older copy/);
});
