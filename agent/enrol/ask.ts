import { LanProofError } from '../../shared/errors.ts';
import type { Envelope } from '../../shared/evidence/dsse.ts';
import type { EnrolAnswer } from '../../shared/measure/protocol.ts';
import { readError } from '../deliver/answers.ts';
import { Backoff, retryAfterMs } from '../deliver/backoff.ts';
import { type CollectorHttp, type HttpAnswer, jsonOf } from '../http.ts';

/**
 * How often the agent asks whether a person approved its key, ms. A collector answers 30 such
 * requests a minute and address: a few machines of one office wait beside each other.
 */
export const APPROVAL_POLL_MS = 10_000;
/** While a person decides, these pass: a line that fell, a proxy or its page in place of ours. */
const PASSING: readonly string[] = ['COLLECTOR_UNREACHABLE', 'PROXY_REFUSED', 'ANSWER_GARBAGE'];

export interface AskDeps {
  readonly monotonic_ms: () => number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number) => Promise<void>;
  /** A line for the person at the terminal. */
  readonly say: (line: string) => void;
  /** Ends a request that is under way, too. */
  readonly signal?: AbortSignal;
}

export type Approved = EnrolAnswer & { readonly status: 'approved' };

/** What became of one request: an answer, or why to ask again. */
type Outcome =
  | { readonly answer: EnrolAnswer }
  | { readonly passing: LanProofError; readonly retry_after_ms: number };

/**
 * Shows the token until a person approved the key of `code`. Once the collector has said that it
 * waits, nothing but a refusal ends that: a line that falls or a collector that restarts is asked
 * again, later each time. Throws the LanProofError of a refusal.
 */
export async function askUntilApproved(
  http: CollectorHttp,
  body: Uint8Array,
  code: string,
  deps: AskDeps,
): Promise<Approved> {
  const { say, sleep, monotonic_ms } = deps;
  const backoff = new Backoff(deps.random);
  let waits_since: number | undefined;
  for (;;) {
    const outcome = await askOnce(http, body, deps.signal);
    if ('passing' in outcome) {
      const { passing, retry_after_ms } = outcome;
      // Too many at once says nothing of this one: others may wait behind the same address.
      if (waits_since === undefined && passing.code !== 'TOO_MANY_REQUESTS') throw passing;
      const wait_ms = Math.max(APPROVAL_POLL_MS, backoff.next_ms(retry_after_ms));
      say(`no answer (${passing.code}); asking again in ${seconds(wait_ms)}`);
      await sleep(wait_ms);
      continue;
    }
    const { answer } = outcome;
    if (answer.status === 'approved') return answer;
    backoff.reset();
    if (waits_since === undefined) {
      waits_since = monotonic_ms();
      say(`Mã nhận diện máy đo (short code of this machine): ${code}`);
      say('A person compares it on the collector and approves this agent. Ctrl-C stops waiting;');
      say('the same command continues later.');
    } else say(`waiting for approval of ${code} (${seconds(monotonic_ms() - waits_since)})`);
    await sleep(APPROVAL_POLL_MS);
  }
}

async function askOnce(
  http: CollectorHttp,
  body: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const path = '/api/v1/agents/enrol';
  const headers = { 'content-type': 'application/json' };
  let answer: HttpAnswer;
  let value: unknown;
  try {
    answer = await http.send({ method: 'POST', path, headers, body }, signal);
    value = answer.status === 200 ? jsonOf(answer) : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof LanProofError) || !PASSING.includes(error.code)) throw error;
    return { passing: error, retry_after_ms: 0 };
  }
  if (answer.status === 200) return { answer: readEnrolAnswer(value) };
  const { code, message, hint } = readError(answer);
  const error = new LanProofError(code, message, { hint, place: http.url });
  if (answer.status !== 429 && answer.status < 500) throw error;
  const retry_after_ms = retryAfterMs(answer.headers['retry-after'], answer.headers.date);
  return { passing: error, retry_after_ms };
}

function readEnrolAnswer(value: unknown): EnrolAnswer {
  const said: { readonly [member: string]: unknown } = Object.assign({ status: '' }, value);
  const { status, enrol: document, log_open, checkpoint } = said;
  if (status === 'pending') return { status, short_code: '' };
  const fits = typeof document === 'object' && Array.isArray(log_open);
  if (status === 'approved' && fits && typeof checkpoint === 'string') {
    return { status, enrol: document as Envelope, log_open, checkpoint, time_ms: 0 };
  }
  throw new LanProofError('ANSWER_GARBAGE', 'the answer is no enrolment', {
    hint: 'check --collector: something else may answer there',
  });
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
