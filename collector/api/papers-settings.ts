import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { DEFAULT_SETTINGS } from '../../shared/judge/site/settings.ts';
import { SETTINGS_RANGES } from '../../shared/papers/settings-paper.ts';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { newestPaper, replacePaper } from '../papers/replace.ts';
import { objectsToCsv } from './csv.ts';
import {
  Changed,
  FormatQuery,
  Issued,
  issuedBody,
  PAPER_BODY_BYTES_MAX,
} from './papers-schemas.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { SiteParams } from './schemas.ts';
import { visibleSite } from './scope.ts';

const ThresholdItem = Type.Object({
  name: Type.String(),
  value: Type.Number({ description: 'in force' }),
  default: Type.Number(),
  min: Type.Number(),
  max: Type.Number(),
  unit: Type.Enum(['ms', 'min', 'share', 'count']),
});
const SettingsBody = Type.Object({
  ...Issued,
  settings: Type.Record(Type.String(), Type.Number(), { description: 'what the document names' }),
  thresholds: Type.Array(ThresholdItem),
});
const SettingsInput = Type.Object(
  {
    settings: Type.Record(Type.String({ maxLength: 60 }), Type.Number(), {
      description: 'thresholds by name; what is left out is as built in',
    }),
  },
  { additionalProperties: false },
);
const tags = ['papers'];

/** `/sites/:site/settings`: thresholds that the judge decides by. */
export function settingsRoutes(app: FastifyInstance, context: AppContext): void {
  const url = '/sites/:site/settings';
  const routes = typed(app);
  routes.get(
    url,
    {
      config: { access: 'read' },
      schema: {
        summary: 'Thresholds of the judge: in force, built in, and what each may be',
        tags,
        params: SiteParams,
        querystring: FormatQuery,
        response: answers(SettingsBody),
      },
    },
    async (request, reply) => {
      const { row } = await visibleSite(context.store, person(request), request.params.site);
      const body = await settingsBody(context, row.site);
      if (request.query.format !== 'csv') return body;
      return csvAnswer(reply, `${row.site}-settings`, objectsToCsv(body.thresholds), null);
    },
  );
  routes.put(
    url,
    {
      config: { access: 'operate' },
      bodyLimit: PAPER_BODY_BYTES_MAX,
      schema: {
        summary: 'Write the thresholds of a site; the same once more adds nothing',
        tags,
        params: SiteParams,
        body: SettingsInput,
        response: answers(Type.Object({ ...SettingsBody.properties, changed: Changed })),
      },
    },
    async (request) => {
      const who = person(request);
      const { row } = await visibleSite(context.store, who, request.params.site);
      const { settings } = request.body;
      const { changed } = await replacePaper(context, {
        kind: 'settings',
        site: row.site,
        by: who.name,
        body: (version) => ({ version, settings }),
        without: { version: 0, settings: {} },
      });
      return { ...(await settingsBody(context, row.site)), changed };
    },
  );
}

async function settingsBody({ store }: AppContext, site: string) {
  const newest = await newestPaper(store, site, 'settings');
  const settings: Record<string, number> = { ...newest?.paper.settings };
  const built_in: Record<string, number> = { ...DEFAULT_SETTINGS };
  const thresholds = Object.entries(SETTINGS_RANGES).map(([name, { min, max }]) => {
    const standard = built_in[name] ?? min;
    const value = settings[name] ?? standard;
    return { name, value, default: standard, min, max, unit: unitOf(name) };
  });
  return { ...issuedBody(site, newest), settings, thresholds };
}

function unitOf(name: string): 'ms' | 'min' | 'share' | 'count' {
  if (name.endsWith('_ms')) return 'ms';
  if (name.endsWith('_share')) return 'share';
  return name.endsWith('_window_min') ? 'min' : 'count';
}
