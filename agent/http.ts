import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { LanProofError } from '../shared/errors.ts';
import { isLoopbackHost } from '../shared/node/host-port.ts';
import { http } from '../shared/node/http-module.ts';
import { bare, type ConnectOptions, openConnection, type Peer } from './connect.ts';

/** An answer that takes longer is tried again: a hung proxy must not hold the queue, ms. */
export const REQUEST_TIMEOUT_MS = 30_000;
/**
 * An idle connection is kept so long, or a second less than the collector announces: the batch of
 * the next minute needs no new TLS handshake, and few proxies close earlier (nginx after 75 s).
 */
const IDLE_MS_MAX = 70_000;
/** The largest answer is a target list of 2,000 devices with its private part. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Monotonic ms when the request left and when its answer was complete. */
  readonly sent_mono_ms: number;
  readonly received_mono_ms: number;
}

/** The way to the collector. `send` throws LanProofError where no answer came. */
export interface CollectorHttp {
  send(request: HttpRequest, signal?: AbortSignal): Promise<HttpAnswer>;
  /** The address that the next request goes to. */
  readonly url: string;
  close(): Promise<void>;
}

export interface HttpOptions extends ConnectOptions {
  /** Tried in turn: after a failure the next one. */
  readonly urls: readonly string[];
  readonly insecure: boolean;
  readonly monotonic_ms: () => number;
}

/** @throws LanProofError COLLECTOR_INSECURE: plain http beyond loopback was not allowed. */
export function createCollectorHttp(options: HttpOptions): CollectorHttp {
  for (const url of options.urls) checkUrl(url, options.insecure);
  const ways = options.urls.map((url) => new Way(url, options));
  let current = 0;
  return {
    get url() {
      return options.urls[current % options.urls.length] ?? '';
    },
    async send(wanted, signal) {
      const origin = this.url;
      try {
        const way = ways[current % ways.length];
        if (way === undefined) throw new Error('no address of a collector is given');
        return await sendOnce(way, wanted, options.monotonic_ms, signal);
      } catch (error) {
        current += 1;
        throw unreachable(error, origin);
      }
    },
    async close() {
      for (const way of ways) way.destroy();
    },
  };
}

/** One connection to one address, kept open between requests; its pin is checked before use. */
class Way extends http.Agent {
  /** Where requests go: the host with its port, and what the address has before their path. */
  readonly host: string;
  readonly path: string;
  readonly #peer: Peer;
  readonly #options: ConnectOptions;
  #closed = false;

  constructor(url: string, options: ConnectOptions) {
    super({ keepAlive: true, maxSockets: 1, timeout: IDLE_MS_MAX });
    const { hostname, host, port, pathname, protocol } = new URL(url);
    const secure = protocol === 'https:';
    this.host = host;
    this.path = pathname.replace(/\/+$/, '');
    this.#peer = { host: bare(hostname), port: Number(port || (secure ? 443 : 80)), secure };
    this.#options = options;
  }

  override createConnection(_: unknown, done?: (error: Error | null, socket: Duplex) => void) {
    const failed = done as ((error: Error) => void) | undefined;
    openConnection(this.#peer, this.#options).then(
      (socket) => {
        if (this.#closed) socket.destroy();
        done?.(null, socket);
      },
      (error: unknown) => failed?.(error instanceof Error ? error : new Error(String(error))),
    );
    return undefined;
  }

  override destroy(): void {
    this.#closed = true;
    super.destroy();
  }
}

async function sendOnce(
  way: Way,
  wanted: HttpRequest,
  monotonic_ms: () => number,
  stop: AbortSignal | undefined,
): Promise<HttpAnswer> {
  const limit = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const signal = stop === undefined ? limit : AbortSignal.any([stop, limit]);
  signal.throwIfAborted();
  const sent_mono_ms = monotonic_ms();
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // The request itself tells an abort only once it has a connection.
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  const { method, body, headers } = wanted;
  const request = http.request({
    ...{ agent: way, method, path: `${way.path}${wanted.path}`, signal },
    headers: { ...headers, host: way.host },
  });
  request.on('error', reject);
  request.once('response', resolve);
  request.end(body);
  const answer = await promise;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new RangeError(`answer above ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return {
    status: answer.statusCode ?? 0,
    headers: flat(answer.headers),
    body: Buffer.concat(chunks),
    sent_mono_ms,
    received_mono_ms: monotonic_ms(),
  };
}

/** The JSON of an answer. @throws LanProofError ANSWER_GARBAGE. */
export function jsonOf(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body));
  } catch (cause) {
    throw new LanProofError('ANSWER_GARBAGE', `the answer (${answer.status}) is not JSON`, {
      hint: 'a proxy or a login page may have answered; check `collector` and `proxy`',
      fatal: false,
      cause,
    });
  }
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>) {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name] = Array.isArray(value) ? value.join() : value;
  }
  return out;
}

function checkUrl(url: string, insecure: boolean): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || isLoopbackHost(hostname) || insecure) return;
  throw new LanProofError('COLLECTOR_INSECURE', 'plain http beyond loopback', {
    hint: 'write https://, or allow it with `insecure: true` (agent.yml) or --insecure',
    place: url,
  });
}

function unreachable(error: unknown, place: string): LanProofError {
  if (error instanceof LanProofError) return error;
  const said = error instanceof Error ? error.message : String(error);
  return new LanProofError('COLLECTOR_UNREACHABLE', `no answer: ${said}`, {
    hint: 'check the address, the WAN, the proxy and the firewall (outgoing TCP)',
    place,
    fatal: false,
    cause: error,
  });
}
