import { utf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { formatCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import type { Crypto } from '../../../shared/evidence/crypto.ts';
import { timestampRequest } from '../../../shared/evidence/timestamp/request.ts';
import { readTimestampResponse } from '../../../shared/evidence/timestamp/response.ts';
import { verifyTimestamp } from '../../../shared/evidence/timestamp/verify.ts';
import { ANSWER_TIMEOUT_MS, postBounded } from './post.ts';
import type { AnchorSource } from './types.ts';

/** Enough that no old answer fits a new question. */
const NONCE_BYTES = 16;

export interface AuthorityOptions {
  readonly by: string;
  readonly url: string;
  /** Certificates that are trusted for this authority alone, DER. */
  readonly roots: readonly Uint8Array[];
  readonly crypto: Crypto;
  readonly random: (bytes: number) => Uint8Array;
  readonly timeout_ms?: number;
}

/**
 * A time-stamp authority (RFC 3161 over HTTP, §3.4). What is stamped are the three lines of the
 * checkpoint. A token is only accepted if the offline verifier would believe it.
 */
export function createAuthority(options: AuthorityOptions): AnchorSource {
  const { by, url, roots, crypto, random, timeout_ms = ANSWER_TIMEOUT_MS } = options;
  return {
    by,
    kind: 'rfc3161',
    async prove(head, _, signal) {
      const data = utf8(formatCheckpoint(head));
      const nonce = random(NONCE_BYTES);
      const body = timestampRequest(crypto.sha256(data), nonce);
      const answer = await postBounded({
        url,
        type: 'application/timestamp-query',
        body,
        timeout_ms,
        signal,
      });
      if (answer.status !== 200) throw refused(by, `HTTP ${answer.status}`);
      const { status, reason, token } = readTimestampResponse(answer.body);
      if (token === null)
        throw refused(by, `status ${status}${reason === '' ? '' : `, ${reason}`}`);
      const verdict = await verifyTimestamp(token, data, roots, nonce);
      const { ok, gen_time_ms, problem } = verdict;
      if (!ok || gen_time_ms === null) throw untrusted(by, problem ?? 'malformed');
      return { bytes: token, at_ms: gen_time_ms };
    },
  };
}

function refused(by: string, what: string): LanProofError {
  return new LanProofError('TIMESTAMP_REFUSED', `${by} gave no time-stamp: ${what}`, {
    hint: 'ask the authority whether this machine may use it; it is tried again within the hour',
    fatal: false,
  });
}

function untrusted(by: string, problem: string): LanProofError {
  const roots = 'give the root certificate of the authority as `ca_file` in collector.yml';
  return new LanProofError(
    'TIMESTAMP_UNTRUSTED',
    `the time-stamp of ${by} is refused: ${problem}`,
    {
      hint: problem === 'untrusted_root' ? roots : 'nothing was kept; tell the authority',
      fatal: false,
    },
  );
}
