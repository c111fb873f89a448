import type { FastifyInstance } from 'fastify';
import { RULES_VERSION } from '../../shared/judge/types.ts';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { shownNow } from '../report/current.ts';
import { stripCells } from '../report/strip.ts';
import { answers, typed } from './routes.ts';
import { SiteParams, StripBody } from './schemas.ts';
import { visibleSite } from './scope.ts';
import { visibleDevices } from './sites.ts';
import { asOfBody, MINUTE_MS, rfc3339 } from './times.ts';

const STRIP_CELLS = 60;
/** as_of ends up to three minutes before now (accounting §1); one more for the minute begun. */
const LAG_MINUTES_MAX = 4;

/** `/sites/:site/strip`: the last 60 known minutes of every device, for the page. */
export function stripRoutes(app: FastifyInstance, context: AppContext): void {
  typed(app).get(
    '/sites/:site/strip',
    {
      config: { access: 'read' },
      schema: {
        summary: 'Worst state of each of the last 60 minutes',
        tags: ['sites'],
        params: SiteParams,
        response: answers(StripBody),
      },
    },
    async (request) => {
      const who = person(request);
      const view = await visibleSite(context.store, who, request.params.site);
      const now_minute = Math.floor(context.now_ms() / MINUTE_MS) * MINUTE_MS;
      const begin_ms = now_minute - (STRIP_CELLS + LAG_MINUTES_MAX) * MINUTE_MS;
      const { site } = view.row;
      const { intervals, as_of } = await context.judge.intervals(site, begin_ms, now_minute);
      // The strip ends where knowledge ends, so that its last cells are not always unknown.
      const to_ms = Math.min(as_of.to_ms, now_minute);
      const from_ms = to_ms - STRIP_CELLS * MINUTE_MS;
      const byDevice = Map.groupBy(intervals, ({ device }) => device);
      const shown = await shownNow(context, site, view.inventory.devices);
      const items = visibleDevices(view, who)
        .filter(({ code }) => shown.get(code)?.state !== 'not_measured')
        .map(({ code, name, kind }) => ({
          device: code,
          name,
          kind,
          cells: stripCells(byDevice.get(code) ?? [], from_ms, MINUTE_MS, STRIP_CELLS),
        }));
      const ends = { from_ms, from: rfc3339(from_ms), to_ms, to: rfc3339(to_ms) };
      return { site, ...ends, items, as_of: asOfBody(as_of), rules: RULES_VERSION };
    },
  );
}
