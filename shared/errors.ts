/**
 * The one error type of the house. `code` is stable and is the metric label; `hint` tells a
 * person what to do; `place` says where (file:line:column, a JSON path, a header field);
 * `fatal` errors stop what raised them, others may be tried again.
 */
export class LanProofError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly place: string | undefined;
  readonly fatal: boolean;

  constructor(
    code: string,
    message: string,
    options: { hint: string; place?: string; fatal?: boolean; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LanProofError';
    this.code = code;
    this.hint = options.hint;
    this.place = options.place;
    this.fatal = options.fatal ?? true;
  }
}

/** For a terminal: code, place, message, and the fix where the message does not tell it yet. */
export function describeError(error: unknown): string {
  if (error instanceof LanProofError) {
    const place = error.place === undefined ? '' : ` ${error.place}:`;
    const fix = `fix: ${error.hint}`;
    const told = error.message.includes(fix);
    return `${error.code}:${place} ${error.message}${told ? '' : `\n  ${fix}`}`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Marks a branch that the types say cannot happen. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`);
}
