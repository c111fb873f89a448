import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** What a stub does with a query: it answers by `reply`, or stays silent. */
export type DnsScript = (query: Buffer, reply: (bytes: Uint8Array) => void) => void;

export interface DnsStub {
  readonly address: string;
  readonly port: number;
  /** Every query that came, oldest first, and the port it came from. */
  readonly queries: { readonly bytes: Buffer; readonly from_port: number }[];
  script: DnsScript;
  close(): Promise<void>;
}

/** A name server over real UDP that does what a script says. */
export async function startDnsStub(address: string, script: DnsScript): Promise<DnsStub> {
  const socket: Socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  const stub: DnsStub = {
    address,
    port: socket.address().port,
    queries: [],
    script,
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
  socket.on('message', (bytes, from) => {
    stub.queries.push({ bytes, from_port: from.port });
    stub.script(bytes, (answer) => socket.send(answer, from.port, from.address));
  });
  return stub;
}

export interface AnswerOptions {
  readonly rcode?: number;
  readonly truncated?: boolean;
  /** IPv4 addresses; each a record of type A. */
  readonly addresses?: readonly string[];
  readonly id?: number;
}

/** An answer to `query` as a careful server writes it (RFC 1035 §4.1). */
export function answerTo(query: Buffer, options: AnswerOptions = {}): Buffer {
  const { rcode = 0, truncated = false, addresses = [], id = query.readUInt16BE(0) } = options;
  const head = Buffer.from(query);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(0x8180 | (truncated ? 0x0200 : 0) | rcode, 2);
  head.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([head, ...records]);
}
