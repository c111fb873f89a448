import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LanProofError } from '../../shared/errors.ts';
import type { ErrorAnswer } from '../../shared/measure/protocol.ts';
import { HttpError } from '../http-error.ts';

/** Errors of pure code that mean "what was sent is wrong", by code or its beginning. */
const CLIENT_CODES: readonly (readonly [RegExp, number])[] = [
  [/^(CONFIG|INVENTORY|UNITS|TIME|CALENDAR|TOKEN_MALFORMED|TOKEN_VALIDITY|DSSE|DOCUMENT)_?/, 400],
  [/^(AUTH_FORMAT)$/, 401],
  [/^(SITE|UNIT|AGENT)_UNKNOWN$/, 404],
  [/^(STORE_BUSY|DISK_FULL|DISK_READ_ONLY|LEDGER_LEASED|JUDGE_BEHIND)$/, 503],
];
const RETRY_AFTER_S = 5;
/** Part of the interface that a later release fills; nothing is wrong with this one. */
const NOT_YET = 501;

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly retry_after_s: number | undefined;
}

/** Sets the one form of every error answer, 404 included. */
export function installProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const answer = describe(error);
    note(request, error, answer);
    return send(request, reply, answer);
  });
  app.setNotFoundHandler((request, reply) =>
    send(request, reply, {
      status: 404,
      code: 'NOT_FOUND',
      message: `there is no ${request.method} ${pathOf(request.url)}`,
      hint: 'the endpoints are listed at /openapi.json',
      extra: {},
      retry_after_s: undefined,
    }),
  );
}

/**
 * A fault of ours goes to the log whole, found again by the request id. What is known and told
 * ("not yet", "busy", what can be tried again) is one line without a stack.
 */
function note(request: FastifyRequest, error: FastifyError | LanProofError, answer: Answer): void {
  const { code, status } = answer;
  const { id: reqId, log } = request;
  if (status < 500 || status === NOT_YET) {
    log.info({ reqId, code, status }, 'request refused');
  } else if (status === 503 || (error instanceof LanProofError && !error.fatal)) {
    log.warn({ reqId, code, status, reason: error.message }, 'request not served');
  } else {
    log.error({ reqId, err: error, code }, 'request failed');
  }
}

/** The same form for what fails before any route is found, such as a path that is no path. */
export function answerFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  send(request, reply, describe(error));
}

function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  const { code, message, hint, extra, retry_after_s } = answer;
  if (retry_after_s !== undefined) reply.header('retry-after', retry_after_s);
  const body: ErrorAnswer = { error: { code, message, hint, request_id: request.id }, ...extra };
  return reply
    .status(answer.status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(body));
}

function describe(error: FastifyError | LanProofError): Answer {
  if (error instanceof HttpError && isForPeople(error)) return { ...pick(error), ...error };
  if (error instanceof HttpError) return { ...pick(error), ...error, message: HIDDEN_MESSAGE };
  if (error instanceof LanProofError) {
    const status = CLIENT_CODES.find(([pattern]) => pattern.test(error.code))?.[1] ?? 500;
    const problems = 'problems' in error ? { problems: error.problems } : {};
    const base = {
      status,
      extra: problems,
      retry_after_s: status === 503 ? RETRY_AFTER_S : undefined,
    };
    return status < 500
      ? { ...pick(error), ...base }
      : { ...base, code: error.code, message: HIDDEN_MESSAGE, hint: HIDDEN_HINT, extra: {} };
  }
  return describeForeign(error);
}

/** An error of ours that says nothing of the inside: all below 500, "not yet", and "busy". */
function isForPeople({ status }: HttpError): boolean {
  return status < 500 || status === NOT_YET || status === 503;
}

const HIDDEN_MESSAGE = 'the collector could not answer this request';
const HIDDEN_HINT = 'try again; if it stays, look for the request_id in the log of the collector';

function pick(error: LanProofError): { code: string; message: string; hint: string } {
  const place = error.place === undefined ? '' : `${error.place}: `;
  return { code: error.code, message: `${place}${error.message}`, hint: error.hint };
}

const FOREIGN: Readonly<Record<string, readonly [string, string]>> = {
  FST_ERR_VALIDATION: ['REQUEST_INVALID', 'correct the named value; /openapi.json has the schema'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'send less in one request'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['MEDIA_TYPE', 'set the Content-Type that the endpoint asks for'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['JSON_INVALID', 'send valid JSON'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['JSON_INVALID', 'send a JSON body'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['BODY_LENGTH', 'send as many bytes as Content-Length says'],
};

function describeForeign(error: FastifyError): Answer {
  const status = error.statusCode ?? 500;
  const known = FOREIGN[error.code];
  const base = { status, extra: {}, retry_after_s: undefined };
  if (known !== undefined)
    return { ...base, code: known[0], message: error.message, hint: known[1] };
  if (status === 429) {
    return { ...base, code: 'TOO_MANY_REQUESTS', message: error.message, hint: 'wait a little' };
  }
  if (status === 503) {
    const hint = 'the collector has more work than it can do; wait a little';
    return { ...base, code: 'BUSY', message: HIDDEN_MESSAGE, hint, retry_after_s: RETRY_AFTER_S };
  }
  if (status < 500) {
    return {
      ...base,
      code: 'REQUEST_INVALID',
      message: error.message,
      hint: 'correct the request',
    };
  }
  return { ...base, status: 500, code: 'INTERNAL', message: HIDDEN_MESSAGE, hint: HIDDEN_HINT };
}

/** Path without the query: a query may hold a one-time code. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '/';
}
