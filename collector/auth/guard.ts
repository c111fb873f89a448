import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import type { AgentRow, CredentialRow } from '../store/rows.ts';
import { verifyAgent } from './agent-auth.ts';
import { findCredential, principalOf, touchCredential } from './credentials.ts';
import { may, type Principal, type Right, rolesWith } from './roles.ts';

export const SESSION_COOKIE = 'lanproof_session';
/** A page of another origin cannot send it without asking first, and we answer no such question. */
export const CSRF_HEADER = 'x-lanproof';
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Who may call a route: everyone, an agent that signs the request, or a person with a right.
 * `body` means that the signed body itself is the proof (batches, enrolment).
 */
export type Access = 'public' | 'body' | 'agent' | Right;

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    principal: Principal | null;
    agentRow: AgentRow | null;
  }
}

/** Holds every route to its declared access; a route without one does not start. */
export function installGuard(app: FastifyInstance, deps: AppContext): void {
  app.decorateRequest('principal', null);
  app.decorateRequest('agentRow', null);
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) {
      throw new TypeError(`route ${route.url} does not say who may call it`);
    }
  });
  // After the limits per address, which are onRequest hooks of the routes, and before the body.
  app.addHook('preParsing', async (request) => {
    const access = request.routeOptions.config.access ?? 'public';
    if (access === 'public' || access === 'body') return;
    if (access === 'agent') {
      request.agentRow = await verifyAgent(deps, request);
      return;
    }
    const principal = await authenticate(deps, request);
    if (!may(principal.role, access)) throw forbidden(principal, access);
    request.principal = principal;
  });
}

/** Reads who asks from a Bearer token or the session cookie. Throws HttpError 401 or 403. */
async function authenticate(deps: AppContext, request: FastifyRequest): Promise<Principal> {
  const row = await credentialOf(deps, request);
  if (row === undefined) throw unauthorized();
  if (row.kind === 'session' && !SAFE_METHODS.has(request.method)) checkOrigin(request);
  await touchCredential(deps, row).catch((error: unknown) => {
    // A full disk must not lock people out of looking.
    request.log.warn({ reqId: request.id, err: error }, 'the use of a token was not noted');
  });
  return principalOf(row);
}

/** Whether the token or session of an answer that is still being sent holds good. */
export async function isStillSignedIn(deps: AppContext, request: FastifyRequest): Promise<boolean> {
  return (await credentialOf(deps, request)) !== undefined;
}

async function credentialOf(
  { store, now_ms }: AppContext,
  { headers, cookies }: FastifyRequest,
): Promise<CredentialRow | undefined> {
  const { authorization } = headers;
  const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (authorization !== undefined && bearer === undefined) return undefined;
  const secret = bearer ?? cookies[SESSION_COOKIE];
  if (secret === undefined) return undefined;
  return findCredential(store, now_ms(), [bearer === undefined ? 'session' : 'api'], secret);
}

/**
 * A cookie is sent along by the browser whoever made the page; so a change needs a header that
 * only our own page can set, and must not come from another origin. Throws HttpError 403.
 */
export function checkOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const foreign =
    (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host)) ||
    (site !== undefined && site !== 'same-origin' && site !== 'none');
  if (!foreign && request.headers[CSRF_HEADER] !== undefined) return;
  throw new HttpError(
    403,
    'CROSS_SITE',
    'the request does not come from the page of the collector',
    {
      hint: `send the header ${CSRF_HEADER}: 1 from the same origin, or use a Bearer token`,
    },
  );
}

/** The person of a route that has one. */
export function person(request: FastifyRequest): Principal {
  if (request.principal === null) throw new TypeError('the route has no person');
  return request.principal;
}

/** The agent of a route that is for agents. */
export function agentOf(request: FastifyRequest): AgentRow {
  if (request.agentRow === null) throw new TypeError('the route has no agent');
  return request.agentRow;
}

function unauthorized(): HttpError {
  return new HttpError(401, 'UNAUTHORIZED', 'no valid token or session came with the request', {
    hint: 'sign in, or send Authorization: Bearer … (lanproof token create --role …)',
  });
}

export function forbidden(principal: Principal, right: Right): HttpError {
  const roles = rolesWith(right);
  const needed = roles.length === 1 ? `role ${roles[0]}` : `one of the roles ${roles.join(', ')}`;
  return new HttpError(403, 'FORBIDDEN', `the role ${principal.role} may not do this (${right})`, {
    hint: `${needed} is needed: lanproof token create --role ${roles[0]}, beside the collector`,
  });
}
