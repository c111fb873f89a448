import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { IncidentView } from '../../shared/judge/period/incident-view.ts';
import { type Fact, subjectOf } from '../../shared/judge/site/facts.ts';
import { RULES_VERSION } from '../../shared/judge/types.ts';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { notFound } from '../http-error.ts';
import { findIncident, incidentViews } from '../report/incidents.ts';
import { objectsToCsv } from './csv.ts';
import { hiddenFrom, incidentSaid } from './incident-said.ts';
import { FindingList, IncidentBody, type IncidentItem, IncidentList } from './incident-schemas.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { PAGE_ITEMS_MAX, page, SiteParams } from './schemas.ts';
import { visibleSite } from './scope.ts';
import { asOfBody, parsePeriod, rfc3339 } from './times.ts';

const PeriodQuery = Type.Object(
  {
    from: Type.String({ description: 'RFC 3339, a whole minute' }),
    to: Type.String({ description: 'RFC 3339, a whole minute' }),
    after: Type.Optional(Type.String({ maxLength: 200 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_ITEMS_MAX })),
    format: Type.Optional(Type.Enum(['json', 'csv'])),
  },
  { additionalProperties: false },
);
const IncidentParams = Type.Object({
  site: Type.String({ pattern: CODE_PATTERN }),
  id: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});
/** Digits of a UTC ms: page keys sort as texts in the order of time. */
const MS_DIGITS = 15;

/** `/sites/:site/incidents` and `/findings`: what broke, why, and what people say of it. */
export function incidentRoutes(app: FastifyInstance, context: AppContext): void {
  const read = { config: { access: 'read' } } as const;
  const routes = typed(app);
  const tags = ['measurements'];
  routes.get(
    '/sites/:site/incidents',
    {
      ...read,
      schema: {
        ...{ summary: 'Incidents that touch a period, by start', tags, params: SiteParams },
        querystring: PeriodQuery,
        response: answers(IncidentList),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const view = await visibleSite(context.store, who, request.params.site);
      const { site } = view.row;
      const { from_ms, to_ms } = parsePeriod(request.query.from, request.query.to);
      const found = await incidentViews(context.judge, site, from_ms, to_ms);
      const { items, next } = page(
        found.items,
        request.query,
        ({ started_at_ms, id }) => `${String(started_at_ms).padStart(MS_DIGITS, '0')}-${id}`,
      );
      const hidden = hiddenFrom(view, found.judged.documents.versions, who);
      const shown = items.map((item) => incidentItem(item, hidden));
      if (request.query.format === 'csv') {
        return csvAnswer(reply, `${site}-incidents`, objectsToCsv(shown), next);
      }
      return { site, items: shown, next, ...origin(found.judged.as_of) };
    },
  );
  routes.get(
    '/sites/:site/incidents/:id',
    {
      ...read,
      schema: {
        ...{ summary: 'One incident of the last 400 days', tags, params: IncidentParams },
        response: answers(IncidentBody),
      },
    },
    async (request) => {
      const who = person(request);
      const { id } = request.params;
      const view = await visibleSite(context.store, who, request.params.site);
      const { site } = view.row;
      const found = await findIncident(context.judge, site, id, context.now_ms());
      if (found === null) throw notFound('incident', id);
      const item = incidentItem(found.item, hiddenFrom(view, found.judged.documents.versions, who));
      return { site, ...item, ...origin(found.judged.as_of) };
    },
  );
  findingRoute(app, context);
}

function findingRoute(app: FastifyInstance, context: AppContext): void {
  typed(app).get(
    '/sites/:site/findings',
    {
      config: { access: 'read' },
      schema: {
        summary: 'What is worth repair but made no outage, or is not its cause',
        tags: ['measurements'],
        params: SiteParams,
        querystring: Type.Omit(PeriodQuery, ['after', 'limit']),
        response: answers(FindingList),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const view = await visibleSite(context.store, who, request.params.site);
      const { site } = view.row;
      const { from_ms, to_ms } = parsePeriod(request.query.from, request.query.to);
      const { findings, as_of, documents } = await context.judge.judged(site, from_ms, to_ms);
      const hidden = hiddenFrom(view, documents.versions, who);
      const items = findings.map((one) => ({
        what: one.what,
        device: hidden.has(one.device) ? null : one.device,
        port: one.port,
        ...{ from_ms: one.from_ms, from: rfc3339(one.from_ms) },
        ...{ to_ms: one.to_ms, to: rfc3339(one.to_ms) },
        facts: factsFor(one.facts, hidden),
      }));
      if (request.query.format === 'csv') {
        return csvAnswer(reply, `${site}-findings`, objectsToCsv(items), null);
      }
      return { site, items, next: null, ...origin(as_of) };
    },
  );
}

function incidentItem(
  item: IncidentView,
  hidden: ReadonlySet<string>,
): Static<typeof IncidentItem> {
  const { corrected } = item;
  const nameOf = (device: string) => (hidden.has(device) ? null : device);
  return {
    ...incidentSaid(item, hidden),
    started_earliest_ms: item.started_earliest_ms,
    ended_latest_ms: item.ended_latest_ms,
    working_ms: item.working_ms,
    device_ms: item.device_ms,
    facts: factsFor(item.facts, hidden),
    notes: item.notes.map(({ key, issued_ms, ...note }) => ({
      ...{ ...note, device: nameOf(key.device), from_ms: key.from_ms },
      ...{ issued_ms, issued: rfc3339(issued_ms) },
    })),
    original: { ...item.original },
    corrected: corrected === null ? null : correctedItem(corrected, nameOf),
  };
}

function correctedItem(
  { key, issued_ms, ...said }: NonNullable<IncidentView['corrected']>,
  nameOf: (device: string) => string | null,
) {
  const about = { device: nameOf(key.device), from_ms: key.from_ms };
  return { ...said, ...about, issued_ms, issued: rfc3339(issued_ms) };
}

/** Facts about hidden computers are left out: each names one. */
function factsFor(facts: readonly Fact[], hidden: ReadonlySet<string>): Fact[] {
  return facts.filter((fact) => !hidden.has(subjectOf(fact)));
}

function origin(as_of: Parameters<typeof asOfBody>[0]) {
  return { as_of: asOfBody(as_of), rules: RULES_VERSION };
}
