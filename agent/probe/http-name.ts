import { Resolver } from 'node:dns/promises';
import { faultCode } from './check.ts';

/** Questions are repeated after this time, doubled each time; the deadline ends them, ms. */
const TRY_MS = 1_000;
const TRIES = 3;
/** A name with more addresses than this is no name of one service. */
const ADDRESSES_MAX = 16;

export type NameAnswer =
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly said: string };

/**
 * Addresses of a name, IPv4 first. It asks the system's name servers by itself instead of
 * getaddrinfo: that one cannot be cancelled, and each silent server would hold one of the
 * process's four threads for many seconds. The price: /etc/hosts is not read. Never rejects.
 */
export async function resolveName(
  host: string,
  servers: readonly string[] | undefined,
  deadline: AbortSignal,
): Promise<NameAnswer> {
  const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
  const cancel = (): void => resolver.cancel();
  deadline.addEventListener('abort', cancel, { once: true });
  try {
    if (servers !== undefined) resolver.setServers(servers);
    const v4 = await addresses(resolver.resolve4(host));
    const found = v4.ok && v4.addresses.length > 0;
    if (found || deadline.aborted || (!v4.ok && v4.said !== 'ENODATA')) return v4;
    return await addresses(resolver.resolve6(host));
  } catch (error) {
    return { ok: false, said: error instanceof Error ? error.message : String(error) };
  } finally {
    deadline.removeEventListener('abort', cancel);
  }
}

async function addresses(answer: Promise<string[]>): Promise<NameAnswer> {
  try {
    return { ok: true, addresses: (await answer).slice(0, ADDRESSES_MAX) };
  } catch (error) {
    return { ok: false, said: faultCode(error) || String(error) };
  }
}
