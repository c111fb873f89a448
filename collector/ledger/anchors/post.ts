import { type Dispatcher, request } from 'undici';
import { LanProofError } from '../../../shared/errors.ts';

/** Longest answer read, in bytes: a token with its chain is some kilobytes, a cosignature 200. */
export const ANSWER_BYTES_MAX = 64 * 1024;
/** An authority answers within a second; one that hangs must not hold the lease for long. */
export const ANSWER_TIMEOUT_MS = 30_000;

export interface PostAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

export interface PostOptions {
  readonly url: string;
  readonly type: string;
  readonly body: Uint8Array;
  readonly timeout_ms: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** Default: undici's own. */
  readonly dispatcher?: Dispatcher;
}

/**
 * One POST with a deadline over all of it and a bounded answer; redirects are not followed. Throws
 * LanProofError ANCHOR_UNREACHABLE, ANCHOR_TIMEOUT or ANCHOR_TOO_LONG, all worth another try.
 */
export async function postBounded(options: PostOptions): Promise<PostAnswer> {
  const { url, type, timeout_ms, dispatcher } = options;
  const deadline = AbortSignal.timeout(timeout_ms);
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': type, 'user-agent': 'lanproof' },
      body: options.body,
      signal: AbortSignal.any([deadline, options.signal]),
      ...(dispatcher === undefined ? {} : { dispatcher }),
    });
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of body) {
      if (!(part instanceof Uint8Array)) continue;
      length += part.length;
      // Leaving the loop destroys the stream and with it the connection.
      if (length > ANSWER_BYTES_MAX) throw tooLong(url);
      parts.push(part);
    }
    return { status: statusCode, body: new Uint8Array(Buffer.concat(parts)) };
  } catch (cause) {
    if (cause instanceof LanProofError) throw cause;
    if (deadline.aborted)
      throw failed('ANCHOR_TIMEOUT', url, `no answer in ${timeout_ms} ms`, cause);
    const { code = 'unknown' } = Object(cause) as { code?: string };
    throw failed('ANCHOR_UNREACHABLE', url, `cannot be reached (${code})`, cause);
  }
}

function tooLong(url: string): LanProofError {
  return failed('ANCHOR_TOO_LONG', url, `answered with more than ${ANSWER_BYTES_MAX} bytes`);
}

function failed(code: string, url: string, what: string, cause?: unknown): LanProofError {
  // Host and port alone: a path may hold a customer's key.
  return new LanProofError(code, `${new URL(url).host} ${what}`, {
    hint: 'check `url` under `anchors` in collector.yml and the way to it from this machine',
    fatal: false,
    cause,
  });
}
