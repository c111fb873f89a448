import { connect, type Socket } from 'node:net';
import { type ConnectFault, connectFault } from './check.ts';

export type Connected =
  | { readonly ok: true; readonly socket: Socket }
  | { readonly ok: false; readonly fault: ConnectFault; readonly said: string };

/**
 * Opens one TCP connection to an address (never a name) or says why not. At the deadline the
 * attempt is given up as `timeout`. Never rejects; the caller owns the socket.
 */
export function openTcp(
  target: { readonly address: string; readonly port: number },
  deadline: AbortSignal,
): Promise<Connected> {
  if (deadline.aborted) {
    return Promise.resolve({ ok: false, fault: 'not_sent', said: 'no time was left' });
  }
  return new Promise((resolve) => {
    // Faults of the own host are told before the loop turns; ICMP errors need a turn at least.
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    const socket = connect({ host: target.address, port: target.port, noDelay: true });
    const end = (connected: Connected): void => {
      deadline.removeEventListener('abort', expire);
      socket.removeListener('connect', accept);
      // A fault after the verdict must not end the process.
      socket.on('error', () => undefined);
      if (!connected.ok) socket.destroy();
      resolve(connected);
    };
    const accept = (): void => end({ ok: true, socket });
    const expire = (): void => end({ ok: false, fault: 'timeout', said: 'no answer in time' });
    deadline.addEventListener('abort', expire, { once: true });
    socket.once('connect', accept);
    socket.once('error', (error) => {
      end({ ok: false, fault: connectFault(error, !turned), said: error.message });
    });
  });
}
