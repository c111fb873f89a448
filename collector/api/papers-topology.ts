import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { person } from '../auth/guard.ts';
import type { Principal } from '../auth/roles.ts';
import type { AppContext } from '../deps.ts';
import { newestPaper, replacePaper } from '../papers/replace.ts';
import { objectsToCsv } from './csv.ts';
import { computersOf, unknownDevice } from './papers-devices.ts';
import { Changed, FormatQuery, Issued, issuedBody } from './papers-schemas.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { SiteParams } from './schemas.ts';
import { type SiteView, visibleSite } from './scope.ts';

/** 4,000 links, the most that a topology has, by two codes of 39 characters. */
const TOPOLOGY_BODY_BYTES_MAX = 512 * 1024;
const Link = Type.Array(Type.String(), { minItems: 2, maxItems: 2 });
const TopologyBody = Type.Object({
  ...Issued,
  links: Type.Array(Link, {
    description: 'adopted links beside the attachments; viewers do not see those of computers',
  }),
});
const TopologyInput = Type.Object(
  { links: Type.Array(Link, { description: 'all of them; undirected pairs of device codes' }) },
  { additionalProperties: false },
);
const tags = ['papers'];

/** `/sites/:site/topology`: links that a person adopted. */
export function topologyRoutes(app: FastifyInstance, context: AppContext): void {
  const url = '/sites/:site/topology';
  const routes = typed(app);
  routes.get(
    url,
    {
      config: { access: 'read' },
      schema: {
        summary: 'Links that a person adopted beside the attachments of the inventory',
        tags,
        params: SiteParams,
        querystring: FormatQuery,
        response: answers(TopologyBody),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const view = await visibleSite(context.store, who, request.params.site);
      const body = await topologyBody(context, view, who);
      if (request.query.format !== 'csv') return body;
      const rows = body.links.map(([a, b]) => ({ a, b }));
      return csvAnswer(reply, `${view.row.site}-topology`, objectsToCsv(rows), null);
    },
  );
  routes.put(
    url,
    {
      config: { access: 'operate' },
      bodyLimit: TOPOLOGY_BODY_BYTES_MAX,
      schema: {
        summary: 'Adopt links, all at once; the same once more adds nothing',
        tags,
        params: SiteParams,
        body: TopologyInput,
        response: answers(Type.Object({ ...TopologyBody.properties, changed: Changed })),
      },
    },
    async (request) => {
      const who = person(request);
      const view = await visibleSite(context.store, who, request.params.site);
      const { site } = view.row;
      const links = knownLinks(view, request.body.links);
      const { changed } = await replacePaper(context, {
        kind: 'topology',
        site,
        by: who.name,
        body: (version) => ({ version, links }),
        without: { version: 0, links: [] },
      });
      return { ...(await topologyBody(context, view, who)), changed };
    },
  );
}

async function topologyBody({ store }: AppContext, view: SiteView, who: Principal) {
  const newest = await newestPaper(store, view.row.site, 'topology');
  const hidden = computersOf(view, who);
  const links = (newest?.paper.links ?? [])
    .filter((link) => !link.some((code) => hidden.has(code)))
    .map(([a, b]) => [a, b]);
  return { ...issuedBody(view.row.site, newest), links };
}

/** Pairs and list ascending, so that another order of the same links is the same. */
function knownLinks(view: SiteView, links: readonly (readonly string[])[]) {
  const known = new Set(view.inventory.devices.map(({ code }) => code));
  return links
    .map(([a = '', b = ''], index): [string, string] => {
      const odd = known.has(a) ? 1 : 0;
      if (!known.has(a) || !known.has(b)) {
        throw unknownDevice(view, odd === 0 ? a : b, `links[${index}][${odd}]`);
      }
      return a < b ? [a, b] : [b, a];
    })
    .sort(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1));
}
