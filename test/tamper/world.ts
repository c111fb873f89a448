/** A bundle that holds all of its logs, as the things that it was made of. */
import { fromBase64, fromUtf8, utf8 } from '../../shared/bytes.ts';
import { decodeBatches } from '../../shared/evidence/bundle/batches.ts';
import { parseDocuments } from '../../shared/evidence/bundle/documents.ts';
import { parseLeaves } from '../../shared/evidence/bundle/leaves.ts';
import { parseStatement } from '../../shared/evidence/bundle/manifest.ts';
import { entryKind, MANIFEST_NAME } from '../../shared/evidence/bundle/names.ts';
import type { BundleBatch, BundleManifest } from '../../shared/evidence/bundle/types.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { Leaf } from '../../shared/evidence/leaf.ts';
import { type Parts, takeApart, textOf } from '../support/tamper.ts';

/** A leaf with what it stands for; its hash is made anew when the log is written. */
export interface Item {
  leaf: Omit<Leaf, 'hash'>;
  /** Of a document: its envelope, unless `payload` was changed. */
  text: string | null;
  batch: BundleBatch | null;
  /** Left as it is, whatever keys the forger has. */
  frozen?: boolean;
  /** Of a batch: signed with this key, whatever the agent's is. */
  signer?: Signer;
  /** Of a log-open: names the head of the log before it. */
  follows?: boolean;
  /** Of an anchor: vouches for the tree in front of it, whatever that has become. */
  prove?: (text: string, at_ms: number) => Uint8Array;
}

export interface WorldLog {
  readonly log: number;
  readonly origin: string;
  items: Item[];
  /** A smaller head that a lost key signed: nobody can sign another one. */
  kept?: string;
}

export interface World {
  /** Files that are not made from the logs. */
  readonly parts: Parts;
  logs: WorldLog[];
  manifest: BundleManifest;
  /** The document that judging begins with. */
  begin: Item | null;
}

/** JSON of a payload or header. */
// biome-ignore lint/suspicious/noExplicitAny: whoever tampers writes any member.
export type Json = any;

export async function readWorld(bundle: Uint8Array): Promise<World> {
  const parts = await takeApart(bundle);
  const { manifest } = parseStatement(payloadOf(textOf(parts, MANIFEST_NAME)));
  const documents = parseDocuments(textOf(parts, 'documents.ndjson'));
  const batches = [...parts]
    .filter(([name]) => entryKind(name)?.kind === 'batches')
    .flatMap(([name, bytes]) => [...decodeBatches(bytes, name)]);
  const logs: WorldLog[] = [];
  let begin: Item | null = null;
  for (let log = 1; parts.has(`logs/${log}/leaves.txt`); log++) {
    const { origin, size, leaves } = parseLeaves(textOf(parts, `logs/${log}/leaves.txt`), log);
    if (leaves.length !== size) throw new Error('the log holds more than the bundle');
    const items = leaves.map(({ leaf, log: _, hash: __, ...rest }): Item => {
      const text = documents.find((one) => one.log === log && one.leaf === leaf)?.text ?? null;
      const batch = rest.kind === 'batch' ? (batches.shift() ?? null) : null;
      return { leaf: rest, text, batch };
    });
    if (manifest.begin?.log === log) begin = items[manifest.begin.leaf] ?? null;
    const note = textOf(parts, `logs/${log}/checkpoint.txt`);
    logs.push({ log, origin, items, ...(sizeOf(note) < size ? { kept: note } : {}) });
  }
  return { parts, logs, manifest, begin };
}

/** Size that a checkpoint names. */
export function sizeOf(note: string): number {
  return Number(note.split('\n')[1]);
}

export function payloadOf(envelope: string): Uint8Array {
  return fromBase64(parseEnvelope(envelope).payload);
}

/** The last log: most worlds have but one. */
export function lastLog({ logs }: World): WorldLog {
  const log = logs.at(-1);
  if (log === undefined) throw new Error('no log');
  return log;
}

export function itemsOf(world: World, kind: Leaf['kind']): Item[] {
  return world.logs.flatMap(({ items }) => items.filter(({ leaf }) => leaf.kind === kind));
}

/** The nth item of a kind; negative from the end. */
export function itemOf(world: World, kind: Leaf['kind'], at = 0): Item {
  const found = itemsOf(world, kind).at(at);
  if (found === undefined) throw new Error(`no ${kind} number ${at}`);
  return found;
}

export function drop(world: World, ...gone: readonly Item[]): void {
  for (const log of world.logs) log.items = log.items.filter((item) => !gone.includes(item));
}

/** Behind another item, or at the end. */
export function insert(world: World, item: Item, behind?: Item): void {
  const log = lastLog(world);
  const at = behind === undefined ? log.items.length : log.items.indexOf(behind) + 1;
  log.items.splice(at, 0, item);
}

/** What a document says. */
export function saidOf({ text }: Item): Json {
  return JSON.parse(fromUtf8(payloadOf(text ?? '')));
}

/** Alters what a document says; it is signed when the world is written. */
export function say(item: Item, change: (said: Json) => void): void {
  const { payloadType, signatures } = parseEnvelope(item.text ?? '');
  const said = saidOf(item);
  change(said);
  const payload = Buffer.from(JSON.stringify(said)).toString('base64');
  item.text = JSON.stringify({ payloadType, payload, signatures });
}

/** A document of the site that nobody signed yet. */
export function paperItem(world: World, kind: Leaf['kind'], said: Json, recv_ms: number): Item {
  const whole = kind === 'prune' || kind === 'anchor';
  const { origin } = lastLog(world);
  const { site } = world.manifest;
  const head = { v: 1, log: origin, ...(whole ? {} : { site }), issued_ms: recv_ms, author: 'x' };
  const payload = Buffer.from(JSON.stringify({ ...head, ...said })).toString('base64');
  const payloadType = `application/vnd.lanproof.${kind}.v1+json`;
  const signatures = [{ keyid: 'x'.repeat(44), sig: Buffer.alloc(64).toString('base64') }];
  const agent = typeof said.agent === 'string' ? said.agent : null;
  const { epoch = 0 } = said;
  return {
    leaf: { kind, site: whole ? null : site, agent, epoch, seq: 0, recv_ms },
    text: JSON.stringify({ payloadType, payload, signatures }),
    batch: null,
  };
}

/** Header of a batch as JSON. */
export function headerOf({ batch }: Item): Json {
  return JSON.parse(fromUtf8(batch?.header ?? new Uint8Array()));
}

/** Alters the header of a batch; it is signed when the world is written. */
export function rewrite(item: Item, change: (header: Json) => void): void {
  if (item.batch === null) throw new Error('no batch');
  const header = headerOf(item);
  change(header);
  item.batch = { ...item.batch, header: utf8(JSON.stringify(header)) };
}
