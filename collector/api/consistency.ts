import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { toBase64 } from '../../shared/bytes.ts';
import { ORIGIN_CHARS_MAX } from '../../shared/evidence/checkpoint.ts';
import type { ConsistencyAnswer } from '../../shared/measure/protocol.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { answers, manyAgents, typed } from './routes.ts';

const Query = Type.Object(
  {
    log: Type.String({ minLength: 1, maxLength: ORIGIN_CHARS_MAX, description: 'origin' }),
    from: Type.Integer({ minimum: 1 }),
    to: Type.Integer({ minimum: 1 }),
  },
  { additionalProperties: false },
);
const Free = Type.Object({}, { additionalProperties: true });

/** How an agent checks, before it follows a new log, that the one before was not rewritten. */
export function consistencyRoute(app: FastifyInstance, context: AppContext): void {
  typed(app).get(
    '/agents/self/consistency',
    {
      config: { access: 'agent', ...manyAgents },
      schema: {
        summary: 'Proof that a log, closed or open, only grew between two sizes',
        tags: ['agents'],
        querystring: Query,
        response: answers(Free),
      },
    },
    async (request, reply): Promise<ConsistencyAnswer> => {
      reply.header('cache-control', 'no-store');
      const { log: origin, from, to } = request.query;
      if (from > to) {
        throw new HttpError(400, 'RANGE_INVALID', 'from is larger than to', {
          hint: 'give the older, smaller size as from',
        });
      }
      const row = (await context.store.logs()).find((log) => log.origin === origin);
      if (row === undefined) {
        throw new HttpError(404, 'LOG_UNKNOWN', `this collector has no log ${origin}`, {
          hint: 'report the checkpoint you saw in the next batch: this collector lost history',
        });
      }
      const size = row.closed_ms === null ? context.ledger.checkpoint().size : row.size;
      if (to > size) {
        throw new HttpError(409, 'LOG_SMALLER', `the log has ${size} leaves, not ${to}`, {
          hint: 'report the checkpoint you saw in the next batch: this collector lost history',
        });
      }
      const hashes = await context.ledger.consistency(row.log, from, to);
      return { consistency: hashes.map(toBase64) };
    },
  );
}
