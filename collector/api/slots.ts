import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { RULES_VERSION } from '../../shared/judge/types.ts';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import type { Device } from '../../shared/measure/inventory-types.ts';
import { forbidden, person } from '../auth/guard.ts';
import { may, type Principal } from '../auth/roles.ts';
import type { AppContext } from '../deps.ts';
import { notFound } from '../http-error.ts';
import { objectsToCsv } from './csv.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { AsOfBody, Ms, SiteParams, Time } from './schemas.ts';
import { visibleSite } from './scope.ts';
import { asOfBody, parsePeriod, rfc3339 } from './times.ts';

const SlotsQuery = Type.Object(
  {
    device: Type.String({ pattern: CODE_PATTERN }),
    from: Type.String({ description: 'RFC 3339, a whole minute' }),
    to: Type.String({ description: 'RFC 3339, a whole minute' }),
    format: Type.Optional(Type.Enum(['json', 'csv'])),
  },
  { additionalProperties: false },
);
const SlotsBody = Type.Object({
  device: Type.String(),
  runs: Type.Array(
    Type.Object({
      from_ms: Ms,
      from: Time,
      interval_ms: Type.Integer(),
      slots: Type.Integer(),
      class: Type.String(),
      code: Type.Union([Type.String(), Type.Null()]),
      agent: Type.String(),
      epoch: Type.Union([Type.Integer(), Type.Null()]),
      seq: Type.Union([Type.Integer(), Type.Null()]),
    }),
    { description: 'consecutive slots of one class, without a gap' },
  ),
  as_of: AsOfBody,
  rules: Type.Integer(),
});

/** `/sites/:site/slots`: the signed measurements themselves, slot by slot. */
export function slotRoutes(app: FastifyInstance, context: AppContext): void {
  typed(app).get(
    '/sites/:site/slots',
    {
      config: { access: 'read' },
      schema: {
        summary: 'Classes of slots of one device',
        tags: ['measurements'],
        params: SiteParams,
        querystring: SlotsQuery,
        response: answers(SlotsBody),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const { from, to, device: code, format } = request.query;
      const { row, inventory } = await visibleSite(context.store, who, request.params.site);
      const period = parsePeriod(from, to);
      const device = inventory.devices.find((found) => found.code === code);
      if (device === undefined) throw notFound('device', code);
      if (device.kind === 'pc') await noteLook(context, who, row.site, device, period);
      const found = await context.judge.slots(row.site, code, period.from_ms, period.to_ms);
      const runs = found.runs.map(({ device: _, from_ms, ...run }) => ({
        from_ms,
        from: rfc3339(from_ms),
        ...run,
      }));
      if (format === 'csv') {
        return csvAnswer(reply, `${row.site}-${code}-slots`, objectsToCsv(runs), null);
      }
      return { device: code, runs, as_of: asOfBody(found.as_of), rules: RULES_VERSION };
    },
  );
}

/** A computer's slots tell when a person was at work: few may look, and each look is noted. */
async function noteLook(
  context: AppContext,
  who: Principal,
  site: string,
  device: Device,
  period: { from_ms: number; to_ms: number },
): Promise<void> {
  if (!may(who.role, 'details')) throw forbidden(who, 'details');
  await context.store.write((tx) =>
    tx.addAudit({
      at_ms: context.now_ms(),
      actor: who.name,
      action: 'slots.read',
      site,
      detail: JSON.stringify({ device: device.code, ...period }),
    }),
  );
}
