import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import { issueCredential } from '../auth/credentials.ts';
import { approveEnrolment, refuseEnrolment } from '../auth/enrol.ts';
import { ENROL_VALID_DEFAULT_MS, issueEnrolToken } from '../auth/enrol-tokens.ts';
import { person } from '../auth/guard.ts';
import { isWithin, type Principal } from '../auth/roles.ts';
import type { AppContext } from '../deps.ts';
import { collectorIdentity } from '../identity.ts';
import { outside, readUnitTree } from '../inventory/units.ts';
import { ROLES } from '../store/rows.ts';
import { answers, typed } from './routes.ts';
import { Ms, NullableMs, NullableText, NullableTime, Time } from './schemas.ts';
import { visibleSite } from './scope.ts';
import { signedInRoutes } from './signed-in.ts';
import { rfc3339 } from './times.ts';

export const TOKEN_BODY_BYTES_MAX = 4 * 1024;
const code = Type.String({ pattern: CODE_PATTERN });

const ApiTokenBody = Type.Object(
  {
    role: Type.Enum([...ROLES]),
    unit: Type.Optional(Type.Union([code, Type.Null()])),
    label: Type.Optional(Type.String({ maxLength: 100 })),
  },
  { additionalProperties: false },
);
const ApiTokenAnswer = Type.Object({
  id: Type.String(),
  role: Type.String(),
  unit: NullableText,
  token: Type.String({ description: 'shown once' }),
  expires_ms: NullableMs,
  expires: NullableTime,
});
const EnrolTokenBody = Type.Object(
  {
    agent: Type.Optional(code),
    valid_ms: Type.Optional(Type.Integer({ minimum: 1 })),
    approve: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
const EnrolTokenAnswer = Type.Object({
  site: Type.String(),
  agent: Type.String(),
  token: Type.String({ description: 'shown once; for lanproof enrol --token' }),
  expires_ms: Ms,
  expires: Time,
});
const AgentParams = Type.Object({ site: code, agent: code });
const DecisionBody = Type.Object(
  {
    short_code: Type.Optional(
      Type.String({
        maxLength: 20,
        description:
          'as the machine shows it; without it the newest key that waits is meant, and an approval ' +
          'is audited as one that nobody compared',
      }),
    ),
  },
  { additionalProperties: false },
);
const DecisionAnswer = Type.Object({
  site: Type.String(),
  agent: Type.String(),
  state: Type.String(),
  short_code: Type.String(),
});

/** API tokens, enrolment tokens and the approval of agents' keys. */
export function tokenRoutes(app: FastifyInstance, context: AppContext): void {
  const routes = typed(app);
  const tags = ['tokens'];
  routes.post(
    '/tokens',
    {
      config: { access: 'administer' },
      bodyLimit: TOKEN_BODY_BYTES_MAX,
      schema: {
        summary: 'Make an API token',
        tags,
        body: ApiTokenBody,
        response: answers(ApiTokenAnswer),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const { role, label = '' } = request.body;
      // Without a unit the token sees what its maker sees, never more.
      const unit = request.body.unit ?? who.unit;
      await checkScope(context, who, unit);
      const made = await issueCredential(context, { kind: 'api', role, unit, label, by: who.name });
      reply.header('cache-control', 'no-store');
      const { id, secret, expires_ms } = made;
      return { id, role, unit, token: secret, expires_ms, expires: rfc3339(expires_ms) };
    },
  );
  routes.post(
    '/sites/:site/enrol-tokens',
    {
      config: { access: 'operate' },
      bodyLimit: TOKEN_BODY_BYTES_MAX,
      schema: {
        summary: 'Make an enrolment token for an agent of the site',
        tags,
        params: Type.Object({ site: code }),
        body: EnrolTokenBody,
        response: answers(EnrolTokenAnswer),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const { row } = await visibleSite(context.store, who, request.params.site);
      const { agent, valid_ms = ENROL_VALID_DEFAULT_MS, approve = false } = request.body;
      const wanted = { site: row.site, agent, valid_ms, approve, by: who.name };
      const made = await issueEnrolToken(context, collectorIdentity(context), wanted);
      reply.header('cache-control', 'no-store');
      return { ...made, expires: rfc3339(made.expires_ms) };
    },
  );
  signedInRoutes(app, context);
  decisionRoutes(app, context);
}

function decisionRoutes(app: FastifyInstance, context: AppContext): void {
  const routes = typed(app);
  const options = (summary: string) =>
    ({
      config: { access: 'operate' },
      bodyLimit: TOKEN_BODY_BYTES_MAX,
      schema: {
        summary,
        tags: ['tokens'],
        params: AgentParams,
        body: Type.Union([DecisionBody, Type.Null()]),
        response: answers(DecisionAnswer),
      },
    }) as const;
  routes.post(
    '/sites/:site/agents/:agent/approve',
    options("Accept an agent's waiting key"),
    async (request) => {
      const who = person(request);
      const { site, agent } = request.params;
      await visibleSite(context.store, who, site);
      const wanted = request.body?.short_code;
      const row = await approveEnrolment(context, site, agent, wanted, who.name);
      return { site, agent, state: row.state, short_code: row.short_code };
    },
  );
  routes.post(
    '/sites/:site/agents/:agent/refuse',
    options("Turn an agent's waiting key down"),
    async (request) => {
      const who = person(request);
      const { site, agent } = request.params;
      await visibleSite(context.store, who, site);
      const wanted = request.body?.short_code;
      const row = await refuseEnrolment(context, site, agent, wanted, who.name);
      return { site, agent, state: row.state, short_code: row.short_code };
    },
  );
}

async function checkScope(context: AppContext, who: Principal, unit: string | null): Promise<void> {
  if (who.unit === null) return;
  if (unit !== null && isWithin(unit, who.unit, await readUnitTree(context.store))) return;
  throw outside(unit ?? '(all)');
}
