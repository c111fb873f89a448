import type { JudgeInput } from './types.ts';

/** From an ordinal on, what the agent's keys of this epoch signed is not the agent's word. */
export interface Revocation {
  readonly agent: string;
  readonly epoch: number;
  /** Ordinal of the first leaf that counts no more. */
  readonly from: number;
}

/**
 * Marks a batch that a revocation covers. A revocation may reach behind itself, so its reader knows
 * all of them before the first batch is folded: figures are a function of the ledger's prefix.
 */
export function disown(input: JudgeInput, revocations: readonly Revocation[]): JudgeInput {
  if (input.kind !== 'batch' || revocations.length === 0) return input;
  const revoked = isRevoked(input, revocations);
  return revoked ? { ...input, revoked } : input;
}

/** Whether a revocation covers the batch of an agent's epoch at this leaf (ordinal). */
export function isRevoked(
  batch: { readonly agent: string; readonly epoch: number; readonly leaf: number },
  revocations: readonly Revocation[],
): boolean {
  const { agent, epoch, leaf } = batch;
  return revocations.some((one) => one.agent === agent && one.epoch === epoch && leaf >= one.from);
}
