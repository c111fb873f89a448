/** Single random changes of a bundle: nothing that matters may change unseen. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { concat, equalBytes, utf8 } from '../../shared/bytes.ts';
import { encodeStatement, parseStatement } from '../../shared/evidence/bundle/manifest.ts';
import { MANIFEST_NAME } from '../../shared/evidence/bundle/names.ts';
import { STATEMENT_PAYLOAD } from '../../shared/evidence/bundle/types.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { parseEnvelope, serializeEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import type { Verdict } from '../../shared/evidence/verify/types.ts';
import { figuresText } from '../../shared/judge/replay/figures-file.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { type Parts, putTogether, resign, takeApart, textOf } from '../support/tamper.ts';
import { told, verified } from '../support/verify-kit.ts';
import type { Office } from './office.ts';
import { payloadOf } from './world.ts';

const crypto = createNodeCrypto();

/**
 * `raw`: the bytes of the zip. `fixed`: a file inside, with sizes, checksums and digests that fit
 * again, but the old signature. `signed`: the same under the document key.
 */
export const WAYS = ['raw', 'fixed', 'signed'] as const;
export type Way = (typeof WAYS)[number];

const CHANGES = [
  ...(['flip', 'set', 'delete', 'insert'] as const),
  ...(['swap', 'duplicate', 'truncate'] as const),
];
/** Longest range that is deleted, inserted or exchanged, bytes. */
const RANGE_BYTES_MAX = 64;
/** Places are shares of a length, in these parts: shrinking goes to the beginning. */
const PLACES = 1_000_000;

interface Mutation {
  readonly change: (typeof CHANGES)[number];
  /** Which file; of no meaning to `raw`. */
  readonly file: number;
  readonly at: number;
  readonly other: number;
  readonly length: number;
  readonly value: number;
}

const place = fc.integer({ min: 0, max: PLACES - 1 });
const MUTATION: fc.Arbitrary<Mutation> = fc.record({
  change: fc.constantFrom(...CHANGES),
  file: place,
  at: place,
  other: place,
  length: fc.integer({ min: 1, max: RANGE_BYTES_MAX }),
  value: fc.integer({ min: 0, max: 255 }),
});

export interface MutationCount {
  readonly runs: number;
  /** Mutants that failed; the others say the same as the untouched bundle. */
  readonly failed: number;
}

/**
 * Throws with seed and smallest mutation where one changes the outcome, the figures or anything
 * that is listed, and yet does not fail; both bundles are then kept in a folder that is named.
 */
export async function runMutations(
  office: Office,
  way: Way,
  runs: number,
  seed: number,
): Promise<MutationCount> {
  const { bundle, keys } = office;
  const clean = facts(await verified(bundle));
  let failed = 0;
  let kept: Uint8Array | null = null;
  const property = fc.asyncProperty(MUTATION, async (mutation) => {
    const mutant = await mutate(bundle, way, mutation, keys.document);
    // Some changes put there what was there: those are no mutations, and are not counted.
    fc.pre(mutant !== null && !equalBytes(mutant, bundle));
    if (mutant === null) return;
    kept = mutant;
    const verdict = await verified(mutant);
    if (verdict.outcome === 'fail') failed += 1;
    else assert.deepEqual(facts(verdict), clean);
  });
  try {
    await fc.assert(property, { numRuns: runs, seed, maxSkipsPerRun: 20 });
  } catch (cause) {
    const folder = mkdtempSync(join(tmpdir(), 'lanproof-mutant-'));
    writeFileSync(join(folder, 'untouched.zip'), bundle);
    writeFileSync(join(folder, 'mutant.zip'), kept ?? new Uint8Array());
    throw new Error(`a mutation was not seen (${way}, seed ${seed}): ${folder}`, { cause });
  }
  return { runs, failed };
}

/** Outcome, figures and everything listed; the hash of the file itself is another, of course. */
function facts(verdict: Verdict): unknown {
  const { outcome, figures, exposure, carried_in, gaps } = verdict;
  const text = figures === null ? null : figuresText(figures);
  return { outcome, figures: text, exposure, carried_in, gaps, listed: told(verdict) };
}

/** Null: there is nothing to change in this way. */
async function mutate(
  bundle: Uint8Array,
  way: Way,
  mutation: Mutation,
  documentKey: Signer,
): Promise<Uint8Array | null> {
  if (way === 'raw') return changed(bundle, mutation);
  const parts = await takeApart(bundle);
  const names = [...parts.keys()].sort();
  const name = names[mutation.file % names.length] ?? '';
  const other = names[mutation.other % names.length] ?? '';
  if (name === MANIFEST_NAME) return mutateManifest(parts, way, mutation, documentKey);
  const data = parts.get(name) ?? new Uint8Array();
  if (mutation.change === 'swap' && other !== MANIFEST_NAME) {
    parts.set(name, parts.get(other) ?? new Uint8Array());
    parts.set(other, data);
  } else if (mutation.change === 'duplicate') {
    // A bundle knows its names: a copy can only take the place of a file that may be missing.
    parts.set('verify.html', data);
  } else {
    parts.set(name, changed(data, mutation));
  }
  return way === 'signed' ? resign(parts, documentKey) : withDigests(parts);
}

/** The statement itself is altered: signed as it then is, or under the old signature. */
function mutateManifest(
  parts: Parts,
  way: Way,
  mutation: Mutation,
  documentKey: Signer,
): Uint8Array {
  const envelope = textOf(parts, MANIFEST_NAME);
  if (way === 'fixed') parts.set(MANIFEST_NAME, changed(utf8(envelope), mutation));
  else {
    const payload = changed(payloadOf(envelope), mutation);
    const signed = signEnvelope(documentKey, STATEMENT_PAYLOAD, payload, crypto);
    parts.set(MANIFEST_NAME, utf8(serializeEnvelope(signed)));
  }
  return putTogether(parts);
}

/** The manifest names the new digests, under the signature of the old ones. */
function withDigests(parts: Parts): Uint8Array {
  const envelope = parseEnvelope(textOf(parts, MANIFEST_NAME));
  const { manifest } = parseStatement(payloadOf(textOf(parts, MANIFEST_NAME)));
  const subjects = [...parts]
    .filter(([name]) => name !== MANIFEST_NAME)
    .map(([name, data]) => ({ name, sha256: createHash('sha256').update(data).digest('hex') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const payload = Buffer.from(encodeStatement({ subjects, manifest })).toString('base64');
  parts.set(MANIFEST_NAME, utf8(serializeEnvelope({ ...envelope, payload })));
  return putTogether(parts);
}

/** One change of bytes. */
function changed(data: Uint8Array, mutation: Mutation): Uint8Array {
  const { change, length, value } = mutation;
  const at = Math.floor((mutation.at / PLACES) * data.length);
  const other = Math.floor((mutation.other / PLACES) * data.length);
  const [head, tail] = [data.subarray(0, at), data.subarray(at)];
  const range = tail.subarray(0, length);
  switch (change) {
    case 'flip':
    case 'set': {
      const out = data.slice();
      if (out.length > 0) out[at] = change === 'set' ? value : (out[at] ?? 0) ^ (1 << (value & 7));
      return out;
    }
    case 'delete':
      return concat(head, tail.subarray(length));
    case 'insert':
      return concat(head, new Uint8Array(length).fill(value), tail);
    case 'duplicate':
      return concat(head, range, tail);
    case 'truncate':
      return head.slice();
    case 'swap': {
      const out = data.slice();
      const from = data.slice(other, other + range.length);
      out.set(range.subarray(0, from.length), other);
      out.set(from, at);
      return out;
    }
  }
}

/** From LANPROOF_SEED, so that a run can be had again; else another one each time. */
export function seedOf(env: string | undefined): number {
  const seed = Number(env ?? Date.now() % 1_000_000);
  if (!Number.isInteger(seed)) throw new Error('LANPROOF_SEED is a whole number');
  return seed;
}
