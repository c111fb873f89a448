/** `host:port`; an IPv6 host stands in brackets. */
export const LISTEN_PATTERN =
  '^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):' +
  '(0|[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])$';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Splits a text that fits LISTEN_PATTERN. */
export function splitListen(text: string): HostPort {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(text.slice(colon + 1)) };
}

/** Is the host of a URL or of `listen` this machine alone? */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || /^127(\.\d{1,3}){3}$/.test(bare);
}
