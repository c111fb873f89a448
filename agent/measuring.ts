import type { LanProofError } from '../shared/errors.ts';
import type { Crypto } from '../shared/evidence/crypto.ts';
import type { SealCause } from '../shared/measure/batch.ts';
import { encodeRuns } from '../shared/measure/runs.ts';
import { CarrierWatch } from './carrier.ts';
import type { RunClock } from './clock.ts';
import type { AgentConfig } from './config.ts';
import { type Delivery, REWRITTEN_EVENT } from './deliver/delivery.ts';
import { createEngines, type Engines } from './engines.ts';
import { HostFacts, ownNic } from './host.ts';
import type { Identity } from './identity.ts';
import type { Logger } from './log.ts';
import type { AgentMetrics } from './metrics.ts';
import type { Platform } from './platform/platform.ts';
import type { CheckProbers } from './probe/checks.ts';
import { ENGINE_HINTS } from './probe/prober.ts';
import type { ListInForce } from './record/draft.ts';
import { EarlyLimit } from './record/early.ts';
import { Recorder } from './record.ts';
import { SnmpSchedule } from './schedule.ts';
import { createSealer, type SealedBatch } from './seal.ts';
import { Walk } from './walk.ts';
import { IDENTITY_HINTS } from './whereabouts/mac-audit.ts';
import { MacGuard } from './whereabouts/mac-guard.ts';
import { createNameResolver } from './whereabouts/names.ts';
import { Whereabouts } from './whereabouts/whereabouts.ts';

/** 64 bits: two runs of one agent never share an id. */
const RUN_ID_BYTES = 8;

/** schedule → probe → record → seal. */
export interface Measuring {
  readonly recorder: Recorder;
  readonly walk: Walk;
  readonly engines: Engines;
  readonly schedule: SnmpSchedule;
  readonly carrier: CarrierWatch;
  readonly guard: MacGuard;
  readonly whereabouts: Whereabouts;
  readonly nic: string | null;
}

export interface MeasuringDeps {
  readonly config: AgentConfig;
  readonly platform: Platform;
  readonly crypto: Crypto;
  readonly log: Logger;
  readonly software: string;
  readonly random: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly probers?: CheckProbers;
  readonly identity: Identity;
  readonly clock: RunClock;
  readonly delivery: Delivery;
  readonly metrics: Pick<AgentMetrics, 'counting' | 'polled' | 'paced'>;
  /** Integer ms of CLOCK_MONOTONIC. */
  readonly monotonic_ms: () => number;
  readonly utc_ms: () => number;
  readonly tell: (error: LanProofError) => void;
  readonly onSealed: (batch: SealedBatch, cause: SealCause) => void;
  readonly onNewRun: () => void;
  readonly onList: () => void;
  /** Targets were found at other addresses. */
  readonly onMoves: () => void;
  /** Something about a device that its person should know, e.g. ADDRESS_MOVED. */
  readonly onNotice: (code: string, device: string) => void;
}

/** Builds the measuring half for the first list. @throws LanProofError FPING_*, ENGINE_*. */
export async function createMeasuring(deps: MeasuringDeps, list: ListInForce): Promise<Measuring> {
  const { config, platform, clock, log, monotonic_ms } = deps;
  const nic = ownNic(platform);
  const host = new HostFacts(platform, nic);
  const early = new EarlyLimit();
  const carrier: CarrierWatch = new CarrierWatch(
    () => {
      const now = nic === null ? null : platform.carrier(nic);
      return { carrier: now?.carrier ?? null, changes: now?.carrier_changes ?? null };
    },
    monotonic_ms,
    (up, mono_ms) => recorder.event({ code: up ? 'link_up' : 'link_down', mono_ms }),
  );
  const recorder = new Recorder({
    ...{ monotonic_ms, encodeRuns, list },
    offset_ms: () => clock.offset_ms ?? 0,
    carrierLostSince: (mono_ms) => carrier.lostSince(mono_ms),
    onEarly: (sent_mono_ms) => early.wish(sent_mono_ms),
    onProblem: ({ code, message }) => log.warn({ code, hint: ENGINE_HINTS[code] }, message),
  });
  recorder.event({ code: 'start' });
  // A restart hides nothing: it is signed again until a person acknowledged it.
  if (deps.delivery.alarms.count > 0) recorder.event(REWRITTEN_EVENT);
  const guard = new MacGuard({
    sink: deps.metrics.counting(recorder),
    monotonic_ms: () => platform.monotonic_ms(),
    neighbours: () => platform.neighbours(),
    onLink: (address) => platform.onLink(address),
    onForeign: (sought, mac) => whereabouts.foreign(sought, mac),
  });
  const engines = await createEngines({
    ...{ choice: config.icmp.engine, log: deps.identity.log, platform, nic },
    sink: guard,
    clock: { monotonic_ms: () => platform.monotonic_ms(), wall_ms: () => platform.wall_ms() },
    max_packets_per_s: config.max_packets_per_s,
    probers: deps.probers,
    onForeignMac: (target, mac) => whereabouts.foreignAt(target, mac),
    onFallback: (error) => {
      recorder.event({ code: 'engine_fallback' });
      deps.tell(error);
    },
  });
  const schedule = new SnmpSchedule({
    ...{ monotonic_ms: () => platform.monotonic_ms(), utc_ms: deps.utc_ms, random: deps.random },
    sleep: deps.sleep,
    onPoll: (target, poll, version) => {
      deps.metrics.polled(poll);
      recorder.poll(target, poll, version);
    },
    onProblem: (plan, error) => log.warn({ code: 'SNMP_POLL', device: plan.code }, String(error)),
    onPace: (target, interval_ms) => {
      deps.metrics.paced();
      recorder.event({ code: 'polled_gently', target, value: interval_ms });
      const device = recorder.list.targets[target]?.code;
      log.warn({ code: 'SNMP_PACE', device, interval_ms }, 'SNMP polls of a device changed pace');
    },
  });
  const walk = createWalk(deps, recorder, early, host, engines);
  const whereabouts: Whereabouts = createWhereabouts(deps, { recorder, walk, guard, engines });
  return { recorder, walk, engines, schedule, carrier, guard, whereabouts, nic };
}

function createWhereabouts(
  { platform, log, onMoves, onNotice }: MeasuringDeps,
  { recorder, walk, guard, engines }: Pick<Measuring, 'recorder' | 'walk' | 'guard' | 'engines'>,
): Whereabouts {
  return new Whereabouts({
    monotonic_ms: () => platform.monotonic_ms(),
    neighbours: () => platform.neighbours(),
    seeker: engines.seeker,
    resolve: createNameResolver(),
    changing: () => walk.changing,
    watch: (targets, from_mono_ms) => guard.use(targets, from_mono_ms),
    onEvent: (code, target) => {
      recorder.event({ code, target });
      const device = recorder.list.targets[target]?.code;
      log.warn({ code: code.toUpperCase(), device, hint: IDENTITY_HINTS[code] }, code);
      onNotice(code.toUpperCase(), device ?? '');
    },
    onAddress: (target, value) => recorder.identity([{ target, what: 'address', value }]),
    onMoves,
  });
}

function createWalk(
  deps: MeasuringDeps,
  recorder: Recorder,
  early: EarlyLimit,
  host: HostFacts,
  engines: Engines,
): Walk {
  const { crypto, identity, software, randomBytes, clock, delivery, monotonic_ms } = deps;
  const { site, agent, signer } = identity;
  return new Walk({
    ...{ monotonic_ms, recorder, clock, early, store: delivery.spool },
    sealer: createSealer({ crypto, signer, site, agent, software, randomBytes }),
    boot: deps.platform.bootId(),
    newRunId: () => Buffer.from(randomBytes(RUN_ID_BYTES)).toString('hex'),
    seen: () => delivery.proofs.forHeader(),
    engine: () => engines.names,
    host: () => host.read(),
    onSealed: deps.onSealed,
    onNewRun: deps.onNewRun,
    onList: deps.onList,
  });
}
