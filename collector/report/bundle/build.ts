import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { utf8 } from '../../../shared/bytes.ts';
import { encodeStatement } from '../../../shared/evidence/bundle/manifest.ts';
import {
  FIGURES_NAME,
  logFileName,
  MANIFEST_NAME,
  POLICY_NAME,
  README_NAMES,
} from '../../../shared/evidence/bundle/names.ts';
import { formatPolicy } from '../../../shared/evidence/bundle/policy.ts';
import {
  BUNDLE_AFTER_MS,
  type BundleAgent,
  type BundleManifest,
  STATEMENT_PAYLOAD,
} from '../../../shared/evidence/bundle/types.ts';
import { serializeEnvelope, signEnvelope } from '../../../shared/evidence/dsse.ts';
import { type FiguresFile, figuresText } from '../../../shared/judge/replay/figures-file.ts';
import { RULES_VERSION } from '../../../shared/judge/types.ts';
import { makeFolder } from '../../../shared/node/make-folder.ts';
import { type Begin, chooseBegin, withoutEarlierDays } from './begin.ts';
import { openChain } from './chain.ts';
import {
  headsOf,
  type LogNeeds,
  logKeys,
  needsOf,
  noteAnchors,
  notePrinted,
  noteReports,
  proofFiles,
} from './log-files.ts';
import { quorumOf } from './quorum.ts';
import { readmeEn, readmeVi } from './readme.ts';
import { createReplays } from './replays.ts';
import { type PlacedDocument, readAllDocuments } from './scope.ts';
import { stageLeaves } from './stage.ts';
import { type StagedFile, writeStaged } from './staged-file.ts';
import { type AgentStretch, agentOf, findStretch, inLeafOrder, stretchBatches } from './stretch.ts';
import type { BuildOptions, BuiltBundle, BundleAsk, BundleDeps } from './types.ts';
import { writeZip } from './zip-writer.ts';

/** Shares of the whole, per cent, at which each step ends. */
const PERCENT = { batches: 60, figures: 85, proofs: 93, zip: 100 } as const;
/** Batches between two breaths: some milliseconds of work. */
const BATCHES_PER_BREATH = 8;

/** What is read before the first batch. */
interface Plan {
  readonly heads: ReadonlyMap<string, LogNeeds>;
  /** All that were read; those of the bundle leave days before `begin` out. */
  readonly documents: readonly PlacedDocument[];
  readonly begin: Begin | null;
  readonly begin_ms: number;
  readonly end_ms: number;
  readonly stretches: readonly AgentStretch[];
  readonly agents: readonly BundleAgent[];
}

/**
 * Writes a bundle. Memory stays bounded by documents and judged days: batches are written as they
 * are read. Throws the store's and the disk's errors, BUNDLE_FORMAT beyond 4 GiB, or the signal's
 * reason.
 */
export async function buildBundle(
  deps: BundleDeps,
  ask: BundleAsk,
  options: BuildOptions,
): Promise<BuiltBundle> {
  const work = join(options.folder, 'work');
  const first = { ...deps, breathe: breathing(deps, options.signal) };
  try {
    const plan = await makePlan(first, ask);
    const written = await writeLeaves(first, ask, options, plan, work, ask.masked);
    // Bodies that were deleted are only met while they are read: then all is written once more.
    const whole =
      written.endpoints_gone > 0 && !ask.masked
        ? await writeLeaves(first, ask, options, plan, work, true)
        : written;
    return await finishBundle(first, ask, options, plan, work, whole);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function breathing({ breathe }: BundleDeps, signal: AbortSignal): () => Promise<void> {
  let count = 0;
  return async () => {
    signal.throwIfAborted();
    count += 1;
    if (count % BATCHES_PER_BREATH === 0) await breathe();
  };
}

async function makePlan(deps: BundleDeps, ask: BundleAsk): Promise<Plan> {
  const { store, ledger } = deps;
  const { site, checkpoint, period, as_of } = ask;
  const found = await readAllDocuments(store, site, checkpoint);
  const begin = chooseBegin(found, period, ask.reach_ms);
  const documents = withoutEarlierDays(found, begin);
  const needs = new Map<string, LogNeeds>();
  for (const head of await headsOf(ledger, checkpoint, found)) {
    needs.set(head.origin, needsOf(head));
  }
  noteAnchors(documents, needs);
  noteReports(documents, needs);
  await notePrinted(store, as_of.at_ms, needs);
  const begin_ms = begin?.paper.to_ms ?? ask.first_ms;
  const end_ms = Math.min(as_of.to_ms, period.to_ms + BUNDLE_AFTER_MS);
  const codes = new Set(
    documents.flatMap(({ leaf: { kind, agent } }) => (kind === 'enrol' ? [agent ?? ''] : [])),
  );
  const stretches: AgentStretch[] = [];
  const agents: BundleAgent[] = [];
  for (const code of [...codes].sort()) {
    const chain = await openChain(store, site, code, documents, checkpoint);
    const stretch = await findStretch(chain, begin === null ? null : begin_ms, deps.breathe);
    const agent = await agentOf(stretch);
    if (agent === null) continue;
    stretches.push(stretch);
    agents.push(agent);
  }
  return { heads: needs, documents, begin, begin_ms, end_ms, stretches, agents };
}

interface Written {
  readonly files: readonly StagedFile[];
  readonly endpoints_gone: number;
  readonly whole: FiguresFile;
  readonly shown: FiguresFile;
}

async function writeLeaves(
  deps: BundleDeps,
  ask: BundleAsk,
  { onProgress }: BuildOptions,
  plan: Plan,
  work: string,
  withheld: boolean,
): Promise<Written> {
  await rm(work, { recursive: true, force: true });
  makeFolder(work, 0o700);
  const { documents, begin, begin_ms, end_ms, agents, heads } = plan;
  // Leaves may be written a second time.
  for (const needs of heads.values()) needs.leaves.length = 0;
  const origins = new Map([...heads.values()].map(({ head }) => [head.log, head.origin]));
  const { crypto } = deps;
  const told = { ask, begin, begin_ms, end_ms, agents, origins, documents, crypto, withheld };
  const replays = createReplays(told);
  const percent = share(plan);
  const staged = await stageLeaves(
    {
      ...{ store: deps.store, folder: work, masked: ask.masked, needs: heads },
      onDocument: replays.document,
      onBatch: (leaf, whole, shown) => {
        onProgress({ step: 'batches', percent: percent(leaf.recv_ms) * PERCENT.batches });
        replays.batch(leaf, whole, shown);
      },
      breathe: deps.breathe,
    },
    documents,
    inLeafOrder(plan.stretches.map((stretch) => stretchBatches(stretch, end_ms))),
  );
  const figures = await replays.finish(async (at_ms) => {
    const span = PERCENT.figures - PERCENT.batches;
    onProgress({ step: 'figures', percent: PERCENT.batches + percent(at_ms) * span });
    await deps.breathe();
  });
  return { ...staged, ...figures };
}

/** How far a time is between begin and end, 0 to 1. */
function share({ begin_ms, end_ms }: Plan): (at_ms: number) => number {
  const length_ms = Math.max(1, end_ms - begin_ms);
  return (at_ms) => Math.min(1, Math.max(0, (at_ms - begin_ms) / length_ms));
}

async function finishBundle(
  deps: BundleDeps,
  ask: BundleAsk,
  { folder, name, onProgress }: BuildOptions,
  plan: Plan,
  work: string,
  written: Written,
): Promise<BuiltBundle> {
  const { crypto } = deps;
  const files: StagedFile[] = [...written.files];
  const add = async (entry: string, content: string | Uint8Array): Promise<void> => {
    files.push(await writeStaged(join(work, `file-${files.length}`), entry, content));
  };
  for (const needs of plan.heads.values()) {
    const { head } = needs;
    await add(logFileName(head.log, 'checkpoint'), head.note);
    const { inclusion, consistency, daily } = await proofFiles(deps, needs, ask.site);
    await add(logFileName(head.log, 'inclusion'), inclusion);
    await add(logFileName(head.log, 'consistency'), consistency);
    await add(logFileName(head.log, 'daily'), daily);
  }
  onProgress({ step: 'proofs', percent: PERCENT.proofs });
  const { witnesses } = deps;
  const quorum = quorumOf(crypto, plan.documents, witnesses, ask.checkpoint.origin);
  const policy = { logs: logKeys(plan.documents), witnesses, quorum } as const;
  await add(POLICY_NAME, formatPolicy(crypto, policy));
  const text = figuresText(written.shown);
  await add(FIGURES_NAME, text);
  const manifest = manifestOf(deps, ask, plan);
  const [english, vietnamese] = README_NAMES;
  await add(english, readmeEn(manifest));
  await add(vietnamese, readmeVi(manifest));
  for (const file of deps.verifier) await add(file.name, file.bytes);
  const subjects = files
    .map((file) => ({ name: file.name, sha256: file.sha256 }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const payload = encodeStatement({ subjects, manifest });
  const envelope = signEnvelope(deps.document_key, STATEMENT_PAYLOAD, payload, crypto);
  await add(MANIFEST_NAME, utf8(serializeEnvelope(envelope)));
  const part = join(work, 'bundle.zip');
  const { bytes, sha256 } = await writeZip(part, files, async (done, all) => {
    const span = PERCENT.zip - PERCENT.proofs;
    onProgress({ step: 'zip', percent: PERCENT.proofs + (done / Math.max(1, all)) * span });
    await deps.breathe();
  });
  const path = join(folder, name);
  await rename(part, path);
  const { whole, shown } = written;
  const figures = { figures: shown, figures_text: text, whole_figures: whole };
  return { path, bytes, sha256, manifest, ...figures };
}

function manifestOf({ software }: BundleDeps, ask: BundleAsk, plan: Plan): BundleManifest {
  const { site, period, masked, as_of } = ask;
  const { begin, begin_ms, end_ms, agents } = plan;
  return {
    ...{ v: 1, site, from_ms: period.from_ms, to_ms: period.to_ms, masked, as_of },
    rules: RULES_VERSION,
    begin: begin?.place ?? null,
    ...{ begin_ms, end_ms, agents, software },
  };
}
