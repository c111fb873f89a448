import { fromBase64, fromUtf8, toBase64, toHex } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import type { Report } from '../../../shared/evidence/ledger-documents.ts';
import { HttpError } from '../../http-error.ts';
import type { DocumentRow } from '../../store/rows.ts';
import type { BundleProgress } from '../bundle/types.ts';
import { asDiskFull } from './disk-full.ts';
import { type IssueDeps, issueReport, writeProof } from './issue.ts';
import { openShelf, type Shelf, type ShelfLimits } from './shelf.ts';
import type { ReportAsk, ReportRecord } from './types.ts';

/** Reports that wait; one is built at a time, because it takes as much CPU as verifying it. */
export const REPORTS_WAITING_MAX = 16;
const ID_BYTES = 4;
/** Folders that one line of the log names. */
const LEFT_ALONE_TOLD_MAX = 20;

export interface ReportsOptions extends IssueDeps {
  readonly folder: string;
  readonly limits: ShelfLimits;
  readonly random: (bytes: number) => Uint8Array;
}

/** A record with how far it is. */
export interface ReportView extends ReportRecord {
  /** Null: it does not run. */
  readonly progress: BundleProgress | null;
}

export interface Reports {
  /** Queues a report. Throws HttpError 503 REPORTS_BUSY, LanProofError DISK_FULL. */
  ask(ask: ReportAsk): Promise<ReportView>;
  get(id: string): ReportView | null;
  /** Newest first. */
  list(): ReportView[];
  /** Where a file of a report lies; the caller knows that the report has it. */
  path(id: string, file: string): string;
  /** Stops what runs; it is marked failed at the next start. */
  close(): Promise<void>;
}

/** Opens the reports of a data directory; what was half done is finished, or marked failed. */
export async function openReports(options: ReportsOptions): Promise<Reports> {
  const { folder, limits, now_ms, logger } = options;
  const shelf = await openShelf(folder, limits);
  tellLeftAlone(shelf, logger);
  await settleOld(options, shelf);
  const stop = new AbortController();
  const waiting: string[] = [];
  /** Reports whose record is just being written. */
  let asking = 0;
  let running: { readonly id: string; progress: BundleProgress } | null = null;
  let work: Promise<void> = Promise.resolve();

  const view = (record: ReportRecord): ReportView => ({
    ...record,
    progress: running?.id === record.id ? running.progress : null,
  });
  const runOne = async (id: string): Promise<void> => {
    const record = shelf.get(id);
    if (record === null || stop.signal.aborted) return;
    running = { id, progress: { step: 'batches', percent: 0 } };
    try {
      await shelf.put({ ...record, state: 'running' });
      const issued = await issueReport(options, record, {
        folder: shelf.folder(id),
        signal: stop.signal,
        onProgress: (progress) => {
          running = { id, progress };
        },
      });
      await shelf.put({ ...record, ...issued, state: 'done', finished_ms: now_ms() });
    } catch (error) {
      // Whoever stops the program asks again: the next start says that it failed.
      if (stop.signal.aborted) return;
      logger.warn({ err: error, report: id, site: record.site }, 'a report failed');
      await settle(options, shelf, record, error);
    } finally {
      running = null;
    }
    await shelf.trim(now_ms());
  };
  const drain = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      await runOne(id).catch((error: unknown) => {
        logger.error({ err: error, report: id }, 'a report could not be noted');
      });
    }
  };

  return {
    async ask(ask) {
      if (waiting.length + asking >= REPORTS_WAITING_MAX) throw busy();
      const requested_ms = now_ms();
      const record = newRecord(ask, idOf(requested_ms, options.random), requested_ms);
      asking += 1;
      try {
        await shelf.put(record);
      } catch (error) {
        await shelf.drop(record.id);
        throw asDiskFull(error);
      } finally {
        asking -= 1;
      }
      // Only what is on disk may begin: both would write the record at once.
      waiting.push(record.id);
      work = work.then(drain);
      return view(record);
    },
    get: (id) => {
      const record = shelf.get(id);
      return record === null ? null : view(record);
    },
    list: () => shelf.list().map(view),
    path: (id, file) => `${shelf.folder(id)}/${file}`,
    async close() {
      stop.abort(new LanProofError('STOPPING', 'the collector stops', { hint: 'ask again' }));
      waiting.length = 0;
      await work;
    },
  };
}

function newRecord(ask: ReportAsk, id: string, requested_ms: number): ReportRecord {
  const { site, period, masked, formats, author } = ask;
  return {
    ...{ v: 1, id, site, from_ms: period.from_ms, to_ms: period.to_ms, masked, formats },
    ...{ author, requested_ms, state: 'waiting', finished_ms: null, error: null, as_of: null },
    ...{ files: [], leaf: null, agrees_with_dashboard: null, files_deleted_ms: null },
  };
}

/** Time first, so that names sort by it: 20261123t010203-1a2b3c4d. */
function idOf(at_ms: number, random: ReportsOptions['random']): string {
  const time = new Date(at_ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase();
  return `${time}-${toHex(random(ID_BYTES))}`;
}

async function failed(
  { now_ms }: Pick<ReportsOptions, 'now_ms'>,
  shelf: Shelf,
  record: ReportRecord,
  thrown: unknown,
): Promise<void> {
  const error = asDiskFull(thrown);
  const known = error instanceof LanProofError ? error : null;
  const code = known?.code ?? 'INTERNAL';
  const message = known?.message ?? 'the report could not be made';
  const hint = known?.hint ?? 'see the log of the collector, then ask again';
  await shelf.clear(record.id);
  const told = { code, message, hint };
  await shelf.put({ ...record, state: 'failed', finished_ms: now_ms(), error: told, files: [] });
}

function tellLeftAlone({ left_alone }: Shelf, logger: ReportsOptions['logger']): void {
  if (left_alone.length === 0) return;
  const facts = { count: left_alone.length, folders: left_alone.slice(0, LEFT_ALONE_TOLD_MAX) };
  logger.error(facts, 'reports cannot be read and are left as they are');
}

/** What the end of the program interrupted. */
async function settleOld(options: ReportsOptions, shelf: Shelf): Promise<void> {
  const what = 'the collector ended before the report was done';
  const error = new LanProofError('INTERRUPTED', what, { hint: 'ask for the report again' });
  for (const record of shelf.list()) {
    if (record.finished_ms === null) await settle(options, shelf, record, error);
  }
}

/** With its leaf a report is issued, whatever happened then; without it, it failed. */
async function settle(
  options: ReportsOptions,
  shelf: Shelf,
  record: ReportRecord,
  error: unknown,
): Promise<void> {
  const found = await findReport(options, record);
  const checkpoint = found === null ? null : await options.ledger.checkpointOf(found.row.log);
  if (found === null || checkpoint === null) {
    await failed(options, shelf, record, error);
    return;
  }
  const { row, report } = found;
  const place = { log: checkpoint.origin, leaf: row.leaf, hash: toBase64(row.hash) };
  const leaf = { place, log: row.log, text: row.text, checkpoint };
  await writeProof(options, shelf.folder(record.id), leaf);
  const files = report.files.map(({ name, bytes, sha256 }) => {
    return { name, bytes, sha256: toHex(fromBase64(sha256)) };
  });
  const done = { state: 'done', finished_ms: options.now_ms() } as const;
  await shelf.put({ ...record, ...done, as_of: report.as_of, files, leaf: place });
}

async function findReport(
  { store }: Pick<ReportsOptions, 'store'>,
  { id, site }: ReportRecord,
): Promise<{ readonly row: DocumentRow; readonly report: Report } | null> {
  for (const row of await store.documents(site, 'report')) {
    const report: Report = JSON.parse(fromUtf8(fromBase64(parseEnvelope(row.text).payload)));
    if (report.id === id) return { row, report };
  }
  return null;
}

function busy(): HttpError {
  return new HttpError(503, 'REPORTS_BUSY', `${REPORTS_WAITING_MAX} reports wait already`, {
    hint: 'ask again when some are done: GET /api/v1/reports',
    retry_after_s: 60,
  });
}
