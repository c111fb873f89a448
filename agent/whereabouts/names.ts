import { lookup } from 'node:dns/promises';

/** A resolver that is there answers within this; one that is not must hold nobody up, ms. */
const RESOLVE_MS = 3_000;

/** Addresses of a host name by the system's resolver, IPv4 first; none if it does not say. */
export async function resolveName(hostname: string): Promise<readonly string[]> {
  const late = Promise.withResolvers<readonly string[]>();
  const timer = setTimeout(() => late.resolve([]), RESOLVE_MS);
  try {
    // The lookup itself cannot be ended: its thread goes on until the resolver gives up.
    return await Promise.race([addresses(hostname), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function addresses(hostname: string): Promise<readonly string[]> {
  try {
    const found = await lookup(hostname, { all: true, order: 'ipv4first' });
    return found.map(({ address }) => address);
  } catch {
    return [];
  }
}
