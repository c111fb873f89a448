import type { FastifyInstance } from 'fastify';
import { LanProofError } from '../../shared/errors.ts';
import { person } from '../auth/guard.ts';
import { may, type Principal } from '../auth/roles.ts';
import type { AppContext } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { DOCUMENT_NAME, RECEIPT_NAME } from '../report/issue/leaf.ts';
import { parseReportPeriod } from '../report/issue/period.ts';
import type { ReportView } from '../report/issue/reports.ts';
import { REPORT_FORMATS, type ReportFormat } from '../report/issue/types.ts';
import { objectsToCsv } from './csv.ts';
import { ReportInput, ReportItem, ReportParams, ReportsQuery } from './reports-schemas.ts';
import { answers, csvAnswer, typed } from './routes.ts';
import { ErrorBody, listOf, PAGE_ITEMS_DEFAULT } from './schemas.ts';
import { visibleSite, visibleSites } from './scope.ts';
import { asOfBody, parsePeriod, rfc3339 } from './times.ts';

const tags = ['reports'];

/** `/reports`: documents issued from the ledger. Auditors see masked ones only. */
export function reportRoutes(app: FastifyInstance, context: AppContext): void {
  const routes = typed(app);
  routes.post(
    '/reports',
    {
      config: { access: 'operate' },
      schema: {
        summary: 'Issue documents of a site and period; they are made one report at a time',
        tags,
        body: ReportInput,
        response: { 202: ReportItem, '4xx': ErrorBody, '5xx': ErrorBody },
      },
    },
    async (request, reply) => {
      const who = person(request);
      const { site, from, to, masked = false } = request.body;
      const { row } = await visibleSite(context.store, who, site);
      const formats = readFormats(request.body.formats);
      const documents = await context.judge.judged(row.site, 0, 0);
      const period = parseReportPeriod(documents.documents.calendar, from, to, parsePeriod);
      checkBegun(period.from_ms, context.now_ms());
      const ask = { site: row.site, period, masked, formats, author: who.name };
      const asked = await context.reports.ask(ask);
      return reply.status(202).send(reportBody(asked));
    },
  );
  routes.get(
    '/reports',
    {
      config: { access: 'verify' },
      schema: {
        summary: 'Reports that were asked for, the newest first',
        tags,
        querystring: ReportsQuery,
        response: answers(listOf(ReportItem)),
      },
    },
    async (request, reply) => {
      const who = person(request);
      const { site, after, limit = PAGE_ITEMS_DEFAULT, format } = request.query;
      const seen = new Set((await visibleSites(context.store, who)).map((row) => row.site));
      const all = context.reports
        .list()
        .filter((one) => seen.has(one.site) && (site === undefined || one.site === site))
        .filter((one) => isOpenTo(who, one) && (after === undefined || one.id < after));
      const shown = all.slice(0, limit);
      const next = all.length > limit ? (shown.at(-1)?.id ?? null) : null;
      const items = shown.map(reportBody);
      if (format !== 'csv') return { items, next };
      return csvAnswer(reply, 'reports', objectsToCsv(items.map(csvRow)), next);
    },
  );
  routes.get(
    '/reports/:id',
    {
      config: { access: 'verify' },
      schema: {
        summary: 'A report: how far it is, its files and their hashes',
        tags,
        params: ReportParams,
        response: answers(ReportItem),
      },
    },
    async (request) => reportBody(await reportOf(context, person(request), request.params.id)),
  );
}

/** A report that the person may see. Throws HttpError 404 for any other. */
export async function reportOf(
  context: AppContext,
  who: Principal,
  id: string,
): Promise<ReportView> {
  const found = context.reports.get(id);
  if (found === null || !isOpenTo(who, found)) throw noReport(id);
  await visibleSite(context.store, who, found.site);
  return found;
}

function noReport(id: string): HttpError {
  return new HttpError(404, 'NOT_FOUND', `there is no report ${JSON.stringify(id)}`, {
    hint: 'GET /api/v1/reports lists them',
  });
}

function checkBegun(from_ms: number, now_ms: number): void {
  if (from_ms <= now_ms) return;
  throw new LanProofError('TIME_FUTURE', 'the period begins in the future', {
    hint: 'choose a period that has begun',
    place: 'from',
  });
}

/** A whole bundle tells of computers one by one, and of addresses. */
function isOpenTo({ role }: Principal, { masked }: ReportView): boolean {
  return masked || may(role, 'details');
}

function readFormats(wanted: readonly string[]): ReportFormat[] {
  const later = wanted.find((format) => !REPORT_FORMATS.some((known) => known === format));
  if (later !== undefined) {
    throw new HttpError(501, 'REPORT_FORMAT', `reports as ${later} come in a later release`, {
      hint: `ask for ${REPORT_FORMATS.join(' or ')}`,
      place: 'formats',
    });
  }
  return REPORT_FORMATS.filter((format) => wanted.includes(format));
}

function reportBody(report: ReportView) {
  const { from_ms, to_ms, requested_ms, finished_ms, as_of, files, formats, v, ...rest } = report;
  const url = (name: string): string => `/api/v1/reports/${report.id}/${name}`;
  const kept = report.files_deleted_ms === null && report.state === 'done';
  const proofs = kept ? [DOCUMENT_NAME, RECEIPT_NAME] : [];
  return {
    ...rest,
    ...{ from_ms, from: rfc3339(from_ms), to_ms, to: rfc3339(to_ms) },
    ...{ requested_ms, requested: rfc3339(requested_ms) },
    ...{ finished_ms, finished: rfc3339(finished_ms) },
    formats: [...formats],
    as_of: as_of === null ? null : asOfBody(as_of),
    files: files.map((file) => ({ ...file, url: url(file.name) })),
    proofs: proofs.map((name) => ({ name, url: url(name) })),
  };
}

/** One line a report: its bundle, or what else was issued first. */
function csvRow({ id, site, from, to, masked, state, requested, files, leaf }: Body) {
  const [file] = files;
  const named = { file: file?.name ?? null, sha256: file?.sha256 ?? null };
  return { id, site, from, to, masked, state, requested, ...named, leaf: leaf?.leaf ?? null };
}
type Body = ReturnType<typeof reportBody>;
