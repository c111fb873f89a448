import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { openEngine } from '../../collector/engine.ts';
import { REPLACE_REASON_CHARS_MAX } from '../../collector/key-replacement.ts';
import { DOCUMENT_KEY_FILE, LOG_KEY_FILE, loadKeys } from '../../collector/keys.ts';
import { createLogger } from '../../collector/main.ts';
import { toBase64 } from '../../shared/bytes.ts';
import { openDocument } from '../../shared/evidence/document-reading.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { ran } from '../deploy/cli/cli-kit.ts';
import { temporaryDir } from '../support/agent-kit.ts';
import { BIN } from '../support/programs.ts';

const crypto = createNodeCrypto();
const STRACE = spawnSync('strace', ['-V']).status === 0 ? false : 'needs strace';
/** The key has its name already, and its draft's as well. */
const LAST = 'unlink:when=3';
const KEY_FILES = [LOG_KEY_FILE, DOCUMENT_KEY_FILE];

/** Starts the collector's engine on the directory and says why each of its logs was opened. */
async function reasons(data_dir: string): Promise<(string | undefined)[]> {
  const engine = await openEngine({
    ...{ data_dir, crypto, logger: createLogger('silent'), origin: 'keys.test' },
    now_ms: () => Date.now(),
    mono_ms: () => performance.now(),
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
  });
  try {
    const keys = loadKeys(data_dir, { may_create: false });
    const texts = await engine.deps.ledger.logOpens();
    const newest = openDocument(crypto, texts.at(-1) ?? '', 'log-open', keys.document.publicKey);
    assert.equal(newest.log_key, toBase64(keys.log.publicKey), 'the newest log has this key');
    return texts.map((text) => {
      const { previous } = JSON.parse(
        Buffer.from(JSON.parse(text).payload, 'base64').toString('utf8'),
      );
      return previous?.reason;
    });
  } finally {
    await engine.close();
  }
}

async function collector(t: TestContext): Promise<string> {
  const data_dir = temporaryDir(t);
  assert.deepEqual(await reasons(data_dir), [undefined]);
  return data_dir;
}

const replace = (data_dir: string, reason: string, ...more: string[]) =>
  ran(['key', 'replace', '--reason', reason, '--data', data_dir, ...more]);

test('both keys lost at once: the next log has both new ones', async (t) => {
  const data_dir = await collector(t);
  for (const name of KEY_FILES) rmSync(join(data_dir, name));
  assert.match((await replace(data_dir, 'fire')).err, /^DOCUMENT_KEY_MISSING/);
  assert.deepEqual(
    KEY_FILES.filter((name) => readdirSync(data_dir).includes(name)),
    [],
    'nothing is replaced by halves',
  );
  const done = await replace(data_dir, 'fire', '--document');
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /^new log key, [^\n]*\nnew document key, /);
  assert.deepEqual(await reasons(data_dir), [undefined, 'document_key_lost: fire']);
  assert.equal((await reasons(data_dir)).length, 2, 'once, not at each start');
});

test('a key that is there is never replaced', async (t) => {
  const data_dir = await collector(t);
  const before = KEY_FILES.map((name) => readFileSync(join(data_dir, name), 'utf8'));
  for (const more of [[], ['--document']]) {
    assert.match((await replace(data_dir, 'x', ...more)).err, /^KEY_NOT_MISSING/);
  }
  assert.deepEqual(
    KEY_FILES.map((name) => readFileSync(join(data_dir, name), 'utf8')),
    before,
  );
});

test('a reason of 300 characters stands whole in the next log, one more is refused', async (t) => {
  assert.equal(REPLACE_REASON_CHARS_MAX, 300);
  const data_dir = await collector(t);
  for (const name of KEY_FILES) rmSync(join(data_dir, name));
  const reason = `${'ổ cứng hỏng '.repeat(25).slice(0, -1)}.`;
  assert.equal(reason.length, 300);
  const long = await replace(data_dir, `${reason}.`, '--document');
  assert.deepEqual(
    [long.code, long.err.split('\n', 1)[0]],
    [2, 'USAGE: --reason has 1 to 300 characters'],
  );
  assert.equal((await replace(data_dir, ' \t ', '--document')).code, 2);
  const done = await replace(data_dir, reason, '--document');
  assert.equal(done.code, 0, done.err);
  assert.deepEqual(await reasons(data_dir), [undefined, `document_key_lost: ${reason}`]);
});

test('cut off anywhere, the same command ends it', { skip: STRACE }, async (t) => {
  const data_dir = await collector(t);
  // The note, then the key: each is written, named, and loses its draft. From the second round on
  // the note of the time before is there, and the first to go.
  const places = [
    'fsync:when=1',
    'unlink:when=1',
    'link:when=1',
    'unlink:when=2',
    'link:when=2',
    LAST,
  ];
  for (const [at, place] of places.entries()) {
    rmSync(join(data_dir, LOG_KEY_FILE));
    const [call = '', when = ''] = place.split(':');
    const command = ['key', 'replace', '--reason', `cut off ${at}`, '--data', data_dir];
    const kill = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`];
    const inject = `inject=${call}:signal=SIGKILL:${when}`;
    spawnSync('strace', [...kill, '-e', inject, process.execPath, BIN, ...command]);
    const left = readdirSync(data_dir);
    assert.equal(left.includes(LOG_KEY_FILE), place === LAST, `${place}: ${left}`);
    if (place === LAST) {
      assert.ok(left.includes(`${LOG_KEY_FILE}.new`), 'cut off with two names');
      assert.match((await replace(data_dir, 'x')).err, /^KEY_NOT_MISSING/);
    } else {
      await assert.rejects(reasons(data_dir), { code: 'KEY_MISSING' });
      const again = await replace(data_dir, `cut off ${at}`);
      assert.equal(again.code, 0, again.err);
    }
    assert.equal((await reasons(data_dir)).at(-1), `log_key_lost: cut off ${at}`);
  }
});
