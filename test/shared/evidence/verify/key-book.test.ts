import assert from 'node:assert/strict';
import test from 'node:test';
import { toBase64 } from '../../../../shared/bytes.ts';
import type { BundleLeaf } from '../../../../shared/evidence/bundle/types.ts';
import { createKeyBook, type KeyBook } from '../../../../shared/evidence/verify/key-book.ts';
import { createRecorder, FINDINGS_MAX } from '../../../../shared/evidence/verify/recorder.ts';

const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const who = { v: 1, site: 's', agent: 'do-1' } as const;

function leafAt(leaf: number, kind: BundleLeaf['kind'], hash = key(200 + leaf)): BundleLeaf {
  return { log: 1, leaf, kind, site: 's', agent: 'do-1', epoch: 1, seq: 0, hash, recv_ms: 1 };
}

/** Enrolled at leaf 5 with key 1, which went over to key 2 behind batch 100. */
function rotated(): KeyBook {
  const book = createKeyBook();
  assert.ok(book.enrol(leafAt(5, 'enrol'), enrol(1, 1)));
  assert.ok(book.rotate(rotate(1, 2, 100)));
  return book;
}

function enrol(epoch: number, fill: number) {
  const agent_key = toBase64(key(fill));
  return { ...who, log: 'l', epoch, agent_key, issued_ms: 1, approved_by: 'x' };
}

function rotate(from: number, to: number, after_seq: number) {
  const keys = { old_key: toBase64(key(from)), new_key: toBase64(key(to)) };
  return { ...who, epoch: 1, after_seq, ...keys, at_ms: 1 };
}

test('a key holds from its place in the chain, and only behind its enrolment', () => {
  const book = rotated();
  assert.equal(book.keyOf('do-1', 1, 1, 4), null, 'a leaf before the enrolment');
  assert.deepEqual(book.keyOf('do-1', 1, 100, 6), key(1));
  assert.deepEqual(book.keyOf('do-1', 1, 101, 6), key(2));
  assert.equal(book.keyOf('do-1', 2, 1, 6), null, 'an epoch that nobody enrolled');
  assert.equal(book.keyOf('do-2', 1, 1, 6), null);
});

test('a hole is signed by the key of its batches, or by the newest one where it ends with that', () => {
  const book = rotated();
  const hole = (from_seq: number, to_seq: number, at = 200) =>
    book.keysOfHole({ agent: 'do-1', epoch: 1, from_seq, to_seq }, at);
  assert.deepEqual(hole(90, 100), [key(1), key(2)]);
  assert.deepEqual(hole(90, 101), [key(1)], 'it goes beyond the key');
  assert.deepEqual(hole(101, 110), [key(2)]);
  assert.ok(book.rotate(rotate(2, 3, 120)));
  assert.deepEqual(hole(100, 100), [key(1), key(3)], 'not the one between');
  assert.deepEqual(hole(101, 120), [key(2), key(3)]);
  assert.deepEqual(hole(101, 121), [key(2)]);
  assert.deepEqual(hole(1, 1, 4), [], 'a leaf before the enrolment');
  assert.deepEqual(book.keysOfHole({ agent: 'do-1', epoch: 2, from_seq: 1, to_seq: 1 }, 200), []);
});

test('what does not fit the keys before it is refused', () => {
  const book = rotated();
  assert.equal(book.enrol(leafAt(9, 'enrol', key(9)), enrol(1, 9)), false, 'another document');
  assert.equal(book.enrol(leafAt(9, 'enrol', key(205)), enrol(1, 1)), true, 'ledgered again');
  assert.equal(book.enrol(leafAt(10, 'enrol'), enrol(3, 3)), true);
  assert.equal(book.enrol(leafAt(11, 'enrol'), enrol(2, 4)), false, 'an epoch that is over');
  assert.equal(book.rotate(rotate(1, 7, 200)), false, 'the old key is no longer in force');
  assert.equal(book.rotate(rotate(2, 7, 99)), false, 'back in the chain');
  assert.equal(book.rotate(rotate(1, 2, 100)), true, 'the same rotation again');
  assert.equal(book.rotate(rotate(2, 3, 120)), true);
  assert.equal(book.rotate(rotate(1, 2, 100)), true, 'told again behind the next one');
  assert.deepEqual(book.keyOf('do-1', 1, 121, 200), key(3));
});

test('a revocation counts by leaf: what was accepted before it was said is doubtful', () => {
  const book = rotated();
  const said = {
    ...who,
    log: 'l',
    epoch: 1,
    from_leaf: 40,
    reason: 'r',
    issued_ms: 1,
    author: 'a',
  };
  assert.equal(
    book.revoke(leafAt(50, 'revoke'), { ...said, agent_key: toBase64(key(8)) }, 1),
    false,
  );
  assert.equal(
    book.revoke(leafAt(50, 'revoke'), { ...said, agent_key: toBase64(key(2)) }, 1),
    true,
  );
  const standing = (at: number) => book.standing('do-1', 1, at);
  assert.deepEqual([39, 40, 49, 51].map(standing), ['good', 'doubtful', 'doubtful', 'revoked']);
  assert.equal(book.standing('do-1', 2, 51), 'good', 'the epoch behind it');
  assert.deepEqual(book.revocations(), [{ agent: 'do-1', epoch: 1, from: 40 }]);
});

test('findings are bounded, counted, and gravest first', () => {
  const said = createRecorder();
  for (let n = 0; n < FINDINGS_MAX + 7; n++) said.say('CLOCK_STEP', `batch ${n}`);
  said.say('TIME_AFTER_ANCHOR', 'batch 1');
  said.done('time', 'chain');
  const time = said.results().find(({ id }) => id === 'time');
  assert.equal(time?.findings.length, FINDINGS_MAX + 1);
  assert.equal(time?.more, 7);
  assert.equal(time?.findings[0]?.code, 'TIME_AFTER_ANCHOR');
  assert.equal(time?.status, 'failed');
  const status = new Map(said.results().map((check) => [check.id, check.status]));
  assert.equal(status.get('chain'), 'ok');
  assert.equal(status.get('figures'), 'not_checked');
});
