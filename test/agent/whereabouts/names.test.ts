import assert from 'node:assert/strict';
import test from 'node:test';
import { createNameResolver } from '../../../agent/whereabouts/names.ts';

test('a resolver that owes answers is asked for no more names; its faults are no names', async () => {
  const asked: string[] = [];
  const late = [Promise.withResolvers<string[]>(), Promise.withResolvers<string[]>()];
  const resolve = createNameResolver((name) => {
    asked.push(name);
    return late[asked.length - 1]?.promise ?? Promise.resolve(['10.0.0.3']);
  });
  const first = ['a', 'b'].map((name) => resolve(name));
  assert.deepEqual(await resolve('c'), []);
  assert.deepEqual(asked, ['a', 'b']);
  late[0]?.resolve(['10.0.0.1']);
  late[1]?.reject(new Error('SERVFAIL'));
  assert.deepEqual(await Promise.all(first), [['10.0.0.1'], []]);
  assert.deepEqual(await resolve('c'), ['10.0.0.3']);
});
