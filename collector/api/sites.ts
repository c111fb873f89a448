import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { person } from '../auth/guard.ts';
import { may, type Principal } from '../auth/roles.ts';
import type { AppContext } from '../deps.ts';
import { notFound } from '../http-error.ts';
import { groupComputers, shownNow } from '../report/current.ts';
import { objectsToCsv } from './csv.ts';
import { hiddenFrom } from './incident-said.ts';
import { IncidentNow } from './incident-schemas.ts';
import { incidentsNow } from './incidents-now.ts';
import { type AnswerSchemas, answers, csvAnswer, typed } from './routes.ts';
import {
  AgentItem,
  DeviceItem,
  DeviceParams,
  GroupItem,
  listOf,
  PageQuery,
  page,
  SiteItem,
  SiteParams,
} from './schemas.ts';
import { readInventoryOf, type SiteView, visibleSite, visibleSites } from './scope.ts';
import { deviceItem, siteItem, siteItemOf } from './views.ts';

const SiteDetail = Type.Object({
  ...SiteItem.properties,
  inventory_version: Type.Integer(),
  calendar: Type.String(),
  contact: Type.Optional(
    Type.Object({ name: Type.Optional(Type.String()), phone: Type.Optional(Type.String()) }),
  ),
  computers: Type.Array(GroupItem),
  incidents: Type.Array(IncidentNow, {
    description: 'those that are open or settling now; open ones first, then the newest',
  }),
});
const DeviceList = Type.Object({
  ...listOf(DeviceItem).properties,
  computers: Type.Array(GroupItem, { description: 'computers by group; viewers see these only' }),
});

/** `/sites` and what belongs to one site: inventory and current state with its age. */
export function siteRoutes(app: FastifyInstance, context: AppContext): void {
  const read = { config: { access: 'read' } } as const;
  const routes = typed(app);
  routes.get(
    '/sites',
    {
      ...read,
      schema: {
        ...describe('Sites with counts by state'),
        querystring: PageQuery,
        response: answers(listOf(SiteItem)),
      },
    },
    async (request, reply) => {
      const rows = await visibleSites(context.store, person(request));
      const { items: shown, next } = page(rows, request.query, ({ site }) => site);
      const names = new Map((await context.store.units()).map(({ code, name }) => [code, name]));
      const items = await Promise.all(
        shown.map((row) =>
          siteItem(context, row, readInventoryOf(row), names.get(row.unit) ?? row.unit),
        ),
      );
      if (request.query.format !== 'csv') return { items, next };
      const flat = items.map(({ states, agents, ...rest }) => ({
        ...rest,
        ...states,
        agents: agents.map(({ agent }) => agent),
      }));
      return csvAnswer(reply, 'sites', objectsToCsv(flat), next);
    },
  );
  routes.get(
    '/sites/:site',
    {
      ...read,
      schema: { ...describe('One site'), params: SiteParams, response: answers(SiteDetail) },
    },
    async (request) => {
      const who = person(request);
      const { row, inventory } = await visibleSite(context.store, who, request.params.site);
      const unit = await context.store.unit(row.unit);
      const now = await shownNow(context, row.site, inventory.devices);
      const of = { row, inventory, unit_name: unit?.name ?? row.unit };
      const item = await siteItemOf(context, of, now);
      const { contact, calendar } = inventory.site;
      const details = may(who.role, 'details');
      const { incidents, versions } = await context.judge.incidentsNow(row.site);
      const hidden = hiddenFrom({ inventory }, versions, who);
      return {
        ...{ ...item, inventory_version: row.version, calendar },
        ...{ computers: groupComputers(now), incidents: incidentsNow(incidents, hidden) },
        ...(details && contact !== undefined ? { contact } : {}),
      };
    },
  );
  deviceRoutes(app, context);
}

function deviceRoutes(app: FastifyInstance, context: AppContext): void {
  const read = { config: { access: 'read' } } as const;
  const routes = typed(app);
  routes.get(
    '/sites/:site/devices',
    {
      ...read,
      schema: {
        ...describe('Devices of a site with their state'),
        params: SiteParams,
        querystring: PageQuery,
        response: answers(DeviceList),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const view = await visibleSite(context.store, who, request.params.site);
      const now = await shownNow(context, view.row.site, view.inventory.devices);
      const details = may(who.role, 'details');
      const all = visibleDevices(view, who).flatMap(({ code }) => {
        const shown = now.get(code);
        return shown === undefined ? [] : [deviceItem(shown, details)];
      });
      const sorted = all.sort((a, b) => (a.device < b.device ? -1 : 1));
      const { items, next } = page(sorted, request.query, ({ device }) => device);
      if (request.query.format === 'csv') {
        return csvAnswer(reply, `${view.row.site}-devices`, objectsToCsv(items), next);
      }
      return { items, next, computers: groupComputers(now) };
    },
  );
  routes.get(
    '/sites/:site/devices/:device',
    {
      ...read,
      schema: { ...describe('One device'), params: DeviceParams, response: answers(DeviceItem) },
    },
    async (request) => {
      const who = person(request);
      const view = await visibleSite(context.store, who, request.params.site);
      const { device: code } = request.params;
      const isVisible = visibleDevices(view, who).some((found) => found.code === code);
      const now = isVisible && (await shownNow(context, view.row.site, view.inventory.devices));
      const shown = now === false ? undefined : now.get(code);
      if (shown === undefined) throw notFound('device', code);
      return deviceItem(shown, may(who.role, 'details'));
    },
  );
  routes.get(
    '/sites/:site/agents',
    {
      ...read,
      schema: {
        ...describe('Agents of a site'),
        params: SiteParams,
        response: answers(listOf(AgentItem)),
      },
    },
    async (request) => {
      const view = await visibleSite(context.store, person(request), request.params.site);
      const unit = await context.store.unit(view.row.unit);
      const item = await siteItem(context, view.row, view.inventory, unit?.name ?? view.row.unit);
      return { items: item.agents, next: null };
    },
  );
}

/** A viewer sees computers as counts only, so one person's desk cannot be watched. */
export function visibleDevices(view: SiteView, who: Principal): SiteView['inventory']['devices'] {
  const { devices } = view.inventory;
  return may(who.role, 'details') ? devices : devices.filter(({ kind }) => kind !== 'pc');
}

function describe(summary: string): AnswerSchemas {
  return { summary, tags: ['sites'] };
}
