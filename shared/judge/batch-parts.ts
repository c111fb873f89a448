import { LanProofError } from '../errors.ts';
import type { BatchHeader, ResultSection } from '../measure/batch.ts';
import { parseResultSection } from '../measure/section.ts';
import type { MeasuredTarget } from '../measure/targets.ts';

/** Sections that carry results; `identity` is read by nobody who makes figures. */
const RESULT_SECTIONS = ['infra', 'endpoints'] as const;

/** What could be read of a batch; `fault` is the code of the first thing that could not. */
export interface BatchParts {
  readonly header: BatchHeader | null;
  readonly sections: readonly ResultSection[];
  readonly fault: string | null;
  /** The fault with its place and fix, for the log; only where the batch was just read. */
  readonly problem?: LanProofError;
}

/** What a header's list says of the targets of its batch. */
export interface MeasuredList {
  readonly version: number;
  readonly targets: readonly MeasuredTarget[];
}

/**
 * Reads the result sections (inflated JSON by name) of a batch by the list that its header names,
 * null where that was never given out. Never throws for what the sender did: a fault is a code,
 * and what is faulty is left out.
 */
export function partsOf(
  header: BatchHeader,
  list: MeasuredList | null,
  inflated: ReadonlyMap<string, Uint8Array>,
): BatchParts {
  if (list === null) return faultyParts(header, listProblem('LIST_UNKNOWN', 'list.hash'));
  if (list.version !== header.list.version) {
    return faultyParts(header, listProblem('LIST_VERSION', 'list.version'));
  }
  const sections: ResultSection[] = [];
  let problem: LanProofError | undefined;
  for (const name of RESULT_SECTIONS) {
    const json = inflated.get(name);
    if (json === undefined) continue;
    try {
      sections.push(parseResultSection(json, list, name));
    } catch (error) {
      problem ??= asProblem(error);
    }
  }
  if (problem === undefined) return { header, sections, fault: null };
  return { header, sections, fault: problem.code, problem };
}

/** A batch of which nothing more can be read. */
export function faultyParts(header: BatchHeader | null, problem: LanProofError): BatchParts {
  return { header, sections: [], fault: problem.code, problem };
}

/** What a parser threw as a fault of the batch; anything else is a fault of the program. */
export function asProblem(error: unknown): LanProofError {
  if (error instanceof LanProofError) return error;
  throw error;
}

function listProblem(code: 'LIST_UNKNOWN' | 'LIST_VERSION', place: string): LanProofError {
  return new LanProofError(code, 'the batch names a target list that was never given out', {
    hint: 'the batch is kept as unreadable; restart the agent so that it fetches its list again',
    place,
    fatal: false,
  });
}
