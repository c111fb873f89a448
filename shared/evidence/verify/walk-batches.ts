/** Checks 7 to 12 over batches: each is read once, looked at by every check, and fed on. */
import { toBase64 } from '../../bytes.ts';
import { createInputs, ordinal } from '../../judge/replay/inputs.ts';
import type { SiteReplay } from '../../judge/replay/site-replay.ts';
import type { JudgeInput } from '../../judge/types.ts';
import type { Policy } from '../bundle/policy.ts';
import type { VerifiedAnchor } from './anchors.ts';
import { type ReadBatch, walkLeaves } from './batch-reader.ts';
import { createChains, type Stretch } from './chains.ts';
import type { Container } from './container.ts';
import { type LoggedDocument, placeOf, type ReadDocuments } from './documents.ts';
import type { LateBatch } from './figures.ts';
import type { LogOpens } from './log-opens.ts';
import type { VerifiedLog } from './logs.ts';
import type { Recorder } from './recorder.ts';
import { readSections } from './sections.ts';
import { createSeen } from './seen.ts';
import { createTimes } from './times.ts';
import type { VerifyOptions } from './types.ts';
import { createVouched } from './vouched.ts';
import { batchPlace, type WalkedBatch } from './walked-batch.ts';
import type { Withheld } from './withheld.ts';

/** A batch that came so long after its data began came late: days are ledgered an hour after. */
const LATE_MS = 3_600_000;

/** What was found good before the first batch. */
export interface Known {
  readonly options: VerifyOptions;
  readonly said: Recorder;
  readonly container: Container;
  readonly policy: Policy;
  readonly logs: readonly VerifiedLog[];
  readonly opens: LogOpens;
  readonly documents: ReadDocuments;
  readonly anchors: readonly VerifiedAnchor[];
}

export interface WalkedBatches {
  readonly late: readonly LateBatch[];
  readonly stretches: readonly Stretch[];
  readonly batches: number;
  /** Batches whose time is bounded from both sides by anchors. */
  readonly strong: number;
  /** Up to when somebody outside vouches, UTC ms; null: nobody does. */
  readonly vouched_ms: number | null;
}

/** Walks all leaves in their order; everything goes into the replay. */
export async function walkBatches(
  { options, said, container, policy, logs, opens, documents, anchors }: Known,
  replay: SiteReplay,
  withheld: Withheld,
): Promise<WalkedBatches> {
  const { crypto, every, trust } = options;
  const { manifest } = container.statement;
  const { keys } = documents;
  const byPlace = new Map(documents.documents.map((document) => [document.at, document]));
  const inputs = createInputs(new Map(logs.map(({ log, head }) => [log, head.origin])));
  const included = ({ leaf }: WalkedBatch): boolean =>
    logs.some(({ log, proved }) => log === leaf.log && proved);
  const holes = documents.documents.flatMap(({ content }) =>
    content.kind === 'hole' ? [content.said] : [],
  );
  const chains = createChains({ crypto, manifest, keys, holes, every, included, said });
  const seen = createSeen({ crypto, policy, trust, logs, opens, said });
  const times = createTimes(anchors, said);
  const vouched = createVouched(anchors);
  const late: LateBatch[] = [];
  const closed = new Map<string, number>();
  let batches = 0;
  for await (const step of walkLeaves(options, container, logs, said)) {
    if (step.kind === 'document') {
      vouched.document(step.leaf, ordinal(step.leaf));
      const document = byPlace.get(ordinal(step.leaf));
      if (document === undefined) continue;
      feedDocument(document, inputs, replay);
      const { content } = document;
      if (content.kind === 'hole') chains.hole(content.said, placeOf(step.leaf));
      else if (content.kind === 'conflict') chains.conflict(content.said, placeOf(step.leaf));
      continue;
    }
    const { inflated, withheld: missing } = readSections({ ...options, said }, step.batch);
    const { input, batch } = readBatch(inputs, step.batch, inflated, said);
    withheld.sections(batch, missing);
    const follows = chains.batch(batch);
    times.batch(batch, seen.batch(batch));
    vouched.batch(batch);
    replay.feed(asStored(input, follows, missing));
    batches += 1;
    noteLate(late, closed, batch);
  }
  const stretches = chains.end();
  seen.end();
  said.count('signatures', 'batches', batches);
  said.count('time', 'strong', times.strong);
  return { late, stretches, batches, strong: times.strong, vouched_ms: vouched.end() };
}

type Inputs = ReturnType<typeof createInputs>;
type BatchInput = Extract<JudgeInput, { kind: 'batch' }>;

function feedDocument(
  { leaf, at, payload }: LoggedDocument,
  inputs: Inputs,
  replay: SiteReplay,
): void {
  // What concerns the whole log says nothing about a site.
  if (leaf.site === null) return;
  const { kind, agent, epoch, seq } = leaf;
  const input = inputs.document(
    { kind, agent, epoch, seq, leaf: at, hash: toBase64(leaf.hash) },
    payload,
  );
  if (input !== null) replay.feed(input);
}

/** Reads what the batch measured, once; what cannot be read is named and goes on as a fault. */
function readBatch(
  inputs: Inputs,
  batch: ReadBatch,
  inflated: ReadonlyMap<string, Uint8Array>,
  said: Recorder,
): { input: BatchInput; batch: WalkedBatch } {
  const { leaf, at, json, identity } = batch;
  const { agent, epoch, seq } = identity;
  const place = { leaf: at, recv_ms: leaf.recv_ms, agent, epoch, seq };
  const input = inputs.batch(place, json, inflated);
  if (input.kind !== 'batch') throw new TypeError('a batch became something else');
  const { fault } = input;
  if (fault !== null) {
    const code = fault.startsWith('LIST_')
      ? 'LIST_UNKNOWN'
      : fault.startsWith('HEADER_')
        ? 'HEADER_UNREADABLE'
        : 'SECTION_UNREADABLE';
    said.say(code, batchPlace(batch), { agent, epoch, seq, problem: fault });
  }
  return { input, batch: { ...batch, header: input.header, span_ms: spanOf(input) } };
}

function spanOf({ sections }: BatchInput): number {
  let span_ms = 0;
  for (const { series } of sections) {
    for (const { i, n } of series) span_ms = Math.max(span_ms, i * n);
  }
  return span_ms;
}

/** As the collector keeps it: what does not follow, or lacks its body, is unreadable. */
function asStored(input: BatchInput, follows: boolean, missing: readonly string[]): BatchInput {
  if (!follows) return { ...input, sections: [], fault: 'PREV_BROKEN' };
  if (input.fault !== null || !missing.includes('infra')) return input;
  return { ...input, fault: 'BODY_MISSING' };
}

function noteLate(
  late: LateBatch[],
  closed: Map<string, number>,
  { leaf, at, header }: WalkedBatch,
): void {
  if (header === null) return;
  const agent = leaf.agent ?? '';
  const from_ms = closed.get(agent) ?? header.sealed_ms;
  if (leaf.recv_ms - from_ms > LATE_MS) late.push({ at, from_ms });
  closed.set(agent, header.closed_to_ms);
}
