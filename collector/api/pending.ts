import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { answers, typed } from './routes.ts';
import { listOf, Ms, Time } from './schemas.ts';
import { visibleSites } from './scope.ts';
import { rfc3339 } from './times.ts';

const PendingItem = Type.Object({
  site: Type.String(),
  site_name: Type.String(),
  agent: Type.String(),
  short_code: Type.String({ description: 'to compare with what the machine shows' }),
  software: Type.String(),
  requested_ms: Ms,
  requested: Time,
  epoch: Type.Integer({
    description: 'what an approval begins; above 1: the agent had a key before',
  }),
});

/** Keys that wait for a person, over all sites that the person may see; oldest first. */
export function pendingRoutes(app: FastifyInstance, context: AppContext): void {
  typed(app).get(
    '/agents/pending',
    {
      config: { access: 'operate' },
      schema: {
        summary: "Agents' keys that wait for approval",
        tags: ['tokens'],
        response: answers(listOf(PendingItem)),
      },
    },
    async (request) => {
      const { store } = context;
      const names = new Map(
        (await visibleSites(store, person(request))).map(({ site, name }) => [site, name]),
      );
      const waiting = (await store.enrolments())
        .filter(({ state, site }) => state === 'pending' && names.has(site))
        .sort((a, b) => a.requested_ms - b.requested_ms);
      const items = await Promise.all(
        waiting.map(async ({ site, agent, short_code, software, requested_ms }) => ({
          ...{ site, site_name: names.get(site) ?? site, agent, short_code, software },
          ...{ requested_ms, requested: rfc3339(requested_ms) },
          epoch: ((await store.agent(site, agent))?.epoch ?? 0) + 1,
        })),
      );
      return { items, next: null };
    },
  );
}
