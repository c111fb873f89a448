import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { papersOf } from '../papers/read.ts';
import { addPaper } from '../papers/remarks.ts';
import { objectsToCsv } from './csv.ts';
import {
  Changed,
  LocalDate,
  line,
  PAPER_BODY_BYTES_MAX,
  Place,
  placeBody,
  Text,
  tidy,
} from './papers-schemas.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { listOf, PageQuery, page, SiteParams } from './schemas.ts';
import { visibleSite } from './scope.ts';

const said = {
  kind: Type.Enum(['late_dossiers', 'repair_cost']),
  from: LocalDate,
  to: LocalDate,
  value: Type.Integer({ minimum: 0, description: 'late dossiers, or VND' }),
  document: line('number and date of the document it stands in'),
  by: line('who says so: office or position'),
};
const Input = Type.Object(
  { ...said, note: Type.Optional(Text) },
  {
    additionalProperties: false,
    description: 'said by a person, not measured; from and to are both included',
  },
);
const Item = Type.Object({
  key: Type.String({ description: 'for ?after=' }),
  ...said,
  note: Type.String(),
  author: Type.String(),
  ...Place.properties,
});
const ListQuery = Type.Object(
  {
    ...PageQuery.properties,
    from: Type.Optional(LocalDate),
    to: Type.Optional(LocalDate),
  },
  { additionalProperties: false },
);
/** Digits of a leaf's ordinal, so that keys sort as leaves. */
const KEY_DIGITS = 6;
const tags = ['papers'];

/** `/sites/:site/declarations`: late dossiers and repair costs, with the document they stand in. */
export function declarationRoutes(app: FastifyInstance, context: AppContext): void {
  const url = '/sites/:site/declarations';
  const routes = typed(app);
  routes.post(
    url,
    {
      config: { access: 'operate' },
      bodyLimit: PAPER_BODY_BYTES_MAX,
      schema: {
        summary: 'Declare what is not measured; a later declaration stands beside earlier ones',
        tags,
        params: SiteParams,
        body: Input,
        response: answers(Type.Object({ changed: Changed, ...Place.properties })),
      },
    },
    async (request) => {
      const who = person(request);
      const { row } = await visibleSite(context.store, who, request.params.site);
      const { document, by, note = '', ...rest } = request.body;
      const text = { document: tidy(document), by: tidy(by), note: tidy(note) };
      const { changed, place } = await addPaper(context, {
        kind: 'declaration',
        site: row.site,
        body: { ...rest, ...text },
        by: who.name,
        action: 'declaration.add',
        detail: { kind: rest.kind, from: rest.from, to: rest.to },
      });
      return { changed, ...placeBody(place) };
    },
  );
  routes.get(
    url,
    {
      config: { access: 'read' },
      schema: {
        summary: 'Declarations that touch a period of local dates, in the order of the ledger',
        tags,
        params: SiteParams,
        querystring: ListQuery,
        response: answers(listOf(Item)),
      },
    },
    async (request, reply) => {
      const { row } = await visibleSite(context.store, person(request), request.params.site);
      const { from = '', to = '9999-12-31', ...paging } = request.query;
      const all = (await papersOf(context.store, row.site, 'declaration'))
        .filter(({ paper }) => paper.from <= to && paper.to >= from)
        .map(({ paper: { v, site, log, issued_ms, author, ...declared }, leaf, hash }, index) => ({
          key: String(index).padStart(KEY_DIGITS, '0'),
          ...declared,
          author,
          ...placeBody({ log, leaf, hash, issued_ms }),
        }));
      const { items, next } = page(all, paging, ({ key }) => key);
      if (paging.format !== 'csv') return { items, next };
      return csvAnswer(reply, `${row.site}-declarations`, objectsToCsv(items), next);
    },
  );
}
