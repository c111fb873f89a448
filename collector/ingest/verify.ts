import { equalBytes, fromBase64 } from '../../shared/bytes.ts';
import { batchHash, verifyBatchSignature } from '../../shared/evidence/chain.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import type { BatchParts } from '../../shared/judge/batch-parts.ts';
import { SECTION_NAMES } from '../../shared/measure/batch.ts';
import {
  type BatchIdentity,
  type HeaderJson,
  parseIdentity,
  readHeaderJson,
} from '../../shared/measure/header.ts';
import { decodeWire, type WireBatch } from '../../shared/measure/wire.ts';
import { unpackSection } from '../../shared/node/section-bytes.ts';
import { type FindList, readParts } from '../judge/batch-parts.ts';
import type { EvidenceReads } from '../store/store-evidence.ts';
import { checkAgent, refuse, refusing } from './refusals.ts';

/** Keys remembered: agents of all sites of a country. */
const KEYS_HELD_MAX = 10_000;

/** A framed batch of which only the form is known. */
export interface Framed {
  readonly wire: WireBatch;
  /** The header's members; not checked beyond `identity`. */
  readonly json: HeaderJson;
  readonly identity: BatchIdentity;
  /** When it says that it was sealed; null if that cannot be read. Not checked. */
  readonly sealed_ms: number | null;
}

/** A batch that its agent's key signed and whose sections are what the header says. */
export interface VerifiedBatch extends Framed {
  readonly hash: Uint8Array;
  /** The key that the signature was checked with. */
  readonly key: Uint8Array;
  readonly parts: BatchParts;
}

export interface VerifyOptions {
  readonly crypto: Crypto;
  readonly store: EvidenceReads;
  readonly findList: FindList;
  /** Keys that signed lately, by site and agent. */
  readonly keys: Map<string, Uint8Array>;
}

/** Framing, size and the few members that every version of the header has. Throws Refusal. */
export function readFramed(body: Uint8Array): Framed {
  const wire = refusing(400, () => decodeWire(body));
  const json = refusing(400, () => readHeaderJson(wire.header));
  const identity = refusing(400, () => parseIdentity(json));
  const { sealed_ms } = json;
  return { wire, json, identity, sealed_ms: typeof sealed_ms === 'number' ? sealed_ms : null };
}

/**
 * Everything that can be checked without the chain: nothing of a refused batch is stored, while
 * what an authentic batch says wrongly is kept as a fault. Throws Refusal.
 */
export async function verifyBatch(options: VerifyOptions, framed: Framed): Promise<VerifiedBatch> {
  const { wire } = framed;
  const { crypto } = options;
  const key = await signingKey(options, framed);
  checkSections(crypto, framed);
  const parts = await readParts(framed.json, inflate(framed), options.findList);
  return { ...framed, hash: batchHash(crypto, wire.header), key, parts };
}

/**
 * The agent's key, if it signed the header. A remembered key saves a read; whether it is still
 * the agent's, and not revoked, is asked again where the batch is admitted.
 */
async function signingKey(options: VerifyOptions, framed: Framed): Promise<Uint8Array> {
  const { wire, identity } = framed;
  const signed = (key: Uint8Array): boolean =>
    verifyBatchSignature(options.crypto, key, wire.header, wire.signature);
  const name = `${identity.site} ${identity.agent}`;
  const known = options.keys.get(name);
  if (known !== undefined && signed(known)) return known;
  const { key } = checkAgent(await options.store.agent(identity.site, identity.agent));
  if (!signed(key)) {
    throw refuse(
      422,
      'SIGNATURE',
      'the header is not signed by the key of this agent',
      'an agent signs with the key that it was enrolled with; a cloned machine enrols again',
    );
  }
  if (options.keys.size >= KEYS_HELD_MAX) options.keys.clear();
  options.keys.set(name, key);
  return key;
}

function checkSections(crypto: Crypto, { wire, identity }: Framed): void {
  const { sections } = identity;
  if (sections.length !== wire.sections.length) {
    throw refuse(
      422,
      'SECTION_COUNT',
      `the header names ${sections.length} sections, ${wire.sections.length} came`,
      'send exactly the sections of the header, in its order',
    );
  }
  for (const [at, { name, bytes, sha256 }] of sections.entries()) {
    const part = wire.sections[at] ?? new Uint8Array();
    if (part.length === bytes && equalBytes(crypto.sha256(part), fromBase64(sha256))) continue;
    throw refuse(
      422,
      'SECTION_HASH',
      `section ${name} is not the one that the header names`,
      'send the bytes that were sealed; they are never packed anew',
    );
  }
}

/** Every known section must inflate, `identity` too: what cannot be read is never kept. */
function inflate({ wire, identity }: Framed): Map<string, Uint8Array> {
  const inflated = new Map<string, Uint8Array>();
  for (const [at, section] of identity.sections.entries()) {
    const name = SECTION_NAMES.find((known) => known === section.name);
    const part = wire.sections[at];
    if (name === undefined || part === undefined) continue;
    inflated.set(
      name,
      refusing(422, () => unpackSection(name, part)),
    );
  }
  return inflated;
}
