import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';

const MODULE = new URL('../../../deploy/cli/stop-signal.ts', import.meta.url).href;
/**
 * Says `ready`, then `stopping` at the first signal, and never ends by itself. At SIGTERM it says
 * how many handlers there are: one less when the first one has given up.
 */
const HANGS = `
import { stopSignal } from '${MODULE}';
const { signal } = stopSignal();
signal.addEventListener('abort', () => console.log('stopping'));
setInterval(() => undefined, 1_000);
process.on('SIGTERM', () => console.log('handlers', process.listenerCount('SIGTERM')));
console.log('ready');
`;
/** The clock jumps by this with every look at it, ms: presses of one person. */
const SLOW = HANGS.replace('stopSignal()', 'stopSignal(((at) => () => (at += 1_000))(0))');

async function says(child: ChildProcess, word: string): Promise<void> {
  for (let said = ''; !said.includes(word); ) {
    const [text] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    said += text.toString();
  }
}

function start(script: string): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('stopSignal', () => {
  it('takes a signal that comes twice at once for one', async () => {
    const child = start(HANGS);
    const ended = once(child, 'exit');
    await says(child, 'ready');
    const seen = says(child, 'handlers 2');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    await Promise.race([seen, ended]);
    assert.equal(child.signalCode, null);
    child.kill('SIGKILL');
    assert.equal((await ended)[1], 'SIGKILL');
  });

  it('ends at once when it is asked a second time', async () => {
    const child = start(SLOW);
    const ended = once(child, 'exit');
    await says(child, 'ready');
    const stopping = says(child, 'stopping');
    child.kill('SIGINT');
    await stopping;
    child.kill('SIGHUP');
    assert.equal((await ended)[1], 'SIGHUP');
  });
});
