import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  clip,
  intersect,
  type Span,
  subtract,
  total_ms,
  union,
} from '../../../shared/judge/spans.ts';

const END = 60;
const any = fc
  .tuple(fc.integer({ min: 0, max: END }), fc.integer({ min: 0, max: 12 }))
  .map(([from_ms, length]): Span => ({ from_ms, to_ms: Math.min(END, from_ms + length) }));
const heap = fc.array(any, { maxLength: 12 });
const list = heap.map(union);

/** Every ms asked one by one. */
function marks(spans: readonly Span[]): string {
  let text = '';
  for (let at = 0; at < END; at += 1) {
    text += spans.some((span) => span.from_ms <= at && at < span.to_ms) ? 'x' : '.';
  }
  return text;
}

function merge(a: string, b: string, both: (x: boolean, y: boolean) => boolean): string {
  return [...a].map((mark, i) => (both(mark === 'x', b[i] === 'x') ? 'x' : '.')).join('');
}

/** Ascending, disjoint, not empty. */
function isList(spans: readonly Span[]): boolean {
  return spans.every(
    (span, i) => span.from_ms < span.to_ms && (spans[i - 1]?.to_ms ?? -1) <= span.from_ms,
  );
}

test('spans agree with asking every millisecond', () => {
  fc.assert(
    fc.property(list, list, heap, any, (a, b, c, cut) => {
      const x = marks(a);
      const y = marks(b);
      const edges = marks([cut]);
      for (const result of [intersect(a, b), subtract(a, b), union(c)]) assert.ok(isList(result));
      assert.equal(
        marks(intersect(a, b)),
        merge(x, y, (p, q) => p && q),
      );
      assert.equal(
        marks(subtract(a, b)),
        merge(x, y, (p, q) => p && !q),
      );
      assert.equal(
        marks(union([...a, ...b])),
        merge(x, y, (p, q) => p || q),
      );
      assert.equal(marks(union(c)), marks(c));
      assert.equal(
        marks(clip(a, cut.from_ms, cut.to_ms)),
        merge(x, edges, (p, q) => p && q),
      );
      assert.equal(total_ms(a), [...x].filter((mark) => mark === 'x').length);
      assert.equal(total_ms(intersect(a, b)) + total_ms(subtract(a, b)), total_ms(a));
    }),
    { numRuns: 2_000 },
  );
});

test('touching spans join, empty ones vanish, open ends stay open', () => {
  const touching = [
    { from_ms: 5, to_ms: 9 },
    { from_ms: 1, to_ms: 5 },
    { from_ms: 12, to_ms: 12 },
  ];
  assert.deepEqual(union(touching), [{ from_ms: 1, to_ms: 9 }]);
  const open = [{ from_ms: 3, to_ms: Infinity }];
  assert.deepEqual(clip(open, -Infinity, 7), [{ from_ms: 3, to_ms: 7 }]);
  assert.deepEqual(subtract(open, [{ from_ms: 4, to_ms: 6 }]), [
    { from_ms: 3, to_ms: 4 },
    { from_ms: 6, to_ms: Infinity },
  ]);
  assert.deepEqual(clip(open, 9, 2), []);
});
