import type { ClientRequest, IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { HttpOutcome } from '../../shared/measure/codes.ts';
import { http } from '../../shared/node/http-module.ts';
import {
  asMs,
  type CheckResult,
  elapsedUs,
  faultCode,
  type NowMs,
  performanceNow,
  type Trace,
} from './check.ts';
import { openTcp } from './connect.ts';
import { resolveName } from './http-name.ts';
import { openTls } from './http-tls.ts';

/** More of a page tells nothing about the service; the connection is cut after it. */
export const BODY_BYTES_MAX = 64 * 1024;
/** RFC 9110 §15: a status below this is none, and a batch must not hold it. */
const STATUS_MIN = 100;
/** Why a name that other programs know is unknown here (http-name.ts says why it is so). */
const HOSTS_UNREAD =
  'Only name servers are asked, on purpose: /etc/hosts is not read. Write the address in the URL.';
const USER_AGENT = 'lanproof';
const PORTS = { 'http:': 80, 'https:': 443 } as const;

export interface HttpTarget {
  /** http: or https:; user names and passwords in it are refused. */
  readonly url: string;
  /** Connect here instead of asking for the host's address. */
  readonly address?: string;
  /** PEM of the authorities to trust instead of those that come with Node. */
  readonly ca?: string;
  /** Name servers, `address` or `address:port`; default: those of the system. */
  readonly servers?: readonly string[];
  /** Whether this address may be asked; looked at after the name was resolved. Default: any. */
  readonly permits?: (address: string) => boolean;
}

interface Step {
  readonly deadline: AbortSignal;
  readonly trace: Trace | undefined;
  readonly now_ms: NowMs;
  readonly phases: Phases;
}

/** µs; resolve, connect and tls each by itself, first_byte since the request was sent. */
interface Phases {
  resolve: number | null;
  connect: number | null;
  tls: number | null;
  first_byte: number | null;
}

interface Verdict {
  readonly outcome: HttpOutcome;
  readonly status?: number;
}

/**
 * One GET over a connection of its own: no redirect is followed, no cookie or credential sent, no
 * connection kept, at most BODY_BYTES_MAX of the page read. Phases: [resolve, connect, tls,
 * first_byte, whole]; status: the HTTP status. Never rejects.
 */
export async function probeHttp(
  target: HttpTarget,
  deadline: AbortSignal,
  trace?: Trace,
  now_ms: NowMs = performanceNow,
): Promise<CheckResult<HttpOutcome>> {
  const started_ms = now_ms();
  const phases: Phases = { resolve: null, connect: null, tls: null, first_byte: null };
  const { outcome, status } = await visit(target, { deadline, trace, now_ms, phases });
  const done = status !== undefined && outcome !== 'timeout' && outcome !== 'garbage';
  const whole = done ? elapsedUs(now_ms, started_ms) : null;
  const { resolve, connect, tls, first_byte } = phases;
  const answered = outcome === 'ok' || outcome === 'client_error';
  trace?.(`Outcome ${outcome}${whole === null ? '' : ` after ${asMs(whole)} in all`}.`);
  return {
    code: answered ? 'r' : outcome === 'not_sent' ? 'x' : 'n',
    outcome,
    phases_us: [resolve, connect, tls, first_byte, whole],
    ...(status === undefined ? {} : { status }),
  };
}

async function visit(target: HttpTarget, step: Step): Promise<Verdict> {
  const { deadline, trace, now_ms, phases } = step;
  const url = parseHttpUrl(target.url);
  if (url === null || deadline.aborted) {
    trace?.(url === null ? 'This is no http or https URL without a password.' : 'No time is left.');
    return { outcome: 'not_sent' };
  }
  const resolved = await addressOf(url, target, step);
  if ('outcome' in resolved) return resolved;
  const { address } = resolved;
  if (target.permits?.(address) === false) {
    trace?.(`${address} is outside what this agent may ask.`);
    return { outcome: 'not_sent' };
  }
  const port = portOf(url);
  trace?.(`Connecting to ${address} port ${port}.`);
  const opening_ms = now_ms();
  const opened = await openTcp({ address, port }, deadline);
  if (!opened.ok) {
    trace?.(`No connection: ${opened.said}.`);
    const { fault } = opened;
    if (fault === 'refused') return { outcome: 'connect_refused' };
    return { outcome: fault === 'timeout' ? 'connect_timeout' : fault };
  }
  phases.connect = elapsedUs(now_ms, opening_ms);
  trace?.(`Connected after ${asMs(phases.connect)}.`);
  try {
    if (url.protocol === 'http:') return await get(url, opened.socket, step);
    const shaking_ms = now_ms();
    const secured = await openTls(opened.socket, hostOf(url), target.ca, deadline, trace);
    if (!secured.ok) return { outcome: secured.outcome };
    phases.tls = elapsedUs(now_ms, shaking_ms);
    trace?.(`TLS stood after ${asMs(phases.tls)}.`);
    return await get(url, secured.socket, step);
  } finally {
    opened.socket.destroy();
  }
}

async function addressOf(
  url: URL,
  target: HttpTarget,
  { deadline, trace, now_ms, phases }: Step,
): Promise<Verdict | { readonly address: string }> {
  const host = hostOf(url);
  const given = target.address ?? (isIP(host) === 0 ? undefined : host);
  if (given !== undefined) return { address: given };
  const asking_ms = now_ms();
  const answer = await resolveName(host, target.servers, deadline);
  if (!answer.ok) {
    trace?.(`The name servers give no address of ${host}: ${answer.said}.`);
    if (answer.said === 'ENOTFOUND') trace?.(HOSTS_UNREAD);
    return { outcome: 'name_failed' };
  }
  phases.resolve = elapsedUs(now_ms, asking_ms);
  trace?.(`${host} is ${answer.addresses.join(', ')}, known after ${asMs(phases.resolve)}.`);
  const permits = target.permits ?? (() => true);
  // Whoever answers for the name must not lead the agent to where it may not go.
  const address = answer.addresses.find(permits);
  if (address !== undefined) return { address };
  trace?.('None of them is an address that this agent may ask.');
  return { outcome: 'not_sent' };
}

/** The request over an open connection. */
function get(url: URL, socket: Socket, step: Step): Promise<Verdict> {
  const { deadline, trace, now_ms, phases } = step;
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  let status: number | undefined;
  let asked: ClientRequest | undefined;
  const end = (outcome: HttpOutcome): void => {
    deadline.removeEventListener('abort', expire);
    resolve({ outcome, ...(status === undefined ? {} : { status }) });
    asked?.destroy();
    socket.destroy();
  };
  const expire = (): void => {
    trace?.('The answer was not whole in time.');
    end('timeout');
  };
  if (deadline.aborted) {
    expire();
    return promise;
  }
  deadline.addEventListener('abort', expire, { once: true });
  const sent_ms = now_ms();
  asked = http.request({
    createConnection: () => socket,
    method: 'GET',
    path: `${url.pathname}${url.search}`,
    setHost: false,
    headers: { host: url.host, 'user-agent': USER_AGENT, accept: '*/*', connection: 'close' },
  });
  asked.on('socket', () => {
    // Before the parser, which tells of the answer while it reads these bytes.
    socket.prependOnceListener('data', () => {
      phases.first_byte = elapsedUs(now_ms, sent_ms);
    });
  });
  asked.on('error', (error) => {
    trace?.(`No HTTP answer: ${faultCode(error) || error.message}.`);
    end('garbage');
  });
  // Nobody asked for another protocol; without a listener Node would leave the request hanging.
  asked.on('upgrade', () => end('garbage'));
  asked.on('response', (response) => {
    const code = response.statusCode ?? 0;
    trace?.(`Status ${code}, first byte after ${asMs(phases.first_byte)}.`);
    if (code < STATUS_MIN) return end('garbage');
    status = code;
    readBody(response, (whole) => end(whole ? outcomeOf(code) : 'garbage'));
  });
  asked.end();
  return promise;
}

/** Reads until the end or BODY_BYTES_MAX; false where the page broke off. */
function readBody(response: IncomingMessage, done: (whole: boolean) => void): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes >= BODY_BYTES_MAX) done(true);
  });
  response.once('end', () => done(true));
  response.once('error', () => done(false));
  response.once('aborted', () => done(false));
}

function outcomeOf(status: number): HttpOutcome {
  if (status < 400) return 'ok';
  return status < 500 ? 'client_error' : 'server_error';
}

/** An http or https URL without credentials; null otherwise. */
export function parseHttpUrl(text: string): URL | null {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  return url.username === '' && url.password === '' ? url : null;
}

/** The host as a name or address, without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? PORTS['https:'] : PORTS['http:'];
}
