import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import {
  ENVELOPE_BYTES_MAX,
  ENVELOPE_NAME_CHARS_MAX,
  ENVELOPE_SIGNATURES_MAX,
} from '../../shared/evidence/dsse.ts';
import { ROTATIONS_MAX } from '../../shared/evidence/rotations.ts';
import type { ReintroduceAnswer } from '../../shared/measure/protocol.ts';
import { reintroduce } from '../auth/reintroduce.ts';
import type { AppContext } from '../deps.ts';
import { answers, typed } from './routes.ts';

/** The largest list that can be signed; ROTATIONS_MAX rotations and two documents fit beside it. */
export const REINTRODUCE_BODY_BYTES_MAX = ENVELOPE_BYTES_MAX + 512 * 1024;
/** 3,321 agents behind one address are all back within 12 minutes. */
export const REINTRODUCE_PER_MINUTE_MAX = 300;

/** Only the outer form: an envelope is read strictly where its signature is checked. */
export const AnEnvelope = Type.Object(
  {
    payloadType: Type.String({ maxLength: ENVELOPE_NAME_CHARS_MAX }),
    payload: Type.String({ maxLength: ENVELOPE_BYTES_MAX }),
    signatures: Type.Array(
      Type.Object(
        {
          keyid: Type.String({ maxLength: ENVELOPE_NAME_CHARS_MAX }),
          sig: Type.String({ maxLength: ENVELOPE_NAME_CHARS_MAX }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: ENVELOPE_SIGNATURES_MAX },
    ),
  },
  { additionalProperties: false },
);
const ReintroduceBody = Type.Object(
  {
    enrol: AnEnvelope,
    targets: Type.Union([AnEnvelope, Type.Null()]),
    rotations: Type.Optional(Type.Array(AnEnvelope, { maxItems: ROTATIONS_MAX })),
    hole: Type.Optional(AnEnvelope),
  },
  { additionalProperties: false },
);
const Free = Type.Object({}, { additionalProperties: true });

/** The way back for an agent that a restored collector forgot: docs/formats/protocol.md. */
export function reintroduceRoute(app: FastifyInstance, context: AppContext): void {
  typed(app).post(
    '/agents/reintroduce',
    {
      // What is believed is signed by the document key, so the body proves itself.
      config: {
        access: 'body',
        rateLimit: { max: REINTRODUCE_PER_MINUTE_MAX, timeWindow: 60_000 },
      },
      bodyLimit: REINTRODUCE_BODY_BYTES_MAX,
      schema: {
        summary: 'An agent that a restored collector does not know shows its documents',
        tags: ['agents'],
        body: ReintroduceBody,
        response: answers(Free),
      },
    },
    async (request, reply): Promise<ReintroduceAnswer> => {
      reply.header('cache-control', 'no-store');
      return reintroduce(context, request, request.body);
    },
  );
}
