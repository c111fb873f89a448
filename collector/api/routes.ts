import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { TSchema } from 'typebox';
import { ErrorBody } from './schemas.ts';

/** What /openapi.json says about a route beside its schemas. */
export interface AnswerSchemas {
  readonly summary: string;
  readonly tags: readonly string[];
}

/** Each agent asks for a nonce before each GET; 3,321 of them may stand behind one address. */
const AGENT_REQUESTS_PER_MINUTE_MAX = 20_000;
/** The limit of what agents ask for. */
export const manyAgents = {
  rateLimit: { max: AGENT_REQUESTS_PER_MINUTE_MAX, timeWindow: 60_000 },
} as const;

/** The app with TypeBox types: params, query and body of a route have its schema's types. */
export function typed(app: FastifyInstance) {
  return app.withTypeProvider<TypeBoxTypeProvider>();
}

/** The good answer and the one form of every error. */
export function answers<Good extends TSchema>(good: Good) {
  return { 200: good, '4xx': ErrorBody, '5xx': ErrorBody };
}

/** Sends a list as a file for a spreadsheet; `next` stands in a header, as there is no place. */
export function csvAnswer(
  reply: FastifyReply,
  name: string,
  text: string,
  next: string | null,
): never {
  if (next !== null) reply.header('x-next', next);
  // The mark makes spreadsheets read Vietnamese names as UTF-8.
  const body = `\uFEFF${text}`;
  return reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .send(body) as never;
}
