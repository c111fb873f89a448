import { assertNever } from '../../shared/errors.ts';
import type { RawCode } from '../../shared/measure/codes.ts';
import type { ProbeOutcome } from '../probe/prober.ts';
import type { SnmpFailure } from './failure.ts';
import type { SnmpSession } from './session.ts';
import { isMissing, numberOf } from './value.ts';

/** sysUpTime: every agent has it. */
const PROBE_OID = '1.3.6.1.2.1.1.3.0';

/**
 * What an SNMP exchange says of reachability: any valid SNMP answer, errors included, is `r`;
 * silence and unreadable datagrams are `n`; what was not sent or cannot be judged is `x`.
 */
export function reachabilityOf(result: { readonly ok: true } | SnmpFailure): RawCode {
  if (result.ok) return 'r';
  switch (result.failed) {
    case 'auth':
    case 'too_big':
    case 'snmp_error':
    case 'not_increasing':
    case 'empty':
      return 'r';
    case 'timeout':
    case 'deadline':
    case 'garbage':
      return 'n';
    case 'not_sent':
    case 'busy':
    case 'closed':
      return 'x';
    default:
      return assertNever(result.failed);
  }
}

export interface SnmpProbeDetail {
  /** Null where the device answered with an error or without this object. */
  readonly sys_uptime_ticks: number | null;
}

/**
 * Asks for sysUpTime and nothing else. `rtt_us` is that of the try that was answered; give the
 * session `retries: 0` where one datagram must decide a slot.
 */
export async function probeSnmp(
  session: SnmpSession,
  deadline: AbortSignal,
): Promise<ProbeOutcome<SnmpProbeDetail>> {
  const started_ms = session.now_ms();
  const answer = await session.get([PROBE_OID], deadline);
  const code = reachabilityOf(answer);
  if (code === 'r') {
    const varbind = answer.ok ? answer.value[0] : undefined;
    const value = varbind === undefined || isMissing(varbind) ? undefined : numberOf(varbind);
    // Waiting for a poll's request to the same device is no time of the device.
    const asked_ms = answer.ok ? answer.asked_mono_ms : started_ms;
    const rtt_us = Math.round((session.now_ms() - asked_ms) * 1_000);
    const sys_uptime_ticks = typeof value === 'number' ? value : null;
    return { code, rtt_us, detail: { sys_uptime_ticks } };
  }
  const reason = answer.ok ? '' : `${answer.failed}: ${answer.detail}`;
  return { code: code === 'x' ? 'x' : 'n', reason };
}
