import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FpingLines } from '../../../agent/probe/fping-lines.ts';
import { openPipe, startFping } from '../../../agent/probe/fping-process.ts';
import { FpingRun } from '../../../agent/probe/fping-run.ts';
import { target } from './recording-sink.ts';

const WITHIN_MS = 20_000;
const dir = mkdtempSync(join(tmpdir(), 'lanproof-fping-test-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function script(name: string, body: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

async function until(what: string, look: () => boolean): Promise<void> {
  const end_ms = performance.now() + WITHIN_MS;
  while (!look()) {
    assert.ok(performance.now() < end_ms, `never: ${what}`);
    await sleep(5);
  }
}

test('a stream that has ended is read as nothing, as often as it is asked', async () => {
  const closed = join(dir, 'closed');
  const texts: string[] = [];
  const lines = new FpingLines(['127.0.0.1'], {
    reply: () => assert.fail('no reply was printed'),
    timeout: () => assert.fail('no time-out was printed'),
    text: (line) => texts.push(line),
  });
  // It lives on without its output: whoever holds the other end reads zero bytes, no error.
  const body = `echo last words\nexec >&- 2>&-\n: > ${closed}\nexec sleep 60`;
  const fping = startFping(script('silent', body), [], await openPipe(), lines);
  try {
    await until('it closed its output', () => existsSync(closed));
    for (let look = 0; look < 3; look += 1) fping.poll();
    assert.deepEqual(texts, ['last words']);
  } finally {
    fping.kill();
  }
  assert.deepEqual(await fping.ended, { code: null, signal: 'SIGKILL', error: null });
  fping.poll();
  assert.deepEqual(texts, ['last words'], 'what has ended is not read');
});

test('between ticks the pipe is left alone, but not for longer than a second', async () => {
  const [go, gone] = [join(dir, 'go'), join(dir, 'gone')];
  const wall_ms = 1_795_413_295_000;
  const line = (n: number, at: string) => `[${at}] 127.0.0.1 : [${n}], 64 bytes, 1.00 ms (1 avg)`;
  const path = script(
    'two-lines',
    `echo '${line(0, '1795413295.10100')}'
while [ ! -e ${go} ]; do sleep 0.02; done
echo '${line(1, '1795413305.10100')}'
: > ${gone}
exec sleep 60`,
  );
  const seen: number[] = [];
  const ended = Promise.withResolvers<void>();
  const plan = {
    ...({ path, family: 4, interval_ms: 10_000, gap_ms: 1, bytes: undefined } as const),
    targets: [target(0, '127.0.5.1', { interval_ms: 10_000, timeout_ms: 500 })],
  };
  const run = new FpingRun(plan, await openPipe(), 0, wall_ms, {
    anchored: (anchor_ms) => assert.equal(Math.round(anchor_ms), 100),
    sent: (n) => seen.push(n),
    reply: () => undefined,
    silent: () => undefined,
    garbage: (text) => assert.fail(text),
    ended: () => ended.resolve(),
  });
  const poll = (now_ms: number, trusted = true): void => {
    run.poll(now_ms, wall_ms + now_ms, trusted);
  };
  try {
    await until('the first line', () => {
      poll(500);
      return run.anchored;
    });
    writeFileSync(go, '');
    await until('the second line is in the pipe', () => existsSync(gone));
    // Lines of the tick of 0.1 s come until 1.0 s: its time-out, its packets and a margin.
    poll(1_100);
    poll(1_499);
    assert.deepEqual(seen, [0], 'no line is due');
    poll(1_500);
    assert.deepEqual(seen, [0, 1], 'a second after the last look');
  } finally {
    run.kill();
  }
  await ended.promise;
});
