import type { LanProofError } from '../shared/errors.ts';
import type { Crypto } from '../shared/evidence/crypto.ts';
import type { ClockSample, SealCause } from '../shared/measure/batch.ts';
import { RunClock } from './clock.ts';
import type { AgentConfig } from './config.ts';
import { createDelivery, type Delivery } from './deliver/delivery.ts';
import { type Deliverer, IDLE_MS } from './deliver.ts';
import { type Identity, loadIdentity } from './identity.ts';
import { Lists } from './lists/lists.ts';
import type { Logger } from './log.ts';
import { Loops } from './loops.ts';
import { createMeasuring, type Measuring } from './measuring.ts';
import type { AgentMetrics, MetricSources } from './metrics.ts';
import type { Platform } from './platform/platform.ts';
import type { CheckProbers } from './probe/checks.ts';
import type { SealedBatch } from './seal.ts';
import { checkSpoolLimit } from './spool/limit.ts';
import { StatusKeeper } from './status/status.ts';
import { measuredTargets, StatusBook } from './status/status-facts.ts';
import { UNCOUNTED } from './status/uncounted.ts';

export interface AgentDeps {
  readonly platform: Platform;
  readonly crypto: Crypto;
  readonly log: Logger;
  /** Version of this program, for headers. */
  readonly software: string;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Resolves after `ms` or when the signal aborts, whichever is first. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** What asks services; the demo gives its own. */
  readonly probers?: CheckProbers;
  /** Counts what happens for Prometheus; absent where nobody scrapes. */
  readonly createMetrics?: (sources: MetricSources) => AgentMetrics;
}

export interface AgentStatus {
  /** Newest sealed batch; what the collector acknowledged; what was proven to be in the log. */
  readonly seq: number;
  readonly sent_to: number;
  readonly proven_to: number;
  /** 0 before the first list. */
  readonly list_version: number;
  readonly run: string;
  /** Code of what holds delivery up, '' if nothing does. */
  readonly problem: string;
}

/** Builds an agent; nothing is sent or measured before `start`. */
export function createAgent(config: AgentConfig, deps: AgentDeps): Agent {
  return new Agent(config, deps);
}

/**
 * schedule → probe → record → seal → spool → deliver: a due tick asks a prober, its result is
 * recorded in the open batch, the batch is sealed each minute (or early), it is on disk before it
 * is sent, and it counts as delivered when its inclusion in the log was checked.
 */
export class Agent {
  readonly identity: Identity;
  readonly metrics: AgentMetrics;
  readonly #config: AgentConfig;
  readonly #deps: AgentDeps;
  readonly #clock = new RunClock();
  readonly #delivery: Delivery;
  readonly #loops: Loops;
  readonly #lists: Lists;
  readonly #book: StatusBook;
  readonly #status: StatusKeeper;
  #measuring: Measuring | undefined;

  /** @throws LanProofError AGENT_*, ENROLMENT_*, SPOOL_*, COLLECTOR_INSECURE, LOG_UNKNOWN. */
  constructor(config: AgentConfig, deps: AgentDeps) {
    checkSpoolLimit(config.spool.bytes_max);
    this.#config = config;
    this.#deps = deps;
    const { platform, crypto, log, random, sleep } = deps;
    this.#delivery = createDelivery(config, () => loadIdentity(config.state_dir, crypto), deps, {
      random,
      monotonic_ms: () => platform.monotonic_ms(),
      wall_ms: () => platform.wall_ms(),
      utc_ms: () => this.#utc_ms(),
      event: (event) => this.#measuring?.recorder.event(event),
      tell: (error) => this.#tell(error),
      onTime: (sample) => this.#onTime(sample),
      onListVersion: (version) => this.#lists.seen(version),
      onDelivered: () => {
        this.metrics.delivered(this.#utc_ms());
        this.#book.delivered(this.#utc_ms());
      },
    });
    const { book, api, identity } = this.#delivery;
    this.identity = identity;
    this.#lists = new Lists({
      ...{ config, platform, book, api, log, random },
      tell: (error) => this.#tell(error),
      onTime: (sample) => this.#onTime(sample),
    });
    this.#book = new StatusBook({
      ...{ config, platform, identity, clock: this.#clock, lists: this.#lists },
      delivery: this.#delivery,
      measuring: () => this.#measuring,
      utc_ms: () => this.#utc_ms(),
      changed: () => this.#status.changed(),
    });
    this.metrics = this.#createMetrics();
    this.#status = new StatusKeeper({
      ...{ state_dir: config.state_dir, software: deps.software, pid: process.pid },
      ...{ platform, sleep, facts: () => this.#book.facts() },
    });
    const kernelNow = () => this.#kernelNow();
    this.#loops = new Loops({ platform, sleep, log, clock: this.#clock, kernelNow });
  }

  /** Resolves when it measures, or when it was stopped while it waited for its first list. */
  async start(signal: AbortSignal): Promise<void> {
    this.#status.start();
    this.#clock.kernel(await this.#loops.kernelSample());
    // The first list decides what the open batch is about, so everything else waits for it.
    const first = await this.#lists.first(signal, this.#deps.sleep);
    if (first === undefined) return;
    const measuring = await createMeasuring(
      {
        ...this.#deps,
        config: this.#config,
        identity: this.identity,
        clock: this.#clock,
        delivery: this.#delivery,
        metrics: this.metrics,
        monotonic_ms: () => this.#monotonic_ms(),
        utc_ms: () => this.#utc_ms(),
        tell: (error) => this.#tell(error),
        onSealed: (batch, cause) => this.#onSealed(batch, cause),
        onNewRun: () => this.#lists.restart(),
        onList: () => this.#lists.inForce(),
        onMoves: () => this.#lists.moved(),
        onNotice: (code, device) => this.#book.noticed(code, device),
      },
      first,
    );
    this.#measuring = measuring;
    const { spool, deliverer } = this.#delivery;
    await this.#lists.begin({ ...measuring, spool });
    this.#loops.run({ ...measuring, spool, deliverer, lists: this.#lists, signal });
  }

  /** Ends engines, seals with cause `stop`, delivers for at most `deliver_ms`, closes. */
  async stop(deliver_ms: number): Promise<void> {
    const { spool, http, deliverer } = this.#delivery;
    await this.#loops.stop();
    const measuring = this.#measuring;
    if (measuring !== undefined) {
      await Promise.allSettled([measuring.engines.stop(), measuring.schedule.stop()]);
      measuring.walk.stop();
      await deliverFor(deliverer, deliver_ms, this.#deps.sleep);
    }
    await this.#status.stop();
    spool.close();
    await http.close();
  }

  status(): AgentStatus {
    const { spool, deliverer } = this.#delivery;
    return {
      seq: spool.head.seq,
      ...spool.marks,
      list_version: this.#measuring?.recorder.list.version ?? 0,
      run: this.#measuring?.walk.run ?? '',
      problem: deliverer.problem,
    };
  }

  #createMetrics(): AgentMetrics {
    const { spool, book, alarms } = this.#delivery;
    const lists = this.#lists;
    const create = this.#deps.createMetrics ?? (() => UNCOUNTED);
    return create({
      software: this.#deps.software,
      waiting: () => spool.waiting,
      held: () => spool.held,
      oldestWaiting_ms: () => spool.oldest_waiting_ms,
      spoolBytes: () => spool.used_bytes,
      spoolBytesMax: () => this.#config.spool.bytes_max,
      packetsPerSecond: () => lists.plan?.packets_per_s ?? 0,
      listVersion: () => book.current?.list.version,
      measuredTargets: () => (lists.plan === undefined ? undefined : measuredTargets(lists.plan)),
      refused: () => this.#book.refused,
      lastProof_ms: () => this.#book.proven_ms ?? undefined,
      clockOffset_ms: () => this.#book.clock_offset_ms ?? undefined,
      synchronised: () => this.#clock.synchronised,
      historyAlarms: () => alarms.count,
    });
  }

  #onSealed(batch: SealedBatch, cause: SealCause): void {
    this.metrics.sealed(cause);
    this.#deps.log.debug({ seq: batch.seq, cause, bytes: batch.body.length }, 'sealed');
    this.#loops.wake();
    this.#status.changed();
  }

  /** A collector sample; before the first list there is no run that it could end. */
  #onTime(sample: ClockSample): void {
    this.#status.changed();
    const kernel = this.#kernelNow();
    const walk = this.#measuring?.walk;
    if (walk !== undefined) walk.collectorSample(sample, kernel);
    else if (this.#clock.collector(sample, kernel.wall_ms - kernel.mono_ms) === 'new_run') {
      this.#clock.restart(kernel);
    }
  }

  #tell(error: LanProofError): void {
    this.metrics.problem(error.code);
    this.#book.told(error);
    const { code, hint, place } = error;
    this.#deps.log.warn({ code, hint, place }, error.message);
  }

  #monotonic_ms(): number {
    return Math.floor(this.#deps.platform.monotonic_ms());
  }

  #utc_ms(): number {
    return this.#monotonic_ms() + (this.#clock.offset_ms ?? 0);
  }

  /** The settable clock without anybody's word for it. */
  #kernelNow(): ClockSample {
    const wall_ms = Math.round(this.#deps.platform.wall_ms());
    const mono_ms = this.#monotonic_ms();
    return { mono_ms, wall_ms, source: 'kernel', sync: false, error_ms: null };
  }
}

async function deliverFor(
  deliverer: Deliverer,
  deliver_ms: number,
  sleep: AgentDeps['sleep'],
): Promise<void> {
  const signal = AbortSignal.timeout(deliver_ms);
  while (!signal.aborted) {
    const wait_ms = await deliverer.step(signal);
    if (wait_ms === IDLE_MS) break;
    await sleep(wait_ms, signal);
  }
  if (!signal.aborted) await deliverer.proveNow(signal);
}
