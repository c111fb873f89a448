/** Turns what a bundle holds into what the judge reads: the same for its writer and its reader. */
import { equalBytes, fromBase64, toBase64 } from '../../bytes.ts';
import { LanProofError } from '../../errors.ts';
import { createInputs, ordinal } from '../../judge/replay/inputs.ts';
import type { JudgeInput } from '../../judge/types.ts';
import { SECTION_NAMES, type SectionName } from '../../measure/batch.ts';
import { type BatchIdentity, parseIdentity, readHeaderJson } from '../../measure/header.ts';
import { parseEnvelope } from '../dsse.ts';
import type { BundleAgent, BundleBatch, BundleLeaf } from './types.ts';

export interface FeedOptions {
  /** Origin of each log by its number. */
  readonly origins: ReadonlyMap<number, string>;
  /** As in the manifest: what each agent's first batch here follows. */
  readonly agents: readonly BundleAgent[];
  /** Inflates a stored section with its cap. Throws LanProofError SECTION_*. */
  readonly unpackSection: (name: SectionName, stored: Uint8Array) => Uint8Array;
}

/** Takes documents and batches together, in the order of their leaves. */
export interface Feed {
  /** Null: the judge reads nothing in it. `text` is the envelope, of which nothing is checked. */
  document(leaf: BundleLeaf, text: string): JudgeInput | null;
  /** The leaf's hash must be that of the batch: the chain is judged by it. */
  batch(leaf: BundleLeaf, batch: BundleBatch): JudgeInput;
}

/** The head of an agent's chain as far as it was fed. */
interface Head {
  readonly epoch: number;
  readonly seq: number;
  readonly hash: Uint8Array;
}

/**
 * Faults are told as the collector told them when the batches came: a batch that does not follow
 * the one before is `PREV_BROKEN`, one whose `infra` was deleted `BODY_MISSING`. Withheld
 * `endpoints` are no fault: their devices are left out of what is judged.
 */
export function createFeed({ origins, agents, unpackSection }: FeedOptions): Feed {
  const inputs = createInputs(origins);
  const heads = new Map<string, Head>();
  const firsts = new Map(agents.map((one) => [one.agent, one]));

  /** What the agent's batch at this place has to name as `prev`; null: it cannot be known. */
  const before = (agent: string, { epoch, seq }: BatchIdentity): Uint8Array | null => {
    const first = firsts.get(agent);
    // Documents reach further back than batches: the manifest says where these begin.
    if (first !== undefined) {
      firsts.delete(agent);
      if (first.before_hash !== null) return fromBase64(first.before_hash);
    }
    const head = heads.get(agent);
    return head?.epoch === epoch && head.seq === seq - 1 ? head.hash : null;
  };

  return {
    document(leaf, text) {
      const { agent, kind, epoch, seq, hash } = leaf;
      const payload = fromBase64(parseEnvelope(text).payload);
      const place = { kind, agent, epoch, seq, leaf: ordinal(leaf), hash: toBase64(hash) };
      const input = inputs.document(place, payload);
      // A restored collector ledgers the same enrolment again in the middle of its epoch.
      if (agent !== null && kind === 'enrol' && heads.get(agent)?.epoch !== epoch) {
        heads.set(agent, { epoch, seq: 0, hash });
      }
      if (agent !== null && input?.kind === 'hole') {
        const { next_prev } = JSON.parse(new TextDecoder().decode(payload));
        heads.set(agent, { epoch, seq: input.to_seq, hash: fromBase64(String(next_prev)) });
      }
      return input;
    },
    batch(leaf, { header, sections }) {
      const agent = leaf.agent ?? '';
      const json = readHeaderJson(header);
      const identity = parseIdentity(json);
      const read = inflate(identity, sections, unpackSection);
      const { epoch, seq, recv_ms } = leaf;
      const place = { leaf: ordinal(leaf), recv_ms, agent, epoch, seq };
      const input = inputs.batch(place, json, read.inflated);
      const prev = before(agent, identity);
      heads.set(agent, { epoch, seq, hash: leaf.hash });
      if (input.kind !== 'batch') return input;
      if (prev === null || !equalBytes(prev, fromBase64(identity.prev))) {
        return { ...input, sections: [], fault: 'PREV_BROKEN' };
      }
      return read.fault === null ? input : { ...input, fault: input.fault ?? read.fault };
    },
  };
}

function inflate(
  { sections }: BatchIdentity,
  parts: BundleBatch['sections'],
  unpackSection: FeedOptions['unpackSection'],
): { inflated: Map<string, Uint8Array>; fault: string | null } {
  const inflated = new Map<string, Uint8Array>();
  let fault: string | null = null;
  for (const [at, section] of sections.entries()) {
    const name = SECTION_NAMES.find((known) => known === section.name);
    if (name === undefined || name === 'identity') continue;
    const part = parts[at] ?? null;
    if (part === null) {
      if (name === 'infra') fault ??= 'BODY_MISSING';
      continue;
    }
    try {
      inflated.set(name, unpackSection(name, part));
    } catch (error) {
      if (!(error instanceof LanProofError)) throw error;
      fault ??= error.code;
    }
  }
  return { inflated, fault };
}
