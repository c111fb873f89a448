import { createHash, X509Certificate } from 'node:crypto';
import { isIP, type Socket, connect as tcpConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { LanProofError } from '../shared/errors.ts';
import { http } from '../shared/node/http-module.ts';

/** TCP, proxy and TLS together; a commune's uplink may be slow, but not that slow. */
export const CONNECT_TIMEOUT_MS = 15_000;

/** How the collector's TLS key is known. */
export interface TlsTrust {
  /** Base64 SHA-256 of the public key (SPKI, DER) that the enrolment token names. */
  readonly spki: string;
  /** True where no public authority vouches for it: then only this very key is accepted. */
  readonly self_signed: boolean;
}

export interface ConnectOptions {
  /** http://[user:password@]host:port; the tunnel is made by CONNECT, for http too. */
  readonly proxy: string | undefined;
  /** Undefined: trust the system's authorities alone. */
  readonly tls: TlsTrust | undefined;
  /** Ends what is still being connected before its time is over. */
  readonly stop?: AbortSignal | undefined;
}

export interface Peer {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** Base64 SHA-256 of a certificate's public key as SubjectPublicKeyInfo (RFC 7469 §2.4). */
export function spkiOf(certificate: Uint8Array): string {
  const key = new X509Certificate(certificate).publicKey;
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('base64');
}

/**
 * Opens a connection and, for TLS, checks the pinned key before a byte is sent.
 * @throws LanProofError COLLECTOR_UNREACHABLE, PROXY_REFUSED, TLS_PIN or TLS_UNTRUSTED.
 */
export async function openConnection(peer: Peer, options: ConnectOptions): Promise<Socket> {
  const signal = limit(options.stop);
  const raw =
    options.proxy === undefined
      ? await direct(peer.host, peer.port, signal)
      : await tunnel(new URL(options.proxy), peer, signal);
  return peer.secure ? await secure(raw, peer, options.tls, signal) : raw;
}

/** What a first look at the collector's certificate shows, before anything is trusted. */
export async function inspectTls(
  peer: Peer,
  proxy: string | undefined,
  stop?: AbortSignal,
): Promise<{ spki: string; authorised: boolean }> {
  const signal = limit(stop);
  const raw =
    proxy === undefined
      ? await direct(peer.host, peer.port, signal)
      : await tunnel(new URL(proxy), peer, signal);
  const { socket, spki, authorised } = await handshake(raw, peer, signal);
  socket.destroy();
  return { spki, authorised };
}

function limit(stop: AbortSignal | undefined): AbortSignal {
  const time = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
  return stop === undefined ? time : AbortSignal.any([stop, time]);
}

function direct(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = tcpConnect({ host, port, keepAlive: true });
    // Not tcpConnect's own `signal`: that would also end a healthy connection later on.
    const abort = () => socket.destroy(new Error('timeout'));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (cause) => reject(unreachable(host, port, cause)));
  });
}

function tunnel(proxy: URL, peer: Peer, signal: AbortSignal): Promise<Socket> {
  const target = `${peer.host.includes(':') ? `[${peer.host}]` : peer.host}:${peer.port}`;
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: bare(proxy.hostname),
      port: proxy.port === '' ? 80 : Number(proxy.port),
      method: 'CONNECT',
      path: target,
      headers: login === ':' ? {} : { 'proxy-authorization': authorization },
      agent: false,
    });
    const abort = () => request.destroy(new Error('timeout'));
    signal.addEventListener('abort', abort, { once: true });
    request.once('connect', (answer, socket) => {
      signal.removeEventListener('abort', abort);
      if (answer.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(
        new LanProofError('PROXY_REFUSED', `the proxy answered ${answer.statusCode}`, {
          hint: 'allow the collector in the proxy, or check user and password in proxy_file',
          place: proxy.host,
          fatal: false,
        }),
      );
    });
    request.once('error', (cause) => reject(unreachable(proxy.hostname, proxy.port, cause)));
    request.end();
  });
}

async function secure(
  raw: Socket,
  peer: Peer,
  trust: TlsTrust | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  const { socket, spki, authorised } = await handshake(raw, peer, signal);
  if (trust?.spki === spki) return socket;
  const vouched = trust === undefined || !trust.self_signed;
  if (vouched && authorised) return socket;
  socket.destroy();
  if (trust !== undefined) {
    throw new LanProofError('TLS_PIN', 'the collector shows another TLS key than at enrolment', {
      hint: 'someone may be in between; if the collector got a new key, enrol this agent again',
      place: `${peer.host}:${peer.port}`,
      fatal: false,
    });
  }
  throw new LanProofError('TLS_UNTRUSTED', 'no authority vouches for the collector', {
    hint: 'use the token of this collector: it names the key to trust',
    place: `${peer.host}:${peer.port}`,
    fatal: false,
  });
}

function handshake(raw: Socket, peer: Peer, signal: AbortSignal) {
  return new Promise<{ socket: Socket; spki: string; authorised: boolean }>((resolve, reject) => {
    const socket = tlsConnect({
      socket: raw,
      // Verified by hand below: a self-signed key is known by its pin, not by an authority.
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
      ...(isIP(peer.host) === 0 ? { servername: peer.host } : {}),
    });
    const abort = () => socket.destroy(new Error('timeout'));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', (cause) => reject(unreachable(peer.host, peer.port, cause)));
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', abort);
      socket.removeAllListeners('error');
      const certificate = socket.getPeerCertificate(true);
      // With rejectUnauthorized off, `authorized` still says what the authorities think; it says
      // nothing of the host name of a bare address, so those always need the pin.
      const named = isIP(peer.host) === 0;
      resolve({ socket, spki: spkiOf(certificate.raw), authorised: socket.authorized && named });
    });
  });
}

/** `[::1]` as `::1`, which is what sockets take. */
export function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function unreachable(host: string, port: number | string, cause: unknown): LanProofError {
  const code = (cause as NodeJS.ErrnoException).code ?? (cause as Error).name;
  return new LanProofError('COLLECTOR_UNREACHABLE', `no connection (${code})`, {
    hint: 'check the address, the WAN, the proxy and the firewall (outgoing TCP)',
    place: `${host}:${port}`,
    fatal: false,
    cause,
  });
}
