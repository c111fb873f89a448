import type { RemoteInfo, Socket } from 'node:dgram';
import { SocketAddress } from 'node:net';
import type { SessionSocket } from 'net-snmp';
import { NotPermitted, TooManyDatagrams } from './failure.ts';
import { acceptable } from './inspect.ts';
import { asking } from './request.ts';
import { readAnswer } from './response.ts';
import type { VarbindList } from './varbinds.ts';

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
  /**
   * Starts the datagram budget of a new request. `asked`: a varbind list that its one GETBULK shall
   * carry instead of net-snmp's; its SNMPv2c answer is then read here and net-snmp gets the
   * message without varbinds.
   */
  begin(asked?: Buffer): void;
  /** The varbinds of the answer that net-snmp is reporting at this moment, if they were read. */
  list(): VarbindList | undefined;
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
 * It also spends most of a poll on making text of OIDs and OIDs of text, so of SNMPv2c bulk
 * requests the varbind lists are written and read here; the rest of a message is net-snmp's.
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
  let asked: Buffer | undefined;
  let list: VarbindList | undefined;

  function receive(handler: (message: Buffer) => void, message: Buffer, from: RemoteInfo): void {
    if (from.port !== target.port || from.address !== address) {
      counts.foreign++;
      return;
    }
    if (!acceptable(message, target.secured)) {
      counts.garbage++;
      return;
    }
    const answer = asked === undefined ? 'other' : readAnswer(message);
    if (answer === 'garbage') {
      counts.garbage++;
      return;
    }
    counts.received++;
    list = answer === 'other' ? undefined : answer.list;
    try {
      handler(answer === 'other' ? message : answer.shell);
    } catch {
      // A message may parse and still trip net-snmp later; it must only cost this answer.
      counts.garbage++;
    }
    list = undefined;
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
        if (asked === undefined) return socket.send(buffer, offset, length, port, to, callback);
        socket.send(asking(buffer.subarray(offset, offset + length), asked), port, to, callback);
      },
      ref: () => void socket.ref(),
      unref: () => void socket.unref(),
      close: () => void socket.close(),
    };
  }

  return {
    counts,
    begin: (list_to_ask) => {
      budget = DATAGRAMS_PER_REQUEST_MAX;
      asked = list_to_ask;
    },
    list: () => list,
    createSocket: (type) => wrap(createSocket(type)),
  };
}
