import { utf8 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import type { Crypto, Signer } from '../../shared/evidence/crypto.ts';
import { signRequest } from '../../shared/evidence/request-auth.ts';
import type { ClockSample } from '../../shared/measure/batch.ts';
import { cristian } from '../clock.ts';
import { type CollectorHttp, type HttpAnswer, jsonOf } from '../http.ts';
import { readError, readNonce } from './answers.ts';

export interface ApiAnswer {
  readonly answer: HttpAnswer;
  /** The collector's time, from the nonce; undefined where its round trip was too long. */
  readonly sample: ClockSample | undefined;
}

/** Signed requests of an agent: each with a nonce of its own, so that no clock is needed. */
export interface AgentApi {
  /** Only for documents that are signed themselves: the body is not covered. */
  post(path: string, body: unknown, signal?: AbortSignal): Promise<HttpAnswer>;
  get(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<ApiAnswer>;
}

export function createAgentApi(http: CollectorHttp, crypto: Crypto, signer: Signer): AgentApi {
  const askNonce = async (signal: AbortSignal | undefined) => {
    const asked = await http.send({ method: 'GET', path: '/api/v1/agents/nonce' }, signal);
    if (asked.status !== 200) {
      const { code, message, hint } = readError(asked);
      throw new LanProofError('NONCE_REFUSED', `${asked.status} ${code}: ${message}`, {
        hint,
        fatal: false,
      });
    }
    return { asked, ...readNonce(jsonOf(asked)) };
  };
  return {
    async post(path, value, signal) {
      const { nonce } = await askNonce(signal);
      const authorization = signRequest(crypto, signer, 'POST', path, nonce);
      const headers = { authorization, 'content-type': 'application/json' };
      const body = utf8(JSON.stringify(value));
      return http.send({ method: 'POST', path, headers, body }, signal);
    },
    async get(path, headers, signal) {
      const { asked, nonce, time_ms } = await askNonce(signal);
      const authorization = signRequest(crypto, signer, 'GET', path, nonce);
      const request = { method: 'GET', path, headers: { ...headers, authorization } } as const;
      const answer = await http.send(request, signal);
      const sample = cristian(asked.sent_mono_ms, asked.received_mono_ms, time_ms);
      return { answer, sample };
    },
  };
}
