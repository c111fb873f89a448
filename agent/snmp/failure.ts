import {
  RequestFailedError,
  RequestTimedOutError,
  ResponseInvalidCode,
  ResponseInvalidError,
} from 'net-snmp';

/**
 * - `timeout` no answer within timeout × (1 + retries)
 * - `deadline` the caller's deadline passed first
 * - `auth` the device answered that user, key, level or clock window does not fit
 * - `too_big`, `snmp_error` the device answered with an SNMP error-status (RFC 3416 §3)
 * - `not_increasing`, `empty` the device broke the rules of GETNEXT and GETBULK
 * - `garbage` something came back that is not an SNMP answer to what was asked
 * - `not_sent` the datagram could not leave (no route, no right, packet budget)
 * - `busy`, `closed` this session cannot take the request
 */
export const SNMP_FAILURES = [
  'timeout',
  'deadline',
  'auth',
  'too_big',
  'snmp_error',
  'not_increasing',
  'empty',
  'garbage',
  'not_sent',
  'busy',
  'closed',
] as const;
export type SnmpFailureCode = (typeof SNMP_FAILURES)[number];

export interface SnmpFailure {
  readonly ok: false;
  readonly failed: SnmpFailureCode;
  /** From a closed set of sentences: never text of the device, never a secret. */
  readonly detail: string;
  /** The device answered noSuchName: the OID that it is about, or '' where it names none. */
  readonly no_such_oid?: string;
}

export function failure(failed: SnmpFailureCode, detail: string): SnmpFailure {
  return { ok: false, failed, detail };
}

/** Thrown by the wire when one request makes more datagrams than any honest exchange needs. */
export class TooManyDatagrams extends Error {}
/** Thrown by the wire when the agent's own packet budget refuses the datagram. */
export class NotPermitted extends Error {}

/** usmStats of RFC 3414 §5, as net-snmp words them, and what a person should check. */
const USM_DETAILS: Readonly<Record<string, string>> = {
  'Unsupported Security Level': 'the device does not allow this security level for the user',
  'Not In Time Window': 'the device refuses our idea of its engine clock',
  'Unknown User Name': 'the device does not know this user',
  'Unknown Engine ID': 'the device does not accept its own engine id',
  'Wrong Digest (incorrect password, community or key)': 'the authentication key is wrong',
  'Decryption Error': 'the privacy key is wrong',
};

const TOO_BIG = 1;
const NO_SUCH_NAME = 2;
const AUTHORIZATION_ERROR = 16;
/** error-status names of RFC 3416 §3, by number. */
const ERROR_STATUS: Readonly<Record<number, string>> = {
  2: 'noSuchName',
  3: 'badValue',
  4: 'readOnly',
  5: 'genErr',
  6: 'noAccess',
  13: 'resourceUnavailable',
};

/** net-snmp puts the OID that error-index points at behind the status. */
const NAMED_OID = /^NoSuchName: (\d{1,10}(?:\.\d{1,10}){1,127})$/;

/** Socket errors carry a short system code such as ENETUNREACH; anything else is not shown. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[A-Z_0-9]{2,40}$/.test(error.code)
    ? error.code
    : undefined;
}

function invalidResponse(code: number, message: string): SnmpFailure {
  if (code === ResponseInvalidCode.EAuthFailure) {
    const detail = USM_DETAILS[message];
    // Without a known text it is net-snmp's own digest check: the answer was forged or damaged.
    return detail === undefined
      ? failure('garbage', 'an answer failed its authentication check')
      : failure('auth', detail);
  }
  if (code === ResponseInvalidCode.ENotInTimeWindow) {
    return failure('auth', 'the engine clock of the device jumped');
  }
  if (code === ResponseInvalidCode.EUnexpectedReport) {
    return failure('auth', 'the device refuses the request: it may not know the context');
  }
  if (code === ResponseInvalidCode.ECouldNotDecrypt) {
    return failure('garbage', 'an answer could not be decrypted');
  }
  return failure('garbage', 'an answer does not fit the request');
}

/**
 * Maps an error of net-snmp to a failure. net-snmp puts digests and even the user object with its
 * keys into errors, so nothing of the error but its class and number goes further.
 */
export function failureOf(error: unknown): SnmpFailure {
  if (error instanceof RequestTimedOutError) return failure('timeout', 'no answer');
  if (error instanceof RequestFailedError) {
    if (error.status === TOO_BIG) return failure('too_big', 'the answer does not fit a message');
    if (error.status === AUTHORIZATION_ERROR) {
      return failure('auth', 'the device refuses access to these objects');
    }
    const detail = `the device answered ${ERROR_STATUS[error.status] ?? 'an error'}`;
    if (error.status !== NO_SUCH_NAME) return failure('snmp_error', detail);
    const no_such_oid = NAMED_OID.exec(error.message)?.[1] ?? '';
    return { ...failure('snmp_error', detail), no_such_oid };
  }
  if (error instanceof ResponseInvalidError) return invalidResponse(error.code, error.message);
  if (error instanceof TooManyDatagrams) {
    return failure('garbage', 'the device answers reports without end');
  }
  if (error instanceof NotPermitted) return failure('not_sent', 'the packet budget is used up');
  const code = systemCode(error);
  return code === undefined
    ? failure('garbage', 'an answer could not be read')
    : failure('not_sent', code);
}
