/** Check 6: which key an agent signed with, by the place in the log and never by a time. */
import { equalBytes, fromBase64 } from '../../bytes.ts';
import { ordinal } from '../../judge/replay/inputs.ts';
import type { Revocation } from '../../judge/revoked.ts';
import type { BundleLeaf } from '../bundle/types.ts';
import type { Enrol, Hole } from '../documents.ts';
import type { Revoke, Rotate } from '../ledger-documents.ts';

/** A life of an agent's chain. */
export interface EpochKeys {
  readonly epoch: number;
  /** Hash of the enrol document: what its first batch follows. */
  readonly enrol_hash: Uint8Array;
  /** Ordinal of the enrol document's leaf. */
  readonly at: number;
  /** By ascending seq; each holds from its seq on. */
  readonly keys: { readonly key: Uint8Array; readonly from_seq: number }[];
}

export interface KeyBook {
  /** False: the epoch does not follow those before it, or is another document's already. */
  enrol(leaf: BundleLeaf, enrol: Enrol): boolean;
  /** False: there is no such epoch, or the old key is not the one in force. */
  rotate(rotate: Rotate): boolean;
  /** False: the epoch never had this key. `log` is the number of the log that it names. */
  revoke(leaf: BundleLeaf, revoke: Revoke, log: number): boolean;
  /** Epochs of an agent, ascending. */
  epochs(agent: string): readonly EpochKeys[];
  /** Of a batch; null: none was accepted by then. */
  keyOf(agent: string, epoch: number, seq: number, at: number): Uint8Array | null;
  /**
   * Those that may sign a hole: the key of its batches and, where the hole ends with that key, the
   * newest one so far, for whoever rotated has no other.
   */
  keysOfHole(hole: HolePlace, at: number): readonly Uint8Array[];
  /**
   * Whether a signature of the epoch counts at this place, whichever of its keys made it;
   * `doubtful`: it was accepted before anybody said that it does not.
   */
  standing(agent: string, epoch: number, at: number): 'good' | 'doubtful' | 'revoked';
  /** All revocations so far, as the judge reads them. */
  revocations(): Revocation[];
}

type HolePlace = Pick<Hole, 'agent' | 'epoch' | 'from_seq' | 'to_seq'>;

interface Revoked {
  readonly epoch: number;
  /** Ordinals: from where on it does not count, and where that was said. */
  readonly from: number;
  readonly said: number;
}

export function createKeyBook(): KeyBook {
  const agents = new Map<string, EpochKeys[]>();
  const revoked = new Map<string, Revoked[]>();
  const of = (agent: string): EpochKeys[] => agents.get(agent) ?? [];
  return {
    enrol(leaf, { agent, epoch, agent_key }) {
      const epochs = of(agent);
      const known = epochs.find((one) => one.epoch === epoch);
      // A restored collector ledgers the same document again.
      if (known !== undefined) return equalBytes(known.enrol_hash, leaf.hash);
      if (epoch <= (epochs.at(-1)?.epoch ?? 0)) return false;
      const keys = [{ key: fromBase64(agent_key), from_seq: 1 }];
      agents.set(agent, [...epochs, { epoch, enrol_hash: leaf.hash, at: ordinal(leaf), keys }]);
      return true;
    },
    rotate({ agent, epoch, after_seq, old_key, new_key }) {
      const found = of(agent).find((one) => one.epoch === epoch);
      const last = found?.keys.at(-1);
      if (found === undefined || last === undefined) return false;
      const begun = fromBase64(new_key);
      // A restored collector hears of the same rotation again, and then of those behind it.
      if (found.keys.some(({ key }) => equalBytes(key, begun))) return true;
      if (!equalBytes(last.key, fromBase64(old_key)) || after_seq + 1 < last.from_seq) return false;
      found.keys.push({ key: begun, from_seq: after_seq + 1 });
      return true;
    },
    revoke(leaf, { agent, epoch, agent_key, from_leaf }, log) {
      const key = fromBase64(agent_key);
      const found = of(agent).find((one) => one.epoch === epoch);
      if (!found?.keys.some((one) => equalBytes(one.key, key))) return false;
      const entry = { epoch, from: ordinal({ log, leaf: from_leaf }), said: ordinal(leaf) };
      revoked.set(agent, [...(revoked.get(agent) ?? []), entry]);
      return true;
    },
    epochs: of,
    keyOf(agent, epoch, seq, at) {
      const found = of(agent).find((one) => one.epoch === epoch);
      if (found === undefined || found.at > at) return null;
      return found.keys.findLast(({ from_seq }) => from_seq <= seq)?.key ?? null;
    },
    keysOfHole({ agent, epoch, from_seq, to_seq }, at) {
      const found = of(agent).find((one) => one.epoch === epoch);
      if (found === undefined || found.at > at) return [];
      const own = found.keys.findLastIndex((one) => one.from_seq <= from_seq);
      const ends = to_seq < (found.keys[own + 1]?.from_seq ?? 0);
      const signing = [found.keys[own], ends ? found.keys.at(-1) : undefined];
      return signing.flatMap((one) => (one === undefined ? [] : [one.key]));
    },
    standing(agent, epoch, at) {
      const mine = (revoked.get(agent) ?? []).filter((one) => one.epoch === epoch);
      if (mine.some(({ from, said }) => at >= from && at > said)) return 'revoked';
      return mine.some(({ from }) => at >= from) ? 'doubtful' : 'good';
    },
    revocations: () =>
      [...revoked].flatMap(([agent, all]) =>
        all.map(({ epoch, from }) => ({ agent, epoch, from })),
      ),
  };
}
