import type { LanProofError } from '../../shared/errors.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import type { AgentEvent, ClockSample } from '../../shared/measure/batch.ts';
import type { AgentConfig } from '../config.ts';
import { Deliverer } from '../deliver.ts';
import { type CollectorHttp, createCollectorHttp } from '../http.ts';
import { type Identity, saveEnrolment } from '../identity.ts';
import { TargetBook } from '../lists/targets.ts';
import type { Logger } from '../log.ts';
import { Spool } from '../spool.ts';
import { AlarmBook } from './alarms.ts';
import { type AgentApi, createAgentApi } from './api.ts';
import { ProofKeeper } from './prove.ts';
import { Reintroducer } from './reintroduce.ts';
import { RotationTeller } from './rotation.ts';

/** What the delivering half tells the measuring half, which is built later. */
export interface DeliveryHooks {
  readonly monotonic_ms: () => number;
  readonly wall_ms: () => number;
  /** UTC ms by the run's offset. */
  readonly utc_ms: () => number;
  readonly random: () => number;
  readonly event: (event: Omit<AgentEvent, 'mono_ms'>) => void;
  readonly tell: (error: LanProofError) => void;
  readonly onTime: (sample: ClockSample) => void;
  readonly onListVersion: (version: number) => void;
  readonly onDelivered: () => void;
}

/** spool → deliver, and what else is asked of the collector. */
export interface Delivery {
  readonly identity: Identity;
  readonly spool: Spool;
  readonly http: CollectorHttp;
  readonly api: AgentApi;
  readonly proofs: ProofKeeper;
  readonly book: TargetBook;
  readonly deliverer: Deliverer;
  /** Contradictions in the collector's log that were found so far. */
  readonly alarms: AlarmBook;
}

/** The event of a rewritten history: `value` 0 tells it from the size of a lost one. */
export const REWRITTEN_EVENT = { code: 'history_lost', value: 0 } as const;

type DeliveryConfig = Pick<
  AgentConfig,
  'collectors' | 'insecure' | 'proxy' | 'state_dir' | 'spool'
>;

interface DeliveryDeps {
  readonly crypto: Crypto;
  readonly log: Logger;
}

/**
 * `load` reads the identity, twice: whoever has the spool has the key, so what counts is read under
 * its lock, and a rotation may have ended since the first time. @throws LanProofError SPOOL_*,
 * COLLECTOR_INSECURE and what `load` throws.
 */
export function createDelivery(
  config: DeliveryConfig,
  load: () => Identity,
  deps: DeliveryDeps,
  hooks: DeliveryHooks,
): Delivery {
  const spool = openSpool(config, load(), deps, hooks);
  try {
    return connect(config, load(), spool, deps, hooks);
  } catch (error) {
    spool.close();
    throw error;
  }
}

function openSpool(
  config: DeliveryConfig,
  { origin, issued_ms }: Identity,
  { crypto, log }: DeliveryDeps,
  hooks: DeliveryHooks,
): Spool {
  return new Spool({
    ...{ dir: config.state_dir, crypto, origin, issued_ms, wall_ms: hooks.wall_ms },
    bytes_max: config.spool.bytes_max,
    onDisk: (state, message) => {
      hooks.event({ code: state === 'full' ? 'disk_full' : 'disk_ok' });
      if (state === 'full') log.error({ code: 'DISK_FULL' }, message);
      else log.info({ code: 'DISK_OK' }, message);
    },
    onLost: (message) => log.error({ code: 'SPOOL_LOST' }, message),
  });
}

function connect(
  config: DeliveryConfig,
  identity: Identity,
  spool: Spool,
  { crypto, log }: DeliveryDeps,
  hooks: DeliveryHooks,
): Delivery {
  const { monotonic_ms, utc_ms, random, onTime } = hooks;
  const http = createCollectorHttp({
    urls: config.collectors,
    insecure: config.insecure,
    proxy: config.proxy,
    tls: identity.tls ?? undefined,
    monotonic_ms,
  });
  const api = createAgentApi(http, crypto, identity.signer);
  const alarms = new AlarmBook(config.state_dir);
  const proofs = new ProofKeeper({
    ...{ api, spool, identity, crypto, monotonic_ms, utc_ms, onTime },
    onHistoryLost: (error, seen_size) => {
      hooks.event({ code: 'history_lost', value: seen_size });
      log.fatal({ code: error.code, hint: error.hint }, error.message);
    },
    onRewritten: (error, found) => {
      const known = alarms.raise(found);
      if (known === 'new') {
        hooks.event(REWRITTEN_EVENT);
        log.fatal({ code: error.code, hint: error.hint }, error.message);
      }
      return known;
    },
    onLogs: (log_open) => saveEnrolment(config.state_dir, { ...identity.enrolment, log_open }),
  });
  const book = new TargetBook({
    ...{ state_dir: config.state_dir, crypto, identity },
    knowsLog: (origin) => proofs.knowsLog(origin),
  });
  const { enrol } = identity.enrolment;
  const targets = () => book.shown;
  const { rotations = [] } = identity.enrolment;
  const reintroducer = new Reintroducer({ api, enrol, rotations, targets, monotonic_ms });
  const deliverer = new Deliverer({
    ...{ http, spool, identity, crypto, proofs, monotonic_ms, utc_ms, random, onTime },
    reintroducer,
    rotations: new RotationTeller({ api, spool, identity, reintroducer }),
    onListVersion: hooks.onListVersion,
    onProblem: hooks.tell,
    onDelivered: hooks.onDelivered,
  });
  return { identity, spool, http, api, proofs, book, deliverer, alarms };
}
