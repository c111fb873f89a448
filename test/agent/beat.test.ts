import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BEAT_MS, everyBeats } from '../../agent/beat.ts';

test('looks of every period come in one wake-up, at their own pace, until they end', async () => {
  const fast = new AbortController();
  const slow = new AbortController();
  const seen: { readonly who: 'fast' | 'slow'; readonly at_ms: number }[] = [];
  const done = Promise.withResolvers<void>();
  everyBeats(1, fast.signal, () => seen.push({ who: 'fast', at_ms: performance.now() }));
  everyBeats(3, slow.signal, () => {
    seen.push({ who: 'slow', at_ms: performance.now() });
    if (seen.filter(({ who }) => who === 'slow').length < 3) return;
    slow.abort();
    done.resolve();
  });
  await done.promise;
  const slow_at = seen.flatMap(({ who }, at) => (who === 'slow' ? [at] : []));
  for (const at of slow_at) {
    const before = seen[at - 1];
    assert.equal(before?.who, 'fast');
    const apart_ms = (seen[at]?.at_ms ?? 0) - (before?.at_ms ?? 0);
    assert.ok(apart_ms < BEAT_MS / 2, `${apart_ms} ms lie between two looks of one beat`);
  }
  const [first = 0, second = 0, third = 0] = slow_at;
  assert.deepEqual([second - first, third - second], [4, 4]);
  fast.abort();
  const count = seen.length;
  const gone = Promise.withResolvers<void>();
  const ending = new AbortController();
  everyBeats(2, ending.signal, () => gone.resolve());
  await gone.promise;
  ending.abort();
  assert.equal(seen.length, count, 'what has ended was looked at again');
});

test('a signal that has aborted already begins nothing', async () => {
  let looks = 0;
  everyBeats(1, AbortSignal.abort(), () => {
    looks += 1;
  });
  const ending = new AbortController();
  const later = Promise.withResolvers<void>();
  everyBeats(2, ending.signal, () => later.resolve());
  await later.promise;
  ending.abort();
  assert.equal(looks, 0);
});
