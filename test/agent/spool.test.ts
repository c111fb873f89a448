import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { checkSpoolLimit } from '../../agent/spool/limit.ts';
import { toHex } from '../../shared/bytes.ts';
import { freshlyEnrolled, sealNext, spoolIn, temporaryDir, until } from '../support/agent-kit.ts';

const ORIGIN = { epoch: 1, seq: 0, hash: new Uint8Array(32) };
const DAY_MS = 86_400_000;

test('batches come back oldest first, byte for byte, also after a restart', (t) => {
  const dir = temporaryDir(t);
  freshlyEnrolled(dir);
  const spool = spoolIn(dir, ORIGIN);
  const sealed = [1, 2, 3].map(() => {
    const batch = sealNext(spool.head);
    assert.equal(spool.put(batch), true);
    return batch;
  });
  spool.markSent(1);
  const next = spool.next();
  assert.ok(next?.kind === 'batch' && next.seq === 2);
  assert.deepEqual(Buffer.from(next.body), Buffer.from(sealed[1]?.body ?? []));
  spool.close();
  const again = spoolIn(dir, ORIGIN);
  assert.deepEqual(again.marks, { sent_to: 1, proven_to: 0 });
  assert.equal(again.head.seq, 3);
  assert.equal(toHex(again.head.hash), toHex(sealed[2]?.hash ?? new Uint8Array()));
  again.close();
});

test('a second agent on the same folder is refused', (t) => {
  const dir = temporaryDir(t);
  freshlyEnrolled(dir);
  const spool = spoolIn(dir, ORIGIN);
  spool.put(sealNext(spool.head));
  assert.throws(() => spoolIn(dir, ORIGIN), { code: 'SPOOL_IN_USE' });
  spool.close();
});

test('a full spool drops proven batches first, then unproven ones as one signed hole', (t) => {
  const dir = temporaryDir(t);
  freshlyEnrolled(dir);
  const spool = spoolIn(dir, ORIGIN, { bytes_max: 400_000 });
  for (let i = 0; i < 150; i++) spool.put(sealNext(spool.head, 6_000));
  assert.ok(spool.used_bytes <= 450_000, `${spool.used_bytes}`);
  const hole = spool.next();
  assert.ok(hole?.kind === 'hole');
  assert.equal(hole.from_seq, 1);
  assert.equal(hole.reason, 'spool_limit');
  spool.markSent(hole.to_seq);
  const next = spool.next();
  assert.ok(next?.kind === 'batch' && next.seq === hole.to_seq + 1);
  spool.markSent(spool.head.seq);
  spool.markProven(spool.head.seq, 0);
  const before = spool.head.seq;
  for (let i = 0; i < 20; i++) spool.put(sealNext(spool.head, 6_000));
  const after = spool.next();
  assert.ok(after?.kind === 'batch' && after.seq === before + 1, 'proven ones went first');
  spool.close();
});

test('proven batches go after 30 days, unproven ones stay', (t) => {
  const dir = temporaryDir(t);
  freshlyEnrolled(dir);
  const spool = spoolIn(dir, ORIGIN);
  const start = 1_790_000_000_000;
  for (let i = 0; i < 4; i++) spool.put(sealNext(spool.head, 0, start + i * 10 * DAY_MS));
  spool.markSent(3);
  spool.markProven(2, start + 60 * DAY_MS);
  assert.equal(spool.hashOf(2), undefined);
  assert.notEqual(spool.hashOf(3), undefined);
  // A collector that lost them all gets a hole for what is gone and the rest again.
  assert.equal(spool.rewind(1), 'ok');
  const hole = spool.next();
  assert.ok(hole?.kind === 'hole' && hole.to_seq === 2 && hole.reason === 'spool_limit');
  assert.equal(spool.rewind(9), 'ahead');
  spool.close();
});

test('a damaged spool is moved aside and the chain goes on beyond every seq ever sent', (t) => {
  const dir = temporaryDir(t);
  freshlyEnrolled(dir);
  const first = spoolIn(dir, ORIGIN);
  for (let i = 0; i < 5; i++) first.put(sealNext(first.head));
  first.close();
  rmSync(join(dir, 'spool.db-wal'), { force: true });
  writeFileSync(join(dir, 'spool.db'), Buffer.alloc(20_000, 7));
  const lost: string[] = [];
  const spool = spoolIn(dir, ORIGIN, { onLost: (message) => lost.push(message) });
  assert.ok(lost.length > 0);
  assert.ok(spool.head.seq > 1_000_000);
  spool.put(sealNext(spool.head));
  assert.equal(spool.next()?.kind, 'batch');
  assert.equal(spool.rewind(6), 'ok');
  const hole = spool.next();
  assert.ok(hole?.kind === 'hole');
  assert.deepEqual([hole.from_seq, hole.to_seq, hole.reason], [6, spool.head.seq - 1, 'lost_disk']);
  spool.close();
  const again = spoolIn(dir, ORIGIN);
  assert.equal(again.head.seq, spool.head.seq, 'the place is kept over a restart');
  again.close();
});

test('after a loss a clock before the enrolment counts as wrong', (t) => {
  const dir = temporaryDir(t);
  const issued_ms = 1_790_000_000_000;
  const wall_ms = () => 0;
  const spool = spoolIn(dir, ORIGIN, { wall_ms, issued_ms });
  assert.equal(spool.head.seq, Math.floor((issued_ms - Date.UTC(2020, 0, 1)) / 1_000));
  spool.close();
});

test('a missing or emptied spool is a loss, a new folder is not', (t) => {
  const dir = temporaryDir(t);
  freshlyEnrolled(dir);
  const fresh = spoolIn(dir, ORIGIN);
  assert.equal(fresh.head.seq, 0);
  fresh.put(sealNext(fresh.head));
  fresh.close();
  for (const end of ['', '-wal', '-shm']) rmSync(join(dir, `spool.db${end}`), { force: true });
  const missing = spoolIn(dir, ORIGIN);
  assert.ok(missing.head.seq > 1_000_000);
  missing.close();
});

test('a disk that is full costs nothing while memory lasts, then a hole disk_full', (t) => {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') {
    t.skip('needs root to mount a small tmpfs');
    return;
  }
  const dir = join(temporaryDir(t), 'small');
  mkdirSync(dir);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    t.skip('mount is not allowed here');
    return;
  }
  try {
    fullDisk(dir);
  } finally {
    execFileSync('umount', ['-l', dir]);
  }
});

function fullDisk(dir: string): void {
  freshlyEnrolled(dir);
  const states: string[] = [];
  const onDisk = (state: string) => states.push(state);
  const spool = spoolIn(dir, ORIGIN, { onDisk, held_bytes_max: 60_000 });
  while (states.length === 0) spool.put(sealNext(spool.head, 6_000));
  assert.deepEqual(states, ['full']);
  const kept = spool.head.seq;
  for (let i = 0; i < 30; i++) assert.equal(spool.put(sealNext(spool.head, 6_000)), false);
  assert.ok(spool.held > 0 && spool.held < 30);
  execFileSync('mount', ['-o', 'remount,size=8m', dir]);
  assert.equal(spool.flush(), true);
  assert.deepEqual(states, ['full', 'ok']);
  spool.markSent(kept - 1);
  const hole = spool.next();
  assert.ok(hole?.kind === 'hole', 'the oldest ones had no room');
  assert.deepEqual([hole.from_seq, hole.reason], [kept, 'disk_full']);
  spool.markSent(hole.to_seq);
  assert.equal(spool.next()?.kind, 'batch');
  spool.close();
}

test('kill -9 at any time loses nothing acknowledged and never doubles a seq', async (t) => {
  const dir = temporaryDir(t);
  freshlyEnrolled(dir);
  const seen = new Map<number, string>();
  const worker = join(import.meta.dirname, '../support/spool-writer.ts');
  for (let round = 0; round < 10; round++) {
    const child = spawn(process.execPath, [worker, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    const closed = new Promise((resolve) => child.once('close', resolve));
    // A different number of batches each time, so that the kill meets different moments.
    await until(() => text.split('\n').length > 3 + round * 2, 'the writer seals', 20_000);
    child.kill('SIGKILL');
    await closed;
    for (const line of text.split('\n').slice(0, -1)) {
      const [seq = '', hash = ''] = line.split(' ');
      assert.equal(seen.has(Number(seq)), false, `seq ${seq} was used twice`);
      seen.set(Number(seq), hash);
    }
    const spool = spoolIn(dir, ORIGIN);
    const last = Math.max(...seen.keys());
    assert.ok(spool.head.seq >= last, 'what was reported as kept is there');
    for (const [seq, hash] of seen) {
      assert.equal(toHex(spool.hashOf(seq) ?? new Uint8Array()), hash);
    }
    // A batch that was kept but not reported any more counts as used, too.
    const head = spool.head;
    if (head.seq > last) seen.set(head.seq, toHex(head.hash));
    spool.close();
  }
});

test('a limit below sixty days is refused with the figure', () => {
  assert.throws(() => checkSpoolLimit(215_999_999), { code: 'SPOOL_TOO_SMALL' });
  checkSpoolLimit(216_000_000);
});
