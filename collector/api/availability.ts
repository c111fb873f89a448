import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { availabilityFigures } from '../report/figures.ts';
import { objectsToCsv } from './csv.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { AsOfBody, NullableNumber, SiteParams } from './schemas.ts';
import { visibleSite } from './scope.ts';
import { visibleDevices } from './sites.ts';
import { asOfBody, parsePeriod } from './times.ts';

const Query = Type.Object(
  {
    from: Type.String({ description: 'RFC 3339, a whole minute' }),
    to: Type.String({ description: 'RFC 3339, a whole minute' }),
    hours: Type.Optional(
      Type.Enum(['working', 'all'], { default: 'working', description: 'all: every hour' }),
    ),
    format: Type.Optional(Type.Enum(['json', 'csv'])),
  },
  { additionalProperties: false },
);
const Ms = Type.Integer({ description: 'ms' });
const NotYet = Type.Union([Type.Number(), Type.Null()], {
  description: 'null until causes are judged (rules 0)',
});
const Row = Type.Object({
  device: Type.String(),
  expected_ms: Ms,
  up_ms: Ms,
  degraded_ms: Ms,
  down_ms: Ms,
  unreachable_ms: Ms,
  off_ms: Ms,
  unknown_ms: Ms,
  unknown_by: Type.Record(Type.String(), Ms),
  maintenance_ms: Ms,
  down_by_cause_ms: Type.Null(),
  coverage: NullableNumber,
  availability: NullableNumber,
  worst: NullableNumber,
  best: NullableNumber,
  availability_lan: NotYet,
  lan_excluded_ms: NotYet,
  outages: Type.Integer({
    description:
      'unbroken down time of at least 60 s that begins in the period; shorter down time counts in ' +
      'down_ms and in availability, not as an outage',
  }),
  outages_ms: Ms,
  longest_ms: NullableNumber,
  mttr_ms: NullableNumber,
});
const Body = Type.Object({
  site: Type.String(),
  items: Type.Array(Row),
  next: Type.Null(),
  as_of: AsOfBody,
  rules: Type.Integer(),
});

/** `/sites/:site/availability`: the figures of contracts §3. */
export function availabilityRoutes(app: FastifyInstance, context: AppContext): void {
  typed(app).get(
    '/sites/:site/availability',
    {
      config: { access: 'read' },
      schema: {
        summary: 'Availability and coverage of devices over a period',
        tags: ['measurements'],
        params: SiteParams,
        querystring: Query,
        response: answers(Body),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const { from, to, hours = 'working', format } = request.query;
      const view = await visibleSite(context.store, who, request.params.site);
      const period = parsePeriod(from, to);
      if (hours === 'working') throw later();
      const { site } = view.row;
      const devices = visibleDevices(view, who).filter((device) => device.reachability !== 'none');
      const figures = await availabilityFigures(context, site, devices, period);
      if (format === 'csv') {
        const { as_of, rules } = figures;
        // A table that is passed on alone still says what it is a function of.
        const origin = { as_of_log: as_of.log, as_of_size: as_of.size, as_of_to_ms: as_of.to_ms };
        const rows = figures.items.map((row) => ({ ...row, ...origin, rules }));
        return csvAnswer(reply, `${site}-availability`, objectsToCsv(rows), null);
      }
      return {
        site,
        items: [...figures.items],
        next: null,
        as_of: asOfBody(figures.as_of),
        rules: figures.rules,
      };
    },
  );
}

function later(): HttpError {
  return new HttpError(501, 'WORKING_HOURS_LATER', 'figures by working hours come with calendars', {
    hint: 'ask with hours=all: every hour of the period counts',
    place: 'hours',
  });
}
