import { LanProofError } from '../errors.ts';
import { type CodeRun, TICKS_MAX } from './batch.ts';
import { isRawCode, type RawCode } from './codes.ts';

/** Run-length strings of raw codes: `r12n3r45` is 12 answers, 3 losses, 45 answers. */

/** Neighbours of one code are joined; runs of 0 ticks are left out. */
export function encodeRuns(runs: readonly CodeRun[]): string {
  let out = '';
  let code: RawCode | undefined;
  let ticks = 0;
  for (const run of runs) {
    if (run.ticks === 0) continue;
    if (run.code !== code && code !== undefined) {
      out += code + ticks;
      ticks = 0;
    }
    code = run.code;
    ticks += run.ticks;
  }
  return code === undefined ? out : out + code + ticks;
}

/**
 * Strict: counts from 1 without leading zeros, no code twice in a row, at most TICKS_MAX ticks in
 * all, so that one history has one spelling. Throws LanProofError RUNS_FORMAT.
 */
export function decodeRuns(text: string): CodeRun[] {
  const runs: CodeRun[] = [];
  if (scanRuns(text, (code, ticks) => runs.push({ code, ticks })) < 0) {
    throw new LanProofError('RUNS_FORMAT', 'the run-length string is malformed', {
      hint: 'write code letter and count in turns, e.g. r12n3r45 (docs/formats/batch.md)',
    });
  }
  return runs;
}

/** Number of ticks of a strict run-length string, or −1 if it is none. Allocates nothing. */
export function countRuns(text: string): number {
  return scanRuns(text, ignore);
}

function ignore(): void {
  // Counting needs no runs.
}

function scanRuns(text: string, emit: (code: RawCode, ticks: number) => void): number {
  let total = 0;
  let at = 0;
  let before = '';
  while (at < text.length) {
    const code = text.charAt(at++);
    if (code === before || !isRawCode(code)) return -1;
    before = code;
    let ticks = 0;
    const first = at;
    for (; at < text.length; at++) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) break;
      ticks = ticks * 10 + digit;
      if (ticks > TICKS_MAX) return -1;
    }
    if (at === first || text.charCodeAt(first) === 48) return -1;
    total += ticks;
    if (total > TICKS_MAX) return -1;
    emit(code, ticks);
  }
  return total;
}
