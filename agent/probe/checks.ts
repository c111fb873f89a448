import type { CheckProbe } from '../../shared/measure/codes.ts';
import type { CheckResult, NowMs } from './check.ts';
import { probeDns } from './dns.ts';
import { probeHttp } from './http.ts';
import type { Engine, ProbeSink, TickedTarget } from './prober.ts';
import { probeTcp } from './tcp.ts';
import { type Asked, createTickedEngine, type EngineClock } from './ticked-engine.ts';

/** What asks the services; the demo puts its script between them and the network. */
export interface CheckProbers {
  readonly tcp: typeof probeTcp;
  readonly dns: typeof probeDns;
  readonly http: typeof probeHttp;
}

export const CHECK_PROBERS: CheckProbers = { tcp: probeTcp, dns: probeDns, http: probeHttp };

/** One check of one target, ready to be asked. */
export interface CheckPlan extends TickedTarget {
  readonly probe: CheckProbe;
  /** Its place among the target's checks of this probe, from 0. */
  readonly check: number;
  /** `probers`: default CHECK_PROBERS. */
  readonly ask: (
    deadline: AbortSignal,
    now_ms: NowMs,
    probers?: CheckProbers,
  ) => Promise<CheckResult>;
}

export interface CheckEngines {
  apply(checks: readonly CheckPlan[], from_ms: number): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Questions in flight at once. A page costs a TLS handshake and up to 64 KiB; a port or a name
 * costs a socket.
 */
const CONCURRENCY: Readonly<Record<CheckProbe, number>> = { tcp: 64, dns: 32, http: 16 };
/** Whoever waited longer for his turn than this share of the time-out was not asked fairly. */
const QUEUE_SHARE_MAX = 0.5;

/** TCP, DNS and HTTP on the agent's monotonic ticks: a series per interval, check and burst. */
export function createCheckEngines(options: {
  readonly sink: ProbeSink;
  readonly clock: EngineClock;
  readonly next_id?: () => number;
  readonly probers?: CheckProbers | undefined;
}): CheckEngines {
  const { clock, probers } = options;
  const now_ms = (): number => clock.monotonic_ms();
  const engineOf = (probe: CheckProbe): Engine<CheckPlan> =>
    createTickedEngine<CheckPlan>({
      ...options,
      name: probe,
      version: '1',
      probe,
      concurrency: CONCURRENCY[probe],
      spread: true,
      ask: (check, deadline, sent_ms) => askOne(check, deadline, sent_ms, now_ms, probers),
    });
  const engines = { tcp: engineOf('tcp'), dns: engineOf('dns'), http: engineOf('http') };
  const all = Object.entries(engines);
  return {
    async apply(checks, from_ms) {
      await Promise.all(
        all.map(([probe, engine]) =>
          engine.apply(
            checks.filter((check) => check.probe === probe),
            from_ms,
          ),
        ),
      );
    },
    async stop() {
      await Promise.all(all.map(([, engine]) => engine.stop()));
    },
  };
}

async function askOne(
  check: CheckPlan,
  deadline: AbortSignal,
  due_ms: number,
  now_ms: NowMs,
  probers: CheckProbers | undefined,
): Promise<Asked> {
  const began_ms = now_ms();
  if (began_ms - due_ms > check.timeout_ms * QUEUE_SHARE_MAX) {
    return { code: 'x', reason: 'overrun' };
  }
  const seen = await check.ask(deadline, now_ms, probers);
  const late = seen.code === 'r' && now_ms() - due_ms > check.timeout_ms;
  // Only a stalled process comes here: the deadline was over before its answer was read.
  const result: CheckResult = late ? { ...seen, code: 'n', outcome: 'timeout' } : seen;
  const detail = { sent_ms: Math.floor(began_ms), result };
  if (result.code !== 'r') return { code: result.code, reason: result.outcome, check: detail };
  return { code: 'r', rtt_us: tripOf(result), detail: null, check: detail };
}

/** The last phase that took a time: the answer of a name server, a whole page. */
function tripOf({ phases_us }: CheckResult): number {
  return phases_us.findLast((us) => us !== null) ?? 1;
}
