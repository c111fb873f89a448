import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { person } from '../auth/guard.ts';
import type { AppContext } from '../deps.ts';
import { HttpError, notFound } from '../http-error.ts';
import { DOCUMENT_NAME, RECEIPT_NAME } from '../report/issue/leaf.ts';
import { signReport } from '../report/issue/signed.ts';
import { placeBody } from './papers-schemas.ts';
import { reportOf } from './reports.ts';
import { ReportFileParams, ReportParams, SignedAnswer, SignedInput } from './reports-schemas.ts';
import { answers, typed } from './routes.ts';
import { ErrorBody } from './schemas.ts';

const TYPES: Readonly<Record<string, string>> = {
  zip: 'application/zip',
  json: 'application/json; charset=utf-8',
  'tlog-proof': 'text/plain; charset=utf-8',
};
const tags = ['reports'];

/** `/reports/:id/:file` and `/reports/:id/signed`. */
export function reportFileRoutes(app: FastifyInstance, context: AppContext): void {
  const routes = typed(app);
  routes.get(
    '/reports/:id/:file',
    {
      config: { access: 'verify' },
      schema: {
        summary: 'A file of a report; who fetched it is audited',
        tags,
        params: ReportFileParams,
        response: { 200: Type.String({ format: 'binary' }), '4xx': ErrorBody, '5xx': ErrorBody },
      },
      // Stored batches are packed already, and a length that is known shows progress.
      compress: false,
    },
    async (request, reply) => {
      const who = person(request);
      const { id, file } = request.params;
      const report = await reportOf(context, who, id);
      const names = [...report.files.map(({ name }) => name), DOCUMENT_NAME, RECEIPT_NAME];
      if (report.state !== 'done' || !names.includes(file)) throw notFound('file', file);
      if (report.files_deleted_ms !== null) throw gone(id);
      const path = context.reports.path(id, file);
      const { size } = await stat(path).catch(() => {
        throw gone(id);
      });
      const audit = { actor: who.name, action: 'report.fetch', site: report.site };
      const detail = JSON.stringify({ id, file });
      const at_ms = context.now_ms();
      await context.store.write((tx) => tx.addAudit({ at_ms, ...audit, detail }));
      const ending = file.endsWith('.tlog-proof') ? 'tlog-proof' : (file.split('.').at(-1) ?? '');
      reply
        .type(TYPES[ending] ?? 'application/octet-stream')
        .header('content-disposition', `attachment; filename="${file}"`)
        .header('content-length', size);
      return reply.send(createReadStream(path) as never) as never;
    },
  );
  routes.post(
    '/reports/:id/signed',
    {
      config: { access: 'operate' },
      schema: {
        summary: 'Ledger the copy that came back signed, by its hash, number and date',
        tags,
        params: ReportParams,
        body: SignedInput,
        response: answers(SignedAnswer),
      },
    },
    async (request) => {
      const who = person(request);
      const report = await reportOf(context, who, request.params.id);
      const { changed, place } = await signReport(context, report, request.body, who.name);
      return { report: report.id, changed, ...placeBody(place) };
    },
  );
}

function gone(id: string): HttpError {
  return new HttpError(410, 'REPORT_GONE', `the files of report ${id} were deleted`, {
    hint: 'ask for the report again; its leaf still proves the copy that you have',
  });
}
