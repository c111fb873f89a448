import { LanProofError } from '../errors.ts';
import { jsonPath, type Problem } from '../problem.ts';

export type ConfigProblem = Problem;

/** More than one screen is not read; the number of the others is said. */
export const PROBLEMS_SHOWN_MAX = 20;

/**
 * What a person wrote cannot be used. Code `CONFIG_INVALID`; every problem with its own code,
 * place, message and fix stands in `problems` (only the first 20 in the message).
 */
export class ConfigError extends LanProofError {
  readonly problems: readonly ConfigProblem[];

  constructor(title: string, problems: readonly ConfigProblem[], cause?: unknown) {
    const first = problems[0];
    const place = first?.place;
    super('CONFIG_INVALID', configMessage(title, problems), {
      hint: first === undefined ? 'see the message' : first.fix,
      ...(place === undefined ? {} : { place }),
      ...(cause === undefined ? {} : { cause }),
    });
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** One problem as text: place, code, message on the first line, the fix on the second. */
export function describeProblem(problem: ConfigProblem): string {
  const path = jsonPath(problem.at);
  const where = problem.place === path || problem.at.length === 0 ? '' : ` (${path})`;
  return `${problem.place}: ${problem.code}: ${problem.message}${where}\n    fix: ${problem.fix}`;
}

function configMessage(title: string, problems: readonly ConfigProblem[]): string {
  const lines = problems.slice(0, PROBLEMS_SHOWN_MAX).map((p) => `  ${describeProblem(p)}`);
  const more = problems.length - PROBLEMS_SHOWN_MAX;
  if (more > 0) lines.push(`  … and ${more} more`);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${title} has ${count}:\n${lines.join('\n')}`;
}
