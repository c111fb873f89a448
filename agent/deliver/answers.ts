import { LanProofError } from '../../shared/errors.ts';
import type {
  BatchAnswer,
  NonceAnswer,
  ProofAnswer,
  ReintroduceAnswer,
} from '../../shared/measure/protocol.ts';
import { type HttpAnswer, jsonOf } from '../http.ts';
import { retryAfterMs } from './backoff.ts';

/** What an error answer says; answers of proxies are turned into the same form. */
export interface AnswerError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly expect: { readonly epoch: number; readonly seq: number } | undefined;
}

/** An answer that refuses. */
export interface Refused extends AnswerError {
  readonly status: number;
  /** How long the collector asks to wait, ms; 0: it does not say. */
  readonly retry_ms: number;
}

/** Longest text of an answer that is told on, characters. */
export const TEXT_CHARS_MAX = 300;

type Members = Readonly<Record<string, unknown>>;

/** @throws LanProofError ANSWER_GARBAGE unless it is a BatchAnswer. */
export function readBatchAnswer(value: unknown): BatchAnswer {
  const answer = members(value);
  const { checkpoint, renew, duplicate, leaf, list_version, time_ms } = answer;
  const fits =
    answer.accepted === true &&
    typeof checkpoint === 'string' &&
    Number.isSafeInteger(list_version) &&
    Number.isFinite(time_ms);
  if (!fits) throw garbage('no answer to a batch');
  return {
    accepted: true,
    duplicate: duplicate === true,
    leaf: typeof leaf === 'number' ? leaf : null,
    checkpoint,
    renew: renew === true,
    list_version: Number(list_version),
    time_ms: Number(time_ms),
  };
}

/** @throws LanProofError ANSWER_GARBAGE unless it is a NonceAnswer. */
export function readNonce(value: unknown): NonceAnswer {
  const { nonce, time_ms } = members(value);
  if (typeof nonce !== 'string' || !Number.isFinite(time_ms)) throw garbage('no nonce');
  return { nonce, time_ms: Number(time_ms) };
}

/** @throws LanProofError ANSWER_GARBAGE unless it has the form of a ProofAnswer. */
export function readProof(value: unknown): ProofAnswer {
  const { leaf, leaf_bytes, inclusion, consistency, checkpoint } = members(value);
  const texts = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((item) => typeof item === 'string');
  const fits =
    Number.isSafeInteger(leaf) &&
    typeof leaf_bytes === 'string' &&
    typeof checkpoint === 'string' &&
    texts(inclusion) &&
    texts(consistency);
  if (!fits) throw garbage('no proof');
  return { leaf: Number(leaf), leaf_bytes, inclusion, consistency, checkpoint };
}

/** @throws LanProofError ANSWER_GARBAGE unless it holds the hashes of a proof. */
export function readConsistency(value: unknown): readonly string[] {
  const { consistency } = members(value);
  const texts = Array.isArray(consistency) && consistency.every((one) => typeof one === 'string');
  if (!texts) throw garbage('no consistency proof');
  return consistency;
}

/** @throws LanProofError ANSWER_GARBAGE unless it says which batch is expected. */
export function readReintroduced(value: unknown): ReintroduceAnswer['expect'] {
  const expect = expectOf(members(value));
  if (expect === undefined) throw garbage('no answer to a reintroduction');
  return expect;
}

/** Never throws: a proxy's HTML page is an error answer too. */
export function readError(answer: HttpAnswer): AnswerError {
  const plain: AnswerError = {
    code: `HTTP_${answer.status}`,
    message: 'not an answer of a collector',
    hint: 'check `collector` and `proxy`: something else may answer at this address',
    expect: undefined,
  };
  let root: Members;
  try {
    root = members(jsonOf(answer));
  } catch {
    return plain;
  }
  const { code, message, hint } = members(root.error ?? {});
  if (typeof code !== 'string') return plain;
  const text = (value: unknown) => (typeof value === 'string' ? clean(value) : '');
  return { code: text(code), message: text(message), hint: text(hint), expect: expectOf(root) };
}

/** What an answer that is no success says. Never throws. */
export function readRefused(answer: HttpAnswer): Refused {
  const retry_ms = retryAfterMs(answer.headers['retry-after'], answer.headers.date);
  return { status: answer.status, retry_ms, ...readError(answer) };
}

function expectOf(root: Members): AnswerError['expect'] {
  const { epoch, seq } = members(root.expect ?? {});
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(seq) || Number(seq) < 1) {
    return undefined;
  }
  return { epoch: Number(epoch), seq: Number(seq) };
}

/** Texts from outside go to terminals and logs: no control characters, no novels. */
function clean(text: string): string {
  return text.replace(/\p{C}/gu, ' ').slice(0, TEXT_CHARS_MAX);
}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function garbage(what: string): LanProofError {
  return new LanProofError('ANSWER_GARBAGE', `the collector sent ${what}`, {
    hint: 'a proxy may have answered; else update agent and collector to the same release',
    fatal: false,
  });
}
