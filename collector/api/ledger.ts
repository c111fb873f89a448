import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { toBase64 } from '../../shared/bytes.ts';
import { formatTlogProof } from '../../shared/evidence/tlog-proof.ts';
import type { AppContext } from '../deps.ts';
import { HttpError, notFound } from '../http-error.ts';
import type { SignedCheckpoint } from '../ledger/types.ts';
import { typed } from './routes.ts';
import { ErrorBody } from './schemas.ts';

/** Which log of the deployment. */
export const Log = Type.Object({
  log: Type.String({ pattern: '^(current|[1-9][0-9]{0,8})$', description: 'number, or current' }),
});
const Index = Type.Integer({ minimum: 0 });
const Text = Type.String({ description: 'C2SP text' });
const response = { 200: Text, '4xx': ErrorBody, '5xx': ErrorBody };
const config = { access: 'verify' } as const;
const tags = ['ledger'];

/** `/ledger/:log/…`: C2SP texts that anybody can check with other people's programs. */
export function ledgerRoutes(app: FastifyInstance, context: AppContext): void {
  const routes = typed(app);
  routes.get(
    '/ledger/:log/checkpoint',
    { config, schema: { summary: 'Newest signed checkpoint (C2SP)', tags, params: Log, response } },
    async (request, reply) => {
      const { note } = await ledgerHead(context, request.params.log);
      return text(reply, note);
    },
  );
  const ProofQuery = Type.Object({ leaf: Index }, { additionalProperties: false });
  routes.get(
    '/ledger/:log/proof',
    {
      config,
      schema: {
        summary: 'Inclusion proof of a leaf (C2SP tlog-proof); its bytes are the extra line',
        tags,
        params: Log,
        querystring: ProofQuery,
        response,
      },
    },
    async (request, reply) => {
      const head = await ledgerHead(context, request.params.log);
      const index = request.query.leaf;
      if (index >= head.size) throw beyond(head, index);
      const hashes = await context.ledger.inclusion(head.log, index, head.size);
      const extra = await context.ledger.leafBytes(head.log, index);
      return text(reply, formatTlogProof({ extra, index, hashes, checkpoint: head.note }));
    },
  );
  const RangeQuery = Type.Object(
    { from: Index, to: Type.Optional(Index) },
    { additionalProperties: false },
  );
  routes.get(
    '/ledger/:log/consistency',
    {
      config,
      schema: {
        summary: 'Consistency proof between two sizes: one base64 hash a line (RFC 6962 §2.1.2)',
        tags,
        params: Log,
        querystring: RangeQuery,
        response,
      },
    },
    async (request, reply) => {
      const head = await ledgerHead(context, request.params.log);
      const { from, to = head.size } = request.query;
      if (to > head.size) throw beyond(head, to);
      if (from > to) {
        throw new HttpError(400, 'RANGE_INVALID', 'from is larger than to', {
          hint: 'give the older, smaller size as from',
        });
      }
      // RFC 6962 defines no proof from the empty tree: everything is consistent with nothing.
      const hashes = from === 0 ? [] : await context.ledger.consistency(head.log, from, to);
      return text(reply, hashes.map((hash) => `${toBase64(hash)}\n`).join(''));
    },
  );
}

/** The newest signed head of the log that a path names. Throws HttpError 404. */
export async function ledgerHead(context: AppContext, log: string): Promise<SignedCheckpoint> {
  if (log === 'current') return context.ledger.checkpoint();
  const head = await context.ledger.checkpointOf(Number(log));
  if (head === null) throw notFound('log', log);
  return head;
}

function text(reply: FastifyReply, body: string): never {
  return reply
    .type('text/plain; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(body) as never;
}

function beyond(head: SignedCheckpoint, index: number): HttpError {
  return new HttpError(404, 'BEYOND_LOG', `the log has ${head.size} leaves, not ${index}`, {
    hint: 'ask for a smaller number, or wait for the next checkpoint',
  });
}
