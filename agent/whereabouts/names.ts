import { lookup } from 'node:dns/promises';

/** A resolver that is there answers within this; one that is not must hold nobody up, ms. */
const RESOLVE_MS = 3_000;

/** Node has four threads for this and for files; a silent resolver holds one for half a minute. */
const UNDER_WAY_MAX = 2;

export type Lookup = (hostname: string) => Promise<readonly string[]>;

/**
 * Addresses of a host name by the system's resolver, IPv4 first; none if it does not say, or while
 * it still owes answers to UNDER_WAY_MAX other questions.
 */
export function createNameResolver(ask: Lookup = systemLookup): Lookup {
  let under_way = 0;
  const asked = async (hostname: string): Promise<readonly string[]> => {
    under_way += 1;
    try {
      return await ask(hostname);
    } catch {
      return [];
    } finally {
      under_way -= 1;
    }
  };
  return async (hostname) => {
    if (under_way >= UNDER_WAY_MAX) return [];
    const late = Promise.withResolvers<readonly string[]>();
    const timer = setTimeout(() => late.resolve([]), RESOLVE_MS);
    try {
      // The lookup itself cannot be ended: its thread goes on until the resolver gives up.
      return await Promise.race([asked(hostname), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
}

async function systemLookup(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true, order: 'ipv4first' });
  return found.map(({ address }) => address);
}
