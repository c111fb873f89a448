import { Agent, request } from 'undici';
import { LanProofError } from '../../shared/errors.ts';
import { readCaFile } from './ca-file.ts';
import { type Arguments, type Io, usage } from './command.ts';
import { saveBody } from './save-body.ts';

/** A person waits for it; an import of 2,000 devices takes a few seconds. */
const ANSWER_TIMEOUT_MS = 120_000;
const CONNECT_TIMEOUT_MS = 10_000;

export const CLIENT_OPTIONS = {
  collector: { type: 'string' },
  token: { type: 'string' },
  ca: { type: 'string' },
} as const;

export const CLIENT_USAGE = `  --collector URL   address of the collector, e.g. https://lan.example.vn
  --token T         API token; or in the environment as LANPROOF_TOKEN
  --ca FILE         certificate to trust: a copy of tls.crt in the collector's data_dir`;

/** Talks to a running collector with an API token. */
export interface ApiClient {
  /**
   * Writes an answer into a new file and returns its length and its SHA-256 as hex. Nothing half
   * stays. Throws as `send`, and the errors of the disk.
   */
  download(path: string, file: string): Promise<{ bytes: number; sha256: string }>;
  /** Sends and returns the parsed JSON answer. Throws LanProofError with the answer's code. */
  send(method: 'GET' | 'POST' | 'PUT', path: string, body?: ApiBody): Promise<unknown>;
  close(): Promise<void>;
}

export interface ApiBody {
  readonly type: string;
  readonly text: string;
}

export function apiClient(args: Arguments, io: Io): ApiClient {
  const base = baseUrl(args.required('collector'));
  const token = args.text('token') ?? io.env.LANPROOF_TOKEN;
  if (token === undefined || token === '') throw usage('--token is missing');
  const ca = args.text('ca');
  const connect = ca === undefined ? {} : { ca: readCaFile(ca) };
  const dispatcher = new Agent({
    connect: { ...connect, timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
  return {
    async download(path, file) {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await request(new URL(path, base), { headers, dispatcher }).catch(
        (cause: unknown) => {
          throw unreachable(base, cause);
        },
      );
      if (answer.statusCode === 200) return await saveBody(answer.body, file);
      readAnswer(answer.statusCode, await answer.body.text());
      throw new LanProofError('HTTP_ERROR', `the answer was ${answer.statusCode}`, {
        hint: 'check that --collector is the address of a LanProof collector',
      });
    },
    async send(method, path, body) {
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': body.type }),
      };
      const answer = await request(new URL(path, base), {
        method,
        headers,
        body: body?.text ?? null,
        dispatcher,
      }).catch((cause: unknown) => {
        throw unreachable(base, cause);
      });
      const text = await answer.body.text();
      return readAnswer(answer.statusCode, text);
    },
    close: () => dispatcher.close(),
  };
}

/** Throws USAGE unless it is an http(s) address. */
export function baseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw usage('--collector is no http(s) address', 'e.g. --collector https://lan.example.vn');
  }
  return url;
}

function readAnswer(status: number, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (status >= 200 && status < 300) return value;
  const { error }: { error?: { code?: string; message?: string; hint?: string } } = Object(value);
  throw new LanProofError(
    error?.code ?? 'HTTP_ERROR',
    error?.message ?? `the answer was ${status}`,
    { hint: error?.hint ?? 'check that --collector is the address of a LanProof collector' },
  );
}

/** Why no answer came, with the usual remedy. */
export function unreachable(base: URL, cause: unknown): LanProofError {
  const code = (cause as { code?: string }).code ?? String(cause);
  const tls = /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_/.test(code);
  // A port that speaks TLS hangs up on plain HTTP without a word.
  const hungUp = base.protocol === 'http:' && /^(UND_ERR_SOCKET|ECONNRESET|HPE_)/.test(code);
  const hint = tls
    ? "give the collector's certificate with --ca FILE (a copy of tls.crt in its data_dir)"
    : hungUp
      ? `the port may speak TLS: try --collector https://${base.host}`
      : 'check the address and that the collector runs';
  return new LanProofError('COLLECTOR_UNREACHABLE', `${base.origin}: ${code}`, { hint, cause });
}
