/** Check 5, first half: each log says at its first leaf which one it follows, and who signs. */
import { equalBytes, fromBase64 } from '../../bytes.ts';
import type { Policy } from '../bundle/policy.ts';
import type { BundleDocument } from '../bundle/types.ts';
import type { Crypto } from '../crypto.ts';
import { openDocument } from '../document-reading.ts';
import { documentHash, type LogOpen } from '../documents.ts';
import type { VerifiedLog } from './logs.ts';
import { payloadBytes, payloadMembers } from './payload.ts';
import { problemOf } from './problem.ts';
import type { Recorder } from './recorder.ts';

/** What is known of the document key of each log, by the log's number. */
export type LogOpens = ReadonlyMap<number, LogOpen>;

/**
 * Reads leaf 0 of every log; a log without one has no document key. Where the leaves are not proved
 * (check 9 says so) it is read all the same, so that later checks name what else is wrong.
 */
export function readLogOpens(
  crypto: Crypto,
  logs: readonly VerifiedLog[],
  documents: readonly BundleDocument[],
  policy: Policy,
  said: Recorder,
): LogOpens {
  const opens = new Map<number, LogOpen>();
  for (const [at, log] of logs.entries()) {
    const open = readOpen(crypto, log, documents, policy, said);
    if (open !== null) opens.set(log.log, open);
    if (open !== null || log.log !== at + 1) follows(logs[at - 1], log, at + 1, open, said);
  }
  return opens;
}

function readOpen(
  crypto: Crypto,
  verified: VerifiedLog,
  documents: readonly BundleDocument[],
  policy: Policy,
  said: Recorder,
): LogOpen | null {
  const { log, head, leaves } = verified;
  const place = `log ${log} leaf 0`;
  const [leaf] = leaves;
  const text = documents.find((one) => one.log === log && one.leaf === 0)?.text ?? null;
  if (leaf?.leaf !== 0 || leaf.kind !== 'log-open' || text === null) {
    said.say('LOG_OPEN_MISSING', place, { log: head.origin });
    return null;
  }
  const wrong = (problem: string): null => {
    said.say('LOG_OPEN_FALSE', place, { log: head.origin, problem });
    return null;
  };
  try {
    if (!equalBytes(documentHash(crypto, text), leaf.hash)) return wrong('HASH');
    // It names the key that signed it: what makes it true is its place in the signed log.
    const { document_key } = payloadMembers(payloadBytes(text));
    const open = openDocument(crypto, text, 'log-open', fromBase64(String(document_key)));
    const key = policy.logs.find(({ name }) => name === head.origin)?.publicKey;
    if (open.log !== head.origin) return wrong('OTHER_LOG');
    if (key === undefined || !equalBytes(fromBase64(open.log_key), key)) return wrong('LOG_KEY');
    return open;
  } catch (error) {
    return wrong(problemOf(error).problem);
  }
}

/**
 * Logs are numbered from 1 without a hole, and log n + 1 names the very head of log n that is in
 * the bundle: what a log that is not here held would be missing without a word.
 */
function follows(
  before: VerifiedLog | undefined,
  { log, head: { origin } }: VerifiedLog,
  number: number,
  open: LogOpen | null,
  said: Recorder,
): void {
  const place = `log ${log} leaf 0`;
  const previous = open?.previous ?? null;
  const isNext = log === number;
  if (before === undefined) {
    if (isNext && previous === null) return;
    said.say('LOG_BREAK', place, { log: origin, previous: previous?.log ?? '-' });
    return;
  }
  const { head } = before;
  const root = previous === null ? new Uint8Array() : fromBase64(previous.root);
  const isHead =
    previous?.log === head.origin && previous.size === head.size && equalBytes(root, head.root);
  if (isNext && isHead) {
    const { size, reason } = previous;
    said.say('LOG_REOPENED', place, { log: origin, previous: head.origin, size, reason });
  } else {
    said.say('LOG_BREAK', place, { log: origin, previous: head.origin });
  }
}
