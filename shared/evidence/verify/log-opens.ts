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
  for (const { log, head, opening } of logs) {
    const place = `log ${log} leaf 0`;
    if (opening.open !== null) {
      opens.set(log, opening.open);
      const before = logs.find((one) => one.log === log - 1);
      follows(before, opening.open, place, said);
    } else if (opening.problem === null) {
      said.say('LOG_OPEN_MISSING', place, { log: head.origin });
    } else {
      said.say('LOG_OPEN_FALSE', place, { log: head.origin, problem: opening.problem });
    }
  }
  return opens;
}

/** Log n + 1 names the very head that log n has in the bundle. */
function follows(
  before: VerifiedLog | undefined,
  { previous, log: origin }: LogOpen,
  place: string,
  said: Recorder,
): void {
  if (before === undefined) {
    if (previous !== null) said.say('LOG_BREAK', place, { log: origin, previous: previous.log });
    return;
  }
  const { head, signed_size } = before;
  const root = previous === null ? new Uint8Array() : fromBase64(previous.root);
  if (
    previous?.log !== head.origin ||
    previous.size !== head.size ||
    !equalBytes(root, head.root)
  ) {
    said.say('LOG_BREAK', place, { log: origin, previous: head.origin });
    return;
  }
  const { size, reason } = previous;
  said.say('LOG_REOPENED', place, { log: origin, previous: head.origin, size, reason });
  if (signed_size === size) return;
  const told = { log: head.origin, signed: signed_size, closed: size };
  said.say('LOG_TAIL_UNSIGNED', logFileName(before.log, 'checkpoint'), told);
}
