/** Writes a world as a bundle: everything is made anew that the forger's keys can sign. */
import { concat, toBase64, utf8 } from '../../shared/bytes.ts';
import { encodeBatch } from '../../shared/evidence/bundle/batches.ts';
import { formatDaily } from '../../shared/evidence/bundle/daily.ts';
import { formatDocuments } from '../../shared/evidence/bundle/documents.ts';
import { formatLeaves, parseLeaves } from '../../shared/evidence/bundle/leaves.ts';
import { batchesName, entryKind, logFileName } from '../../shared/evidence/bundle/names.ts';
import { formatConsistency, formatInclusion } from '../../shared/evidence/bundle/proofs.ts';
import type { BundleDay, BundleLeaf } from '../../shared/evidence/bundle/types.ts';
import { batchHash, signBatch } from '../../shared/evidence/chain.ts';
import { formatCheckpoint, signCheckpoint } from '../../shared/evidence/checkpoint.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { documentHash, documentType } from '../../shared/evidence/documents.ts';
import { serializeEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import { hashLeaf } from '../../shared/evidence/leaf.ts';
import {
  consistencyProof,
  type GetHash,
  nodeHash,
  rangeRoot,
  rootFromLeaves,
} from '../../shared/evidence/merkle.ts';
import { missingRanges } from '../../shared/evidence/multiproof.ts';
import { figuresText } from '../../shared/judge/replay/figures-file.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { type Parts, resign, textOf } from '../support/tamper.ts';
import { verified } from '../support/verify-kit.ts';
import {
  headerOf,
  type Item,
  itemsOf,
  payloadOf,
  rewrite,
  saidOf,
  say,
  sizeOf,
  type World,
  type WorldLog,
} from './world.ts';

const crypto = createNodeCrypto();
const DAY_MS = 86_400_000;

/** Keys in the forger's hand; without the agent's, batches and holes stay as they are. */
export interface ForgerKeys {
  readonly log: Signer;
  readonly document: Signer;
  readonly agent: Signer | null;
}

interface WrittenLog {
  readonly leaves: BundleLeaf[];
  readonly hashes: Uint8Array[];
  readonly sizes: Set<number>;
}

/** One agent's link that the next batch must follow. */
interface Head {
  seq: number;
  hash: Uint8Array;
}

/** The bundle of a world; figures are those that its own content gives. */
export async function writeWorld(world: World, keys: ForgerKeys): Promise<Uint8Array> {
  const parts = writeParts(world, keys);
  return await withOwnFigures(parts, keys.document, world);
}

/** All files that are made from the logs. The figures are still the old ones. */
export function writeParts(world: World, keys: ForgerKeys): Parts {
  const parts: Parts = new Map(world.parts);
  for (const name of [...parts.keys()]) {
    if (entryKind(name)?.kind === 'batches' || name.startsWith('logs/')) parts.delete(name);
  }
  /** What the forger made anew is named by its new hash everywhere. */
  const renamed = new Map<string, string>();
  const heads = new Map<string, Head>();
  const written: WrittenLog[] = [];
  for (const [at, log] of world.logs.entries()) {
    const before = world.logs[at - 1];
    const [open] = log.items;
    const last = written.at(-1);
    if (open?.follows === true && before !== undefined && last !== undefined) {
      follow(open, before, last);
    }
    written.push(writeLog(world, log, keys, renamed, heads));
  }
  noteAnchors(world, written);
  for (const [at, log] of world.logs.entries()) putLog(parts, log, written[at], keys);
  const all = world.logs.flatMap(({ items }, log) =>
    items.map((item, leaf) => ({ item, leaf, log: world.logs[log]?.log ?? 0 })),
  );
  const documents = all.filter(({ item }) => item.leaf.kind !== 'batch');
  parts.set(
    'documents.ndjson',
    utf8(formatDocuments(documents.map(({ item, leaf, log }) => ({ log, leaf, text: item.text })))),
  );
  putBatches(parts, world);
  const last = world.logs.length;
  const size = written.at(-1)?.leaves.length ?? 0;
  const origin = world.logs.at(-1)?.origin ?? '';
  const begin = all.find(({ item }) => item === world.begin);
  world.manifest = {
    ...world.manifest,
    as_of: { ...world.manifest.as_of, log: origin, size },
    begin: begin === undefined ? null : { log: begin.log, leaf: begin.leaf },
  };
  if (last === 0) throw new Error('a world without a log');
  return parts;
}

/** Whoever can compute them writes the right figures beside false evidence. */
export async function withOwnFigures(
  parts: Parts,
  documentKey: Signer,
  world: Pick<World, 'manifest'>,
): Promise<Uint8Array> {
  const bytes = resign(parts, documentKey, () => world.manifest);
  const { figures } = await verified(bytes);
  if (figures === null) return bytes;
  parts.set('figures.json', utf8(figuresText(figures)));
  return resign(parts, documentKey, () => world.manifest);
}

function writeLog(
  world: World,
  log: WorldLog,
  keys: ForgerKeys,
  renamed: Map<string, string>,
  heads: Map<string, Head>,
): WrittenLog {
  const written: WrittenLog = { leaves: [], hashes: [], sizes: new Set() };
  for (const [leaf, item] of log.items.entries()) {
    if (item.prove !== undefined) anchorAgain(log, item, written);
    const hash =
      item.batch === null
        ? writeDocument(item, keys, renamed, heads)
        : writeBatch(world, log, item, keys, renamed, heads, written);
    const one = { ...item.leaf, hash, leaf, log: log.log };
    written.leaves.push(one);
    written.hashes.push(hashLeaf(crypto, one));
    noteSize(item, log, written);
  }
  return written;
}

/** A log-open names the log before it, but for what the forger wants it to say. */
function follow(open: Item, { origin }: WorldLog, { hashes }: WrittenLog): void {
  const root = toBase64(rootFromLeaves(crypto, hashes));
  const head = { log: origin, size: hashes.length, root };
  say(open, (said) => {
    said.previous = { ...head, ...said.previous };
  });
}

/** An anchor over what stands in front of it. */
function anchorAgain({ origin }: WorldLog, item: Item, { hashes }: WrittenLog): void {
  const root = rootFromLeaves(crypto, hashes);
  const size = hashes.length;
  const proof = item.prove?.(formatCheckpoint({ origin, size, root }), item.leaf.recv_ms);
  if (proof === undefined) return;
  say(item, (said) => {
    Object.assign(said, { log: origin, size, root: toBase64(root), proof: toBase64(proof) });
  });
}

/** An anchor of a closed log may be a leaf of a later one. */
function noteAnchors({ logs }: World, written: readonly WrittenLog[]): void {
  for (const item of logs.flatMap(({ items }) => items)) {
    if (item.leaf.kind !== 'anchor') continue;
    const { log: origin, size } = saidOf(item);
    const at = logs.findIndex((log) => log.origin === origin && size <= log.items.length);
    written[at]?.sizes.add(size);
  }
}

function noteSize(item: Item, log: WorldLog, { sizes }: WrittenLog): void {
  if (item.batch === null) return;
  const { seen } = headerOf(item);
  const inside = seen?.log === log.origin && seen.size <= log.items.length;
  if (seen?.checkpoint !== undefined && inside) sizes.add(seen.size);
}

function writeDocument(
  item: Item,
  { document, agent }: ForgerKeys,
  renamed: Map<string, string>,
  heads: Map<string, Head>,
): Uint8Array {
  const { kind } = item.leaf;
  const before = item.text ?? '';
  const old = toBase64(documentHash(crypto, before));
  for (const [from, to] of renamed) {
    if (!saidText(item).includes(from)) continue;
    say(item, (said) => replaceAll(said, from, to));
  }
  const chain = `${item.leaf.agent} ${item.leaf.epoch}`;
  if (kind === 'hole') {
    const { from_seq, to_seq, next_prev } = saidOf(item);
    const head = heads.get(chain);
    if (agent !== null && head !== undefined && item.frozen !== true) {
      const shift = head.seq + 1 - from_seq;
      if (shift !== 0) {
        say(item, (said) =>
          Object.assign(said, { from_seq: from_seq + shift, to_seq: to_seq + shift }),
        );
        item.leaf = { ...item.leaf, seq: from_seq + shift };
      }
    }
    heads.set(chain, {
      seq: saidOf(item).to_seq,
      hash: new Uint8Array(Buffer.from(next_prev, 'base64')),
    });
  }
  const signer = kind === 'hole' ? agent : kind === 'rotate' ? null : document;
  if (signer !== null && item.frozen !== true) {
    const envelope = signEnvelope(signer, documentType(kind), payloadOf(item.text ?? ''), crypto);
    item.text = serializeEnvelope(envelope);
  }
  const hash = documentHash(crypto, item.text ?? '');
  if (toBase64(hash) !== old) renamed.set(old, toBase64(hash));
  if (kind === 'enrol') heads.set(chain, { seq: 0, hash });
  return hash;
}

function saidText({ text }: Item): string {
  return Buffer.from(payloadOf(text ?? '')).toString('utf8');
}

function writeBatch(
  { manifest }: World,
  log: WorldLog,
  item: Item,
  { agent: agentKey, log: logKey }: ForgerKeys,
  renamed: ReadonlyMap<string, string>,
  heads: Map<string, Head>,
  { hashes }: WrittenLog,
): Uint8Array {
  const { batch } = item;
  if (batch === null) throw new Error('no batch');
  const agent = item.signer ?? agentKey;
  const chain = `${item.leaf.agent} ${item.leaf.epoch}`;
  const head = heads.get(chain);
  if (agent !== null && item.frozen !== true && head !== undefined) {
    const old = toBase64(batchHash(crypto, batch.header));
    rewrite(item, (header) => {
      header.site = manifest.site;
      header.seq = head.seq + 1;
      header.prev = toBase64(head.hash);
      header.list.hash = renamed.get(header.list.hash) ?? header.list.hash;
      if (header.seen.log === log.origin) {
        header.seen.size = Math.min(header.seen.size, hashes.length);
        if (header.seen.checkpoint !== undefined && log.kept === undefined) {
          header.seen.checkpoint = note(log.origin, hashes.slice(0, header.seen.size), logKey);
        }
      }
    });
    item.leaf = { ...item.leaf, seq: head.seq + 1 };
    const { header } = item.batch ?? batch;
    item.batch = { ...(item.batch ?? batch), header, signature: signBatch(agent, header) };
    if (renamed instanceof Map) renamed.set(old, toBase64(batchHash(crypto, header)));
  }
  const hash = batchHash(crypto, item.batch?.header ?? batch.header);
  const { seq } = item.leaf;
  heads.set(chain, { seq, hash });
  return hash;
}

/** The head of so many leaves under a log's key. */
export function note(origin: string, hashes: readonly Uint8Array[], logKey: Signer): string {
  const root = rootFromLeaves(crypto, hashes);
  return signCheckpoint(crypto, logKey, { origin, size: hashes.length, root });
}

function replaceAll(said: Record<string, unknown>, from: string, to: string): void {
  for (const [name, value] of Object.entries(said)) {
    if (value === from) said[name] = to;
  }
}

/** Head, leaves, proofs and counts of a log. */
function putLog(
  parts: Parts,
  { log, origin, items, kept }: WorldLog,
  written: WrittenLog | undefined,
  keys: ForgerKeys,
): void {
  if (written === undefined) return;
  const { leaves, hashes, sizes } = written;
  const size = leaves.length;
  const head = { origin, size };
  const getHash = hashGetter(hashes);
  const put = (file: Parameters<typeof logFileName>[1], text: string): void =>
    void parts.set(logFileName(log, file), utf8(text));
  put('checkpoint', kept ?? note(origin, hashes, keys.log));
  if (kept !== undefined) sizes.add(sizeOf(kept));
  put('leaves', formatLeaves(head, leaves));
  const listed = leaves.map(({ leaf }) => leaf);
  const rest = [...missingRanges(size, listed)].map(([lo, hi]) =>
    rangeRoot(crypto, lo, hi, getHash),
  );
  parts.set(logFileName(log, 'inclusion'), formatInclusion(rest));
  const older = [...sizes].filter((at) => at >= 1 && at <= size).sort((a, b) => a - b);
  put(
    'consistency',
    formatConsistency(
      head,
      older.map((at) => ({ at, hashes: consistencyProof(crypto, at, size, getHash) })),
    ),
  );
  put('daily', formatDaily(head, daysOf(items)));
}

function daysOf(items: readonly Item[]): BundleDay[] {
  const days: { -readonly [Member in keyof BundleDay]: BundleDay[Member] }[] = [];
  let newest_ms = -1;
  for (const [at, { leaf }] of items.entries()) {
    newest_ms = Math.max(newest_ms, leaf.recv_ms);
    const day = new Date(newest_ms - (newest_ms % DAY_MS)).toISOString().slice(0, 10);
    if (days.at(-1)?.day !== day) {
      days.push({ day, first: at, leaves: 0, site_batches: 0, site_documents: 0 });
    }
    const today = days.at(-1);
    if (today === undefined) continue;
    today.leaves += 1;
    if (leaf.kind === 'batch') today.site_batches += 1;
    else if (leaf.site !== null) today.site_documents += 1;
  }
  return days;
}

function putBatches(parts: Parts, world: World): void {
  const files = new Map<string, Uint8Array[]>();
  let newest_ms = 0;
  for (const { leaf, batch } of itemsOf(world, 'batch')) {
    newest_ms = Math.max(newest_ms, leaf.recv_ms);
    const name = batchesName(newest_ms);
    if (batch !== null) files.set(name, [...(files.get(name) ?? []), encodeBatch(batch)]);
  }
  for (const [name, records] of files) parts.set(name, concat(...records));
}

function hashGetter(hashes: readonly Uint8Array[]): GetHash {
  const get: GetHash = (level, index) => {
    const leaf = hashes[index];
    if (level === 0 && leaf !== undefined) return leaf;
    return nodeHash(crypto, get(level - 1, index * 2), get(level - 1, index * 2 + 1));
  };
  return get;
}

/** The proof of the leaves that are still listed: whoever has the log can always make it. */
export function reprove(parts: Parts, untouched: Parts): void {
  const file = logFileName(1, 'leaves');
  const { size, leaves } = parseLeaves(textOf(untouched, file), 1);
  const hashes = leaves.map((leaf) => hashLeaf(crypto, leaf));
  const listed = parseLeaves(textOf(parts, file), 1).leaves.map(({ leaf }) => leaf);
  const missing = [...missingRanges(size, listed)].map(([lo, hi]) =>
    rootFromLeaves(crypto, hashes.slice(lo, hi)),
  );
  parts.set(logFileName(1, 'inclusion'), formatInclusion(missing));
}
