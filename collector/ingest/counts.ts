import type { Admitted } from './admit.ts';
import type { IngestStats, SubmitResult } from './types.ts';

/** What happened to all that came, for metrics. */
export interface Counts {
  admitted(admitted: Admitted): void;
  hole(): void;
  /** Counts a refusal by its code; returns what it was given. */
  result(result: SubmitResult): SubmitResult;
  read(queued: number, groups: number): IngestStats;
}

export function createCounts(): Counts {
  const counts = { accepted: 0, duplicates: 0, faulty: 0, conflicts: 0, holes: 0 };
  const refused: Record<string, number> = {};
  return {
    admitted({ outcome, faulty }) {
      if (outcome === 'new') counts.accepted += 1;
      if (outcome === 'duplicate') counts.duplicates += 1;
      if (outcome === 'conflict') counts.conflicts += 1;
      if (faulty) counts.faulty += 1;
    },
    hole() {
      counts.holes += 1;
    },
    result(result) {
      if (result.kind === 'refused') refused[result.code] = (refused[result.code] ?? 0) + 1;
      return result;
    },
    read: (queued, groups) => ({ queued, groups, ...counts, refused: { ...refused } }),
  };
}
