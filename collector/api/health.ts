import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { AppContext } from '../deps.ts';
import type { LoopDelay } from '../metrics/loop-delay.ts';

/** A process that comes so late to its work has too much of it. Batches are still taken, ms. */
const LATE_MS_MAX = 1_000;

interface ProcessFacts {
  readonly draining: () => boolean;
  readonly loop: Pick<LoopDelay, 'late_ms'>;
}

/** What keeps the collector from taking work, for people and for load balancers. */
export interface NotReady {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const ReadyBody = Type.Object({
  ready: Type.Boolean(),
  reasons: Type.Array(
    Type.Object({ code: Type.String(), message: Type.String(), hint: Type.String() }),
  ),
});

/** `/healthz` says that the process lives, `/readyz` whether it takes work, and why not. */
export function healthRoutes(
  app: FastifyInstance,
  context: AppContext,
  process_: ProcessFacts,
): void {
  const tags = ['operations'];
  const config = { access: 'public', rateLimit: false } as const;
  app.get(
    '/healthz',
    {
      config,
      schema: {
        summary: 'Liveness',
        tags,
        response: { 200: Type.Object({ ok: Type.Boolean() }) },
      },
    },
    async (_, reply) => {
      reply.header('cache-control', 'no-store');
      return { ok: true };
    },
  );
  app.get(
    '/readyz',
    {
      config,
      schema: { summary: 'Readiness', tags, response: { 200: ReadyBody, 503: ReadyBody } },
    },
    async (_, reply) => {
      const reasons = await whyNot(context, process_);
      reply.header('cache-control', 'no-store').status(reasons.length === 0 ? 200 : 503);
      return { ready: reasons.length === 0, reasons };
    },
  );
}

async function whyNot(context: AppContext, process_: ProcessFacts): Promise<NotReady[]> {
  const reasons: NotReady[] = [];
  if (process_.draining()) {
    reasons.push({ code: 'DRAINING', message: 'the collector is stopping', hint: 'wait' });
  }
  try {
    const { writable, free_bytes } = await context.store.health();
    if (!writable) {
      const message = `the store takes no writes; ${free_bytes ?? 'unknown'} bytes are free`;
      reasons.push({ code: 'DISK_FULL', message, hint: 'make space in data_dir' });
    }
  } catch {
    const hint = 'look into the log of the collector';
    reasons.push({ code: 'STORE_FAILED', message: 'the store does not answer', hint });
  }
  if (process_.loop.late_ms() > LATE_MS_MAX) {
    const message = 'the process has more work than it can do';
    reasons.push({ code: 'UNDER_PRESSURE', message, hint: 'wait, or give it more CPU' });
  }
  return reasons;
}
