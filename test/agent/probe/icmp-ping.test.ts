import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPingEngine, pingOnce } from '../../../agent/probe/icmp-ping.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { RecordingSink, realClock, target, until } from './recording-sink.ts';

test('pingOnce answers r with a time, and x for what is no address', async () => {
  const outcome = await pingOnce(
    { address: '127.0.3.3', timeout_ms: 900 },
    AbortSignal.timeout(5000),
  );
  assert.equal(outcome.code, 'r');
  assert.ok(outcome.code === 'r' && outcome.rtt_us >= 0 && outcome.rtt_us < 900_000);
  const name = await pingOnce({ address: '-c', timeout_ms: 900 }, AbortSignal.timeout(5000));
  assert.equal(name.code, 'x');
  const late = await pingOnce({ address: '127.0.0.1', timeout_ms: 900 }, AbortSignal.abort());
  assert.equal(late.code, 'x');
});

test('the ping engine measures at long intervals and merges a list change', async () => {
  const sink = new RecordingSink();
  const clock = realClock();
  const engine = createPingEngine({ sink, clock });
  const slow = { interval_ms: 10_000, timeout_ms: 1000 };
  await engine.apply([target(3, '127.0.0.9', slow), target(4, '::1', slow)], 0);
  await until('a row', () => sink.rowsOf(0).length === 1);
  assert.equal(sink.rowsOf(0)[0]?.codes[0], 'r');
  await engine.apply([target(3, '127.0.0.8', slow)], clock.monotonic_ms() + 300);
  assert.deepEqual(sink.closed, [sink.opened[0]?.id]);
  await until('a row of the new list', () => sink.rowsOf(1).length === 1);
  await engine.stop();
  assert.equal(sink.closed.length, 2);
});

test('too many or too fast targets are refused with the fix', async () => {
  const engine = createPingEngine({ sink: new RecordingSink(), clock: realClock() });
  const many = Array.from({ length: 21 }, (_, i) =>
    target(i, '127.0.0.1', { interval_ms: 10_000 }),
  );
  const refused = (error: unknown): boolean =>
    error instanceof LanProofError &&
    error.code === 'PING_FALLBACK_LIMIT' &&
    /fping/.test(error.hint);
  await assert.rejects(engine.apply(many, 0), refused);
  await assert.rejects(engine.apply([target(0, '127.0.0.1', { interval_ms: 5000 })], 0), refused);
  await engine.stop();
});

test('large echoes are not sent, which is said once; the small ones go on', async () => {
  const sink = new RecordingSink();
  const engine = createPingEngine({ sink, clock: realClock() });
  try {
    const slow = { interval_ms: 10_000 };
    const list = [target(0, '127.0.3.3', slow), target(0, '127.0.3.3', { ...slow, bytes: 1_400 })];
    await engine.apply(list, 0);
    await engine.apply(list, 0);
    assert.deepEqual(
      sink.problems.map(({ code }) => code),
      ['NO_LARGE_ECHO'],
    );
    assert.ok(sink.opened.length > 0 && sink.opened.every(({ probe }) => probe === 'icmp'));
  } finally {
    await engine.stop();
  }
});
