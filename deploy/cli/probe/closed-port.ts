import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { faultCode } from '../../../agent/probe/check.ts';

/** ICMP errors come as fast as a ping; a host that sends none is not waited for longer, ms. */
const REFUSAL_MS = 500;

/**
 * Whether the host says by ICMP "port unreachable" that nobody listens there. Only a connected
 * socket is told, and those of polls are not; so one empty datagram asks, which no SNMP agent
 * answers. Call it only after silence, and where `permit` allows the address. Never rejects.
 */
export function isPortClosed(address: string, port: number, stop: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const deadline = AbortSignal.any([stop, AbortSignal.timeout(REFUSAL_MS)]);
    let ended = false;
    const end = (closed: boolean): void => {
      if (ended) return;
      ended = true;
      deadline.removeEventListener('abort', silent);
      socket.close();
      resolve(closed);
    };
    const silent = (): void => end(false);
    socket.on('error', (error) => end(faultCode(error) === 'ECONNREFUSED'));
    socket.on('connect', () => {
      if (!ended) socket.send(Buffer.alloc(0));
    });
    socket.connect(port, address);
    if (deadline.aborted) return end(false);
    deadline.addEventListener('abort', silent, { once: true });
  });
}
