import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fromBase64, fromUtf8, toBase64, utf8 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { openCheckpoint } from '../../shared/evidence/checkpoint.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import type { Envelope } from '../../shared/evidence/dsse.ts';
import { shortCode } from '../../shared/evidence/keys.ts';
import { readEnrolToken } from '../../shared/measure/enrol-token.ts';
import type { EnrolRequest, EnrolToken } from '../../shared/measure/protocol.ts';
import { bare, inspectTls, type TlsTrust } from '../connect.ts';
import { underKey } from '../deliver/log-opens.ts';
import { createCollectorHttp } from '../http.ts';
import {
  ENROLMENT_FILE,
  type Enrolment,
  type Identity,
  identityOf,
  KEY_FILE,
  saveEnrolment,
} from '../identity.ts';
import { writeHeadHint } from '../spool/loss.ts';
import { type Approved, type AskDeps, askUntilApproved } from './ask.ts';
import { keyOf } from './enrol-key.ts';

export interface EnrolOptions {
  readonly collector: string;
  readonly token: string;
  readonly state_dir: string;
  readonly insecure: boolean;
  readonly proxy?: string;
  readonly software: string;
}

export interface EnrolDeps extends AskDeps {
  readonly crypto: Crypto;
}

/**
 * Introduces this machine to the collector: makes its key, shows the token, waits for approval,
 * checks everything that comes back against the token's fingerprints, and writes enrolment.json.
 * Errors are LanProofError: TOKEN_*, ALREADY_ENROLLED, COLLECTOR_*, TLS_*, ENROL_*,
 * STATE_DIR_UNUSABLE.
 */
export async function enrol(options: EnrolOptions, deps: EnrolDeps): Promise<Identity> {
  const token = readEnrolToken(options.token);
  const { state_dir } = options;
  if (existsSync(join(state_dir, ENROLMENT_FILE))) throw alreadyEnrolled(state_dir);
  const url = options.collector.replace(/\/+$/, '');
  const tls = await trustOf(url, token, options.proxy, deps.signal);
  const http = createCollectorHttp({
    urls: [url],
    insecure: options.insecure,
    proxy: options.proxy,
    tls: tls ?? undefined,
    monotonic_ms: deps.monotonic_ms,
    stop: deps.signal,
  });
  try {
    const signer = keyOf(state_dir);
    const request: EnrolRequest = {
      token: options.token.trim(),
      public_key: toBase64(signer.publicKey),
      software: options.software,
    };
    const body = utf8(JSON.stringify(request));
    const code = shortCode(deps.crypto, signer.publicKey);
    const answer = await askUntilApproved(http, body, code, deps);
    const enrolment = checkAnswer(answer, token, tls, deps.crypto);
    const identity = identityOf(enrolment, signer, deps.crypto);
    // A missing spool beside a note of seq 0 is new; without the note it would be a lost one.
    writeHeadHint(state_dir, { epoch: identity.epoch, seq: 0 });
    saveEnrolment(state_dir, enrolment);
    return identity;
  } finally {
    await http.close();
  }
}

/** Who vouches for the TLS key: the token's pin, or where the token has none, an authority. */
async function trustOf(
  url: string,
  token: EnrolToken,
  proxy: string | undefined,
  stop: AbortSignal | undefined,
): Promise<TlsTrust | null> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new LanProofError('COLLECTOR_URL', `${JSON.stringify(url)} is no address`, {
      hint: 'write https://host or https://host:port',
      place: '--collector',
    });
  }
  const { protocol, hostname, port } = new URL(url);
  if (protocol === 'http:') {
    if (token.tls === null) return null;
    throw new LanProofError('ENROL_TLS', 'the token names a TLS key, the address is plain http', {
      hint: 'write https:// instead of http://',
      place: url,
    });
  }
  const peer = { host: bare(hostname), port: Number(port || 443), secure: true };
  const { spki, authorised } = await inspectTls(peer, proxy, stop);
  if (token.tls !== null && spki !== token.tls) {
    throw new LanProofError(
      'ENROL_TLS',
      'the collector shows another TLS key than the token names',
      {
        hint: 'someone may be in between, or the token is of another collector: make a new one',
        place: url,
      },
    );
  }
  if (token.tls === null && !authorised) {
    throw new LanProofError('TLS_UNTRUSTED', 'no authority vouches for this collector', {
      hint: 'make the token at the address that agents use, so that it names the TLS key',
      place: url,
    });
  }
  return { spki, self_signed: !authorised };
}

/** Everything is believed only through the two fingerprints in the token. */
function checkAnswer(
  answer: Approved,
  token: EnrolToken,
  tls: TlsTrust | null,
  crypto: Crypto,
): Enrolment {
  const fingerprint = (key: string) => toBase64(crypto.sha256(fromBase64(key)));
  const opens = answer.log_open.map((envelope) => payloadOf(envelope));
  const document_key = opens.find((open) => fingerprint(open.document_key) === token.document_key);
  if (document_key === undefined) throw wrongPin('document key');
  const log_key = opens.find((open) => fingerprint(open.log_key) === token.log_key);
  if (log_key === undefined) throw wrongPin('log key');
  const { checkpoint } = answer;
  const log_open = underKey(answer.log_open, document_key.document_key);
  // Which log it is, the signature under the pinned key says; identityOf checks all documents.
  const newest = opens.findLast((open) => checkpoint.startsWith(`${open.log}\n`)) ?? log_key;
  openCheckpoint(crypto, checkpoint, newest.log, fromBase64(newest.log_key));
  const { enrol: document } = answer;
  return {
    v: 1,
    tls,
    document_key: document_key.document_key,
    enrol: document,
    log_open,
    checkpoint,
  };
}

function payloadOf(envelope: Envelope): { log: string; log_key: string; document_key: string } {
  try {
    const value: unknown = JSON.parse(fromUtf8(fromBase64(envelope.payload)));
    const { log, log_key, document_key } = Object.assign(
      { log: '', log_key: '', document_key: '' },
      value,
    );
    return { log: String(log), log_key: String(log_key), document_key: String(document_key) };
  } catch (cause) {
    throw new LanProofError('ANSWER_GARBAGE', 'a log-open document cannot be read', {
      hint: 'update agent and collector to the same release',
      cause,
    });
  }
}

function wrongPin(what: string): LanProofError {
  return new LanProofError('ENROL_PIN', `the collector's ${what} is not the one in the token`, {
    hint: 'the token is of another collector, or someone answers in its place: do not go on',
  });
}

function alreadyEnrolled(state_dir: string): LanProofError {
  const files = [ENROLMENT_FILE, KEY_FILE].map((name) => join(state_dir, name)).join(' and ');
  return new LanProofError(
    'ALREADY_ENROLLED',
    'this state directory belongs to an enrolled agent',
    {
      hint: `run \`lanproof agent\`; to enrol anew remove ${files} (a new epoch begins)`,
      place: state_dir,
    },
  );
}
