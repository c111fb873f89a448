import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Totals } from '../../shared/judge/period/table.ts';
import { RULES_VERSION } from '../../shared/judge/types.ts';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import { person } from '../auth/guard.ts';
import { isWithin, may } from '../auth/roles.ts';
import type { AppContext } from '../deps.ts';
import { notFound } from '../http-error.ts';
import { readUnitTree } from '../inventory/units.ts';
import { type OverviewRow, overviewFigures } from '../report/figures-unit.ts';
import { UnitBody } from './availability-schemas.ts';
import { objectsToCsv } from './csv.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { visibleSites } from './scope.ts';
import { asOfBody, parsePeriod } from './times.ts';

const UnitParams = Type.Object({ unit: Type.String({ pattern: CODE_PATTERN }) });
const Query = Type.Object(
  {
    from: Type.String({ description: 'RFC 3339, a whole minute' }),
    to: Type.String({ description: 'RFC 3339, a whole minute' }),
    hours: Type.Optional(
      Type.Enum(['working', 'all'], {
        default: 'working',
        description: "working: by each site's own calendar; all: every hour",
      }),
    ),
    format: Type.Optional(Type.Enum(['json', 'csv'])),
  },
  { additionalProperties: false },
);

/** `/units/:unit/availability`: one row per visible site below a unit, and their sum. */
export function unitAvailabilityRoutes(app: FastifyInstance, context: AppContext): void {
  typed(app).get(
    '/units/:unit/availability',
    {
      config: { access: 'read' },
      schema: {
        summary: 'Availability of the sites of a unit',
        tags: ['measurements'],
        params: UnitParams,
        querystring: Query,
        response: answers(UnitBody),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const { unit } = request.params;
      const { from, to, hours = 'working', format } = request.query;
      const hide_computers = !may(who.role, 'details');
      const ask = { ...parsePeriod(from, to), hours, hide_computers };
      const tree = await readUnitTree(context.store);
      if (!tree.has(unit) || !isWithin(unit, who.unit, tree)) throw notFound('unit', unit);
      const visible = await visibleSites(context.store, who);
      const rows = visible.filter((row) => isWithin(row.unit, unit, tree));
      const named = new Map(rows.map((row) => [row.site, row]));
      const sites = rows.map(({ site }) => site);
      const { items, total } = await overviewFigures(context.judge, sites, ask);
      const body = {
        unit,
        hours,
        items: items.map(({ site, totals, calendar, settings, as_of }) => ({
          ...{ site, name: named.get(site)?.name ?? site, unit: named.get(site)?.unit ?? unit },
          totals: totalsBody(totals),
          calendar,
          settings,
          as_of: asOfBody(as_of),
        })),
        next: null,
        total: totalsBody(total),
        rules: RULES_VERSION,
      };
      if (format !== 'csv') return body;
      return csvAnswer(reply, `${unit}-availability-${hours}`, objectsToCsv(csvRows(body)), null);
    },
  );
}

function totalsBody({ site, workplaces, devices }: Totals<OverviewRow>) {
  const row = ({ flags, ...rest }: OverviewRow) => ({ ...rest, flags: [...flags] });
  return { site: row(site), workplaces: row(workplaces), devices: row(devices) };
}

/** One line per site: the columns of each total behind its name. */
function csvRows({ items, rules }: Static<typeof UnitBody>): object[] {
  return items.map(({ totals, calendar, settings, as_of, ...item }) => {
    const columns = Object.entries(totals).flatMap(([name, row]) =>
      Object.entries(row).map(([key, value]) => [`${name}_${key}`, value]),
    );
    const origin = { as_of_log: as_of.log, as_of_size: as_of.size, as_of_to_ms: as_of.to_ms };
    const papers = {
      calendar_version: calendar?.version ?? null,
      calendar_hash: calendar?.hash ?? null,
      settings_version: settings?.version ?? null,
      settings_hash: settings?.hash ?? null,
    };
    return { ...item, ...Object.fromEntries(columns), ...papers, ...origin, rules };
  });
}
