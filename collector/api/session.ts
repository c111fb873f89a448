import type {} from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import {
  findCredential,
  type IssuedCredential,
  openSession,
  revokeCredential,
  SESSION_VALID_MS,
} from '../auth/credentials.ts';
import { checkOrigin, person, SESSION_COOKIE } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { answers, typed } from './routes.ts';
import { NullableText } from './schemas.ts';

/** People mistype a few times; a guesser of 256-bit secrets gets nowhere anyway. */
export const SIGN_IN_PER_MINUTE_MAX = 10;
export const SESSION_BODY_BYTES_MAX = 2 * 1024;
const slow = { rateLimit: { max: SIGN_IN_PER_MINUTE_MAX, timeWindow: 60_000 } } as const;

const SignInQuery = Type.Object({ code: Type.String({ minLength: 1, maxLength: 200 }) });
const SessionBody = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 200 }) },
  { additionalProperties: false },
);
const MeBody = Type.Object({
  role: Type.String(),
  unit: NullableText,
  name: Type.String(),
  demo: Type.Boolean(),
  lang: Type.Enum(['vi', 'en'], { description: 'from Accept-Language; vi by default' }),
  software: Type.String(),
});

/** Where a browser goes whose link is no longer good: the page then says so beside the field. */
const LINK_INVALID_PAGE = '/?link=invalid';

/** `GET /sign-in?code=…`: the one-time link of the first run and of the demo. */
export function signInRoute(app: FastifyInstance, context: AppContext): void {
  typed(app).get(
    '/sign-in',
    {
      config: { access: 'public', ...slow },
      // A HEAD of a link preview must not use the link up.
      exposeHeadRoute: false,
      schema: {
        summary: 'Use a one-time sign-in link',
        description: 'A link that is no longer good: 401, or the sign-in page for a browser.',
        tags: ['session'],
        querystring: SignInQuery,
      },
    },
    async (request, reply) => {
      const session = await openSession(context, 'sign_in', request.query.code);
      if (session === undefined) {
        if (!wantsPage(request)) throw linkInvalid();
        return reply.header('cache-control', 'no-store').redirect(LINK_INVALID_PAGE, 303);
      }
      setCookie(request, reply, session);
      return reply.redirect('/', 303);
    },
  );
}

/** Session of a browser, and who one is. */
export function sessionRoutes(app: FastifyInstance, context: AppContext): void {
  const routes = typed(app);
  const tags = ['session'];
  routes.post(
    '/session',
    {
      config: { access: 'public', ...slow },
      bodyLimit: SESSION_BODY_BYTES_MAX,
      schema: {
        summary: 'Trade an API token for a browser session',
        tags,
        body: SessionBody,
        response: answers(Type.Object({ expires_ms: Type.Integer() })),
      },
    },
    async (request, reply) => {
      // Signing someone in unasked is an attack, too: their work would be seen by another.
      checkOrigin(request);
      const session = await openSession(context, 'api', request.body.token);
      if (session === undefined) {
        throw new HttpError(401, 'TOKEN_INVALID', 'the token is wrong, revoked or expired', {
          hint: 'make one beside the collector: lanproof token create --role viewer',
        });
      }
      setCookie(request, reply, session);
      return { expires_ms: session.expires_ms ?? 0 };
    },
  );
  routes.delete(
    '/session',
    { config: { access: 'read' }, schema: { summary: 'Sign out', tags } },
    async (request, reply) => {
      const secret = request.cookies[SESSION_COOKIE];
      const row =
        secret === undefined
          ? undefined
          : await findCredential(context.store, context.now_ms(), ['session'], secret);
      if (row !== undefined) await revokeCredential(context, row, person(request).name);
      reply.clearCookie(SESSION_COOKIE, { path: '/' });
      return reply.status(204).send();
    },
  );
  routes.get(
    '/me',
    {
      config: { access: 'read' },
      schema: { summary: 'Who the token or session is', tags, response: answers(MeBody) },
    },
    async (request) => {
      const { role, unit, name } = person(request);
      const lang = preferred(request.headers['accept-language'] ?? '');
      return { role, unit, name, demo: context.demo, lang, software: context.software };
    },
  );
}

function setCookie(request: FastifyRequest, reply: FastifyReply, session: IssuedCredential): void {
  reply.header('cache-control', 'no-store').setCookie(SESSION_COOKIE, session.secret, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
    maxAge: SESSION_VALID_MS / 1_000,
  });
}

/** The first of vi and en in the browser's order. */
function preferred(header: string): 'vi' | 'en' {
  const first = /\b(vi|en)\b/i.exec(header)?.[1]?.toLowerCase();
  return first === 'en' ? 'en' : 'vi';
}

/** A browser that follows a link asks for HTML by name; curl and scripts do not. */
function wantsPage(request: FastifyRequest): boolean {
  return /\btext\/html\b/i.test(request.headers.accept ?? '');
}

function linkInvalid(): HttpError {
  return new HttpError(401, 'LINK_INVALID', 'the sign-in link was used already or has expired', {
    hint: 'make a token beside the collector: lanproof token create --role admin --config FILE',
  });
}
