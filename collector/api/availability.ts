import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { PeriodAsk } from '../../shared/judge/period/sums.ts';
import {
  FIGURE_SUBJECTS,
  type FiguresShape,
  type FigureTable,
} from '../../shared/judge/period/table.ts';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import { person } from '../auth/guard.ts';
import { may, type Principal } from '../auth/roles.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { availabilityFigures, type Figures } from '../report/figures.ts';
import { AvailabilityBody } from './availability-schemas.ts';
import { objectsToCsv } from './csv.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { SiteParams } from './schemas.ts';
import { visibleSite } from './scope.ts';
import { asOfBody, parsePeriod } from './times.ts';

const Query = Type.Object(
  {
    from: Type.String({ description: 'RFC 3339, a whole minute' }),
    to: Type.String({ description: 'RFC 3339, a whole minute' }),
    hours: Type.Optional(
      Type.Enum(['working', 'all'], { default: 'working', description: 'all: every hour' }),
    ),
    profile: Type.Optional(
      Type.String({
        pattern: CODE_PATTERN,
        description: "working hours of this profile of the site's calendar, e.g. mot-cua",
      }),
    ),
    by: Type.Optional(Type.Enum([...FIGURE_SUBJECTS], { default: 'device' })),
    device: Type.Optional(
      Type.String({
        pattern: CODE_PATTERN,
        description: 'with by=day and by=hour: of this device; without it, of the site',
      }),
    ),
    format: Type.Optional(Type.Enum(['json', 'csv'])),
  },
  { additionalProperties: false },
);
type Query = Static<typeof Query>;

/** `/sites/:site/availability`: the figures of contracts §3. */
export function availabilityRoutes(app: FastifyInstance, context: AppContext): void {
  typed(app).get(
    '/sites/:site/availability',
    {
      config: { access: 'read' },
      schema: {
        summary: 'Availability and coverage over a period',
        tags: ['measurements'],
        params: SiteParams,
        querystring: Query,
        response: answers(AvailabilityBody),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const { query } = request;
      const view = await visibleSite(context.store, who, request.params.site);
      const ask = askOf(query);
      const shape = shapeOf(query, who);
      const { site } = view.row;
      const figures = await availabilityFigures(context, site, ask, shape);
      if (query.format === 'csv') {
        const name = `${site}-availability-${ask.hours}`;
        return csvAnswer(reply, name, objectsToCsv(csvRows(figures)), null);
      }
      const { late_maintenance: late, corrected } = figures;
      return {
        site,
        hours: ask.hours,
        ...tableBody(figures),
        next: null,
        calendar: figures.calendar,
        settings: figures.settings,
        late_maintenance: late === null ? null : { windows: [...late.windows], ...tableBody(late) },
        corrected: corrected === null ? null : tableBody(corrected),
        as_of: asOfBody(figures.as_of),
        archived_before_ms: await archivedIn(context, ask.from_ms),
        rules: figures.rules,
      };
    },
  );
}

/** Null where all of the period can still be computed from what was measured. */
async function archivedIn({ store }: AppContext, from_ms: number): Promise<number | null> {
  const before_ms = await store.archivedBefore();
  return before_ms > from_ms ? before_ms : null;
}

function askOf({ from, to, hours = 'working', profile }: Query): PeriodAsk {
  if (hours === 'all' && profile !== undefined) {
    throw new HttpError(400, 'PROFILE_HOURS', 'every hour counts, whatever the profile', {
      hint: 'leave out profile, or ask with hours=working',
      place: 'profile',
    });
  }
  return { ...parsePeriod(from, to), hours, profile: profile ?? null };
}

function shapeOf({ by = 'device', device }: Query, who: Principal): FiguresShape {
  if (device !== undefined && by !== 'day' && by !== 'hour') {
    throw new HttpError(400, 'DEVICE_BY', 'one device is told of by day or by hour', {
      hint: 'ask with by=day or by=hour, or leave out device',
      place: 'device',
    });
  }
  return {
    by,
    device: device ?? null,
    hide_computers: !may(who.role, 'details'),
  };
}

function tableBody({ items, totals }: FigureTable) {
  const row = <Row extends FigureTable['items'][number]>({ flags, ...rest }: Row) => ({
    ...rest,
    flags: [...flags],
  });
  return {
    items: items.map(row),
    totals: {
      site: row(totals.site),
      workplaces: row(totals.workplaces),
      devices: row(totals.devices),
    },
  };
}

/** A table that is passed on alone still says what it is a function of. */
function csvRows({ items, as_of, rules }: Figures): object[] {
  const origin = { as_of_log: as_of.log, as_of_size: as_of.size, as_of_to_ms: as_of.to_ms };
  return items.map((row) => ({ ...row, ...origin, rules }));
}
