import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import { person } from '../auth/guard.ts';
import { REASON_CHARS_MAX, revokeKey } from '../auth/revoke.ts';
import { rotate } from '../auth/rotate.ts';
import type { AppContext } from '../deps.ts';
import { AnEnvelope } from './reintroduce.ts';
import { answers, typed } from './routes.ts';
import { visibleSite } from './scope.ts';

/** A small document with two signatures. */
export const ROTATE_BODY_BYTES_MAX = 16 * 1024;
/** All agents of a country that rotate on one evening are through within the hour. */
export const ROTATE_PER_MINUTE_MAX = 300;

/** A reason whose characters are all escaped as JSON allows (6 bytes each), and a number. */
export const REVOKE_BODY_BYTES_MAX = 4 * 1024;

const RotateBody = Type.Object({ rotate: AnEnvelope }, { additionalProperties: false });
const RotateAnswerBody = Type.Object({
  rotated: Type.Literal(true),
  time_ms: Type.Integer({ description: 'UTC epoch ms' }),
});

const RevokeBody = Type.Object(
  {
    reason: Type.String({ minLength: 1, maxLength: REASON_CHARS_MAX }),
    from_leaf: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'leaf of the open log from which on the key counts no more; may lie in the past; default: ' +
          'the next one',
      }),
    ),
  },
  { additionalProperties: false },
);
const RevokeAnswer = Type.Object({
  site: Type.String(),
  agent: Type.String(),
  short_code: Type.String({ description: 'of the key that is refused from now on' }),
  epoch: Type.Integer(),
  log: Type.String(),
  from_leaf: Type.Integer(),
});
const AgentParams = Type.Object({
  site: Type.String({ pattern: CODE_PATTERN }),
  agent: Type.String({ pattern: CODE_PATTERN }),
});

/** The life of agents' keys after their enrolment: docs/formats/protocol.md. */
export function keyRoutes(app: FastifyInstance, context: AppContext): void {
  typed(app).post(
    '/agents/self/rotate',
    {
      // Both keys signed what is believed, so the body proves itself.
      config: { access: 'body', rateLimit: { max: ROTATE_PER_MINUTE_MAX, timeWindow: 60_000 } },
      bodyLimit: ROTATE_BODY_BYTES_MAX,
      schema: {
        summary: 'An agent goes on with another key, signed by the old and the new one',
        tags: ['agents'],
        body: RotateBody,
        response: answers(RotateAnswerBody),
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return rotate(context, request, request.body.rotate);
    },
  );
  typed(app).post(
    '/sites/:site/agents/:agent/revoke',
    {
      config: { access: 'administer' },
      bodyLimit: REVOKE_BODY_BYTES_MAX,
      schema: {
        summary: "End an agent's key; what it signed from a leaf on is not the agent's word",
        tags: ['tokens'],
        params: AgentParams,
        body: RevokeBody,
        response: answers(RevokeAnswer),
      },
    },
    async (request) => {
      const who = person(request);
      const { site, agent } = request.params;
      await visibleSite(context.store, who, site);
      const { reason, from_leaf: from } = request.body;
      const wanted = { site, agent, reason, from_leaf: from, by: who.name };
      const { row, log, from_leaf } = await revokeKey(context, wanted);
      const { short_code, epoch } = row;
      return { site, agent, short_code, epoch, log, from_leaf };
    },
  );
}
