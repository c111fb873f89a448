/** Check 7, first half: whose signature a batch stands on. */
import { equalBytes } from '../../bytes.ts';
import { verifyBatchSignature } from '../chain.ts';
import type { Crypto } from '../crypto.ts';
import type { KeyBook } from './key-book.ts';
import type { Recorder } from './recorder.ts';
import { batchPlace, type WalkedBatch } from './walked-batch.ts';

const HOUR_MS = 3_600_000;

export interface SigningOptions {
  readonly crypto: Crypto;
  readonly keys: KeyBook;
  /** Every signature; else one an hour and those on which nothing later stands. */
  readonly every: boolean;
  readonly said: Recorder;
}

/** What is remembered of one agent's signatures. */
export interface Signed {
  /** Newest batch; null: none yet. */
  last: WalkedBatch | null;
  /** Its key. */
  key: Uint8Array | null;
  /** Whether its own signature was checked. */
  signed: boolean;
  /** Hour of receipt of the newest checked one. */
  hour: number;
  /** Batches that a later revocation says are not the agent's word; null: none of this epoch. */
  doubtful: Doubtful | null;
}

interface Doubtful {
  readonly place: string;
  readonly agent: string;
  readonly epoch: number;
  readonly from_seq: number;
  to_seq: number;
}

/** Which key, whether it counts here, and the signature where nothing later would prove it. */
export function checkSignature(
  options: SigningOptions,
  chain: Signed,
  batch: WalkedBatch,
  must: boolean,
): void {
  const { keys, said, every } = options;
  const { epoch, seq } = batch.identity;
  const agent = batch.leaf.agent ?? '';
  const key = keys.keyOf(agent, epoch, seq, batch.at);
  if (must) flush(options, chain);
  if (key === null) {
    said.say('KEY_UNKNOWN', batchPlace(batch), { agent, epoch });
    chain.key = null;
    return;
  }
  checkStanding(options, chain, batch);
  const changed = chain.key === null || !equalBytes(chain.key, key);
  if (changed) flush(options, chain);
  const hour = Math.floor(batch.leaf.recv_ms / HOUR_MS);
  const now = every || must || changed || hour !== chain.hour;
  chain.key = key;
  chain.hour = hour;
  chain.signed = now;
  if (now) verify(options, batch, key);
}

function checkStanding({ keys, said }: SigningOptions, chain: Signed, batch: WalkedBatch): void {
  const { epoch, seq } = batch.identity;
  const agent = batch.leaf.agent ?? '';
  const standing = keys.standing(agent, epoch, batch.at);
  if (standing === 'revoked') said.say('SIGNED_REVOKED', batchPlace(batch), { agent });
  if (standing !== 'doubtful') return;
  said.count('signatures', 'doubtful');
  if (chain.doubtful?.epoch !== epoch) {
    sayDoubtful(said, chain);
    chain.doubtful = { place: batchPlace(batch), agent, epoch, from_seq: seq, to_seq: seq };
  }
  chain.doubtful.to_seq = seq;
}

/** A revocation has no end inside an epoch: its many batches are told as one stretch. */
export function sayDoubtful(said: Recorder, chain: Signed): void {
  if (chain.doubtful === null) return;
  const { place, ...told } = chain.doubtful;
  said.say('SIGNED_DOUBTFUL', place, told);
  chain.doubtful = null;
}

/** The newest batch, if no later one will stand on it. */
export function flush(options: SigningOptions, chain: Signed): void {
  if (!chain.signed && chain.last !== null && chain.key !== null) {
    verify(options, chain.last, chain.key);
  }
  chain.signed = true;
}

function verify({ crypto, said }: SigningOptions, batch: WalkedBatch, key: Uint8Array): void {
  said.count('signatures', 'signatures');
  const { header, signature } = batch.record;
  if (verifyBatchSignature(crypto, key, header, signature)) return;
  const { epoch, seq } = batch.identity;
  said.say('SIGNATURE_FALSE', batchPlace(batch), { agent: batch.leaf.agent ?? '', epoch, seq });
}
