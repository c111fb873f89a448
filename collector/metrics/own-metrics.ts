import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CollectorDeps } from '../deps.ts';
import type { LiveHub } from '../live/hub.ts';
import { anchorMetrics } from './anchor-metrics.ts';
import type { LoopDelay } from './loop-delay.ts';
import { verifyMetrics } from './verify-metrics.ts';

/** The budget is 100 ms at the 99th percentile; a full disk or a group of 64 shows above. */
const INGEST_SECONDS_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** prom-client looks at the loop 100 times a second; `loop` says the same for less. */
const LOOP_PRECISION_MS = 60_000;
const LOOP_METRICS = ['', '_min', '_max', '_mean', '_stddev', '_p50', '_p90', '_p99'];
/** Gauges that prom-client names like counters: promtool objects, and their parts say the same. */
const MISNAMED = ['active_handles_total', 'active_requests_total', 'active_resources_total'];

/** Prometheus series about the collector itself; one registry per app, none at module level. */
export interface OwnMetrics {
  /** The exposition text of this moment. */
  text(): Promise<string>;
  /** Seconds from a read body to its answer. */
  observeIngest(seconds: number): void;
}

export function createOwnMetrics(
  deps: Pick<
    CollectorDeps,
    'anchors' | 'ingest' | 'ledger' | 'nightly' | 'store' | 'software' | 'judge_stats' | 'now_ms'
  >,
  hub: LiveHub,
  loop: Pick<LoopDelay, 'late_ms'>,
): OwnMetrics {
  const registry = new Registry();
  const registers = [registry];
  const eventLoopMonitoringPrecision = LOOP_PRECISION_MS;
  collectDefaultMetrics({ register: registry, prefix: 'lanproof_', eventLoopMonitoringPrecision });
  const lags = LOOP_METRICS.map((what) => `eventloop_lag${what}_seconds`);
  for (const name of [...MISNAMED, ...lags]) registry.removeSingleMetric(`lanproof_nodejs_${name}`);
  new Gauge({
    name: 'lanproof_event_loop_delay_seconds',
    help: 'How late the process came to its newest look at the clock, which is due once a second.',
    registers,
    collect() {
      this.set(Math.max(0, loop.late_ms()) / 1_000);
    },
  });
  ingestCounters(deps, registers);
  gauges(deps, hub, registers);
  anchorMetrics(deps, registers);
  verifyMetrics(deps, registers);
  const ingest_seconds = new Histogram({
    name: 'lanproof_ingest_seconds',
    help: 'Time from a received body to its answer, the commit included.',
    buckets: INGEST_SECONDS_BUCKETS,
    registers,
  });
  const readStore = storeGauges(deps.store, registers);
  return {
    async text() {
      await readStore();
      return registry.metrics();
    },
    observeIngest: (seconds) => ingest_seconds.observe(seconds),
  };
}

/** Counted where it happens (ingest); read here at each scrape. */
function ingestCounters({ ingest }: Pick<CollectorDeps, 'ingest'>, registers: Registry[]): void {
  const counter = (name: string, help: string, read: () => number) =>
    counterOf(name, help, registers, read);
  const stats = () => ingest.stats();
  counter('lanproof_ingest_batches_total', 'Batches stored.', () => stats().accepted);
  counter('lanproof_ingest_duplicates_total', 'Batches that were there already.', () => {
    return stats().duplicates;
  });
  counter('lanproof_ingest_faulty_total', 'Batches stored with an unreadable part.', () => {
    return stats().faulty;
  });
  counter('lanproof_ingest_conflicts_total', 'Second batches for one place in a chain.', () => {
    return stats().conflicts;
  });
  counter('lanproof_ingest_holes_total', 'Hole statements stored.', () => stats().holes);
  counter('lanproof_ingest_groups_total', 'Commits; each holds the batches of a moment.', () => {
    return stats().groups;
  });
  new Counter({
    name: 'lanproof_ingest_rejected_total',
    help: 'Bodies refused with nothing stored, by error code.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(stats().refused)) this.inc({ reason }, count);
    },
  });
}

/** A counter that is kept elsewhere and read at each scrape. */
function counterOf(name: string, help: string, registers: Registry[], read: () => number): Counter {
  return new Counter({
    name,
    help,
    registers,
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

function gauges(
  deps: Pick<CollectorDeps, 'ingest' | 'ledger' | 'software' | 'judge_stats'>,
  hub: LiveHub,
  registers: Registry[],
): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('lanproof_ingest_queue_batches', 'Bodies that wait for a commit.', () => {
    return deps.ingest.stats().queued;
  });
  gauge('lanproof_ledger_leaves', 'Leaves under the newest checkpoint of the open log.', () => {
    return deps.ledger.checkpoint().size;
  });
  gauge('lanproof_ledger_checkpoint_timestamp_seconds', 'When that checkpoint was signed.', () => {
    return deps.ledger.checkpoint().at_ms / 1_000;
  });
  gauge('lanproof_live_streams', 'Open streams of live views.', () => hub.clients);
  gauge('lanproof_judge_waiting_sites', 'Sites with leaves that are not judged yet.', () => {
    return deps.judge_stats().waiting;
  });
  counterOf('lanproof_judge_faults_total', 'Inputs that the judge passed over.', registers, () => {
    return deps.judge_stats().faults;
  });
  const build = new Gauge({
    name: 'lanproof_build_info',
    help: 'Always 1; the label says the version.',
    labelNames: ['version'],
    registers,
  });
  build.set({ version: deps.software }, 1);
}

/** The store is asked once a scrape; the returned function does it. */
function storeGauges(store: CollectorDeps['store'], registers: Registry[]): () => Promise<void> {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const bytes = gauge('lanproof_store_bytes', 'Size of the store, bodies included.');
  const free = gauge('lanproof_store_free_bytes', 'Space left where the store lies.');
  const writable = gauge('lanproof_store_writable', '1 if the store takes writes, else 0.');
  return async () => {
    const health = await store.health();
    bytes.set(health.used_bytes);
    writable.set(health.writable ? 1 : 0);
    if (health.free_bytes !== null) free.set(health.free_bytes);
  };
}
