import type { LanProofError } from '../shared/errors.ts';
import type { Crypto } from '../shared/evidence/crypto.ts';
import type { SealCause } from '../shared/measure/batch.ts';
import { encodeRuns } from '../shared/measure/runs.ts';
import { CarrierWatch } from './carrier.ts';
import type { RunClock } from './clock.ts';
import type { AgentConfig } from './config.ts';
import type { Delivery } from './delivery.ts';
import type { ListInForce } from './draft.ts';
import { EarlyLimit } from './early.ts';
import { createEngines, type Engines } from './engines.ts';
import { HostFacts, ownNic } from './host.ts';
import type { Identity } from './identity.ts';
import type { Logger } from './log.ts';
import type { Platform } from './platform/platform.ts';
import { ENGINE_HINTS } from './probe/prober.ts';
import { Recorder } from './record.ts';
import { SnmpSchedule } from './schedule.ts';
import { createSealer, type SealedBatch } from './seal.ts';
import { Walk } from './walk.ts';

/** 64 bits: two runs of one agent never share an id. */
const RUN_ID_BYTES = 8;

/** schedule → probe → record → seal. */
export interface Measuring {
  readonly recorder: Recorder;
  readonly walk: Walk;
  readonly engines: Engines;
  readonly schedule: SnmpSchedule;
  readonly carrier: CarrierWatch;
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
  readonly identity: Identity;
  readonly clock: RunClock;
  readonly delivery: Delivery;
  /** Integer ms of CLOCK_MONOTONIC. */
  readonly monotonic_ms: () => number;
  readonly utc_ms: () => number;
  readonly tell: (error: LanProofError) => void;
  readonly onSealed: (batch: SealedBatch, cause: SealCause) => void;
  readonly onNewRun: () => void;
  readonly onList: () => void;
}

/** Builds the measuring half for the first list. @throws LanProofError FPING_*, ENGINE_*. */
export async function createMeasuring(deps: MeasuringDeps, list: ListInForce): Promise<Measuring> {
  const { config, platform, clock, log, monotonic_ms } = deps;
  const nic = ownNic(platform);
  const host = new HostFacts(platform, nic);
  const early = new EarlyLimit();
  const carrier: CarrierWatch = new CarrierWatch(
    () => {
      const now = host.nic();
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
  const engines = await createEngines({
    ...{ choice: config.icmp.engine, log: deps.identity.log, sink: recorder, platform, nic },
    clock: { monotonic_ms: () => platform.monotonic_ms(), wall_ms: () => platform.wall_ms() },
    max_packets_per_s: config.max_packets_per_s,
    onForeignMac: (target) => recorder.event({ code: 'mac_conflict', target }),
    onFallback: (error) => {
      recorder.event({ code: 'engine_fallback' });
      deps.tell(error);
    },
  });
  const schedule = new SnmpSchedule({
    ...{ monotonic_ms: () => platform.monotonic_ms(), utc_ms: deps.utc_ms, random: deps.random },
    sleep: deps.sleep,
    onPoll: (target, poll, version) => recorder.poll(target, poll, version),
    onProblem: (plan, error) => log.warn({ code: 'SNMP_POLL', device: plan.code }, String(error)),
  });
  const walk = createWalk(deps, recorder, early, host, engines);
  return { recorder, walk, engines, schedule, carrier, nic };
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
