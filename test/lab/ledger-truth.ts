import assert from 'node:assert/strict';
import type { SpoolContent } from './agent-side.ts';
import type { KeptBatch } from './collector-side.ts';

const nameOf = ({ epoch, seq }: { epoch: number; seq: number }): string => `${epoch}/${seq}`;

/**
 * Compares the agent's spool with the collector's leaves by (epoch, seq, hash): what was
 * acknowledged is there, once, and is the same; nothing is there that the agent never sealed.
 */
export function assertNothingLost(spool: SpoolContent, kept: readonly KeptBatch[]): void {
  const leaves = new Map<string, string>();
  for (const batch of kept) {
    assert.ok(!leaves.has(nameOf(batch)), `batch ${nameOf(batch)} has two leaves`);
    leaves.set(nameOf(batch), batch.hash);
  }
  assert.ok(spool.sent_to > 0, 'something was acknowledged');
  for (const batch of spool.batches) {
    if (batch.seq > spool.sent_to) continue;
    assert.equal(leaves.get(nameOf(batch)), batch.hash, `batch ${nameOf(batch)}`);
  }
  const sealed = new Set(spool.batches.map(nameOf));
  for (const name of leaves.keys()) assert.ok(sealed.has(name), `batch ${name} was never sealed`);
}

/** Sequence numbers follow each other from 1 on, in every epoch. */
export function assertOneChain(headers: readonly Record<string, unknown>[]): void {
  let [epoch, seq] = [0, 0];
  for (const header of headers) {
    if (header.epoch !== epoch) [epoch, seq] = [Number(header.epoch), 0];
    seq += 1;
    assert.equal(header.seq, seq, `epoch ${epoch}`);
  }
}
