import assert from 'node:assert/strict';
import test from 'node:test';
import { EventQueue } from '../../../agent/record/events.ts';
import type { AgentEvent } from '../../../shared/measure/batch.ts';

const conflict = (k: number): AgentEvent => ({ code: 'mac_conflict', mono_ms: k, target: k });
const codes = (events: readonly AgentEvent[]) => events.map(({ code }) => code);

test('a storm of other events neither drops nor delays what readers count by', () => {
  const queue = new EventQueue();
  for (let k = 0; k < 2_000; k += 1) queue.add(conflict(k));
  queue.add({ code: 'list_applied', mono_ms: 2_000, value: 2, utc_ms: 60_000 });
  queue.add({ code: 'clock_step', mono_ms: 2_001, value: 5 });
  const first = queue.take();
  assert.deepEqual(codes(first).slice(0, 3), ['list_applied', 'clock_step', 'mac_conflict']);
  assert.equal(first.length, 64);
  let waiting = 0;
  for (let taken = queue.take(); taken.length > 0; taken = queue.take()) waiting += taken.length;
  assert.equal(waiting, 1_000 - 64);
});

test('few events keep their order; those of targets end with their list', () => {
  const queue = new EventQueue();
  queue.add(conflict(1));
  queue.add({ code: 'stop', mono_ms: 2 });
  assert.deepEqual(codes(queue.take()), ['mac_conflict', 'stop']);
  queue.add(conflict(3));
  queue.add({ code: 'link_up', mono_ms: 4 });
  queue.forgetTargets();
  assert.deepEqual(codes(queue.take()), ['link_up']);
});
