/** Check 7, second half: every stored section is the one that the signed header names. */
import { equalBytes, fromBase64 } from '../../bytes.ts';
import { SECTION_NAMES, type SectionName } from '../../measure/batch.ts';
import type { Crypto } from '../crypto.ts';
import { problemOf } from './problem.ts';
import type { Recorder } from './recorder.ts';
import { batchPlace, type WalkedBatch } from './walked-batch.ts';

export interface SectionReader {
  readonly crypto: Crypto;
  readonly unpackSection: (name: SectionName, stored: Uint8Array) => Uint8Array;
  readonly said: Recorder;
}

export interface ReadSections {
  /** Inflated result sections by name. */
  readonly inflated: ReadonlyMap<string, Uint8Array>;
  /** Names of sections whose bytes are not in the bundle. */
  readonly withheld: readonly string[];
}

const NONE: readonly string[] = [];

/** Holds sections against the header, and inflates those that figures are made of. */
export function readSections(
  { crypto, unpackSection, said }: SectionReader,
  batch: Pick<WalkedBatch, 'identity' | 'record'>,
): ReadSections {
  const inflated = new Map<string, Uint8Array>();
  const withheld: string[] = [];
  const { identity, record } = batch;
  if (identity.sections.length !== record.sections.length) {
    const told = { named: identity.sections.length, found: record.sections.length };
    said.say('SECTION_COUNT', batchPlace(batch), told);
    return { inflated, withheld: NONE };
  }
  for (const [at, { name, bytes, sha256 }] of identity.sections.entries()) {
    const stored = record.sections[at] ?? null;
    if (stored === null) {
      withheld.push(name);
      continue;
    }
    said.count('signatures', 'sections');
    if (stored.length !== bytes || !equalBytes(crypto.sha256(stored), fromBase64(sha256))) {
      said.say('SECTION_HASH', batchPlace(batch), { section: name });
      continue;
    }
    const known = SECTION_NAMES.find((one) => one === name);
    if (known === undefined) continue;
    try {
      const json = unpackSection(known, stored);
      // No figure reads the names and addresses; that they can be read is checked all the same.
      if (known !== 'identity') inflated.set(known, json);
    } catch (error) {
      const { problem } = problemOf(error);
      said.say('SECTION_GZIP', batchPlace(batch), { section: name, problem });
    }
  }
  return { inflated, withheld };
}
