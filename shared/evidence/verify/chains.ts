/** Checks 7 and 8: the chain of each agent, and whose signatures it stands on. */
import { fromBase64 } from '../../bytes.ts';
import { knownTo } from '../../judge/replay/stretch.ts';
import { BUNDLE_AFTER_MS, type BundleAgent } from '../bundle/types.ts';
import { type ChainHead, checkLink } from '../chain.ts';
import type { Conflict, Hole } from '../documents.ts';
import { checkSignature, flush, type Signed, type SigningOptions, sayDoubtful } from './signing.ts';
import { createSilence } from './silence.ts';
import { checkBegin, type StretchBeginOptions } from './stretch-begin.ts';
import { batchPlace, type WalkedBatch } from './walked-batch.ts';

export interface ChainOptions extends SigningOptions, StretchBeginOptions {
  /** Whether a batch is proved to stand in the log. */
  readonly included: (batch: WalkedBatch) => boolean;
}

/** What a bundle holds of one agent; ordinals of leaves. */
export interface Stretch {
  /** Whether the agent sent batches before the first one. */
  readonly earlier: boolean;
  readonly first: number;
  readonly last: number;
  /** Whether the last one closed so late that nothing behind it is needed. */
  readonly reached: boolean;
}

/** Of one agent, in the order of the leaves. */
interface Chain extends Signed {
  earlier: boolean;
  head: ChainHead;
  /** The batch whose hash `head` is; null: a document or the manifest says it. */
  linked: WalkedBatch | null;
  first: number;
  reached: boolean;
}

export interface Chains {
  /** Takes the next batch; false: it does not follow, so the collector could not read it. */
  batch(batch: WalkedBatch): boolean;
  hole(hole: Hole, place: string): void;
  conflict(conflict: Conflict, place: string): void;
  /** Checks what no later batch stands on; says what there is of each agent. */
  end(): Stretch[];
}

export function createChains(options: ChainOptions): Chains {
  const { manifest, said } = options;
  const chains = new Map<string, Chain>();
  const silence = createSilence(manifest, said);
  const entries = new Map<string, BundleAgent>();
  for (const entry of manifest.agents) {
    if (!entries.has(entry.agent)) entries.set(entry.agent, entry);
  }

  const begin = (agent: string): Chain => {
    const entry = entries.get(agent);
    if (entry === undefined) said.say('AGENT_UNKNOWN', agent, { agent });
    const head = headOf(options, agent, entry);
    const chain: Chain = {
      ...{ head, linked: null, last: null, key: null, signed: true, hour: -1, doubtful: null },
      ...{ earlier: false, first: -1, reached: false },
    };
    chains.set(agent, chain);
    return chain;
  };

  return {
    batch(batch) {
      const { agent } = batch.leaf;
      if (agent === null) return false;
      const chain = chains.get(agent) ?? begin(agent);
      const entry = entries.get(agent);
      if (chain.last === null && entry !== undefined) {
        chain.earlier = checkBegin(options, entry, batch);
      }
      if (!enterEpoch(options, chain, agent, batch.identity.epoch, batchPlace(batch), batch.at)) {
        checkSignature(options, chain, batch, true);
        return false;
      }
      const verdict = checkLink(chain.head, batch.identity);
      if (verdict === 'replay') {
        said.say('CHAIN_REPEAT', batchPlace(batch), { agent, seq: batch.identity.seq });
        return false;
      }
      const follows = verdict === 'ok';
      if (!follows) sayBreak(options, chain, batch, verdict);
      checkSignature(options, chain, batch, !follows);
      const { epoch, seq } = batch.identity;
      chain.head = { epoch, seq, hash: batch.hash };
      [chain.last, chain.linked] = [batch, batch];
      if (chain.first < 0) chain.first = batch.at;
      const known_ms = knownTo(batch.header, batch.leaf.recv_ms);
      chain.reached ||= known_ms !== null && known_ms >= manifest.end_ms + BUNDLE_AFTER_MS;
      silence.batch(agent, batch);
      said.count('chain', 'batches');
      return follows;
    },
    hole(hole, place) {
      const { agent, epoch, from_seq, to_seq, next_prev, reason } = hole;
      const chain = chains.get(agent) ?? (entries.has(agent) ? begin(agent) : null);
      // Holes before or behind the stretch that the bundle holds say nothing about it.
      if (chain === null || chain.reached || epoch < chain.head.epoch) return;
      if (epoch === chain.head.epoch && to_seq <= chain.head.seq) return;
      if (!enterEpoch(options, chain, agent, epoch, place, Number.POSITIVE_INFINITY)) return;
      flush(options, chain);
      const told = { agent, epoch, from_seq, to_seq, reason };
      said.say(from_seq === chain.head.seq + 1 ? 'HOLE' : 'HOLE_UNFIT', place, told);
      chain.head = { epoch, seq: to_seq, hash: fromBase64(next_prev) };
      chain.linked = null;
      chain.hour = -1;
    },
    conflict({ agent, epoch, seq }, place) {
      const entry = entries.get(agent);
      // What was signed twice before or behind the stretch says nothing about it, either.
      if (entry === undefined || epoch < entry.epoch || chains.get(agent)?.reached === true) return;
      said.say('CONFLICT', place, { agent, epoch, seq });
    },
    end() {
      for (const chain of chains.values()) {
        flush(options, chain);
        sayDoubtful(said, chain);
      }
      silence.end();
      said.count('chain', 'agents', chains.size);
      return [...chains.values()].flatMap(({ earlier, first, last, reached }) =>
        last === null ? [] : [{ earlier, first, last: last.at, reached }],
      );
    },
  };
}

/** Where the agent's stretch begins: behind a batch, or behind its enrolment. */
function headOf({ keys }: ChainOptions, agent: string, entry: BundleAgent | undefined): ChainHead {
  const epochs = keys.epochs(agent);
  const epoch = entry?.epoch ?? epochs[0]?.epoch ?? 1;
  if (entry !== undefined && entry.before_hash !== null) {
    return { epoch, seq: entry.before_seq, hash: fromBase64(entry.before_hash) };
  }
  const enrolled = epochs.find((one) => one.epoch === epoch);
  return { epoch, seq: 0, hash: enrolled?.enrol_hash ?? new Uint8Array() };
}

/** False: the epoch was never enrolled by then, or is over. */
function enterEpoch(
  options: ChainOptions,
  chain: Chain,
  agent: string,
  epoch: number,
  place: string,
  at: number,
): boolean {
  if (epoch === chain.head.epoch && (chain.head.hash.length > 0 || epoch === 0)) return true;
  const { keys, said } = options;
  const enrolled = keys.epochs(agent).find((one) => one.epoch === epoch);
  if (epoch < chain.head.epoch || enrolled === undefined || enrolled.at > at) {
    said.say('EPOCH_UNKNOWN', place, { agent, epoch });
    return false;
  }
  flush(options, chain);
  said.say('EPOCH_NEW', place, { agent, epoch });
  chain.head = { epoch, seq: 0, hash: enrolled.enrol_hash };
  chain.linked = null;
  chain.key = null;
  return true;
}

function sayBreak(
  { said, included }: ChainOptions,
  { head, linked }: Chain,
  batch: WalkedBatch,
  verdict: string,
): void {
  const { epoch, seq } = batch.identity;
  const told = { agent: batch.leaf.agent ?? '', epoch, seq, expected: head.seq + 1 };
  if (verdict !== 'broken_prev') {
    said.say('CHAIN_GAP', batchPlace(batch), told);
    return;
  }
  // The agent itself may have signed a false link: then both sides stand in the log as they are.
  const logged = (linked === null || included(linked)) && included(batch);
  said.say(logged ? 'CHAIN_BREAK_LOGGED' : 'CHAIN_BROKEN', batchPlace(batch), told);
}
