import type { FastifyInstance } from 'fastify';
import { isStillSignedIn, person } from '../auth/guard.ts';
import { may } from '../auth/roles.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import type { LiveClient } from '../live/hub.ts';
import type { LiveEvent } from '../live/ring.ts';
import { visibleSites } from './scope.ts';

/** Browsers wait this long before they connect again. */
const RETRY_MS = 3_000;
/** An open stream is held against its token so often: one read by index each. */
const SIGNED_IN_CHECK_MS = 2_000;

/** `/live`: server-sent events of what the asker may see; Last-Event-ID replays. */
export function liveRoutes(app: FastifyInstance, context: AppContext): void {
  app.get(
    '/live',
    {
      config: { access: 'read', rateLimit: { max: 60, timeWindow: 60_000 } },
      schema: { summary: 'Server-sent events: state changes, agents', tags: ['live'] },
    },
    async (request, reply) => {
      const who = person(request);
      const details = may(who.role, 'details');
      const sites = new Set((await visibleSites(context.store, who)).map(({ site }) => site));
      const { raw } = reply;
      const client: LiveClient = {
        write: (text) => raw.write(text),
        blocked: () => raw.writableNeedDrain,
        end: () => raw.end(),
        sees(event: LiveEvent) {
          // A site made after the stream began: without a unit limit everything is visible.
          if (who.unit !== null && !sites.has(event.site)) return false;
          return event.type !== 'device' || event.kind !== 'pc' || details;
        },
      };
      const last = request.headers['last-event-id'];
      const begin = () => {
        reply.hijack();
        raw.writeHead(200, {
          ...(reply.getHeaders() as Record<string, string>),
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store, no-transform',
          'x-accel-buffering': 'no',
        });
        raw.write(`retry: ${RETRY_MS}\n\n`);
      };
      if (context.hub.full) {
        throw new HttpError(503, 'LIVE_FULL', 'too many live streams are open', {
          hint: 'close some pages',
          retry_after_s: 30,
        });
      }
      begin();
      const leave = context.hub.connect(client, typeof last === 'string' ? last : undefined);
      const check = setInterval(async () => {
        // A store that cannot say so now is asked again.
        const good = await isStillSignedIn(context, request).catch(() => true);
        if (!good) client.end();
      }, SIGNED_IN_CHECK_MS).unref();
      const gone = () => {
        clearInterval(check);
        leave();
      };
      request.raw.once('close', gone);
      raw.once('close', gone);
    },
  );
}
