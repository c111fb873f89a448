import assert from 'node:assert/strict';
import test from 'node:test';
import { readError, TEXT_CHARS_MAX } from '../../../agent/deliver/answers.ts';
import {
  BACKOFF_MS_MAX,
  BACKOFF_MS_MIN,
  Backoff,
  RETRY_AFTER_MS_MAX,
} from '../../../agent/deliver/backoff.ts';
import { utf8 } from '../../../shared/bytes.ts';

test('a wait is half fixed and half random, from its least to its most', () => {
  for (const [random, share] of [
    [0, 0.5],
    [0.999, 0.9995],
  ] as const) {
    const backoff = new Backoff(() => random);
    assert.equal(backoff.next_ms(), BACKOFF_MS_MIN * share);
    for (let at = 0; at < 20; at++) backoff.next_ms();
    assert.equal(backoff.next_ms(), BACKOFF_MS_MAX * share);
    backoff.reset();
    assert.equal(backoff.next_ms(), BACKOFF_MS_MIN * share);
  }
});

test('a collector is believed up to an hour', () => {
  const backoff = new Backoff(() => 0);
  assert.equal(backoff.next_ms(RETRY_AFTER_MS_MAX - 1), RETRY_AFTER_MS_MAX - 1);
  assert.equal(backoff.next_ms(RETRY_AFTER_MS_MAX), RETRY_AFTER_MS_MAX);
  assert.equal(backoff.next_ms(RETRY_AFTER_MS_MAX + 1), RETRY_AFTER_MS_MAX);
});

test('texts of an answer are cut where they are too long', () => {
  const said = (chars: number) => {
    const error = { code: 'X', message: 'm'.repeat(chars), hint: '' };
    const timed = { sent_mono_ms: 0, received_mono_ms: 0 };
    const body = utf8(JSON.stringify({ error }));
    return readError({ status: 400, headers: {}, body, ...timed }).message.length;
  };
  assert.equal(said(TEXT_CHARS_MAX), TEXT_CHARS_MAX);
  assert.equal(said(TEXT_CHARS_MAX + 1), TEXT_CHARS_MAX);
});
