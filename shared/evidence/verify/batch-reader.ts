/** Checks 9 and 12, first part: each record of the files beside the leaf that it stands for. */
import { equalBytes, toBase64 } from '../../bytes.ts';
import { LanProofError } from '../../errors.ts';
import { ordinal } from '../../judge/replay/inputs.ts';
import { type HeaderJson, parseIdentity, readHeaderJson } from '../../measure/header.ts';
import { decodeBatches } from '../bundle/batches.ts';
import { entryKind } from '../bundle/names.ts';
import type { BundleBatch, BundleLeaf } from '../bundle/types.ts';
import { batchHash } from '../chain.ts';
import type { Container } from './container.ts';
import { placeOf } from './documents.ts';
import type { VerifiedLog } from './logs.ts';
import { problemOf } from './problem.ts';
import type { Recorder } from './recorder.ts';
import type { VerifyOptions } from './types.ts';
import type { WalkedBatch } from './walked-batch.ts';

const DAY_MS = 86_400_000;
/** Batches between two looks at whoever waits: some 10 ms of work. */
const BREATHE_BATCHES = 50;

/** A batch whose header was read once, for all that look at it. */
export type ReadBatch = Omit<WalkedBatch, 'header' | 'span_ms'> & { readonly json: HeaderJson };

/** In the order of the leaves: batches that are here, and leaves of documents between them. */
export type WalkStep =
  | { readonly kind: 'batch'; readonly batch: ReadBatch }
  | { readonly kind: 'document'; readonly leaf: BundleLeaf };

interface Walk {
  readonly leaves: readonly BundleLeaf[];
  readonly said: Recorder;
  readonly site: string;
  at: number;
  /** Where the first leaf of a batch from `at` on stands; moves forward only. */
  next: number;
  /** Positions of batches by their hash; made only where something does not fit. */
  byHash: Map<string, number> | null;
  newest_ms: number;
}

/**
 * Walks all leaves of all logs and the files of batches side by side; one file is in memory at a
 * time. What does not fit is named, and the walk goes on.
 */
export async function* walkLeaves(
  { crypto, onProgress, breathe }: VerifyOptions,
  container: Container,
  logs: readonly VerifiedLog[],
  said: Recorder,
): AsyncGenerator<WalkStep> {
  const leaves = logs.flatMap((log) => log.leaves);
  const { site } = container.statement.manifest;
  const walk: Walk = {
    ...{ leaves, said, site },
    ...{ at: 0, next: 0, byHash: null, newest_ms: 0 },
  };
  const total = leaves.filter(({ kind }) => kind === 'batch').length;
  let done = 0;
  for (const name of container.names) {
    const kind = entryKind(name);
    if (kind?.kind !== 'batches') continue;
    const bytes = await container.bytes(name);
    const file_day = Date.parse(`${kind.day}T00:00:00Z`) / DAY_MS;
    for (const record of records(bytes, name, said)) {
      const hash = batchHash(crypto, record.header);
      done += 1;
      if (done % BREATHE_BATCHES === 0) {
        onProgress({ check: 'signatures', done, total: Math.max(done, total) });
        await breathe();
      }
      const json = readJson(record, name, said);
      if (json === null) continue;
      const to = positionOf(walk, hash, json);
      if (to === null) {
        said.say('BATCH_UNLISTED', name, { hash: toBase64(hash) });
        continue;
      }
      for (; walk.at < to; walk.at += 1) yield* passLeaf(walk);
      const leaf = leaves[to];
      walk.at = to + 1;
      if (leaf === undefined) continue;
      const batch = { leaf, at: ordinal(leaf), record, hash, ...json };
      checkLeaf(walk, batch, name, file_day);
      yield { kind: 'batch', batch };
    }
  }
  for (; walk.at < leaves.length; walk.at += 1) yield* passLeaf(walk);
}

function* records(bytes: Uint8Array, name: string, said: Recorder): Generator<BundleBatch> {
  try {
    yield* decodeBatches(bytes, name);
  } catch (error) {
    if (!(error instanceof LanProofError)) throw error;
    said.halt('FILE_FORMAT', error.place ?? name, { problem: error.code });
  }
}

/** A header that says not even whose it is was never accepted by a collector. */
function readJson(
  { header }: BundleBatch,
  name: string,
  said: Recorder,
): Pick<ReadBatch, 'json' | 'identity'> | null {
  try {
    const json = readHeaderJson(header);
    return { json, identity: parseIdentity(json) };
  } catch (error) {
    said.say('HEADER_FORMAT', name, { problem: problemOf(error).problem });
    return null;
  }
}

/** Position of the leaf that a record stands for; null: it is not listed, or stands elsewhere. */
function positionOf(
  walk: Walk,
  hash: Uint8Array,
  { identity }: Pick<ReadBatch, 'identity'>,
): number | null {
  const { leaves } = walk;
  walk.next = Math.max(walk.next, walk.at);
  while (leaves[walk.next] !== undefined && leaves[walk.next]?.kind !== 'batch') walk.next += 1;
  const { next } = walk;
  const leaf = leaves[next];
  if (leaf !== undefined && equalBytes(leaf.hash, hash)) return next;
  walk.byHash ??= new Map(
    leaves.flatMap(({ kind, hash: one }, at) => (kind === 'batch' ? [[toBase64(one), at]] : [])),
  );
  const found = walk.byHash.get(toBase64(hash));
  if (found !== undefined) return found > next ? found : null;
  // An altered batch stands where the true one should: it is looked into all the same.
  const { agent, epoch, seq } = identity;
  const same = leaf?.agent === agent && leaf.epoch === epoch && leaf.seq === seq;
  return same ? next : null;
}

/** A leaf without a record. */
function* passLeaf({ leaves, at, said }: Walk): Generator<WalkStep> {
  const leaf = leaves[at];
  if (leaf === undefined) return;
  if (leaf.kind !== 'batch') {
    yield { kind: 'document', leaf };
    return;
  }
  const { agent, epoch, seq } = leaf;
  said.say('BATCH_MISSING', placeOf(leaf), { agent: agent ?? '-', epoch, seq });
}

/** The leaf made from the batch must be the listed one; the file is that of its day. */
function checkLeaf(walk: Walk, batch: ReadBatch, name: string, file_day: number): void {
  const { leaf, identity, hash } = batch;
  const { said } = walk;
  const { agent, epoch, seq, site } = identity;
  const same = leaf.agent === agent && leaf.epoch === epoch && leaf.seq === seq;
  if (!same || leaf.site !== site || !equalBytes(leaf.hash, hash)) {
    said.say('LEAF_OTHER', placeOf(leaf), { agent, epoch, seq });
  }
  if (site !== walk.site) said.say('HEADER_OTHER', placeOf(leaf), { site });
  walk.newest_ms = Math.max(walk.newest_ms, leaf.recv_ms);
  if (Math.floor(walk.newest_ms / DAY_MS) !== file_day) {
    said.say('BATCH_FILE', name, { agent, epoch, seq });
  }
}
