import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import { CSV_BYTES_MAX } from '../../shared/node/csv.ts';
import {
  type LoadedInventory,
  parseInventory,
  readInventory,
} from '../../shared/node/inventory-file.ts';
import { parseUnitsCsv } from '../../shared/node/units-csv.ts';
import { CONFIG_BYTES_MAX } from '../../shared/node/yaml-text.ts';
import { ENROL_VALID_MAX_MS, issueEnrolToken } from '../auth/enrol-tokens.ts';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { collectorIdentity } from '../identity.ts';
import { applyInventory } from '../inventory/apply.ts';
import { importUnits } from '../inventory/import-units.ts';
import { outside } from '../inventory/units.ts';
import { answers, typed } from './routes.ts';
import { visibleSite } from './scope.ts';

const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml'];
const DryRun = Type.Object(
  {
    dry_run: Type.Optional(Type.Enum(['0', '1', 'true', 'false'])),
    file: Type.Optional(Type.String({ maxLength: 200, description: 'its name in messages' })),
  },
  { additionalProperties: false },
);
const SiteParams = Type.Object({ site: Type.String({ pattern: CODE_PATTERN }) });
const Free = Type.Object({}, { additionalProperties: true });
const tags = ['inventory'];

/** `PUT /sites/:site/inventory` and `POST /units`: what is measured, from files of people. */
export function inventoryRoutes(app: FastifyInstance, context: AppContext): void {
  app.register(async (scope) => {
    // Bytes, not a parsed value: places in messages are lines of the person's file.
    scope.removeAllContentTypeParsers();
    for (const type of [...YAML_TYPES, 'application/json', 'text/csv']) {
      scope.addContentTypeParser(type, { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    }
    inventoryRoute(scope, context);
    unitsRoute(scope, context);
  });
}

function inventoryRoute(app: FastifyInstance, context: AppContext): void {
  typed(app).put(
    '/sites/:site/inventory',
    {
      config: { access: 'operate' },
      bodyLimit: CONFIG_BYTES_MAX,
      schema: {
        summary: 'Write the inventory of a site (YAML or JSON); ?dry_run=1 only says what changes',
        tags,
        consumes: [...YAML_TYPES, 'application/json'],
        params: SiteParams,
        querystring: DryRun,
        response: answers(Free),
      },
    },
    async (request) => {
      const who = person(request);
      const { site } = request.params;
      // A site of another unit must not even be compared with.
      const exists = (await context.store.site(site)) !== null;
      if (exists) await visibleSite(context.store, who, site);
      const bytes = bodyBytes(request.body);
      const type = request.headers['content-type'] ?? '';
      const loaded = load(bytes, type, request.query.file ?? 'inventory', context.demo);
      if (loaded.inventory.site.code !== site) {
        throw new HttpError(400, 'SITE_DIFFERS', 'the file describes another site than the path', {
          hint: `PUT it to /api/v1/sites/${loaded.inventory.site.code}/inventory`,
          place: 'site.code',
        });
      }
      const dry_run = isTrue(request.query.dry_run);
      const options = { dry_run, scope: who.unit, by: who.name };
      return { dry_run, ...(await applyInventory(context, loaded, options)) };
    },
  );
}

function unitsRoute(app: FastifyInstance, context: AppContext): void {
  typed(app).post(
    '/units',
    {
      config: { access: 'operate' },
      bodyLimit: CSV_BYTES_MAX,
      schema: {
        summary: 'Units, sites, contacts and enrolment tokens from a units.csv',
        tags,
        consumes: ['text/csv'],
        querystring: DryRun,
        response: answers(Free),
      },
    },
    async (request, reply) => {
      const who = person(request);
      reply.header('cache-control', 'no-store');
      const lines = parseUnitsCsv(bodyBytes(request.body), request.query.file ?? 'units.csv');
      for (const { site } of lines) {
        const row = await context.store.site(site.code);
        if (row !== null && who.unit !== null) {
          await visibleSite(context.store, who, site.code).catch(() => {
            throw outside(row.unit);
          });
        }
      }
      const dry_run = isTrue(request.query.dry_run);
      const options = { dry_run, scope: who.unit, by: who.name };
      const { sites, created } = await importUnits(context, lines, options);
      const changed = sites.filter((result) => result.changed).map(({ site }) => site);
      const tokens = dry_run ? [] : await tokensFor(context, created, who.name);
      return { dry_run, sites: sites.length, changed, created, tokens };
    },
  );
}

/** New sites get tokens at once: a kit is made for each; a person approves its key later. */
async function tokensFor(
  context: AppContext,
  created: readonly { site: string; agents: readonly string[] }[],
  by: string,
) {
  const tokens: { site: string; agent: string; token: string; expires_ms: number }[] = [];
  for (const { site, agents } of created) {
    for (const agent of agents) {
      const wanted = { site, agent, valid_ms: ENROL_VALID_MAX_MS, approve: false, by };
      tokens.push(await issueEnrolToken(context, collectorIdentity(context), wanted));
    }
  }
  return tokens;
}

function load(bytes: Uint8Array, type: string, file: string, demo: boolean): LoadedInventory {
  const options = { allow_loopback: demo };
  if (!type.startsWith('application/json')) return parseInventory(bytes, file, options);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new HttpError(400, 'JSON_INVALID', 'the body is not valid JSON', {
      hint: 'send JSON, or YAML as application/yaml',
      cause,
    });
  }
  return readInventory(value, options);
}

function bodyBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  throw new HttpError(400, 'BODY_MISSING', 'the request has no body', {
    hint: 'send the file as the body',
  });
}

function isTrue(text: string | undefined): boolean {
  return text === '1' || text === 'true';
}
