/** Issues one report: figures, bundle, leaf, receipt, in this order (docs/formats/bundle.md). */
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { localDay } from '../../../shared/calendar/local-time.ts';
import { LanProofError } from '../../../shared/errors.ts';
import type { AsOf } from '../../../shared/judge/period/judged.ts';
import type { CollectorDeps } from '../../deps.ts';
import type { BundleDeps, BundleProgress } from '../bundle/types.ts';
import { disagreements, readShown } from './agree.ts';
import { DOCUMENT_NAME, leafReport, RECEIPT_NAME, type ReportLeaf, receiptOf } from './leaf.ts';
import { writeWhole } from './shelf.ts';
import type { ReportFile, ReportRecord } from './types.ts';

/** A report is not begun with less on the disk: ingest needs what is left. */
export const REPORT_FREE_BYTES_MIN = 1024 ** 3;

export type IssueDeps = BundleDeps &
  Pick<CollectorDeps, 'store' | 'ledger' | 'judge' | 'now_ms' | 'logger'>;

export interface IssueOptions {
  /** The report's own folder. */
  readonly folder: string;
  readonly onProgress: (progress: BundleProgress) => void;
  readonly signal: AbortSignal;
}

/** What a report that was issued adds to its record. */
export type Issued = Pick<ReportRecord, 'as_of' | 'files' | 'leaf' | 'agrees_with_dashboard'>;

/**
 * Throws DISK_FULL where there is no room, REPORT_PERIOD where nothing of the period is known yet,
 * and what building throws.
 */
export async function issueReport(
  deps: IssueDeps,
  record: ReportRecord,
  options: IssueOptions,
): Promise<Issued> {
  const { site, masked, formats } = record;
  await checkRoom(deps);
  const period = { from_ms: record.from_ms, to_ms: record.to_ms };
  // Loaded with the first report: a start needs none of it.
  const { prepareBundle } = await import('../bundle/prepare.ts');
  const { buildBundle } = await import('../bundle/build.ts');
  const ask = await prepareBundle(deps, site, period, masked);
  checkKnown(ask.as_of, period.from_ms);
  const shown = await readShown(deps.judge, site, period);
  const stem = await stemOf(deps, record);
  const { folder, onProgress, signal } = options;
  const name = `${stem}.zip`;
  const built = await buildBundle(deps, ask, { folder, name, onProgress, signal });
  const files: ReportFile[] = [];
  if (formats.includes('bundle')) {
    files.push({ name, bytes: built.bytes, sha256: built.sha256 });
  } else await rm(built.path);
  if (formats.includes('json')) {
    files.push(await writeFile(folder, `${stem}.json`, built.figures_text));
  }
  const differences = disagreements(built.whole_figures, shown, period);
  const agrees = differences === null ? null : differences.length === 0;
  if (agrees === false) {
    const facts = { report: record.id, site, differences };
    deps.logger.warn(facts, 'a report says otherwise than the stored judgement');
  }
  signal.throwIfAborted();
  await syncFolder(folder);
  const leaf = await leafReport(deps, record, ask.as_of, files);
  await writeProof(deps, folder, leaf);
  return { as_of: ask.as_of, files, leaf: leaf.place, agrees_with_dashboard: agrees };
}

/** The document and its receipt beside the files: the receipt proves the document's leaf. */
export async function writeProof(
  { ledger }: Pick<IssueDeps, 'ledger'>,
  folder: string,
  { place, log, text, checkpoint }: ReportLeaf,
): Promise<void> {
  await writeWhole(join(folder, DOCUMENT_NAME), text);
  const receipt = await receiptOf(ledger, { log, leaf: place.leaf }, checkpoint);
  await writeWhole(join(folder, RECEIPT_NAME), receipt);
}

async function checkRoom({ store }: Pick<IssueDeps, 'store'>): Promise<void> {
  const { free_bytes } = await store.health();
  if (free_bytes === null || free_bytes >= REPORT_FREE_BYTES_MIN) return;
  throw new LanProofError('DISK_FULL', `the disk has only ${free_bytes} bytes left`, {
    hint: 'make room where data_dir lies (reports, logs, other programs), then ask again',
    fatal: false,
  });
}

function checkKnown({ to_ms }: AsOf, from_ms: number): void {
  if (from_ms < to_ms) return;
  throw new LanProofError('REPORT_PERIOD', 'nothing of this period is known yet', {
    hint: 'choose a period that has begun; the agents of the site must have delivered',
    place: 'from',
  });
}

/** `lanproof-<site>-<from>-<to>`: local dates of the site, the last one included. */
async function stemOf(deps: IssueDeps, record: ReportRecord): Promise<string> {
  const { site, from_ms, to_ms, masked } = record;
  const { documents } = await deps.judge.judged(site, from_ms, from_ms);
  const date = (at_ms: number): string =>
    localDay(documents.calendar, at_ms).date.replaceAll('-', '');
  return `lanproof-${site}-${date(from_ms)}-${date(to_ms - 1)}${masked ? '-masked' : ''}`;
}

async function writeFile(folder: string, name: string, text: string): Promise<ReportFile> {
  const bytes = Buffer.from(text);
  await writeWhole(join(folder, name), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { name, bytes: bytes.length, sha256 };
}

/** The names are on disk before the ledger speaks of the files. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
