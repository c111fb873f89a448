import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** The script is asked this often whether the line is cut, ms. */
const LOOK_MS = 250;

/** The WAN of one office: a TCP relay between its agent and the collector. */
export interface WanRelay {
  /** What the agent is given as its collector. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Relays TCP from a free port of 127.0.0.1 to the collector while `isUp` says so. When it ends,
 * lines that stand are torn and new ones are dropped at once, as a router without an uplink does.
 * Rejects where no port can be bound.
 */
export async function startWanRelay(collector: string, isUp: () => boolean): Promise<WanRelay> {
  const to = new URL(collector);
  const open = new Set<Socket>();
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // A torn line is the point of this relay; whoever sent over it tries again.
    socket.on('error', () => undefined);
  };
  const server = createServer((from) => {
    if (!isUp()) {
      from.destroy();
      return;
    }
    const on = createConnection(Number(to.port), to.hostname);
    keep(from);
    keep(on);
    from.pipe(on);
    on.pipe(from);
    from.once('close', () => on.destroy());
    on.once('close', () => from.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const tear = (): void => {
    for (const socket of open) socket.destroy();
  };
  const timer = setInterval(() => {
    if (!isUp()) tear();
  }, LOOK_MS);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      clearInterval(timer);
      const closed = new Promise<void>((done) => server.close(() => done()));
      tear();
      await closed;
    },
  };
}
