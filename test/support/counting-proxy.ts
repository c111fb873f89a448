/** A TCP proxy on loopback: counts what passes, and can be cut like a WAN. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface CountingProxy {
  readonly url: string;
  readonly port: number;
  /** Bytes from the agents and back to them. */
  readonly up_bytes: number;
  readonly down_bytes: number;
  readonly connections: number;
  /** Ends every connection; until `mend` new ones are closed at once. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Passes everything on to 127.0.0.1:`target_port`; `onAnswer` sees what goes back. */
export async function openProxy(
  target_port: number,
  onAnswer: (bytes: Buffer) => void = () => undefined,
): Promise<CountingProxy> {
  const counts = { up_bytes: 0, down_bytes: 0, connections: 0 };
  const sockets = new Set<Socket>();
  let passes = true;
  const server = createServer((near) => {
    if (!passes) {
      near.destroy();
      return;
    }
    counts.connections += 1;
    const far = connect(target_port, '127.0.0.1');
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    near.on('data', (bytes) => {
      counts.up_bytes += bytes.length;
    });
    far.on('data', (bytes) => {
      counts.down_bytes += bytes.length;
      // Only what also reached the other side counts as said.
      if (!near.destroyed) onAnswer(bytes);
    });
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get up_bytes() {
      return counts.up_bytes;
    },
    get down_bytes() {
      return counts.down_bytes;
    },
    get connections() {
      return counts.connections;
    },
    cut() {
      passes = false;
      endAll();
    },
    mend() {
      passes = true;
    },
    async close() {
      endAll();
      server.close();
      await once(server, 'close');
    },
  };
}
