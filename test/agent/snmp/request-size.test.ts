import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GOOD_WALKS_MAX, GOOD_WALKS_MIN, RequestSize } from '../../../agent/snmp/request-size.ts';

function good(size: RequestSize, times: number): void {
  for (let i = 0; i < times; i++) size.good();
}

test('too big goes down step by step to one column by GETNEXT', () => {
  const size = new RequestSize(true);
  const seen = [size.form];
  while (size.smaller()) seen.push(size.form);
  assert.deepEqual(seen, [20, 10, 5, 1, 'next', 'single']);
});

test('without an answer: ten repetitions, then no GETBULK, then no more', () => {
  const size = new RequestSize(true);
  assert.ok(size.unanswered());
  assert.equal(size.form, 10);
  assert.ok(size.unanswered());
  assert.equal(size.form, 'next');
  assert.equal(size.unanswered(), false);
});

test('SNMPv1 begins with GETNEXT and never gets above it', () => {
  const size = new RequestSize(false);
  assert.equal(size.form, 'next');
  size.smaller();
  good(size, 10 * GOOD_WALKS_MIN);
  assert.equal(size.form, 'next');
});

test('many good walks try one step up; each failure there doubles the wait', () => {
  const size = new RequestSize(true);
  size.smaller();
  good(size, GOOD_WALKS_MIN - 1);
  assert.equal(size.form, 10);
  good(size, 1);
  assert.equal(size.form, 20);
  size.smaller();
  good(size, GOOD_WALKS_MIN);
  assert.equal(size.form, 10);
  good(size, GOOD_WALKS_MIN);
  assert.equal(size.form, 20);
});

test('the wait is capped and the form is always one of the ladder', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('smaller', 'unanswered', 'withoutBulk', 'good')),
      (all) => {
        const size = new RequestSize(true);
        for (const step of all) {
          if (step === 'good') good(size, 40);
          else size[step]();
          assert.ok([20, 10, 5, 1, 'next', 'single'].includes(size.form));
          assert.ok(size.steps >= 0 && size.steps <= 5);
        }
        good(size, 5 * GOOD_WALKS_MAX);
        assert.equal(size.form, 20);
      },
    ),
  );
});
