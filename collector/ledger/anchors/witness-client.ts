import { fromUtf8, toBase64, utf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { formatCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import { verifyCosignature } from '../../../shared/evidence/cosignature.ts';
import type { Crypto } from '../../../shared/evidence/crypto.ts';
import type { VerifierKey } from '../../../shared/evidence/note.ts';
import type { Ledger, SignedCheckpoint } from '../types.ts';
import { ANSWER_TIMEOUT_MS, type PostAnswer, postBounded } from './post.ts';
import type { AnchorSource } from './types.ts';

/** First try from the size that we know of, second from the one that the witness names. */
const TRIES_MAX = 2;

export interface WitnessOptions {
  readonly by: string;
  /** Submission prefix, without the slash at the end. */
  readonly url: string;
  readonly key: VerifierKey;
  readonly crypto: Crypto;
  readonly ledger: Pick<Ledger, 'consistency'>;
  readonly timeout_ms?: number;
}

/**
 * A C2SP tlog-witness: it signs only what continues the checkpoint that it signed before, so that
 * one history stays in somebody else's hands. A cosignature is verified before it is accepted.
 */
export function createWitnessSource(options: WitnessOptions): AnchorSource {
  const { by, url, key, crypto, ledger, timeout_ms = ANSWER_TIMEOUT_MS } = options;
  const ask = async (
    head: SignedCheckpoint,
    old: number,
    signal: AbortSignal,
  ): Promise<PostAnswer> => {
    const between = old > 0 && old < head.size;
    const hashes = between ? await ledger.consistency(head.log, old, head.size) : [];
    const lines = hashes.map((hash) => `${toBase64(hash)}\n`).join('');
    const body = utf8(`old ${old}\n${lines}\n${head.note}`);
    const to = { url: `${url}/add-checkpoint`, type: 'text/plain', timeout_ms, signal };
    return postBounded({ ...to, body });
  };
  return {
    by,
    kind: 'witness',
    async prove(head, known, signal) {
      let old = Math.min(known, head.size);
      for (let tries = 1; ; tries++) {
        const { status, body } = await ask(head, old, signal);
        if (status === 200) {
          const lines = fromUtf8(body);
          const { at_ms } = verifyCosignature(crypto, lines, formatCheckpoint(head), key);
          return { bytes: body, at_ms };
        }
        const held = status === 409 ? sizeOf(body) : null;
        if (held === null || held === old || tries === TRIES_MAX) throw refused(by, status, held);
        if (held > head.size) throw ahead(by, held, head);
        old = held;
      }
    },
  };
}

function sizeOf(body: Uint8Array): number | null {
  const text = Buffer.from(body).toString('latin1');
  return /^(0|[1-9]\d{0,15})\n$/.test(text) ? Number(text) : null;
}

/** The witness's word is not signed: it is told to people and closes no log by itself. */
function ahead(by: string, held: number, head: SignedCheckpoint): LanProofError {
  const what = `${by} saw ${held} leaves of ${head.origin}, this collector has ${head.size}`;
  return new LanProofError('WITNESS_AHEAD', what, {
    hint: 'this data directory was put back from an older copy: see `lanproof restore`',
  });
}

function refused(by: string, status: number, held: number | null): LanProofError {
  const hints: Readonly<Record<number, string>> = {
    403: 'the witness knows another key for this log: give it the verifier key of this log',
    404: 'the witness does not know this log: start it with --log and its verifier key',
    409: 'the witness holds another history of this log: keep both and find out which is right',
    422: 'the witness holds another history of this log: keep both and find out which is right',
  };
  const more = held === null ? '' : `, it holds size ${held}`;
  return new LanProofError('WITNESS_REFUSED', `${by} did not sign: HTTP ${status}${more}`, {
    hint: hints[status] ?? 'look at the log of the witness',
    fatal: false,
  });
}
