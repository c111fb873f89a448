import { LanProofError } from '../shared/errors.ts';
import { DEMO_ORIGIN } from '../shared/evidence/checkpoint.ts';
import type { BatchHeader } from '../shared/measure/batch.ts';
import type { Plan, SnmpPlan } from './lists/plan.ts';
import type { Platform } from './platform/platform.ts';
import { type ArpAsker, createArpEngine, createArpProber } from './probe/arp.ts';
import { type CheckProbers, createCheckEngines } from './probe/checks.ts';
import { createFpingEngine } from './probe/icmp-fping.ts';
import type { Engine, ProbeSink, ProbeTarget } from './probe/prober.ts';
import { createArpSeeker, type Seeker } from './probe/seek.ts';
import { createTickedEngine, type EngineClock } from './probe/ticked-engine.ts';
import { createUdpEchoEngine } from './probe/udp-echo.ts';
import { openSession, type SnmpSession } from './snmp/session.ts';
import { probeSnmp } from './snmp/snmp-reachability.ts';

/** Devices asked by SNMP for their reachability at the same time. */
const SNMP_CONCURRENCY = 32;
/** One datagram decides a slot; its answer must be there before the next tick, ms. */
const SNMP_TIMEOUT_MS = 1_000;
const TIMEOUT_MARGIN_MS = 100;

export type EngineChoice = 'auto' | 'fping' | 'ping' | 'udp-echo';

export interface EngineOptions {
  readonly choice: EngineChoice;
  /** Origin of the log that the agent is enrolled in. */
  readonly log: string;
  readonly sink: ProbeSink;
  readonly clock: EngineClock;
  readonly platform: Platform;
  readonly nic: string | null;
  readonly max_packets_per_s: number;
  readonly onForeignMac: (index: number, mac: string) => void;
  /** fping cannot be used; the slower engine takes over. */
  readonly onFallback: (error: LanProofError) => void;
  /** What asks services; default the real ones. */
  readonly probers?: CheckProbers | undefined;
}

/** All engines as one: what the plan asks for is given to whom it concerns. */
export interface Engines {
  readonly names: NonNullable<BatchHeader['engine']>;
  /** Finds devices by their MAC; null where no ARP can be sent. */
  readonly seeker: Seeker | null;
  arpReaches(address: string): boolean;
  /** Resolves when the old series are closed. Rejects with the first engine's refusal. */
  apply(plan: Plan, from_mono_ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** @throws LanProofError FPING_*, ENGINE_DEMO_ONLY. */
export async function createEngines(options: EngineOptions): Promise<Engines> {
  const { platform, nic } = options;
  let series = 0;
  const next_id = () => {
    series += 1;
    return series;
  };
  const arp = await arpOf(platform, nic);
  const icmp = await icmpOf(options, arp, next_id);
  const { sink, clock, onForeignMac } = options;
  const ask = arp === null ? null : createArpEngine({ sink, clock, arp, next_id, onForeignMac });
  const snmp = createSnmpReachability({ sink, clock, next_id });
  const checks = createCheckEngines({ sink, clock, next_id, probers: options.probers });
  let newest = 0;
  return {
    names: { icmp: `${icmp.name} ${icmp.version}`.slice(0, 64), arp: arp?.tool ?? 'none' },
    seeker: icmp.seeker ?? (arp === null ? null : createArpSeeker(arp, platform)),
    arpReaches: (address) => arp !== null && platform.onLink(address) !== null,
    async apply(plan, from_mono_ms) {
      if (ask === null && plan.arp.length > 0) onlyTell(sink);
      newest += 1;
      const turn = newest;
      snmp.add(plan.snmp);
      await Promise.all([
        icmp.apply(plan.icmp, from_mono_ms),
        ask?.apply(plan.arp, from_mono_ms),
        snmp.engine.apply(snmp.targets(plan.snmp), from_mono_ms),
        checks.apply(plan.checks ?? [], from_mono_ms),
      ]);
      // Where plans follow quickly, the sessions of the newest must outlive the older ones' end.
      if (turn === newest) snmp.keep(plan.snmp);
    },
    async stop() {
      await Promise.all([icmp.stop(), ask?.stop(), snmp.engine.stop(), checks.stop()]);
      snmp.keep([]);
    },
  };
}

function onlyTell(sink: ProbeSink): void {
  const message = 'ARP cannot be sent (arping missing or without right): arp targets have no ticks';
  sink.problem({ code: 'NO_RIGHT', message });
}

async function arpOf(platform: Platform, nic: string | null): Promise<ArpAsker | null> {
  const own = platform.nics().find(({ name }) => name === nic);
  const address = own?.cidrs.find((cidr) => !cidr.includes(':'))?.split('/')[0] ?? null;
  return createArpProber({
    nic_for: (target) => platform.onLink(target),
    check_nic: own?.mac === null ? null : (own?.name ?? null),
    check_address: address,
  });
}

async function icmpOf(
  options: EngineOptions,
  arp: ArpAsker | null,
  next_id: () => number,
): Promise<Engine> {
  const { choice, log, sink, clock, max_packets_per_s, onForeignMac } = options;
  if (choice === 'udp-echo') {
    if (log.startsWith(DEMO_ORIGIN)) return createUdpEchoEngine({ sink, clock, next_id });
    throw new LanProofError(
      'ENGINE_DEMO_ONLY',
      'udp-echo invents answers: only a demo log has it',
      {
        hint: 'write `icmp: { engine: auto }` in agent.yml',
        place: 'icmp.engine',
      },
    );
  }
  const byPing = async () => {
    // Loaded where it is needed only: most machines have fping.
    const { createPingEngine } = await import('./probe/icmp-ping.ts');
    return await createPingEngine({ sink, clock, next_id });
  };
  if (choice === 'ping') return byPing();
  try {
    return await createFpingEngine({ sink, clock, arp, max_packets_per_s, next_id, onForeignMac });
  } catch (error) {
    if (choice === 'fping' || !(error instanceof LanProofError)) throw error;
    options.onFallback(error);
    return byPing();
  }
}

/** Reachability by SNMP: one sysUpTime request a tick, by sessions apart from those of polls. */
function createSnmpReachability(options: {
  readonly sink: ProbeSink;
  readonly clock: EngineClock;
  readonly next_id: () => number;
}) {
  const { clock } = options;
  const sessions = new Map<string, SnmpSession>();
  /** What they still ask is answered; closed when the old series are. */
  const replaced = new Set<SnmpSession>();
  const keyOf = (index: number, address: string) => `${index} ${address}`;
  const deciding = (plans: readonly SnmpPlan[]) => plans.filter(({ decides }) => decides);
  const engine = createTickedEngine({
    ...options,
    name: 'snmp',
    version: '1',
    probe: 'snmp',
    concurrency: SNMP_CONCURRENCY,
    async ask(target, deadline) {
      const session = sessions.get(keyOf(target.index, target.address));
      if (session === undefined) return { code: 'x', reason: 'the list changed' };
      return probeSnmp(session, deadline);
    },
  });
  return {
    engine,
    /** Old ticks are still asked with their own sessions until their series close. */
    add(plans: readonly SnmpPlan[]): void {
      for (const plan of deciding(plans)) {
        const key = keyOf(plan.index, plan.target.address);
        const before = sessions.get(key);
        if (before !== undefined) replaced.add(before);
        const timeout_ms = timeoutOf(plan.interval_ms);
        const deps = { now_ms: () => clock.monotonic_ms(), retries: 0, timeout_ms };
        sessions.set(key, openSession(plan.target, deps));
      }
    },
    keep(plans: readonly SnmpPlan[]): void {
      const kept = new Set(
        deciding(plans).map(({ index, target }) => keyOf(index, target.address)),
      );
      for (const session of replaced) session.close();
      replaced.clear();
      for (const [key, session] of sessions) {
        if (kept.has(key)) continue;
        session.close();
        sessions.delete(key);
      }
    },
    targets: (plans: readonly SnmpPlan[]): ProbeTarget[] =>
      deciding(plans).map(({ index, interval_ms, target }) => ({
        index,
        address: target.address,
        interval_ms,
        timeout_ms: timeoutOf(interval_ms),
        arp_on_silence: false,
        mac: undefined,
      })),
  };
}

function timeoutOf(interval_ms: number): number {
  return Math.min(SNMP_TIMEOUT_MS, interval_ms - TIMEOUT_MARGIN_MS);
}
