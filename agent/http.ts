import { Agent, request } from 'undici';
import { LanProofError } from '../shared/errors.ts';
import { isLoopbackHost } from '../shared/node/config-schema.ts';
import { bare, type ConnectOptions, openConnection } from './connect.ts';

/** An answer that takes longer is tried again: a hung proxy must not hold the queue, ms. */
export const REQUEST_TIMEOUT_MS = 30_000;
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
  const dispatcher = new Agent({
    connections: 1,
    pipelining: 1,
    headersTimeout: REQUEST_TIMEOUT_MS,
    bodyTimeout: REQUEST_TIMEOUT_MS,
    connect: ({ hostname, port, protocol }, done) => {
      const secure = protocol === 'https:';
      const peer = { host: bare(hostname), port: Number(port || (secure ? 443 : 80)), secure };
      openConnection(peer, options).then(
        (socket) => done(null, socket),
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), null),
      );
    },
  });
  let current = 0;
  return {
    get url() {
      return options.urls[current % options.urls.length] ?? '';
    },
    async send(wanted, signal) {
      const origin = this.url;
      try {
        return await sendOnce(dispatcher, origin, wanted, options.monotonic_ms, signal);
      } catch (error) {
        current += 1;
        throw unreachable(error, origin);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

async function sendOnce(
  dispatcher: Agent,
  origin: string,
  wanted: HttpRequest,
  monotonic_ms: () => number,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  const limit = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const sent_mono_ms = monotonic_ms();
  const answer = await request(`${origin}${wanted.path}`, {
    dispatcher,
    method: wanted.method,
    headers: wanted.headers ?? {},
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    ...(wanted.body === undefined ? {} : { body: wanted.body }),
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new RangeError(`answer above ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return {
    status: answer.statusCode,
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
    if (value !== undefined) out[name.toLowerCase()] = Array.isArray(value) ? value.join() : value;
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
  if (error instanceof Error && error.cause instanceof LanProofError) return error.cause;
  const said = error instanceof Error ? error.message : String(error);
  return new LanProofError('COLLECTOR_UNREACHABLE', `no answer: ${said}`, {
    hint: 'check the address, the WAN, the proxy and the firewall (outgoing TCP)',
    place,
    fatal: false,
    cause: error,
  });
}
