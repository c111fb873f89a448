/** Check 8: whether what a bundle holds of an agent begins where it may. */
import { knownTo } from '../../judge/replay/stretch.ts';
import { BUNDLE_BEFORE_MS, type BundleAgent, type BundleManifest } from '../bundle/types.ts';
import type { Hole } from '../documents.ts';
import type { KeyBook } from './key-book.ts';
import type { Recorder } from './recorder.ts';
import { batchPlace, type WalkedBatch } from './walked-batch.ts';

export interface StretchBeginOptions {
  readonly manifest: BundleManifest;
  readonly keys: KeyBook;
  /** All holes that are documents of the bundle. */
  readonly holes: readonly Hole[];
  readonly said: Recorder;
}

/**
 * Checks the first batch of an agent; true: the agent has earlier ones that are not here. A stretch
 * that begins inside the chain must begin early enough: its first batch closed before what is
 * judged reaches back to, so that nothing in front of it can be missing. In front of an agent's
 * very first batch there may be holes, which are told, and epochs without a batch: that those had
 * none is for the days of the log to say, of which each then has to list all it had.
 */
export function checkBegin(
  { manifest, keys, holes, said }: StretchBeginOptions,
  entry: BundleAgent,
  batch: WalkedBatch,
): boolean {
  const { agent, epoch, before_seq } = entry;
  const lost = holesBefore(holes, entry);
  const inside = before_seq > 0 && lost === null;
  const known_ms = knownTo(batch.header, batch.leaf.recv_ms);
  const early = known_ms !== null && known_ms < manifest.begin_ms - BUNDLE_BEFORE_MS;
  if (manifest.begin !== null && early) return inside || keys.epochs(agent)[0]?.epoch !== epoch;
  for (const { from_seq, to_seq, reason } of lost ?? []) {
    said.say('HOLE', batchPlace(batch), { agent, epoch, from_seq, to_seq, reason });
  }
  if (inside) said.say('STRETCH_BEGIN', batchPlace(batch), { agent, before_seq });
  return inside;
}

/** The holes that are all there is of the epoch before a stretch; null: there is more, or less. */
function holesBefore(holes: readonly Hole[], entry: BundleAgent): Hole[] | null {
  const before: Hole[] = [];
  const own = holes.filter(({ agent, epoch }) => agent === entry.agent && epoch === entry.epoch);
  for (const hole of own.sort((a, b) => a.from_seq - b.from_seq)) {
    if (hole.from_seq === (before.at(-1)?.to_seq ?? 0) + 1) before.push(hole);
    if (hole.to_seq >= entry.before_seq) break;
  }
  const last = before.at(-1);
  const fits = last?.to_seq === entry.before_seq && last.next_prev === entry.before_hash;
  return fits ? before : null;
}
