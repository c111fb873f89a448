import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { fromBase64, toBase64 } from '../../shared/bytes.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { TOKEN_CHARS_MAX } from '../../shared/measure/enrol-token.ts';
import type {
  LogsAnswer,
  NonceAnswer,
  ProofAnswer,
  TargetsAnswer,
} from '../../shared/measure/protocol.ts';
import { enrol } from '../auth/enrol.ts';
import { agentOf } from '../auth/guard.ts';
import { isInsecure } from '../auth/transport.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { isPrivateKnown } from '../inventory/target-lists.ts';
import type { AgentRow } from '../store/rows.ts';
import { consistencyRoute } from './consistency.ts';
import { reintroduceRoute } from './reintroduce.ts';
import { answers, manyAgents as many, typed } from './routes.ts';

/** A token, a key and a version: far below this. */
export const ENROL_BODY_BYTES_MAX = 4 * 1024;
/** A machine that waits asks 6 times a minute: four of one office, and a person types a token. */
export const ENROL_PER_MINUTE_MAX = 30;
const PUBLIC_KEY_BYTES = 32;

const EnrolBody = Type.Object(
  {
    token: Type.String({ minLength: 1, maxLength: TOKEN_CHARS_MAX }),
    public_key: Type.String({ maxLength: 64, description: 'base64 of 32 bytes' }),
    software: Type.String({ minLength: 1, maxLength: 100 }),
  },
  { additionalProperties: false },
);
const ProofQuery = Type.Object(
  {
    epoch: Type.Integer({ minimum: 1 }),
    seq: Type.Integer({ minimum: 1 }),
    from: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);
const Free = Type.Object({}, { additionalProperties: true });

/** What agents ask for; an agent only ever reads its own. Shapes: shared/measure/protocol.ts. */
export function agentRoutes(app: FastifyInstance, context: AppContext): void {
  const routes = typed(app);
  const tags = ['agents'];
  routes.post(
    '/agents/enrol',
    {
      config: { access: 'body', rateLimit: { max: ENROL_PER_MINUTE_MAX, timeWindow: 60_000 } },
      bodyLimit: ENROL_BODY_BYTES_MAX,
      schema: { summary: 'Enrol an agent', tags, body: EnrolBody, response: answers(Free) },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const { token, public_key, software } = request.body;
      const key = readKey(public_key);
      return enrol(context, { token, key, software, insecure: isInsecure(request) });
    },
  );
  reintroduceRoute(app, context);
  consistencyRoute(app, context);
  routes.get(
    '/agents/nonce',
    {
      config: { access: 'public', ...many },
      schema: { summary: 'A nonce for one signed request', tags, response: answers(Free) },
    },
    async (_, reply): Promise<NonceAnswer> => {
      reply.header('cache-control', 'no-store');
      return { nonce: context.nonces.issue(), time_ms: context.now_ms() };
    },
  );
  routes.get(
    '/agents/self/targets',
    {
      config: { access: 'agent', ...many },
      schema: { summary: "The agent's own target list", tags, response: answers(Free) },
    },
    async (request, reply) => {
      const { site, agent } = agentOf(request);
      const row = await context.store.targets(site, agent);
      if (row === null) {
        throw new HttpError(404, 'NO_TARGETS', 'there is no target list for this agent', {
          hint: 'import an inventory in which devices name this agent',
        });
      }
      if (!isPrivateKnown(row)) {
        throw new HttpError(404, 'NO_TARGETS', `list ${row.version} came back without addresses`, {
          hint: 'this collector was restored: import the inventory of the site again',
        });
      }
      const etag = `"${toBase64(row.hash)}"`;
      reply.header('etag', etag).header('cache-control', 'private, no-cache');
      if (request.headers['if-none-match'] === etag)
        return reply.status(304).send(undefined as never) as never;
      const body: TargetsAnswer = {
        envelope: parseEnvelope(row.envelope),
        private: JSON.parse(row.private),
      };
      return body;
    },
  );
  routes.get(
    '/agents/self/logs',
    {
      config: { access: 'agent', ...many },
      schema: { summary: 'Every log of this deployment', tags, response: answers(Free) },
    },
    async (_, reply): Promise<LogsAnswer> => {
      reply.header('cache-control', 'no-store');
      return { log_open: (await context.ledger.logOpens()).map(parseEnvelope) };
    },
  );
  routes.get(
    '/agents/self/proof',
    {
      config: { access: 'agent', ...many },
      schema: {
        summary: "Proof that one of the agent's batches is in the log",
        tags,
        querystring: ProofQuery,
        response: answers(Free),
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const { epoch, seq, from = 0 } = request.query;
      return proofOf(context, agentOf(request), epoch, seq, from);
    },
  );
}

async function proofOf(
  context: AppContext,
  { site, agent }: AgentRow,
  epoch: number,
  seq: number,
  from: number,
): Promise<ProofAnswer> {
  const batch = await context.store.batch(site, agent, epoch, seq);
  if (batch === null) {
    throw new HttpError(404, 'BATCH_UNKNOWN', `there is no batch ${epoch}/${seq} of this agent`, {
      hint: 'deliver it first',
    });
  }
  const checkpoint = await context.ledger.checkpointOf(batch.log);
  if (checkpoint === null || checkpoint.size <= batch.leaf) {
    throw new HttpError(503, 'NOT_SEQUENCED', 'the batch is not under a checkpoint yet', {
      hint: 'ask again in a few seconds',
      retry_after_s: 5,
    });
  }
  if (from > checkpoint.size) {
    throw new HttpError(409, 'LOG_SMALLER', `the log has ${checkpoint.size} leaves, not ${from}`, {
      hint: 'report the checkpoint you saw in the next batch: this collector lost history',
    });
  }
  const { log, leaf } = batch;
  const { size, note } = checkpoint;
  const inclusion = await context.ledger.inclusion(log, leaf, size);
  const consistency = from === 0 ? [] : await context.ledger.consistency(log, from, size);
  return {
    leaf,
    leaf_bytes: toBase64(await context.ledger.leafBytes(log, leaf)),
    inclusion: inclusion.map(toBase64),
    consistency: consistency.map(toBase64),
    checkpoint: note,
  };
}

function readKey(text: string): Uint8Array {
  try {
    const key = fromBase64(text);
    if (key.length === PUBLIC_KEY_BYTES) return key;
  } catch {
    // The one error below says it all.
  }
  throw new HttpError(400, 'KEY_MALFORMED', 'public_key is not base64 of a raw Ed25519 key', {
    hint: 'send the 32 bytes of the key in padded base64',
    place: 'public_key',
  });
}
