import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

/** Damaged answers to one request; more would overflow a socket's buffer on a busy machine. */
export const DAMAGED_PER_ANSWER = 40;

/** A small generator of numbers 0 ≤ x < 1 (mulberry32): a failure can be run again by its seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One to four damages: changed, cut, doubled, inserted and removed bytes, and broken lengths. */
export function mutated(whole: Uint8Array, random: () => number): Uint8Array {
  let bytes = Buffer.from(whole);
  const upTo = (max: number): number => Math.floor(random() * max);
  for (let left = 1 + upTo(4); left > 0 && bytes.length > 2; left--) {
    const at = upTo(bytes.length);
    switch (upTo(6)) {
      case 0:
        bytes[at] = upTo(256);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << upTo(8));
        break;
      case 2:
        bytes = bytes.subarray(0, Math.max(at, 1));
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(upTo(at + 1))]);
        break;
      case 4:
        bytes[at] = [0, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff][upTo(7)] ?? 0;
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + upTo(8))]);
    }
  }
  return bytes;
}

async function bound(address: string): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  socket.on('error', () => undefined);
  return socket;
}

export interface Mutant {
  readonly address: string;
  readonly port: number;
}

/**
 * Stands in front of a device: of every answer it sends many damaged copies first, then the answer
 * itself, so that v3 sessions get through discovery too.
 */
export async function startMutant(
  t: TestContext,
  address: string,
  behind: { readonly address: string; readonly port: number },
  seed: number,
): Promise<Mutant> {
  const random = seeded(seed);
  const front = await bound(address);
  const back = await bound('127.0.0.1');
  let client: RemoteInfo | undefined;
  front.on('message', (request, from) => {
    client = from;
    back.send(request, behind.port, behind.address);
  });
  back.on('message', (answer) => {
    if (client === undefined) return;
    for (let i = 0; i < DAMAGED_PER_ANSWER; i++) {
      front.send(mutated(answer, random), client.port, client.address);
    }
    front.send(answer, client.port, client.address);
  });
  t.after(() => {
    front.close();
    back.close();
  });
  return { address, port: front.address().port };
}
