import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { fromUtf8 } from '../../shared/bytes.ts';
import { BATCH_BYTES_MAX } from '../../shared/measure/batch.ts';
import {
  BATCH_CONTENT_TYPE,
  type BatchAnswer,
  HOLE_CONTENT_TYPE,
} from '../../shared/measure/protocol.ts';
import { isInsecure } from '../auth/transport.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import type { SubmitResult } from '../ingest/types.ts';
import { answers } from './routes.ts';

/** A province behind one address that delivers a backlog; the signature check is the real gate. */
const BATCHES_PER_MINUTE_MAX = 120_000;

/** `POST /batches`: signed batches and holes; the signature in the body is the proof of origin. */
export function batchRoutes(app: FastifyInstance, context: AppContext): void {
  app.register(async (scope) => {
    // Only these two types are read here; every other one is answered 415.
    scope.removeAllContentTypeParsers();
    for (const type of [BATCH_CONTENT_TYPE, HOLE_CONTENT_TYPE]) {
      scope.addContentTypeParser(type, { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    }
    scope.post(
      '/batches',
      {
        // A few hundred bytes never reach the size from which answers are packed.
        compress: false,
        config: {
          access: 'body',
          rateLimit: { max: BATCHES_PER_MINUTE_MAX, timeWindow: 60_000 },
        },
        bodyLimit: BATCH_BYTES_MAX,
        schema: {
          summary: 'Deliver a batch or a hole statement',
          tags: ['agents'],
          consumes: [BATCH_CONTENT_TYPE, HOLE_CONTENT_TYPE],
          response: answers(Type.Object({}, { additionalProperties: true })),
        },
      },
      async (request, reply) => {
        reply.header('cache-control', 'no-store');
        return answerOf(await submit(context, request), context.now_ms());
      },
    );
  });
}

async function submit(context: AppContext, request: FastifyRequest): Promise<SubmitResult> {
  const { body } = request;
  if (!(body instanceof Uint8Array)) {
    throw new HttpError(415, 'MEDIA_TYPE', 'the body is neither a batch nor a hole', {
      hint: `send ${BATCH_CONTENT_TYPE} or ${HOLE_CONTENT_TYPE}`,
    });
  }
  const facts = { insecure: isInsecure(request) };
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith(HOLE_CONTENT_TYPE)) return context.ingest.submitBatch(body, facts);
  let text: string;
  try {
    text = fromUtf8(body);
  } catch {
    throw new HttpError(400, 'HOLE_MALFORMED', 'the hole statement is not UTF-8', {
      hint: 'send the text of its envelope',
    });
  }
  return context.ingest.submitHole(text, facts);
}

function answerOf(result: SubmitResult, time_ms: number): BatchAnswer {
  if (result.kind === 'refused') {
    const { status, code, message, hint, expect, retry_after_s } = result;
    throw new HttpError(status, code, message, {
      hint,
      ...(expect === undefined ? {} : { extra: { expect } }),
      ...(retry_after_s === undefined ? {} : { retry_after_s }),
    });
  }
  const { duplicate, leaf, checkpoint, renew, list_version } = result;
  return { accepted: true, duplicate, leaf, checkpoint, renew, list_version, time_ms };
}
