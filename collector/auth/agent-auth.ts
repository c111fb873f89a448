import type { FastifyRequest } from 'fastify';
import { keyId } from '../../shared/evidence/keys.ts';
import {
  parseAuthorization,
  type RequestAuthorization,
  verifyRequest,
} from '../../shared/evidence/request-auth.ts';
import type { AppContext, CollectorDeps } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import type { AgentRow } from '../store/rows.ts';

/** Unknown keys make the index be read anew at most this often: they cost an attacker nothing. */
export const INDEX_AGE_MIN_MS = 1_000;

/** Finds agents by the id of their key. */
export interface AgentIndex {
  find(keyid: string): Promise<AgentRow | undefined>;
  /** A key was added or replaced. */
  changed(): void;
}

export function createAgentIndex(
  deps: Pick<CollectorDeps, 'store' | 'crypto' | 'mono_ms'>,
): AgentIndex {
  let index = new Map<string, { site: string; agent: string }>();
  let read_ms = Number.NEGATIVE_INFINITY;
  let changed = false;
  let reading: Promise<void> | undefined;
  const read = async () => {
    changed = false;
    const rows = await deps.store.agents();
    index = new Map(rows.map(({ site, agent, key }) => [keyId(deps.crypto, key), { site, agent }]));
    read_ms = deps.mono_ms();
  };
  const lookUp = async (keyid: string) => {
    const place = index.get(keyid);
    if (place === undefined) return undefined;
    // The row is read each time: a revocation or a new key holds at once.
    const row = await deps.store.agent(place.site, place.agent);
    return row !== null && keyId(deps.crypto, row.key) === keyid ? row : undefined;
  };
  return {
    async find(keyid) {
      for (;;) {
        const row = await lookUp(keyid);
        if (row !== undefined) return row;
        const fresh = !changed && deps.mono_ms() - read_ms < INDEX_AGE_MIN_MS;
        if (reading === undefined && fresh) return undefined;
        // One read for all: after a start a burst of agents meets an empty index.
        reading ??= read().finally(() => {
          reading = undefined;
        });
        await reading;
      }
    },
    changed() {
      changed = true;
    },
  };
}

/** Reads the signed header and uses its nonce up. Throws AUTH_FORMAT or HttpError 401. */
export function takeNonce(
  deps: Pick<AppContext, 'nonces'>,
  request: FastifyRequest,
): RequestAuthorization {
  const authorization = parseAuthorization(request.headers.authorization ?? '');
  // Taken before anything else is checked: a nonce is never good for a second try.
  const fresh = deps.nonces.take(authorization.nonce);
  if (!fresh) {
    throw new HttpError(401, 'NONCE_INVALID', 'the nonce is unknown, used or older than 60 s', {
      hint: 'ask GET /api/v1/agents/nonce for a new one for each request',
    });
  }
  return authorization;
}

/** Throws HttpError 401 unless `key` signed the request with the nonce of `authorization`. */
export function verifySigned(
  deps: Pick<AppContext, 'crypto'>,
  { method, url }: FastifyRequest,
  key: Uint8Array,
  authorization: RequestAuthorization,
): void {
  if (verifyRequest(deps.crypto, key, method, url, authorization)) return;
  throw new HttpError(401, 'SIGNATURE_INVALID', 'the request is not signed by this key', {
    hint: 'sign method, path with query and nonce as docs/formats says',
  });
}

/** The agent that signed the request with a fresh nonce. Throws HttpError 401 or 403. */
export async function verifyAgent(
  deps: Pick<AppContext, 'crypto' | 'agents' | 'nonces'>,
  request: FastifyRequest,
): Promise<AgentRow> {
  const authorization = takeNonce(deps, request);
  const row = await deps.agents.find(authorization.keyid);
  if (row === undefined) {
    throw new HttpError(401, 'unknown_agent', 'no agent with this key is enrolled here', {
      hint: 'enrol the agent: lanproof token create --site CODE, then lanproof enrol',
    });
  }
  verifySigned(deps, request, row.key, authorization);
  if (row.revoked_ms !== null) {
    throw new HttpError(403, 'KEY_REVOKED', 'the key of this agent was revoked', {
      hint: 'enrol the agent again',
    });
  }
  return row;
}
