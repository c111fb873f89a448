import { equalBytes, fromBase64, toBase64 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { batchHash, verifyBatchSignature } from '../../../shared/evidence/chain.ts';
import { type BatchIdentity, parseIdentity } from '../../../shared/measure/header.ts';
import type { BatchRow, LeafRow, SectionRow } from '../../store/rows.ts';
import type { ChainPlace, Chains } from './chains.ts';
import { wordsOf } from './documents.ts';
import type { Tell, VerifyCounts, VerifyOptions } from './types.ts';

const HOUR_MS = 3_600_000;
/** A batch that was stored with this fault never followed the one before it. */
const KNOWN_BREAK = 'PREV_BROKEN';

/** Looks at batches; remembers for which hours a signature was checked. */
export interface BatchVerifier {
  verify(leaf: LeafRow, place: ChainPlace, tell: Tell): Promise<void>;
}

export function createBatchVerifier(
  options: VerifyOptions,
  chains: Chains,
  counts: VerifyCounts,
  pruned: () => ReadonlySet<string>,
): BatchVerifier {
  const { crypto, reads, every } = options;
  const hours = new Map<string, number>();

  const isSignatureDue = (
    { site, agent, epoch }: ChainPlace,
    key: Uint8Array | null,
    recv_ms: number,
  ): boolean => {
    // The first batch under a new key is always looked at.
    const name = `${site}/${agent}/${epoch}/${key === null ? '' : toBase64(key)}`;
    const hour = Math.floor(recv_ms / HOUR_MS);
    if (!every && hours.get(name) === hour) return false;
    hours.set(name, hour);
    return true;
  };

  const verifyChain = async (
    row: BatchRow,
    place: ChainPlace,
    prev: string,
    tell: Tell,
  ): Promise<void> => {
    const expected = await chains.prevOf(place);
    chains.passed(place, row.hash);
    if (row.fault === KNOWN_BREAK) return;
    if (expected === null) {
      tell('CHAIN', `neither batch ${place.seq - 1} nor a hole before it is stored`);
    } else if (!equalBytes(expected, fromBase64(prev))) {
      tell('CHAIN', 'it does not name the hash of what stands before it');
    }
  };

  return {
    async verify(leaf, place, tell) {
      const { site, agent, epoch, seq } = place;
      const row = await reads.batch(site, agent, epoch, seq);
      if (row === null || row.log !== leaf.log || row.leaf !== leaf.index) {
        tell('BATCH_MISSING', 'no batch is stored for this leaf');
        return;
      }
      counts.batches += 1;
      if (!equalBytes(batchHash(crypto, row.header), leaf.hash)) {
        tell('BATCH_HASH', 'the header is not the one that was leafed');
        return;
      }
      let identity: BatchIdentity;
      try {
        identity = parseIdentity(row.header);
      } catch (error) {
        tell('BATCH_HEADER', wordsOf(error));
        return;
      }
      const own = identity.site === site && identity.agent === agent;
      if (!own || identity.epoch !== epoch || identity.seq !== seq) {
        tell('BATCH_PLACE', `the header is of ${identity.site}/${identity.agent}`);
      }
      await verifyChain(row, place, identity.prev, tell);
      const key = await chains.keyOf(place);
      if (isSignatureDue(place, key, leaf.recv_ms)) {
        counts.signatures += 1;
        const signed = key !== null && verifyBatchSignature(crypto, key, row.header, row.signature);
        if (!signed) tell('BATCH_SIGNATURE', "the agent's key did not sign the header");
      }
      await verifySections(options, row, identity, counts, pruned(), tell);
    },
  };
}

async function verifySections(
  { crypto, reads }: VerifyOptions,
  row: BatchRow,
  { sections }: BatchIdentity,
  counts: VerifyCounts,
  pruned: ReadonlySet<string>,
  tell: Tell,
): Promise<void> {
  if (sections.map(({ name }) => name).join() !== row.sections.map(({ name }) => name).join()) {
    tell('SECTION_MISSING', 'the stored sections are not those that the header names');
    return;
  }
  for (const [at, { name, bytes, sha256 }] of sections.entries()) {
    const stored: SectionRow | undefined = row.sections[at];
    if (stored === undefined) continue;
    if (pruned.has(stored.file)) {
      counts.pruned += 1;
      continue;
    }
    let body: Uint8Array;
    try {
      body = await reads.readBody(stored);
    } catch (error) {
      // A disk that fails for a moment is no difference.
      if (!(error instanceof LanProofError) || !error.code.startsWith('BODY_')) throw error;
      tell('SECTION_MISSING', `section ${name}: ${error.message}`);
      continue;
    }
    counts.sections += 1;
    if (body.length === bytes && equalBytes(crypto.sha256(body), fromBase64(sha256))) continue;
    tell('SECTION_HASH', `section ${name} (${stored.file}:${stored.offset}) has other bytes`);
  }
}
