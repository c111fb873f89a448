import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { WEEKDAYS } from '../../shared/calendar/types.ts';
import type { Span } from '../../shared/judge/spans.ts';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { leavesSeen } from '../judge/day/material.ts';
import { calendarOf } from '../papers/calendar.ts';
import { cancelMaintenance, planMaintenance, plansOf } from '../papers/maintenance.ts';
import { expandWeekly, WEEKLY_MINUTES_MAX } from '../papers/weekly.ts';
import { objectsToCsv } from './csv.ts';
import { MaintenanceItem, windowItems } from './maintenance-items.ts';
import { computersOf, knownDevices } from './papers-devices.ts';
import { Changed, LocalDate, line, PAPER_BODY_BYTES_MAX, tidy } from './papers-schemas.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { listOf, PageQuery, page, SiteParams } from './schemas.ts';
import { visibleSite } from './scope.ts';
import { parsePeriod, parseTime } from './times.ts';

const code = Type.String({ pattern: CODE_PATTERN });
const Weekly = Type.Object(
  {
    days: Type.Array(Type.Enum([...WEEKDAYS]), { minItems: 1, maxItems: 7, uniqueItems: true }),
    start: Type.String({ description: 'HH:MM on the local clock of the site' }),
    minutes: Type.Integer({ minimum: 1, maximum: WEEKLY_MINUTES_MAX }),
    until: LocalDate,
  },
  {
    additionalProperties: false,
    description:
      'the same hours on some weekdays, up to 12 months ahead; each window is written out',
  },
);
const PlanBody = Type.Object(
  {
    devices: Type.Optional(
      Type.Union([Type.Array(code, { minItems: 1, maxItems: 2_000 }), Type.Null()], {
        description: 'null or left out: the whole site',
      }),
    ),
    from: Type.Optional(Type.String({ description: 'RFC 3339, a whole minute' })),
    to: Type.Optional(Type.String({ description: 'RFC 3339, a whole minute' })),
    recurring: Type.Optional(Weekly),
    reason: line(),
  },
  { additionalProperties: false, description: 'either from and to, or recurring' },
);
const CancelBody = Type.Union([
  Type.Object({ reason: Type.Optional(line()) }, { additionalProperties: false }),
  Type.Null(),
]);
const ListQuery = Type.Object(
  {
    ...PageQuery.properties,
    from: Type.Optional(Type.String({ description: 'RFC 3339: windows that end after it' })),
    to: Type.Optional(Type.String({ description: 'RFC 3339: windows that begin before it' })),
  },
  { additionalProperties: false },
);
const Answer = Type.Object({
  id: Type.String(),
  changed: Changed,
  items: Type.Array(MaintenanceItem),
});
const PlanParams = Type.Object({ site: code, id: code });
const DEFAULT_CANCEL_REASON = 'cancelled';
const tags = ['papers'];

/** `/sites/:site/maintenance`: work is announced before it begins, and taken back. */
export function maintenanceRoutes(app: FastifyInstance, context: AppContext): void {
  const routes = typed(app);
  routes.post(
    '/sites/:site/maintenance',
    {
      config: { access: 'operate' },
      bodyLimit: PAPER_BODY_BYTES_MAX,
      schema: {
        summary: 'Announce maintenance: one window, or a weekly series up to 12 months ahead',
        tags,
        params: SiteParams,
        body: PlanBody,
        response: answers(Answer),
      },
    },
    async (request) => {
      const who = person(request);
      const view = await visibleSite(context.store, who, request.params.site);
      const { site } = view.row;
      const devices = knownDevices(view, request.body.devices ?? null);
      const windows = await windowsOf(context, site, request.body);
      const work = { site, devices, windows, reason: tidy(request.body.reason), by: who.name };
      const { changed, plan } = await planMaintenance(context, work);
      const seen = await leavesSeen(context.store, site);
      const items = windowItems(plan, context.now_ms(), computersOf(view, who), seen);
      return { id: plan.paper.id, changed, items };
    },
  );
  routes.post(
    '/sites/:site/maintenance/:id/cancel',
    {
      config: { access: 'operate' },
      bodyLimit: PAPER_BODY_BYTES_MAX,
      schema: {
        summary: 'Take back what has not begun and end what runs; what is past stays',
        tags,
        params: PlanParams,
        body: CancelBody,
        response: answers(Answer),
      },
    },
    async (request) => {
      const who = person(request);
      const { site, id } = request.params;
      const view = await visibleSite(context.store, who, site);
      const reason = tidy(request.body?.reason ?? DEFAULT_CANCEL_REASON);
      const wanted = { site, id, reason, by: who.name };
      const { changed, plan } = await cancelMaintenance(context, wanted);
      const seen = await leavesSeen(context.store, site);
      const items = windowItems(plan, context.now_ms(), computersOf(view, who), seen);
      return { id, changed, items };
    },
  );
  listRoute(app, context);
}

function listRoute(app: FastifyInstance, context: AppContext): void {
  typed(app).get(
    '/sites/:site/maintenance',
    {
      config: { access: 'read' },
      schema: {
        summary: 'Windows of maintenance, cancelled ones too',
        tags,
        params: SiteParams,
        querystring: ListQuery,
        response: answers(listOf(MaintenanceItem)),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const view = await visibleSite(context.store, who, request.params.site);
      const { site } = view.row;
      const { from, to, ...paging } = request.query;
      const from_ms = from === undefined ? Number.NEGATIVE_INFINITY : parseTime(from, 'from');
      const to_ms = to === undefined ? Number.POSITIVE_INFINITY : parseTime(to, 'to');
      const computers = computersOf(view, who);
      const seen = await leavesSeen(context.store, site);
      const all = (await plansOf(context.store, site))
        .flatMap((plan) => windowItems(plan, context.now_ms(), computers, seen))
        .filter((item) => item.from_ms < to_ms && item.to_ms > from_ms)
        .sort((a, b) => (a.key < b.key ? -1 : 1));
      const { items, next } = page(all, paging, ({ key }) => key);
      if (paging.format !== 'csv') return { items, next };
      return csvAnswer(reply, `${site}-maintenance`, objectsToCsv(items), next);
    },
  );
}

async function windowsOf(
  context: AppContext,
  site: string,
  { from, to, recurring }: Static<typeof PlanBody>,
): Promise<readonly Span[]> {
  if (recurring !== undefined && from === undefined && to === undefined) {
    const { calendar } = await calendarOf(context.store, site);
    return expandWeekly(calendar, recurring, context.now_ms());
  }
  if (recurring === undefined && from !== undefined && to !== undefined) {
    return [parsePeriod(from, to)];
  }
  throw new HttpError(400, 'MAINTENANCE_WINDOW', 'it is not clear when the work is done', {
    hint: 'give from and to, or recurring { days, start, minutes, until }, not both',
    place: recurring === undefined ? (from === undefined ? 'from' : 'to') : 'recurring',
  });
}
