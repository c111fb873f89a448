import { LanProofError } from '../shared/errors.ts';

/** An error that knows its HTTP status; `extra` is set beside `error` in the answer. */
export class HttpError extends LanProofError {
  readonly status: number;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly retry_after_s: number | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    options: {
      hint: string;
      place?: string;
      cause?: unknown;
      extra?: Readonly<Record<string, unknown>>;
      retry_after_s?: number;
    },
  ) {
    super(code, message, options);
    this.name = 'HttpError';
    this.status = status;
    this.extra = options.extra ?? {};
    this.retry_after_s = options.retry_after_s;
  }
}

/** The same answer for what does not exist and for what the asker may not see. */
export function notFound(what: string, code: string): HttpError {
  return new HttpError(
    404,
    'NOT_FOUND',
    `there is no ${what} ${JSON.stringify(code.slice(0, 60))}`,
    {
      hint: 'check the code; GET /api/v1/sites lists what this token may see',
    },
  );
}
