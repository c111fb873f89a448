import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { type AgentFaults, answer, MESSAGE_BYTES_MAX } from './agent.ts';
import type { Mib } from './mib.ts';

/** Faults of the device and of the path to it; those of AgentFaults concern the protocol. */
export interface DeviceFaults extends AgentFaults {
  /** Requests arrive, nothing comes back. */
  readonly silent?: boolean;
  /** Answers are bytes that are no SNMP. */
  readonly garbage?: boolean;
  /** Answers are cut to this many bytes. */
  readonly truncated_bytes?: number;
  /** Answers come from this loopback address instead of the device's own. */
  readonly source_address?: string;
  /** Answers come so much later, ms. */
  readonly delay_ms?: number;
  /** Every n-th request is lost; 1 loses all. */
  readonly lose_every?: number;
}

export interface SnmpDeviceOptions {
  /** Loopback address; each device of a demo site has its own in 127.0.0.0/8. */
  readonly address: string;
  /** UDP port, 0 for any free one. */
  readonly port: number;
  readonly community: string;
  /** What it serves; a function is called once per request. */
  readonly mib: Mib | (() => Mib);
  readonly faults?: DeviceFaults;
  /** Bytes; default MESSAGE_BYTES_MAX. */
  readonly message_bytes_max?: number;
  /** Whether the device is without power or otherwise mute at this moment. */
  readonly silent?: () => boolean;
}

export interface SnmpDevice {
  readonly address: string;
  /** The port in use. */
  readonly port: number;
  /** Requests received. */
  readonly requests: number;
  setFaults(faults: DeviceFaults): void;
  close(): Promise<void>;
}

const GARBAGE = Buffer.from('30ff00deadbeef30020102', 'hex');

function bind(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      // A client that is gone answers with ICMP errors; they are no concern of a device.
      socket.on('error', () => undefined);
      resolve();
    });
  });
}

function close(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.close(() => resolve()));
}

/**
 * Starts an SNMP v1/v2c agent on a loopback address. It speaks real UDP with an encoder of its
 * own, so that tests of the poller do not check the poller's library with itself. Rejects where
 * address and port cannot be bound.
 */
export async function createSnmpDevice(options: SnmpDeviceOptions): Promise<SnmpDevice> {
  const socket = createSocket('udp4');
  await bind(socket, options.address, options.port);
  const { port } = socket.address();
  const timers = new Set<NodeJS.Timeout>();
  let other: { address: string; socket: Socket } | undefined;
  let faults = options.faults ?? {};
  let requests = 0;
  let closed = false;

  async function outlet(): Promise<Socket> {
    const address = faults.source_address;
    if (address === undefined) return socket;
    if (other?.address === address) return other.socket;
    const fresh = createSocket('udp4');
    await bind(fresh, address, port);
    other = { address, socket: fresh };
    return fresh;
  }

  async function reply(bytes: Uint8Array, to: RemoteInfo): Promise<void> {
    const from = await outlet();
    if (!closed) from.send(bytes, to.port, to.address);
  }

  socket.on('message', (datagram, client) => {
    requests++;
    const lost = faults.lose_every !== undefined && requests % faults.lose_every === 0;
    if (lost || faults.silent === true || options.silent?.() === true) return;
    const mib = typeof options.mib === 'function' ? options.mib() : options.mib;
    const { community, message_bytes_max = MESSAGE_BYTES_MAX } = options;
    let bytes = answer({ community, mib, message_bytes_max, faults }, datagram);
    if (bytes === undefined) return;
    if (faults.garbage === true) bytes = GARBAGE;
    if (faults.truncated_bytes !== undefined) bytes = bytes.subarray(0, faults.truncated_bytes);
    const ready = bytes;
    if (faults.delay_ms === undefined) return void reply(ready, client);
    const timer = setTimeout(() => {
      timers.delete(timer);
      void reply(ready, client);
    }, faults.delay_ms);
    timers.add(timer);
  });

  return {
    address: options.address,
    port,
    get requests() {
      return requests;
    },
    setFaults(next) {
      faults = next;
    },
    async close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      await close(socket);
      if (other !== undefined) await close(other.socket);
    },
  };
}
