import { isIP, isIPv6 } from 'node:net';
import ping from 'ping';
import { LanProofError } from '../../shared/errors.ts';
import type { Engine, ProbeOutcome, Prober, ProbeSink, ProbeTarget } from './prober.ts';
import { createTickedEngine, type EngineClock } from './ticked-engine.ts';

/** Each probe is a process started on the main thread: some 1.3 ms CPU each (measured). */
export const PING_TARGETS_MAX = 20;
export const PING_INTERVAL_MS_MIN = 10_000;
/** At most this many ping processes at once. */
const PING_CONCURRENCY = 4;

export interface PingTarget {
  /** IPv4 or IPv6 address, never a name. */
  readonly address: string;
  readonly timeout_ms: number;
}

/** One echo by the system's ping command: "test now", and the engine below. Never rejects. */
export const pingOnce: Prober<PingTarget, Record<string, never>> = async (target, deadline) => {
  if (isIP(target.address) === 0) return { code: 'x', reason: 'not an address' };
  if (deadline.aborted) return { code: 'x', reason: 'overrun' };
  const late = Promise.withResolvers<ProbeOutcome<Record<string, never>>>();
  const expire = (): void => late.resolve({ code: 'n', reason: 'no answer in time' });
  deadline.addEventListener('abort', expire, { once: true });
  try {
    // The command itself ends after its own time-out, so an abandoned one does not stay.
    return await Promise.race([ask(target), late.promise]);
  } finally {
    deadline.removeEventListener('abort', expire);
  }
};

async function ask(target: PingTarget): Promise<ProbeOutcome<Record<string, never>>> {
  try {
    const answer = await ping.promise.probe(target.address, {
      numeric: true,
      timeout: Math.ceil(target.timeout_ms / 1000),
      min_reply: 1,
      v6: isIPv6(target.address),
    });
    if (answer.alive && typeof answer.time === 'number') {
      if (answer.time > target.timeout_ms) return { code: 'n', reason: 'late answer' };
      return { code: 'r', rtt_us: Math.round(answer.time * 1000), detail: {} };
    }
    return notAlive(answer.output);
  } catch (error) {
    return { code: 'x', reason: error instanceof Error ? error.message : String(error) };
  }
}

function notAlive(output: string): ProbeOutcome<Record<string, never>> {
  const unsent = /^.*(?:network is unreachable|not permitted|no buffer space|cannot assign).*$/im;
  const reason = unsent.exec(output)?.[0];
  return reason === undefined ? { code: 'n', reason: 'no answer' } : { code: 'x', reason };
}

/**
 * The engine where fping is missing. It sends no large echoes and says so once.
 * `apply` throws LanProofError PING_FALLBACK_LIMIT when the list is too much for it.
 */
export function createPingEngine(options: {
  readonly sink: ProbeSink;
  readonly clock: EngineClock;
  readonly next_id?: () => number;
  readonly signal?: AbortSignal;
}): Engine {
  const engine = createTickedEngine<ProbeTarget>({
    ...options,
    name: 'ping',
    version: 'npm ping 1.0.0',
    probe: 'icmp',
    concurrency: PING_CONCURRENCY,
    check: checkLimits,
    ask: pingOnce,
  });
  let told = false;
  return {
    name: engine.name,
    version: engine.version,
    stop: () => engine.stop(),
    async apply(targets, from_ms) {
      const small = targets.filter(({ bytes }) => bytes === undefined);
      if (small.length < targets.length && !told) {
        told = true;
        const message = 'the ping command is too slow for large echoes: they are not sent';
        options.sink.problem({ code: 'NO_LARGE_ECHO', message });
      }
      await engine.apply(small, from_ms);
    },
  };
}

function checkLimits(targets: readonly ProbeTarget[]): void {
  const fast = targets.find((target) => target.interval_ms < PING_INTERVAL_MS_MIN);
  if (fast === undefined && targets.length <= PING_TARGETS_MAX) return;
  const message =
    fast === undefined
      ? `${targets.length} targets are too many without fping (at most ${PING_TARGETS_MAX})`
      : `${fast.address} each ${fast.interval_ms} ms is too often without fping (≥ 10 s)`;
  throw new LanProofError('PING_FALLBACK_LIMIT', message, {
    hint: 'apt install fping, or lengthen the intervals to 10 s and list at most 20 targets',
  });
}
