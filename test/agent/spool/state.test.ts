import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { SpoolDb } from '../../../agent/spool/db.ts';
import { makeRoom } from '../../../agent/spool/state.ts';
import { temporaryDir } from '../../support/agent-kit.ts';

/** 64 rounds of 32 batches: so many go before one write, and no more. */
const REMOVED_MAX = 64 * 32;

test('before one write only so many batches go; the newest one stays, whatever the limit', (t) => {
  const db = new SpoolDb(join(temporaryDir(t), 'spool.db'));
  t.after(() => db.close());
  const hash = new Uint8Array(32);
  const count = REMOVED_MAX + 2;
  db.transaction(() => {
    for (let seq = 1; seq <= count; seq++) {
      db.insert({ epoch: 1, seq, hash, prev: hash, body: hash, sealed_ms: 0 }, hash);
    }
  });
  const marks = { sent_to: 0, proven_to: 0 };
  makeRoom(db, 1, marks, 0);
  const left = () => db.oldest(count).map(({ seq }) => seq);
  assert.deepEqual(left(), [count - 1, count]);
  const lost = { from_seq: 1, to_seq: REMOVED_MAX, reason: 'spool_limit' };
  assert.deepEqual(db.lostAt(1, 1), lost);
  makeRoom(db, 1, marks, 0);
  assert.deepEqual(left(), [count]);
  assert.deepEqual(db.lostAt(1, 1), { ...lost, to_seq: count - 1 });
});
