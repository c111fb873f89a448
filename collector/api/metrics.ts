import type { FastifyInstance } from 'fastify';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import type { OwnMetrics } from '../metrics/own-metrics.ts';
import { siteMetrics } from '../metrics/site-metrics.ts';
import { visibleSites } from './scope.ts';

/** `/metrics`: the collector's own health, and agents and infrastructure of visible sites. */
export function metricsRoute(app: FastifyInstance, context: AppContext, own: OwnMetrics): void {
  app.get(
    '/metrics',
    {
      config: { access: 'scrape' },
      schema: {
        summary: 'Prometheus text',
        tags: ['operations'],
        response: { 200: { type: 'string' } },
      },
    },
    async (request, reply) => {
      const sites = await visibleSites(context.store, person(request));
      const text = `${await own.text()}\n${await siteMetrics(context, sites)}`;
      return reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(text);
    },
  );
}
