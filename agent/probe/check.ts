import type { DnsOutcome, HttpOutcome, TcpOutcome } from '../../shared/measure/codes.ts';

export type CheckOutcome = TcpOutcome | DnsOutcome | HttpOutcome;

/**
 * What one check of a service saw. `phases_us` are whole µs in the order of the probe's phases,
 * null where a phase was not needed or not reached; `status` is the RCODE or the HTTP status.
 */
export interface CheckResult<Outcome extends CheckOutcome = CheckOutcome> {
  /** `r` it worked, `n` asked and it did not, `x` not asked. */
  readonly code: 'r' | 'n' | 'x';
  readonly outcome: Outcome;
  readonly phases_us: readonly (number | null)[];
  readonly status?: number;
}

/** For `lanproof probe --debug`: what was done and seen, one sentence each, never a secret. */
export type Trace = (line: string) => void;

/** A clock for durations, ms with decimals. */
export type NowMs = () => number;

/** Where nobody hands a clock in: "test now" and the command line. */
export const performanceNow: NowMs = () => performance.now();

/** Whole µs since `from_ms`; at least 1, because 0 would read as "took no time at all". */
export function elapsedUs(now_ms: NowMs, from_ms: number): number {
  return Math.max(1, Math.round((now_ms() - from_ms) * 1_000));
}

/** µs as a person reads milliseconds. */
export function asMs(us: number | null | undefined): string {
  return `${((us ?? 0) / 1_000).toFixed(1)} ms`;
}

/** The system's or library's name of a fault, e.g. ECONNREFUSED; '' where it has none. */
export function faultCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/**
 * Faults that the own host answers with before anything left it: no route, a local firewall, no
 * free port or descriptor. They say nothing about the target.
 */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ENETUNREACH',
  'ENETDOWN',
  'EACCES',
  'EPERM',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EINVAL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
]);
/** The neighbour did not answer ARP, or a router says that nothing is there. */
const UNREACHABLE: ReadonlySet<string> = new Set(['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH']);

export type ConnectFault = 'refused' | 'timeout' | 'unreachable' | 'not_sent';

/**
 * What a failed connect or datagram means. `own`: the fault came at once, from the own host;
 * a "network unreachable" that came later was sent by a router and is an answer (accounting §1).
 */
export function connectFault(error: unknown, own: boolean): ConnectFault {
  const code = faultCode(error);
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return 'refused';
  if (code === 'ETIMEDOUT') return 'timeout';
  if (code === 'ENETUNREACH') return own ? 'not_sent' : 'unreachable';
  if (UNREACHABLE.has(code)) return 'unreachable';
  if (NOT_SENT.has(code)) return 'not_sent';
  // A fault that we do not know must not accuse anybody.
  return 'not_sent';
}
