import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { LanProofError } from '../../shared/errors.ts';
import { pointCount } from '../../shared/judge/series/points.ts';
import { isPortMetric, SERIES_METRICS } from '../../shared/judge/series/types.ts';
import { RULES_VERSION } from '../../shared/judge/types.ts';
import { SWITCHED_OFF_KINDS } from '../../shared/measure/codes.ts';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import type { Device } from '../../shared/measure/inventory-types.ts';
import { IF_INDEX_MAX } from '../../shared/measure/section-snmp.ts';
import { forbidden, person } from '../auth/guard.ts';
import { may, type Principal } from '../auth/roles.ts';
import type { AppContext } from '../deps.ts';
import { HttpError, notFound } from '../http-error.ts';
import { openSeries } from '../series/open-series.ts';
import { objectsToCsv } from './csv.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { AsOfBody, Ms, NullableNumber, SiteParams, Time } from './schemas.ts';
import { visibleSite } from './scope.ts';
import { asOfBody, MINUTE_MS, parsePeriod, rfc3339 } from './times.ts';

/** A year and its leap day: more is several requests. */
const PERIOD_MAX_MS = 366 * 24 * 60 * MINUTE_MS;
/** Wider than any screen. */
const POINTS_MAX = 5_000;
/** Points where nobody asked for a step. */
const POINTS_DEFAULT = 720;

const SeriesQuery = Type.Object(
  {
    device: Type.String({ pattern: CODE_PATTERN }),
    metric: Type.Enum([...SERIES_METRICS], {
      description: 'rtt in µs; loss as lost ÷ slots; counters of a port per second',
    }),
    from: Type.String({ description: 'RFC 3339, a whole minute' }),
    to: Type.String({ description: 'RFC 3339, a whole minute; at most 366 days later' }),
    step: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: `whole minutes of a point; at most ${POINTS_MAX} points; default: fitting`,
      }),
    ),
    port: Type.Optional(
      Type.Integer({ minimum: 1, maximum: IF_INDEX_MAX, description: 'ifIndex; for counters' }),
    ),
    format: Type.Optional(Type.Enum(['json', 'csv'])),
  },
  { additionalProperties: false },
);
const SeriesBody = Type.Object({
  site: Type.String(),
  device: Type.String(),
  metric: Type.Enum([...SERIES_METRICS]),
  port: Type.Union([Type.Integer(), Type.Null()]),
  unit: Type.Enum(['us', 'ratio', 'per_s']),
  from_ms: Ms,
  from: Time,
  to_ms: Ms,
  to: Time,
  step_ms: Type.Integer(),
  points: Type.Integer({ description: 'point k begins at from_ms + k × step_ms' }),
  columns: Type.Record(Type.String(), Type.Array(NullableNumber), {
    description:
      'one value a point, null where nothing is known. rtt: min (least of the minutes), med ' +
      '(median of their medians), p95 (worst of theirs), max (greatest). loss: loss, lost, slots ' +
      '(sums). Counters: rate, over the time that valid differences of readings cover',
  }),
  pending_days: Type.Integer({
    description: 'days that are still being made and are null for now; ask again in a minute',
  }),
  as_of: AsOfBody,
  rules: Type.Integer(),
});

/** `/sites/:site/series`: history for charts, smoothed at reading time only. */
export function seriesRoutes(app: FastifyInstance, context: AppContext): void {
  const series = openSeries(context);
  app.addHook('onClose', () => series.stop());
  typed(app).get(
    '/sites/:site/series',
    {
      config: { access: 'read' },
      schema: {
        summary: 'Round trips, loss or port counters of one device over time',
        tags: ['measurements'],
        params: SiteParams,
        querystring: SeriesQuery,
        response: answers(SeriesBody),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const { from, to, device: code, metric, step, format } = request.query;
      const { row, inventory } = await visibleSite(context.store, who, request.params.site);
      const grid = gridOf(parsePeriod(from, to), step);
      const port = portOf(metric, request.query.port);
      const device = inventory.devices.find((found) => found.code === code);
      if (device === undefined) throw notFound('device', code);
      if (device.kind === 'pc') await noteLook(context, who, row.site, device, { metric, ...grid });
      const { columns, pending_days, as_of } = await series.read({
        ...{ ...grid, site: row.site, device: code, metric, port: port ?? 0 },
        arp_is_lost: !SWITCHED_OFF_KINDS.has(device.kind),
      });
      const { from_ms, to_ms, step_ms } = grid;
      if (format === 'csv') {
        const rows = Array.from({ length: pointCount(grid) }, (_, at) => {
          const at_ms = from_ms + at * step_ms;
          const values = Object.entries(columns).map(([name, list]) => [name, list[at] ?? null]);
          return { at_ms, at: rfc3339(at_ms), ...Object.fromEntries(values) };
        });
        return csvAnswer(reply, `${row.site}-${code}-${metric}`, objectsToCsv(rows), null);
      }
      const unit = metric === 'rtt' ? 'us' : metric === 'loss' ? 'ratio' : 'per_s';
      return {
        ...({ site: row.site, device: code, metric, port, unit } as const),
        ...{ from_ms, from: rfc3339(from_ms), to_ms, to: rfc3339(to_ms), step_ms },
        ...{ points: pointCount(grid), columns, pending_days },
        ...{ as_of: asOfBody(as_of), rules: RULES_VERSION },
      };
    },
  );
}

function gridOf(
  { from_ms, to_ms }: { readonly from_ms: number; readonly to_ms: number },
  step: number | undefined,
): { from_ms: number; to_ms: number; step_ms: number } {
  if (to_ms - from_ms > PERIOD_MAX_MS) {
    throw new LanProofError('TIME_PERIOD', 'the period is longer than 366 days', {
      hint: 'ask for a year at a time',
      place: 'to',
    });
  }
  const minutes = (to_ms - from_ms) / MINUTE_MS;
  const chosen = step ?? Math.ceil(minutes / POINTS_DEFAULT);
  const grid = { from_ms, to_ms, step_ms: chosen * MINUTE_MS };
  if (pointCount(grid) <= POINTS_MAX) return grid;
  throw new HttpError(400, 'SERIES_POINTS', `these are more than ${POINTS_MAX} points`, {
    hint: `set step to ${Math.ceil(minutes / POINTS_MAX)} minutes or more, or shorten the period`,
    place: 'step',
  });
}

function portOf(metric: (typeof SERIES_METRICS)[number], port: number | undefined): number | null {
  if (isPortMetric(metric) === (port !== undefined)) return port ?? null;
  const message = isPortMetric(metric) ? `${metric} is of a port` : `${metric} is of no port`;
  throw new HttpError(400, 'SERIES_PORT', message, {
    hint: 'give port=<ifIndex> with counters of a port, and with nothing else',
    place: 'port',
  });
}

/** As with slots: a computer's round trips tell when a person was at work. */
async function noteLook(
  context: AppContext,
  who: Principal,
  site: string,
  device: Device,
  what: { readonly metric: string; readonly from_ms: number; readonly to_ms: number },
): Promise<void> {
  if (!may(who.role, 'details')) throw forbidden(who, 'details');
  const { metric, from_ms, to_ms } = what;
  await context.store.write((tx) =>
    tx.addAudit({
      at_ms: context.now_ms(),
      actor: who.name,
      action: 'series.read',
      site,
      detail: JSON.stringify({ device: device.code, metric, from_ms, to_ms }),
    }),
  );
}
