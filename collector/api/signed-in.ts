import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { person } from '../auth/guard.ts';
import { endCredential, listSignedIn } from '../auth/signed-in.ts';
import type { AppContext } from '../deps.ts';
import { answers, typed } from './routes.ts';
import { listOf, Ms, NullableMs, NullableText, NullableTime, Time } from './schemas.ts';
import { rfc3339 } from './times.ts';

/** 9 bytes in base64url. */
const Id = Type.String({ pattern: '^[A-Za-z0-9_-]{12}$' });
const SignedInItem = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['api', 'session'], {
    description: 'api: an API token; session: of a browser that no API token stands for',
  }),
  state: Type.Enum(['valid', 'expired', 'revoked']),
  role: Type.String(),
  unit: NullableText,
  label: Type.String(),
  created_by: Type.String({ description: 'api:ID, session:ID, sign_in:ID, or what made it' }),
  created_ms: Ms,
  created: Time,
  expires_ms: NullableMs,
  expires: NullableTime,
  last_used_ms: NullableMs,
  last_used: NullableTime,
  revoked_ms: NullableMs,
  revoked: NullableTime,
  sessions: Type.Integer({ description: 'valid sessions that were opened with this token' }),
});
const EndedAnswer = Type.Object({
  name: Type.String({ description: 'as the audit trail names it' }),
  sessions: Type.Integer({ description: 'sessions that ended with the token' }),
  made: Type.Array(Type.String(), {
    description: 'valid tokens that were made with it or its sessions; they stay',
  }),
});

/** Who can sign in, and the end of it. Secrets are never told. */
export function signedInRoutes(app: FastifyInstance, context: AppContext): void {
  const routes = typed(app);
  const tags = ['tokens'];
  routes.get(
    '/tokens',
    {
      config: { access: 'administer' },
      schema: {
        summary: 'API tokens, and sessions that were opened by a sign-in link',
        tags,
        response: answers(listOf(SignedInItem)),
      },
    },
    async (request) => {
      const found = await listSignedIn(context, person(request).unit);
      const items = found.map((one) => ({
        ...one,
        created: rfc3339(one.created_ms),
        expires: rfc3339(one.expires_ms),
        last_used: rfc3339(one.last_used_ms),
        revoked: rfc3339(one.revoked_ms),
      }));
      return { items, next: null };
    },
  );
  routes.post(
    '/tokens/:id/revoke',
    {
      config: { access: 'administer' },
      schema: {
        summary: 'End an API token and the sessions that were opened with it, or one session',
        tags,
        params: Type.Object({ id: Id }),
        response: answers(EndedAnswer),
      },
    },
    async (request) => {
      const who = person(request);
      const { name, sessions, made } = await endCredential(
        context,
        request.params.id,
        who.unit,
        who.name,
      );
      return { name, sessions, made: [...made] };
    },
  );
}
