import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import { RECLASSIFY_CAUSES } from '../../shared/papers/remark-papers.ts';
import { person } from '../auth/guard.ts';
import type { Principal } from '../auth/roles.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { incidentKey, notAfterwards } from '../papers/incident-key.ts';
import type { PaperBody } from '../papers/put.ts';
import { type Added, addPaper } from '../papers/remarks.ts';
import {
  Changed,
  line,
  PAPER_BODY_BYTES_MAX,
  Place,
  placeBody,
  Text,
  tidy,
} from './papers-schemas.ts';
import { answers, typed } from './routes.ts';
import { Ms, Time } from './schemas.ts';
import { visibleSite } from './scope.ts';
import { rfc3339 } from './times.ts';

/** SHA-256 as hex; what is longer is no id of ours. */
const ID_CHARS_MAX = 64;

const Params = Type.Object({
  site: Type.String({ pattern: CODE_PATTERN }),
  id: Type.String({ minLength: 1, maxLength: ID_CHARS_MAX }),
});
const NoteInput = Type.Object({ text: Text }, { additionalProperties: false });
const AcknowledgeInput = Type.Union([
  Type.Object({ text: Type.Optional(Text) }, { additionalProperties: false }),
  Type.Null(),
]);
const ReclassifyInput = Type.Object(
  {
    cause: Type.String({ maxLength: 40, description: `one of ${RECLASSIFY_CAUSES.join(' ')}` }),
    reason: line(),
  },
  { additionalProperties: false },
);
const Answer = Type.Object({
  incident: Type.String(),
  changed: Changed,
  key: Type.Object(
    { device: Type.String(), from_ms: Ms, from: Time },
    { description: 'what the words hang on: a device and its first bad slot' },
  ),
  ...Place.properties,
});
const tags = ['incidents'];

/** `/sites/:site/incidents/:id/…`: what people say of an incident; the measurement stays. */
export function incidentRemarkRoutes(app: FastifyInstance, context: AppContext): void {
  const routes = typed(app);
  const options = (summary: string) =>
    ({
      config: { access: 'operate' },
      bodyLimit: PAPER_BODY_BYTES_MAX,
      schema: { summary, tags, params: Params, response: answers(Answer) },
    }) as const;
  const noted = options('Add a note to an incident');
  routes.post(
    '/sites/:site/incidents/:id/notes',
    { ...noted, schema: { ...noted.schema, body: NoteInput } },
    async (request) => {
      const text = tidy(request.body.text);
      return remark(context, person(request), request.params, 'note', text);
    },
  );
  const known = options('Say that an incident is known and looked after');
  routes.post(
    '/sites/:site/incidents/:id/acknowledge',
    { ...known, schema: { ...known.schema, body: AcknowledgeInput } },
    async (request) => {
      const text = tidy(request.body?.text ?? '');
      return remark(context, person(request), request.params, 'acknowledge', text);
    },
  );
  const other = options('Give an incident another cause; original and corrected figures stand');
  routes.post(
    '/sites/:site/incidents/:id/reclassify',
    { ...other, schema: { ...other.schema, body: ReclassifyInput } },
    async (request) => {
      const who = person(request);
      const { site, id } = request.params;
      await visibleSite(context.store, who, site);
      const cause = readCause(request.body.cause);
      const { key } = await incidentKey(context, site, id);
      const body: PaperBody<'reclassify'> = { key, cause, reason: tidy(request.body.reason) };
      const detail = { incident: id, ...key, cause };
      const said = { kind: 'reclassify', site, body, by: who.name, detail } as const;
      return answer(id, key, await addPaper(context, { ...said, action: 'incident.reclassify' }));
    },
  );
}

async function remark(
  context: AppContext,
  who: Principal,
  { site, id }: { readonly site: string; readonly id: string },
  kind: 'note' | 'acknowledge',
  text: string,
) {
  await visibleSite(context.store, who, site);
  const { key } = await incidentKey(context, site, id);
  const body: PaperBody<'note'> = { kind, key, text };
  const detail = { incident: id, ...key };
  const said = { kind: 'note', site, body, by: who.name, detail } as const;
  return answer(id, key, await addPaper(context, { ...said, action: `incident.${kind}` }));
}

function answer(
  incident: string,
  { device, from_ms }: { readonly device: string; readonly from_ms: number },
  { changed, place }: Added,
) {
  const key = { device, from_ms, from: rfc3339(from_ms) };
  return { incident, changed, key, ...placeBody(place) };
}

/** Throws HttpError 400: some words are refused with the reason, others are no causes at all. */
function readCause(text: string): PaperBody<'reclassify'>['cause'] {
  const never = notAfterwards(text);
  if (never !== null) throw never;
  const cause = RECLASSIFY_CAUSES.find((known) => known === text);
  if (cause !== undefined) return cause;
  throw new HttpError(400, 'RECLASSIFY_CAUSE', `${JSON.stringify(text)} is no cause`, {
    hint: `write one of ${RECLASSIFY_CAUSES.join(' ')}`,
    place: 'cause',
  });
}
