import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BundleLeaf } from '../../../../shared/evidence/bundle/types.ts';
import type { VerifiedAnchor } from '../../../../shared/evidence/verify/anchors.ts';
import { createVouched, type Vouched } from '../../../../shared/evidence/verify/vouched.ts';
import { ordinal } from '../../../../shared/judge/replay/inputs.ts';
import type { BatchHeader } from '../../../../shared/measure/batch.ts';

const MINUTE_MS = 60_000;

function anchor(log: number, size: number, minute: number): VerifiedAnchor {
  const at = ordinal({ log, leaf: size });
  return { to: at, kind: 'witness', time_ms: minute * MINUTE_MS, at };
}

/** Leaf of an agent's batch of one minute; `closed`: the minute to which it says to know. */
function batch(
  vouched: Vouched,
  place: { log: number; leaf: number },
  minute: number,
  closed: number | null = minute,
  agent = 'a',
): void {
  const recv_ms = minute * MINUTE_MS;
  const leaf = { ...place, kind: 'batch', agent, recv_ms } as BundleLeaf;
  const clock = [{ mono_ms: 0, wall_ms: 0, sync: true }];
  const header = closed === null ? null : { closed_to_ms: closed * MINUTE_MS, clock };
  vouched.batch({
    ...{ leaf, at: ordinal(place), span_ms: MINUTE_MS },
    header: header as BatchHeader | null,
  });
}

function minutes(vouched: Vouched): number | null {
  const end_ms = vouched.end();
  return end_ms === null ? null : end_ms / MINUTE_MS;
}

test('nobody vouches where there is no anchor', () => {
  const vouched = createVouched([]);
  batch(vouched, { log: 1, leaf: 0 }, 5);
  assert.equal(minutes(vouched), null);
});

test('an anchor over everything vouches up to its own time', () => {
  const vouched = createVouched([anchor(1, 2, 90)]);
  batch(vouched, { log: 1, leaf: 0 }, 5);
  batch(vouched, { log: 1, leaf: 1 }, 6);
  assert.equal(minutes(vouched), 90);
});

test('a late anchor over an old head vouches no further than that head', () => {
  // The first leaf that size 2 does not hold is leaf 2; size 3 holds it.
  for (const [size, end] of [
    [2, 6],
    [3, 90],
  ] as const) {
    const vouched = createVouched([anchor(1, 2, 7), anchor(1, size, 90)]);
    for (const leaf of [0, 1, 2]) batch(vouched, { log: 1, leaf }, 5 + leaf);
    assert.equal(minutes(vouched), end, `size ${size}`);
  }
});

test('a late batch speaks of the time behind its agent’s last one, whenever it came', () => {
  const vouched = createVouched([anchor(1, 2, 90)]);
  batch(vouched, { log: 1, leaf: 0 }, 5);
  batch(vouched, { log: 1, leaf: 1 }, 70, 70, 'b');
  batch(vouched, { log: 1, leaf: 2 }, 95, 20);
  assert.equal(minutes(vouched), 5);
  const first = createVouched([anchor(1, 1, 90)]);
  batch(first, { log: 1, leaf: 0 }, 70, 70, 'b');
  // Nothing is known of its agent before: it begins where its results do.
  batch(first, { log: 1, leaf: 1 }, 95, 20);
  assert.equal(minutes(first), 19);
});

test('what cannot be read is of when it came, and so is a document', () => {
  const vouched = createVouched([anchor(1, 1, 90)]);
  batch(vouched, { log: 1, leaf: 0 }, 5, 5, 'b');
  batch(vouched, { log: 1, leaf: 1 }, 40, null);
  assert.equal(minutes(vouched), 40);
  const paper = (kind: BundleLeaf['kind'], leaf: number, minute: number): void =>
    vouched.document({ kind, recv_ms: minute * MINUTE_MS } as BundleLeaf, leaf);
  paper('anchor', 2, 10);
  assert.equal(minutes(vouched), 40);
  paper('settings', 3, 30);
  assert.equal(minutes(vouched), 30);
});

test('an anchor of a later log covers the logs before it, one of an older log not the later', () => {
  const later = createVouched([anchor(2, 1, 90)]);
  const older = createVouched([anchor(1, 5, 90)]);
  for (const vouched of [later, older]) {
    batch(vouched, { log: 1, leaf: 4 }, 5);
    batch(vouched, { log: 2, leaf: 0 }, 6);
  }
  assert.deepEqual([minutes(later), minutes(older)], [90, 5]);
});
