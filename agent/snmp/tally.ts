import type { SnmpFailure, SnmpFailureCode } from './failure.ts';
import type { WireCounts } from './wire.ts';

/** Counts over the session's life; raw facts about loss and about intruders. */
export interface SessionCounts extends Readonly<WireCounts> {
  /** Requests that got a valid SNMP answer, error-status included. */
  readonly answers: number;
  /** Tries beyond the first. */
  readonly retries: number;
  /** Tries after which no readable answer came in time. */
  readonly timeouts: number;
  /** Monotonic ms from a try to its answer, summed over `answers`. */
  readonly answer_ms: number;
}

/** The device said something that is SNMP. */
const ANSWERED: ReadonlySet<SnmpFailureCode> = new Set(['too_big', 'snmp_error', 'auth']);
/** It did not, in time. */
const SILENT: ReadonlySet<SnmpFailureCode> = new Set(['timeout', 'garbage']);

/** Counts what became of tries. */
export class Tally {
  answers = 0;
  retries = 0;
  timeouts = 0;
  answer_ms = 0;

  /** Counts one try that took `ms`; true where asking again may help. */
  took(result: { readonly ok: true } | SnmpFailure, ms: number): boolean {
    if (!result.ok && SILENT.has(result.failed)) {
      this.timeouts++;
      return true;
    }
    if (!result.ok && !ANSWERED.has(result.failed)) return false;
    this.answers++;
    this.answer_ms += ms;
    // A restarted SNMPv3 engine answers with a report first.
    return !result.ok && result.failed === 'auth';
  }
}
