import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Listens with room for one connection and then never runs again. */
const HUNG = `
  const server = require('node:net').createServer();
  server.listen({ host: process.argv[1], port: 0, backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
/** More than the queue of such a listener holds. */
const FILLERS = 4;
const HELD = 2;

/**
 * A port that is silent to whoever asks, as behind a filter: its listener hangs, its queue is full
 * and the kernel drops every further SYN.
 */
export async function hungListener(
  address: string,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const child: ChildProcess = spawn(process.execPath, ['-e', HUNG, address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const fillers: Socket[] = [];
  if (child.stdout === null) throw new Error('the listener has no output');
  const [text] = await once(child.stdout, 'data');
  const port = Number(String(text));
  for (let i = 0; i < FILLERS; i += 1) {
    fillers.push(connect(port, address).on('error', () => undefined));
  }
  await Promise.all(fillers.slice(0, HELD).map((socket) => once(socket, 'connect')));
  return {
    port,
    async close() {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
