import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { createUdpEchoEngine } from '../../../agent/probe/udp-echo.ts';
import { RecordingSink, realClock, target, until } from './recording-sink.ts';

const ADDRESS = '127.105.6.1';

test('small and large echoes are two series; a large one has the size that the list says', async () => {
  const socket = createSocket('udp4');
  socket.bind(0, ADDRESS);
  await once(socket, 'listening');
  const sizes: number[] = [];
  socket.on('message', (bytes, from) => {
    sizes.push(bytes.length);
    const token = /^LPE1 ([0-9]+) *\n$/.exec(bytes.toString('latin1'))?.[1];
    // A cable that loses large frames only.
    if (bytes.length < 100) socket.send(`LPE1 ${token} r\n`, from.port, from.address);
  });
  const sink = new RecordingSink();
  const engine = createUdpEchoEngine({ sink, clock: realClock(), port: socket.address().port });
  try {
    await engine.apply([target(7, ADDRESS), target(7, ADDRESS, { bytes: 1_400 })], 0);
    await until('rows of both', () => sink.rowsOf(0).length > 1 && sink.rowsOf(1).length > 1);
    assert.deepEqual(
      sink.opened.map(({ probe, targets }) => [probe, ...targets]),
      [
        ['icmp', 7],
        ['echo_large', 7],
      ],
    );
    assert.deepEqual(sink.rowsOf(0)[0]?.codes, ['r']);
    assert.deepEqual(sink.rowsOf(1)[0]?.codes, ['n']);
    assert.ok(sizes.includes(1_400) && sizes.every((size) => size === 1_400 || size < 100));
  } finally {
    await engine.stop();
    socket.close();
  }
  assert.equal(sink.closed.length, 2);
});

test('a question after the end is over at once: whoever stops must not wait for it', async () => {
  const engine = createUdpEchoEngine({ sink: new RecordingSink(), clock: realClock(), port: 9 });
  try {
    assert.deepEqual(await engine.seeker?.macsAt(ADDRESS, AbortSignal.abort()), []);
  } finally {
    await engine.stop();
  }
});
