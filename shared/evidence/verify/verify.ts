/**
 * The verifier: fifteen checks of a bundle, with nothing but the bundle and what the auditor holds.
 * The same source runs in Node, as one file, and in a browser from disk.
 */

import { fromBase64 } from '../../bytes.ts';
import type { FiguresFile } from '../../judge/replay/figures-file.ts';
import { parseDocuments } from '../bundle/documents.ts';
import { DOCUMENTS_NAME } from '../bundle/names.ts';
import { BUNDLE_AFTER_MS, type BundleManifest } from '../bundle/types.ts';
import { checkAnchored, checkAnchors, checkPrinted } from './anchors.ts';
import { type Container, hashFile, openContainer, readFile } from './container.ts';
import { checkDaily } from './daily.ts';
import { readDocuments } from './documents.ts';
import {
  beginReplay,
  checkBegin,
  checkDays,
  checkPeriod,
  figuresOf,
  finishReplay,
} from './figures.ts';
import { checkLogOpens, type LogOpens } from './log-opens.ts';
import { checkAsOf, proveLogs } from './logs.ts';
import { readPolicy } from './policy.ts';
import { createRecorder, Halt, type Recorder } from './recorder.ts';
import { readSignedLogs } from './signed-logs.ts';
import { checkFigures, readTold } from './told-figures.ts';
import type { CarriedIn, Exposure, Outcome, Verdict, VerifyOptions } from './types.ts';
import { type Known, walkBatches } from './walk-batches.ts';
import { createWithheld } from './withheld.ts';

/** What is known so far; a fault that ends the walk leaves the rest as it is. */
interface Found {
  sha256: string | null;
  manifest: BundleManifest | null;
  figures: FiguresFile | null;
  carried: CarriedIn | null;
  anchored_ms: number | null;
  printed: number;
  strong: number;
  batches: number;
}

/**
 * Verifies a bundle. Every fault of the bundle is a finding of the check that it belongs to; what
 * could not be checked because of it is `not_checked`, and the outcome is `fail`. A value that no
 * reader foresaw is a finding, too: nobody gets silence out of it. Throws what the source throws.
 */
export async function verifyBundle(options: VerifyOptions): Promise<Verdict> {
  const said = createRecorder();
  const found: Found = {
    ...{ sha256: null, manifest: null, figures: null, carried: null, anchored_ms: null },
    ...{ printed: 0, strong: 0, batches: 0 },
  };
  try {
    await walk(options, said, found);
  } catch (error) {
    if (!(error instanceof Halt)) sayUnforeseen(error, said);
  }
  return verdictOf(options, said, found);
}

/** What values of a type that was not expected make readers throw; anything else is thrown on. */
function sayUnforeseen(error: unknown, said: Recorder): void {
  const kinds = [TypeError, RangeError, SyntaxError];
  if (!(error instanceof Error) || !kinds.some((kind) => error instanceof kind)) throw error;
  said.say('UNFORESEEN', '', { problem: `${error.name}: ${error.message}`.slice(0, 200) });
}

async function walk(options: VerifyOptions, said: Recorder, found: Found): Promise<void> {
  const { crypto } = options;
  const file = await hashFile(options, said);
  found.sha256 = file.whole;
  const container = await openContainer(options, file, said);
  const { manifest } = container.statement;
  found.manifest = manifest;
  const policy = await readPolicy(crypto, container, options.trust, said);
  const signed = await readSignedLogs(crypto, container, policy, said);
  const texts = await readFile(container, said, DOCUMENTS_NAME, (text) => parseDocuments(text));
  const logs = await proveLogs(crypto, container, signed, texts, said);
  checkAsOf(manifest, logs, said);
  const opens = checkLogOpens(logs, said);
  checkManifest(options, container, opens, said);
  const documents = readDocuments({ crypto, manifest, logs, opens, said }, texts);
  const anchors = await checkAnchors(options, policy, logs, documents, said);
  said.done('container', 'checkpoint', 'keys');
  found.printed = checkPrinted(options.checkpoints, logs, said);
  said.done('consistency');
  await judge({ options, said, container, policy, logs, opens, documents, anchors }, found);
}

/** The document key stands in the newest log-open, which is a proved leaf of a signed log. */
function checkManifest(
  { crypto }: VerifyOptions,
  container: Container,
  opens: LogOpens,
  said: Recorder,
): void {
  const newest = opens.get(container.logs.at(-1) ?? 0);
  if (newest === undefined) said.halt('MANIFEST_SIGNATURE', 'manifest', { problem: 'NO_KEY' });
  else container.checkSignature(crypto, fromBase64(newest.document_key));
}

/** Batches one by one, then days and figures. */
async function judge(known: Known, found: Found): Promise<void> {
  const { options, said, container, documents, logs } = known;
  const { manifest } = container.statement;
  checkPeriod(manifest, BUNDLE_AFTER_MS, said);
  const withheld = createWithheld(manifest, documents.documents, said);
  const told = await readTold(container, said);
  const hidden = manifest.masked || (told !== null && told.left_out > 0);
  const { replay, carried } = beginReplay(options, manifest, documents, hidden, said);
  found.carried = carried;
  const walked = await walkBatches(known, replay, withheld);
  found.batches = walked.batches;
  found.strong = walked.strong;
  found.anchored_ms = walked.vouched_ms;
  checkAnchored(known.anchors, walked.vouched_ms, manifest.to_ms, said);
  withheld.end();
  checkDaily(manifest, logs, walked.stretches, said);
  said.done('signatures', 'chain', 'inclusion', 'seen', 'time', 'completeness');
  const replayed = await finishReplay(options, manifest, replay);
  // Where results are withheld a day cannot be made whole again.
  const whole = !hidden && !withheld.results;
  checkBegin(manifest, replayed, whole, said);
  checkDays(documents.documents, replayed, whole ? walked.late : null, said);
  said.done('documents');
  found.figures = figuresOf(replayed, manifest);
  const may_leave_out = manifest.masked || withheld.endpoints;
  if (told !== null) checkFigures(told, found.figures, may_leave_out, said);
  said.done('figures');
}

function verdictOf(options: VerifyOptions, said: Recorder, found: Found): Verdict {
  const checks = said.results();
  const incomplete = checks.some(({ id, status }) => status === 'not_checked' && id !== 'verdict');
  const failed = said.has('failed') || incomplete;
  const outcome: Outcome = failed ? 'fail' : said.has('gap') ? 'pass_with_gaps' : 'pass';
  const status = failed ? 'failed' : said.has('gap') ? 'gap' : 'ok';
  return {
    outcome,
    bundle_sha256: found.sha256,
    manifest: found.manifest,
    checks: checks.map((check) => (check.id === 'verdict' ? { ...check, status } : check)),
    figures: found.figures,
    gaps: said.gaps(),
    exposure: exposureOf(options, found),
    carried_in: found.carried,
  };
}

function exposureOf({ trust }: VerifyOptions, found: Found): Exposure {
  const { manifest, anchored_ms, printed, strong, batches } = found;
  const end_ms = manifest?.to_ms ?? 0;
  const covered = anchored_ms !== null && anchored_ms >= end_ms;
  return {
    keys: trust === null ? 'candidates' : 'compared',
    anchored_ms,
    unanchored_from_ms: covered ? null : Math.max(anchored_ms ?? 0, manifest?.from_ms ?? 0),
    unanchored_to_ms: end_ms,
    printed,
    strong_batches: strong,
    batches,
  };
}
