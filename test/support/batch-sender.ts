/** One keep-alive connection that posts batches: as little work as a sender can have. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { BATCH_CONTENT_TYPE } from '../../shared/measure/protocol.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
/** A collector that takes longer has lost the request, ms. */
const ANSWER_MS_MAX = 60_000;

export interface Answer {
  readonly status: number;
  readonly took_ms: number;
  readonly body: string;
}

export class BatchSender {
  readonly #port: number;
  #socket: Socket | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends one batch and waits for its answer. Throws when the connection breaks. */
  async send(body: Uint8Array): Promise<Answer> {
    const socket = await this.#open();
    const sent_ms = performance.now();
    const head =
      `POST /api/v1/batches HTTP/1.1\r\nhost: 127.0.0.1:${this.#port}\r\n` +
      `content-type: ${BATCH_CONTENT_TYPE}\r\ncontent-length: ${body.length}\r\n\r\n`;
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
    const answer = await readAnswer(socket);
    return { ...answer, took_ms: performance.now() - sent_ms };
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #open(): Promise<Socket> {
    if (this.#socket !== undefined && !this.#socket.destroyed) return this.#socket;
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    socket.on('error', () => socket.destroy());
    this.#socket = socket;
    return socket;
  }
}

function readAnswer(socket: Socket): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    let got: Buffer = Buffer.alloc(0);
    const timer = setTimeout(() => done(new Error('no answer')), ANSWER_MS_MAX);
    const done = (result: Error | { status: number; body: string }): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose);
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    const onClose = (): void => done(new Error('the connection was closed'));
    const onData = (bytes: Buffer): void => {
      got = got.length === 0 ? bytes : Buffer.concat([got, bytes]);
      const end = got.indexOf(HEAD_END);
      if (end < 0) return;
      const head = got.toString('latin1', 0, end);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
      const from = end + HEAD_END.length;
      if (got.length < from + length) return;
      done({ status: Number(head.slice(9, 12)), body: got.toString('utf8', from, from + length) });
    };
    socket.on('data', onData).on('close', onClose);
  });
}

/** The nearest-rank quantile of a list, 0 ≤ share ≤ 1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
