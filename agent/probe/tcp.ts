import type { TcpOutcome } from '../../shared/measure/codes.ts';
import {
  asMs,
  type CheckResult,
  elapsedUs,
  type NowMs,
  performanceNow,
  type Trace,
} from './check.ts';
import { openTcp } from './connect.ts';

export interface TcpTarget {
  /** IPv4 or IPv6 address, never a name. */
  readonly address: string;
  readonly port: number;
}

/**
 * Opens one connection and resets it at once: nothing is written, and no TIME_WAIT stays behind.
 * Accepted or refused means that the host is alive (accounting §1). Phases: [connect]. Never
 * rejects.
 */
export async function probeTcp(
  target: TcpTarget,
  deadline: AbortSignal,
  trace?: Trace,
  now_ms: NowMs = performanceNow,
): Promise<CheckResult<TcpOutcome>> {
  const { address, port } = target;
  trace?.(`Opening a TCP connection to ${address} port ${port}.`);
  const started_ms = now_ms();
  const connected = await openTcp(target, deadline);
  const connect_us = elapsedUs(now_ms, started_ms);
  if (connected.ok) {
    connected.socket.resetAndDestroy();
    trace?.(`It was accepted after ${asMs(connect_us)}; the connection was reset at once.`);
    return { code: 'r', outcome: 'accepted', phases_us: [connect_us] };
  }
  const { fault, said } = connected;
  if (fault === 'refused') {
    trace?.(`It was refused after ${asMs(connect_us)}: nothing listens, but the host answered.`);
    return { code: 'r', outcome: 'refused', phases_us: [connect_us] };
  }
  trace?.(`No connection after ${asMs(connect_us)}: ${said}.`);
  return { code: fault === 'not_sent' ? 'x' : 'n', outcome: fault, phases_us: [null] };
}
