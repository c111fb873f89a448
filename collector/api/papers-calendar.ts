import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { dayNumber } from '../../shared/calendar/dates.ts';
import { CALENDAR_BYTES_MAX, parseCalendar } from '../../shared/calendar/parse.ts';
import { LanProofError } from '../../shared/errors.ts';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { builtInCalendar, type CalendarInForce, calendarOf } from '../papers/calendar.ts';
import { CALENDAR_DAYS_MAX, calendarDays } from '../papers/calendar-days.ts';
import { refused } from '../papers/put.ts';
import { replacePaper } from '../papers/replace.ts';
import { objectsToCsv } from './csv.ts';
import { Changed, LocalDate } from './papers-schemas.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { Ms, NullableMs, NullableText, NullableTime, SiteParams, Time } from './schemas.ts';
import { visibleSite } from './scope.ts';
import { rfc3339 } from './times.ts';

const CalendarJson = Type.Object(
  {},
  {
    additionalProperties: true,
    description:
      'v code zone tzdata offsets weekly profiles days; in a PUT what is left out is as built in',
  },
);
const Day = Type.Object({
  date: Type.String(),
  weekday: Type.String(),
  working_ms: Type.Integer({ description: 'ms of working time; 0: a day of rest' }),
  hours: Type.Array(Type.Object({ from_ms: Ms, from: Time, to_ms: Ms, to: Time })),
  kind: NullableText,
  name_vi: NullableText,
  name_en: NullableText,
  source: NullableText,
  checked_on: NullableText,
  uncertain: Type.Boolean({ description: 'no decision fixes this day yet, or none was seen' }),
});
const InForce = {
  site: Type.String(),
  built_in: Type.Boolean({ description: 'true: no document says otherwise' }),
  version: Type.Union([Type.Integer(), Type.Null()]),
  hash: Type.Union([Type.String(), Type.Null()], { description: 'document hash, base64' }),
  author: NullableText,
  issued_ms: NullableMs,
  issued: NullableTime,
  calendar: CalendarJson,
};
const GetBody = Type.Object({ ...InForce, days: Type.Optional(Type.Array(Day)) });
const PutBody = Type.Object({ ...InForce, changed: Changed });
const Query = Type.Object(
  {
    from: Type.Optional(LocalDate),
    to: Type.Optional(LocalDate),
    profile: Type.Optional(Type.String({ maxLength: 39, description: 'default: its own week' })),
    format: Type.Optional(Type.Enum(['json', 'csv'])),
  },
  { additionalProperties: false },
);
const tags = ['papers'];

/** `/sites/:site/calendar`: working time as a document; the newest holds for every figure. */
export function calendarRoutes(app: FastifyInstance, context: AppContext): void {
  const routes = typed(app);
  routes.get(
    '/sites/:site/calendar',
    {
      config: { access: 'read' },
      schema: {
        summary: 'Calendar in force; with ?from&to (local dates, both included) its days',
        tags,
        params: SiteParams,
        querystring: Query,
        response: answers(GetBody),
      },
    },
    async (request, reply) => {
      const { row } = await visibleSite(context.store, person(request), request.params.site);
      const found = await calendarOf(context.store, row.site);
      const { from, to, profile, format } = request.query;
      const body = inForceBody(row.site, found);
      if (from === undefined && to === undefined && format !== 'csv') return body;
      const period = datesOf(from, to);
      const days = refused(() =>
        calendarDays(found.calendar, profile ?? null, period.from, period.to),
      ).map(({ dated, hours, ...day }) => ({
        ...day,
        hours: hours.map(({ from_ms, to_ms }) => {
          return { from_ms, from: rfc3339(from_ms), to_ms, to: rfc3339(to_ms) };
        }),
        kind: dated?.kind ?? null,
        name_vi: dated?.name.vi ?? null,
        name_en: dated?.name.en ?? null,
        source: dated?.source ?? null,
        checked_on: dated?.checked_on ?? null,
        uncertain: dated?.uncertain ?? false,
      }));
      if (format !== 'csv') return { ...body, days };
      return csvAnswer(reply, `${row.site}-calendar`, objectsToCsv(days), null);
    },
  );
  routes.put(
    '/sites/:site/calendar',
    {
      config: { access: 'operate' },
      bodyLimit: CALENDAR_BYTES_MAX,
      schema: {
        summary: 'Write the calendar of a site; the same once more adds nothing',
        tags,
        params: SiteParams,
        body: CalendarJson,
        response: answers(PutBody),
      },
    },
    async (request) => {
      const who = person(request);
      const { row } = await visibleSite(context.store, who, request.params.site);
      const calendar = refused(() => parseCalendar({ ...builtInCalendar(), ...request.body }));
      const { changed } = await replacePaper(context, {
        kind: 'calendar',
        site: row.site,
        by: who.name,
        body: (version) => ({ version, calendar }),
        // What is built in may change with the program; what a person wrote may not.
        without: null,
      });
      return { ...inForceBody(row.site, await calendarOf(context.store, row.site)), changed };
    },
  );
}

function inForceBody(site: string, { calendar, issued }: CalendarInForce) {
  return {
    site,
    built_in: issued === null,
    version: issued?.version ?? null,
    hash: issued?.hash ?? null,
    author: issued?.author ?? null,
    issued_ms: issued?.issued_ms ?? null,
    issued: issued === null ? null : rfc3339(issued.issued_ms),
    calendar: { ...calendar },
  };
}

/** Numbers of local days, both included. Throws LanProofError TIME_PERIOD. */
function datesOf(from: string | undefined, to: string | undefined): { from: number; to: number } {
  const period = { from: dayNumber(from ?? ''), to: dayNumber(to ?? '') };
  if (period.from !== null && period.to !== null) {
    const count = period.to - period.from + 1;
    if (count >= 1 && count <= CALENDAR_DAYS_MAX) return { from: period.from, to: period.to };
  }
  throw new LanProofError('TIME_PERIOD', 'from and to are not two dates of one period', {
    hint: `write local dates, from not after to, ${CALENDAR_DAYS_MAX} days at most`,
    place: period.from === null ? 'from' : 'to',
  });
}
