import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SeriesBook } from '../../../agent/probe/series-book.ts';
import { RecordingSink } from './recording-sink.ts';

function book(sink: RecordingSink): SeriesBook {
  const series = { id: 7, probe: 'icmp', t0_ms: 1000, interval_ms: 100, targets: [4, 9] } as const;
  return new SeriesBook(sink, series, 80);
}

test('a row comes when every target has its verdict, in order of the ticks', () => {
  const sink = new RecordingSink();
  const b = book(sink);
  b.set(1, 0, 'r', 10);
  b.set(1, 1, 'n', -1);
  b.advance(1050);
  assert.deepEqual(sink.rowsOf(0), []);
  b.set(0, 1, 'r', 30);
  b.set(0, 0, 'n', 5);
  b.lag(0, 24.6);
  b.advance(1051);
  assert.deepEqual(sink.rowsOf(0), [
    { series: 7, n: 0, codes: ['n', 'r'], rtt_us: [-1, 30], lag_ms: 25 },
    { series: 7, n: 1, codes: ['r', 'n'], rtt_us: [10, -1], lag_ms: 0 },
  ]);
});

test('what stays silent is x, and a verdict after that changes nothing', () => {
  const sink = new RecordingSink();
  const b = book(sink);
  b.set(0, 0, 'r', 10);
  b.advance(1080);
  assert.equal(sink.rowsOf(0).length, 0);
  b.advance(1081);
  assert.deepEqual(sink.rowsOf(0)[0]?.codes, ['r', 'x']);
  b.set(0, 1, 'r', 10);
  b.advance(1300);
  assert.deepEqual(
    sink.rowsOf(0).map((row) => row.codes.join('')),
    ['rx', 'xx', 'xx'],
  );
});

test('a held cell delays its row until it is filled, even past the patience', () => {
  const sink = new RecordingSink();
  const b = book(sink);
  assert.equal(b.hold(0, 0), true);
  assert.equal(b.hold(0, 0), false);
  b.advance(2000);
  assert.equal(sink.rowsOf(0).length, 0);
  b.set(0, 0, 'a', -1);
  b.set(0, 0, 'n', -1);
  b.retire(1100);
  b.advance(2000);
  assert.deepEqual(sink.rowsOf(0)[0]?.codes, ['a', 'x']);
  assert.deepEqual(sink.closed, [7]);
});

test('two books that meet at a moment never double or lose a tick', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 50 }), (cut, step) => {
      const sink = new RecordingSink();
      const b = book(sink);
      b.retire(1000 + cut);
      for (let now = 1000; now < 5000; now += step) b.advance(now);
      assert.equal(sink.rowsOf(0).length, Math.ceil(cut / 100));
      assert.deepEqual(sink.closed, [7]);
    }),
  );
});

test('finish gives what is known: a held cell is n, an empty one x', () => {
  const sink = new RecordingSink();
  const b = book(sink);
  b.hold(0, 0);
  b.finish(1099);
  assert.deepEqual(
    sink.rowsOf(0).map((row) => row.codes),
    [['n', 'x']],
  );
  assert.deepEqual(sink.closed, [7]);
  b.finish(2000);
  assert.equal(b.takes(1), false);
});
