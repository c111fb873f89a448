/** Check 5, first half: each log says at its first leaf which one it follows, and who signs. */
import { equalBytes, fromBase64 } from '../../bytes.ts';
import { logFileName } from '../bundle/names.ts';
import type { LogOpen } from '../documents.ts';
import type { VerifiedLog } from './logs.ts';
import type { Recorder } from './recorder.ts';

/** What is known of the document key of each log, by the log's number. */
export type LogOpens = ReadonlyMap<number, LogOpen>;

/**
 * Says of every log what is wrong with its leaf 0. Where the leaves are not proved (check 9 says
 * so) it counts all the same, so that later checks name what else is wrong.
 */
export function checkLogOpens(logs: readonly VerifiedLog[], said: Recorder): LogOpens {
  const opens = new Map<number, LogOpen>();
  for (const [at, verified] of logs.entries()) {
    const { log, head, opening } = verified;
    const place = `log ${log} leaf 0`;
    if (opening.open !== null) opens.set(log, opening.open);
    else if (opening.problem === null) {
      said.say('LOG_OPEN_MISSING', place, { log: head.origin });
    } else said.say('LOG_OPEN_FALSE', place, { log: head.origin, problem: opening.problem });
    if (opening.open !== null || log !== at + 1) follows(logs[at - 1], verified, at + 1, said);
  }
  return opens;
}

/**
 * Logs are numbered from 1 without a hole, and log n + 1 names the very head of log n that is in
 * the bundle: what a log that is not here held would be missing without a word.
 */
function follows(
  before: VerifiedLog | undefined,
  { log, head: { origin }, opening }: VerifiedLog,
  number: number,
  said: Recorder,
): void {
  const place = `log ${log} leaf 0`;
  const previous = opening.open?.previous ?? null;
  const isNext = log === number;
  if (before === undefined) {
    if (isNext && previous === null) return;
    said.say('LOG_BREAK', place, { log: origin, previous: previous?.log ?? '-' });
    return;
  }
  const { head, signed_size } = before;
  const root = previous === null ? new Uint8Array() : fromBase64(previous.root);
  const isHead =
    previous?.log === head.origin && previous.size === head.size && equalBytes(root, head.root);
  if (!isNext || !isHead) {
    said.say('LOG_BREAK', place, { log: origin, previous: head.origin });
    return;
  }
  const { size, reason } = previous;
  said.say('LOG_REOPENED', place, { log: origin, previous: head.origin, size, reason });
  if (signed_size === size) return;
  const told = { log: head.origin, signed: signed_size, closed: size };
  said.say('LOG_TAIL_UNSIGNED', logFileName(before.log, 'checkpoint'), told);
}
