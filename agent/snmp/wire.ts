import type { RemoteInfo, Socket } from 'node:dgram';
import { SocketAddress } from 'node:net';
import type { SessionSocket } from 'net-snmp';
import { NotPermitted, TooManyDatagrams } from './failure.ts';
import { acceptable } from './inspect.ts';

/** What came in besides answers; kept so that a person can see why a device gives nothing. */
export interface WireCounts {
  /** Datagrams sent, retries and SNMPv3 discovery included. */
  sent: number;
  /** Datagrams that passed for answers or reports of the target. */
  received: number;
  /** Datagrams from another address or port than the target's: dropped. */
  foreign: number;
  /** Datagrams of the target that are no acceptable SNMP message: dropped. */
  garbage: number;
}

export interface WireTarget {
  readonly address: string;
  readonly port: number;
  /** SNMPv3 with authentication: plain answers that are not reports are dropped. */
  readonly secured: boolean;
}

/**
 * Discovery, one clock synchronisation after it and the request make 3; a fourth absorbs one more
 * resynchronisation. net-snmp itself answers reports without end.
 */
export const DATAGRAMS_PER_REQUEST_MAX = 4;

export interface Wire {
  readonly counts: WireCounts;
  /** Starts the datagram budget of a new request. */
  begin(): void;
  createSocket(type: 'udp4' | 'udp6'): SessionSocket;
}

/** IPv6 has many spellings of one address; sockets report the canonical one. */
function canonical(address: string): string {
  if (!address.includes(':')) return address;
  const [plain = '', zone] = address.split('%');
  const text = new SocketAddress({ address: plain, family: 'ipv6' }).address;
  return zone === undefined ? text : `${text}%${zone}`;
}

/**
 * The socket that net-snmp gets instead of its own. net-snmp accepts an answer from any source,
 * raises some parse errors as uncaught exceptions and follows reports for ever; all three end here.
 * `permit` is the agent's packet budget: false means that nothing is sent.
 */
export function createWire(
  target: WireTarget,
  createSocket: (type: 'udp4' | 'udp6') => Socket,
  permit: () => boolean,
): Wire {
  const counts: WireCounts = { sent: 0, received: 0, foreign: 0, garbage: 0 };
  const address = canonical(target.address);
  let budget = DATAGRAMS_PER_REQUEST_MAX;

  function receive(handler: (message: Buffer) => void, message: Buffer, from: RemoteInfo): void {
    if (from.port !== target.port || from.address !== address) {
      counts.foreign++;
      return;
    }
    if (!acceptable(message, target.secured)) {
      counts.garbage++;
      return;
    }
    counts.received++;
    try {
      handler(message);
    } catch {
      // A message may parse and still trip net-snmp later; it must only cost this answer.
      counts.garbage++;
    }
  }

  function wrap(socket: Socket): SessionSocket {
    // Without a listener a socket error would end the process; the request then times out.
    socket.on('error', () => undefined);
    return {
      on(event, listener) {
        if (event === 'message') socket.on('message', receive.bind(undefined, listener));
        else if (event === 'close') socket.on('close', () => listener(Buffer.alloc(0)));
        return socket;
      },
      send(buffer, offset, length, port, to, callback) {
        if (budget <= 0) throw new TooManyDatagrams();
        if (!permit()) throw new NotPermitted();
        budget--;
        counts.sent++;
        socket.send(buffer, offset, length, port, to, callback);
      },
      ref: () => void socket.ref(),
      unref: () => void socket.unref(),
      close: () => void socket.close(),
    };
  }

  return {
    counts,
    begin: () => {
      budget = DATAGRAMS_PER_REQUEST_MAX;
    },
    createSocket: (type) => wrap(createSocket(type)),
  };
}
