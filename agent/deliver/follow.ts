import { equalBytes, fromBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import type { LogOpen } from '../../shared/evidence/documents.ts';
import { jsonOf } from '../http.ts';
import { readConsistency, readError } from './answers.ts';
import type { AgentApi } from './api.ts';
import { continues, hashes, historyLost, historyRewritten, type SeenCheckpoint } from './proof.ts';

/** What a change of logs did to the history that this agent saw; undefined: nothing. */
export type Followed =
  | { readonly kind: 'lost'; readonly error: LanProofError }
  | {
      readonly kind: 'rewritten';
      readonly error: LanProofError;
      /** Origin of the new log. */
      readonly log: string;
      readonly consistency: readonly string[];
    };

type Previous = NonNullable<LogOpen['previous']>;

/**
 * The collector shows another log than the one of `seen`. A log-open that names less than was
 * seen, or the head that was lost, declares a loss; one that names a head which does not continue
 * what was seen, without saying so, stands on a rewritten history. Throws where the collector
 * cannot be asked just now.
 */
export async function followLog(
  api: AgentApi,
  crypto: Crypto,
  seen: SeenCheckpoint,
  logs: readonly LogOpen[],
  signal?: AbortSignal,
): Promise<Followed | undefined> {
  const { origin, size } = seen;
  const next = logs.find(({ previous }) => previous?.log === origin);
  const previous = next?.previous ?? null;
  if (next === undefined || previous === null) {
    return { kind: 'lost', error: lost(`no log follows ${origin}, of which ${size} were seen`) };
  }
  const said = `${next.log} follows ${origin} at ${previous.size} leaves, seen were ${size}`;
  if (previous.size < size) return { kind: 'lost', error: lost(said) };
  const consistency = await proofTo(api, seen, previous, signal);
  const end = { size: previous.size, root: fromBase64(previous.root) };
  if (consistency !== undefined && continues(crypto, seen, end, hashes(consistency))) return;
  if (names(previous, origin)) return { kind: 'lost', error: lost(said) };
  const error = historyRewritten(`${said}, and it does not continue them`);
  return { kind: 'rewritten', error, log: next.log, consistency: consistency ?? [] };
}

/** Undefined: the collector has no such proof. */
async function proofTo(
  api: AgentApi,
  { origin, size, root }: SeenCheckpoint,
  previous: Previous,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | undefined> {
  if (size === 0) return [];
  if (size === previous.size) {
    return equalBytes(root, fromBase64(previous.root)) ? [] : undefined;
  }
  const query = `log=${encodeURIComponent(origin)}&from=${size}&to=${previous.size}`;
  const path = `/api/v1/agents/self/consistency?${query}`;
  const { answer } = await api.get(path, {}, signal);
  if (answer.status === 200) return readConsistency(jsonOf(answer));
  const { code, message, hint } = readError(answer);
  if (NO_PROOF.has(code)) return undefined;
  throw new LanProofError('PROOF_MISSING', `${answer.status} ${code}: ${message}`, {
    hint,
    place: origin,
    fatal: false,
  });
}

/** The log or its size is not known there: it cannot be what this agent saw. */
const NO_PROOF: ReadonlySet<string> = new Set(['LOG_UNKNOWN', 'LOG_SMALLER', 'RANGE_INVALID']);

/** Whether the reason names a head of that log: a restored copy says which one it lost. */
function names({ reason }: Previous, origin: string): boolean {
  return reason.split(' ')[1] === origin;
}

function lost(message: string): LanProofError {
  const { code } = historyLost('');
  return new LanProofError(code, message, {
    hint: 'the collector was restored from an older copy; the agent sends again what it has',
    fatal: false,
  });
}
