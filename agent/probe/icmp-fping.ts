import { execFile } from 'node:child_process';
import { isIPv6 } from 'node:net';
import { LanProofError } from '../../shared/errors.ts';
import { everyBeats } from '../beat.ts';
import type { ArpProber } from './arp.ts';
import { ARP_TIMEOUT_MS, ArpOnSilence } from './arp-on-silence.ts';
import { FpingGroup, type FpingGroupDeps } from './fping-group.ts';
import { GAP_SLACK } from './fping-patience.ts';
import { type Family, type FpingPlan, longestTimeout } from './fping-run.ts';
import type { Engine, ProbeSink, ProbeTarget } from './prober.ts';
import { ProblemReporter } from './problem-reporter.ts';
import type { EngineClock } from './ticked-engine.ts';

/**
 * fping as one long-lived process per interval, payload and address family.
 *
 * When a tick was sent: fping 5.1 with -D prints the wall time at which a reply reached the kernel,
 * in 10 µs steps; minus the printed round-trip time that is the send time. Tried for 45 s with 100
 * addresses on a busy two-core machine: the send times of the first address lie 0 to 6 ms (median
 * 0.9 ms) behind anchor + n × period and do not drift (fping adds periods to its own clock); the
 * k-th address follows k × 1.1–1.33 ms later with `-i 1`. wall − monotonic is known to 1 ms
 * (Date.now gives whole ms). So t0 is right to about 2 ms, however late we read the line.
 */
export interface FpingEngineOptions {
  readonly sink: ProbeSink;
  readonly clock: EngineClock;
  /** For targets with `arp_on_silence`; null when ARP cannot be sent. */
  readonly arp: ArpProber | null;
  /** The executable; default `fping` from PATH. */
  readonly path?: string;
  /** Upper bound over all processes, the loopback canaries included. */
  readonly max_packets_per_s: number;
  /** Numbers for series, if several engines share one sink. */
  readonly next_id?: () => number;
  readonly onForeignMac?: (index: number, mac: string) => void;
  readonly signal?: AbortSignal;
}

/** 200 ms between reads: 500 wake-ups a second cost as much CPU as fping (measured). */
const POLL_BEATS = 1;
/** A list change needs this long to start the second process. */
const CHANGE_LEAD_MS = 50;
const CHECK_DEADLINE_MS = 5000;
const CHECK_TIMEOUT_MS = '500';

/**
 * Checks that fping is there and may send, then offers it as an engine.
 * @throws LanProofError FPING_MISSING, FPING_NO_RIGHT (fatal: use the ping fallback); `apply`
 * throws PACKET_RATE when the list needs more packets than allowed.
 */
export async function createFpingEngine(options: FpingEngineOptions): Promise<Engine> {
  const path = options.path ?? 'fping';
  const version = await checkFping(path);
  return new FpingEngine(options, path, version);
}

/** Version of a usable fping. */
async function checkFping(path: string): Promise<string> {
  const version = await call(path, ['-v']);
  if (version.missing) {
    throw new LanProofError('FPING_MISSING', `${path} is not installed`, {
      hint: 'apt install fping',
    });
  }
  // -v works without any right, so one echo to the own loopback tells.
  const echo = await call(path, ['-c', '1', '-t', CHECK_TIMEOUT_MS, '127.0.0.1']);
  if (/must run as root|not permitted|permission denied/i.test(echo.text)) {
    throw new LanProofError('FPING_NO_RIGHT', `${path} may not send: ${echo.text.trim()}`, {
      hint: 'setcap cap_net_raw+ep "$(command -v fping)" (and keep it out of NoNewPrivileges)',
    });
  }
  return /Version (\S+)/.exec(version.text)?.[1] ?? 'unknown';
}

function call(path: string, args: string[]): Promise<{ missing: boolean; text: string }> {
  const env = { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
  return new Promise((resolve) => {
    const limits = { timeout: CHECK_DEADLINE_MS, killSignal: 'SIGKILL', env } as const;
    execFile(path, args, limits, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      const text = `${stdout}${stderr}${code === 'EACCES' || code === 'EPERM' ? 'permission denied' : ''}`;
      resolve({ missing: code === 'ENOENT', text });
    });
  });
}

class FpingEngine implements Engine {
  readonly name = 'fping';
  readonly version: string;
  readonly #options: FpingEngineOptions;
  readonly #path: string;
  readonly #reporter: ProblemReporter;
  readonly #arp: ArpOnSilence | null;
  readonly #groups = new Set<FpingGroup>();
  readonly #polling = new AbortController();
  #ids = 0;
  #stopped = false;

  constructor(options: FpingEngineOptions, path: string, version: string) {
    this.version = version;
    this.#options = options;
    this.#path = path;
    const { sink, clock, arp, onForeignMac, signal } = options;
    this.#reporter = new ProblemReporter(sink, clock);
    this.#arp = arp === null ? null : new ArpOnSilence(arp, clock, onForeignMac);
    everyBeats(POLL_BEATS, this.#polling.signal, () => this.#poll());
    signal?.addEventListener('abort', () => void this.stop(), { once: true });
    if (signal?.aborted) void this.stop();
  }

  /** Process ids of the running fping, for the agent's own resource figures. */
  get pids(): number[] {
    return [...this.#groups].flatMap((group) => group.pid ?? []);
  }

  async apply(targets: readonly ProbeTarget[], from_ms: number): Promise<void> {
    if (this.#stopped) return;
    const plans = planFping(targets, this.#path, this.#options.max_packets_per_s);
    const old = [...this.#groups];
    const lead_ms = old.length > 0 ? CHANGE_LEAD_MS : 0;
    const from = Math.max(from_ms, this.#options.clock.monotonic_ms() + lead_ms);
    for (const group of old) group.retire(from);
    const young = plans.map((plan) => new FpingGroup(plan, from, this.#deps(plan)));
    for (const group of young) {
      this.#groups.add(group);
      void group.closed.then(() => this.#groups.delete(group));
    }
    await Promise.all([...young.map((g) => g.running), ...old.map((g) => g.closed)]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#polling.abort();
    const groups = [...this.#groups];
    for (const group of groups) group.stop();
    await Promise.all(groups.map((group) => group.closed));
  }

  #poll(): void {
    for (const group of this.#groups) group.poll();
  }

  #deps(plan: FpingPlan): FpingGroupDeps {
    const asks = this.#arp !== null && plan.targets.some((target) => target.arp_on_silence);
    return {
      sink: this.#options.sink,
      clock: this.#options.clock,
      arp: this.#arp,
      arp_needs_ms: asks ? longestTimeout(plan.targets) + ARP_TIMEOUT_MS : 0,
      nextId: this.#options.next_id ?? (() => ++this.#ids),
      problem: (code, message) => this.#reporter.report(code, message),
    };
  }
}

/**
 * One plan per interval, payload and family. All processes may send at the same moment, so each
 * keeps a gap that holds the allowed rate even then.
 * @throws LanProofError PACKET_RATE when a group's packets do not fit into its interval.
 */
export function planFping(
  targets: readonly ProbeTarget[],
  path: string,
  max_packets_per_s: number,
): FpingPlan[] {
  const groups = Map.groupBy(targets, ({ interval_ms, address, bytes }) =>
    [interval_ms, isIPv6(address) ? 6 : 4, bytes ?? ''].join(' '),
  );
  const gap_ms = Math.max(1, Math.ceil((groups.size * 1000) / max_packets_per_s));
  return [...groups.values()].map((members) => {
    const [first] = members;
    const { interval_ms = 0, address = '', bytes } = first ?? {};
    if ((members.length + 1) * gap_ms * GAP_SLACK > interval_ms) {
      const message = `${members.length} targets each ${interval_ms} ms need more than ${max_packets_per_s} packets/s`;
      throw new LanProofError('PACKET_RATE', message, {
        hint: 'raise max_packets_per_s in the agent configuration, or lengthen the interval',
      });
    }
    const family: Family = isIPv6(address) ? 6 : 4;
    return { path, family, interval_ms, gap_ms, bytes, targets: members };
  });
}
