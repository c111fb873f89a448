/** Check 12, first part: what is not in the bundle, and whether it may be missing. */
import { PRIVATE_SECTIONS } from '../../measure/batch.ts';
import type { BundleManifest } from '../bundle/types.ts';
import type { LoggedDocument } from './documents.ts';
import type { Recorder } from './recorder.ts';
import { batchPlace, type WalkedBatch } from './walked-batch.ts';

export interface Withheld {
  /**
   * Says whether these sections of a batch may be missing. A masked bundle leaves computers out of
   * the figures: whatever results of theirs it holds would not be counted, so it may hold none.
   */
  sections(batch: WalkedBatch, names: readonly string[]): void;
  /** Whether results of computers are missing: only then rows of a full bundle may be left out. */
  readonly endpoints: boolean;
  /** Whether any results are missing. No figure and no day rests on the names of `identity`. */
  readonly results: boolean;
  /** What was masked, once for each section. */
  end(): void;
}

export function createWithheld(
  { masked }: BundleManifest,
  documents: readonly LoggedDocument[],
  said: Recorder,
): Withheld {
  const pruned = new Set<string>();
  for (const { content } of documents) {
    if (content.kind !== 'prune') continue;
    for (const month of content.said.months) pruned.add(`${content.said.section} ${month}`);
  }
  const found = new Set<string>();
  const told = new Set<string>();
  let hidden = 0;
  return {
    get endpoints() {
      return found.has('endpoints');
    },
    get results() {
      return found.has('endpoints') || found.has('infra');
    },
    sections(batch, names) {
      const { identity, record } = batch;
      for (const [at, { name }] of masked ? identity.sections.entries() : []) {
        if ((record.sections[at] ?? null) === null || !isPrivate(name)) continue;
        if (told.has(name)) continue;
        told.add(name);
        said.say('SECTION_SHOWN', batchPlace(batch), { section: name });
      }
      for (const name of names) {
        found.add(name);
        said.count('completeness', 'withheld');
        if (masked && isPrivate(name)) {
          hidden += 1;
          continue;
        }
        const month = new Date(batch.leaf.recv_ms).toISOString().slice(0, 7);
        const key = `${name} ${month}`;
        if (!pruned.has(key)) {
          said.say('SECTION_WITHHELD', batchPlace(batch), { section: name });
        } else if (!told.has(key)) {
          told.add(key);
          said.say('SECTION_PRUNED', batchPlace(batch), { section: name, month });
        }
      }
    },
    end() {
      if (masked) said.say('MASKED', 'batches/', { what: 'sections', count: hidden });
    },
  };
}

function isPrivate(name: string): boolean {
  return [...PRIVATE_SECTIONS].some((one) => one === name);
}
