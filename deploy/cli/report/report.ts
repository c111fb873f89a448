import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LanProofError } from '../../../shared/errors.ts';
import { makeFolder } from '../../../shared/node/make-folder.ts';
import { type Command, EXIT_OK, type Io, readArguments } from '../command.ts';
import { type ApiClient, apiClient, CLIENT_OPTIONS, CLIENT_USAGE } from '../http-client.ts';
import { refuseExisting, targetPath } from './earlier-files.ts';
import { letterLines } from './letter.ts';
import { openEndWarning } from './open-end.ts';

/** Between two looks at how far a report is, ms. */
const LOOK_EVERY_MS = 500;
/** A new line of progress each so many per cent. */
const TELL_EVERY_PERCENT = 10;

const OPTIONS = {
  ...CLIENT_OPTIONS,
  site: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  format: { type: 'string' },
  masked: { type: 'boolean' },
  out: { type: 'string' },
  force: { type: 'boolean' },
} as const;

export const reportCommand: Command = {
  summary: 'issue documents of a site and period, with the bundle that proves them',
  usage: `lanproof report --site CODE --from D --to D --out DIR --collector URL --token T
  Asks the collector for documents of one site and period, waits for them, and writes them into
  DIR with the report's document and its receipt. Their hashes stand in the ledger.

  --site CODE       code of the site
  --from D --to D   local dates of the site, both included: --from 2026-11-01 --to 2026-11-30;
                    or RFC 3339 times of whole minutes, the second one not included
  --format LIST     bundle, json, or both with a comma (default: bundle)
  --masked          leave out results of computers, addresses and notes
  --out DIR         folder for the files; made if it is missing, for this user only, as are they
  --force           write over files of an earlier report of the same site and dates

${CLIENT_USAGE}
  The token needs the role operator. Check a bundle with: lanproof verify FILE.zip`,
  async run(args, io) {
    const parsed = readArguments(args, OPTIONS);
    const payload = {
      site: parsed.required('site'),
      from: parsed.required('from'),
      to: parsed.required('to'),
      formats: (parsed.text('format') ?? 'bundle').split(',').map((word) => word.trim()),
      masked: parsed.flag('masked'),
    };
    const out = parsed.required('out');
    const force = parsed.flag('force');
    const client = apiClient(parsed, io);
    try {
      makeFolder(out, 0o700);
      // Before it is asked for: what is issued stands in the ledger for ever.
      if (!force) refuseExisting(out, payload);
      const body = { type: 'application/json', text: JSON.stringify(payload) };
      const asked = (await client.send('POST', '/api/v1/reports', body)) as ReportAnswer;
      io.err(`report ${asked.id} of ${asked.site}, ${payload.from} to ${payload.to}`);
      const done = await waitFor(client, io, asked.id);
      const warning = openEndWarning(done, payload.to);
      if (warning !== null) io.err(warning);
      await fetchFiles(client, io, done, { folder: out, force });
    } finally {
      await client.close();
    }
    return EXIT_OK;
  },
};

/** What the collector says of a report, as far as it is read here. */
interface ReportAnswer {
  readonly id: string;
  readonly site: string;
  readonly to_ms: number;
  readonly requested_ms: number;
  readonly as_of: { readonly to_ms: number } | null;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  readonly progress: { readonly step: string; readonly percent: number } | null;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
  } | null;
  readonly files: readonly ReportFile[];
  readonly proofs: readonly { readonly name: string; readonly url: string }[];
  readonly leaf: { readonly log: string; readonly leaf: number } | null;
  readonly agrees_with_dashboard: boolean | null;
}
interface ReportFile {
  readonly name: string;
  readonly sha256: string;
  readonly url: string;
}

async function waitFor(client: ApiClient, io: Io, id: string): Promise<ReportAnswer> {
  let told = '';
  for (;;) {
    const report = (await client.send('GET', `/api/v1/reports/${id}`)) as ReportAnswer;
    if (report.state === 'done') return report;
    if (report.state === 'failed') throw failure(report);
    const line = progressLine(report);
    if (line !== told) io.err(line);
    told = line;
    await pause(LOOK_EVERY_MS);
  }
}

function progressLine({ progress }: ReportAnswer): string {
  if (progress === null) return '  waiting for other reports';
  const percent = Math.floor(progress.percent / TELL_EVERY_PERCENT) * TELL_EVERY_PERCENT;
  return `  ${percent} % (${progress.step})`;
}

function failure({ error }: ReportAnswer): LanProofError {
  const code = error?.code ?? 'REPORT_FAILED';
  return new LanProofError(code, error?.message ?? 'the report failed', {
    hint: error?.hint ?? 'see the log of the collector',
  });
}

async function fetchFiles(
  client: ApiClient,
  io: Io,
  report: ReportAnswer,
  out: { readonly folder: string; readonly force: boolean },
): Promise<void> {
  let bundle: { readonly path: string; readonly sha256: string } | null = null;
  for (const { name, url, sha256 } of report.files) {
    const path = targetPath(out.folder, name, report.id, out.force);
    const saved = await client.download(url, path);
    if (saved.sha256 !== sha256) throw otherHash(path);
    io.out(`${saved.sha256}  ${path}`);
    if (name.endsWith('.zip')) bundle = { path, sha256 };
  }
  // Of several reports in one folder each keeps its own proofs.
  for (const { name, url } of report.proofs) {
    const path = join(out.folder, `${report.id}.${name}`);
    await client.download(url, path);
    io.err(`  ${path}`);
  }
  if (report.leaf !== null) io.err(`ledgered as leaf ${report.leaf.leaf} of ${report.leaf.log}`);
  if (report.agrees_with_dashboard === false) {
    io.err('warning: the pages of the collector show other figures; its log names the first ones');
  }
  if (bundle === null) return;
  for (const line of await letterLines(bundle.path, bundle.sha256)) io.err(line);
  io.err(`next: lanproof verify ${bundle.path}`);
}

function otherHash(path: string): LanProofError {
  return new LanProofError('REPORT_HASH', `${path} is not the file that was issued`, {
    hint: 'run the command again; if it stays so, the file on the collector was changed',
    place: path,
  });
}
