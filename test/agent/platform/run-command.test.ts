import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import test, { type TestContext } from 'node:test';
import { runCommand } from '../../../agent/platform/run-command.ts';

/** How many processes were made from now on. */
function spawned(t: TestContext): () => number {
  let count = 0;
  const made = (): void => {
    count += 1;
  };
  subscribe('child_process', made);
  t.after(() => unsubscribe('child_process', made));
  return () => count;
}

test('a command says what it prints, and null where it fails', async (t) => {
  const count = spawned(t);
  assert.equal(await runCommand('echo', ['a b', '$HOME']), 'a b $HOME\n');
  assert.equal(await runCommand('sh', ['-c', 'echo half; exit 1']), null);
  assert.equal(count(), 2);
});

test('one that is not installed is null, and no process is made for it', async (t) => {
  const count = spawned(t);
  assert.equal(await runCommand('lanproof-has-no-such-command', []), null);
  assert.equal(count(), 0);
  assert.equal(await runCommand('/lanproof/has/no/such/command', []), null, 'by its path');
});
