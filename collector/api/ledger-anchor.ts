import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import type { AnchorOutcome } from '../ledger/anchors/types.ts';
import { answers, typed } from './routes.ts';
import { Ms, Time } from './schemas.ts';
import { rfc3339 } from './times.ts';

const BODY_BYTES_MAX = 1_024;

const Outcome = Type.Object({
  by: Type.String({ description: 'name of the source in collector.yml' }),
  kind: Type.String({ description: 'rfc3161 or witness' }),
  ok: Type.Boolean(),
  log: Type.Optional(Type.String()),
  size: Type.Optional(Type.Integer({ description: 'size of the anchored checkpoint' })),
  leaf: Type.Optional(Type.Integer({ description: 'index of the anchor document' })),
  at_ms: Type.Optional(Ms),
  at: Type.Optional(Time),
  error: Type.Optional(
    Type.Object({ code: Type.String(), message: Type.String(), hint: Type.String() }),
  ),
});

/** `POST /ledger/anchor`: every configured source is asked now. */
export function ledgerAnchorRoute(app: FastifyInstance, context: AppContext): void {
  typed(app).post(
    '/ledger/anchor',
    {
      config: { access: 'administer' },
      bodyLimit: BODY_BYTES_MAX,
      schema: {
        summary: 'Anchor the newest checkpoint now',
        tags: ['ledger'],
        body: Type.Optional(Type.Union([Type.Object({}), Type.Null()])),
        response: answers(Type.Object({ items: Type.Array(Outcome) })),
      },
    },
    async (request) => {
      if (context.anchors.status().length === 0) {
        throw new HttpError(409, 'NO_ANCHORS', 'no time-stamp authority or witness is configured', {
          hint: 'add one under `anchors` in collector.yml and start the collector again',
        });
      }
      const outcomes = await context.anchors.anchorNow(person(request).name);
      return { items: outcomes.map(itemOf) };
    },
  );
}

function itemOf(outcome: AnchorOutcome) {
  const { by, kind } = outcome;
  if (outcome.ok) {
    const { log, size, leaf, at_ms } = outcome;
    return { by, kind, ok: true, log, size, leaf, at_ms, at: rfc3339(at_ms) };
  }
  const { code, message, hint } = outcome;
  return { by, kind, ok: false, error: { code, message, hint } };
}
