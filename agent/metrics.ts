import type { Server } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Registry } from 'prom-client';
import { LanProofError } from '../shared/errors.ts';
import type { HostPort } from '../shared/node/host-port.ts';
import { http } from '../shared/node/http-module.ts';
import type { ProbeSink } from './probe/prober.ts';
import type { DevicePoll } from './snmp/poll.ts';
import { createPollCounter, createSinkCounter } from './status/metrics-counters.ts';

const MS_PER_S = 1_000;
const NS_PER_S = 1e9;
/** The event loop's delay is looked at this often, ms. */
const LOOP_RESOLUTION_MS = 20;

/** What the agent is asked for when somebody scrapes; undefined leaves the series out. */
export interface MetricSources {
  readonly software: string;
  readonly waiting: () => number;
  readonly held: () => number;
  /** When the oldest batch that waits was sealed, UTC ms. */
  readonly oldestWaiting_ms: () => number | undefined;
  readonly spoolBytes: () => number;
  readonly spoolBytesMax: () => number;
  readonly packetsPerSecond: () => number;
  /** Version of the target list in force. */
  readonly listVersion: () => number | undefined;
  readonly measuredTargets: () => number | undefined;
  /** One entry for each target or probe that is not measured. */
  readonly refused: () => readonly { readonly code: string }[];
  readonly lastProof_ms: () => number | undefined;
  /** Time of the batches minus the settable clock, ms. */
  readonly clockOffset_ms: () => number | undefined;
  readonly synchronised: () => boolean;
  /** Contradictions in the collector's log that nobody acknowledged. */
  readonly historyAlarms: () => number;
}

/** Own health of the agent, prefix `lanproof_agent_`: counts and times, no address, no name. */
export interface AgentMetrics {
  sealed(cause: string): void;
  delivered(utc_ms: number): void;
  problem(code: string): void;
  polled(poll: DevicePoll): void;
  /** A device is polled at another interval than before. */
  paced(): void;
  /** The same sink, with its verdicts, open series and problems counted. */
  counting(sink: ProbeSink): ProbeSink;
  /** Undefined: nothing is counted. */
  readonly registry: Registry | undefined;
}

export function createMetrics(sources: MetricSources): AgentMetrics & { registry: Registry } {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `lanproof_agent_${name}`, help, labelNames, registers });
  const sealed = counter('batches_sealed_total', 'Batches sealed, by cause.', ['cause']);
  const problems = counter('problems_total', 'Problems told in the log, by code.', ['code']);
  const deliveries = counter('deliveries_total', 'Bodies that the collector acknowledged.');
  const paces = counter('snmp_pace_changes_total', 'Polls of a device slowed, or back at pace.');
  let delivered_ms: number | undefined;
  spoolGauges(registers, sources, () => delivered_ms);
  listGauges(registers, sources);
  clockGauges(registers, sources);
  processGauges(registers, sources.software);
  return {
    sealed: (cause) => sealed.inc({ cause }),
    delivered(utc_ms) {
      deliveries.inc();
      delivered_ms = utc_ms;
    },
    problem: (code) => problems.inc({ code }),
    polled: createPollCounter(registers),
    paced: () => paces.inc(),
    counting: createSinkCounter(registers, (code) => problems.inc({ code })),
    registry,
  };
}

/** A gauge that is read at each scrape; without a value it has no series. */
function gauge(registers: Registry[], name: string, help: string, read: () => number | undefined) {
  return new Gauge({
    name: `lanproof_agent_${name}`,
    help,
    registers,
    collect() {
      const value = read();
      if (value === undefined) this.remove();
      else this.set(value);
    },
  });
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / MS_PER_S;
}

function spoolGauges(
  registers: Registry[],
  sources: MetricSources,
  delivered_ms: () => number | undefined,
): void {
  const add = gauge.bind(undefined, registers);
  add('queue_batches', 'Batches not acknowledged yet.', sources.waiting);
  add('held_batches', 'Batches in memory because the disk refuses them.', sources.held);
  add('queue_oldest_timestamp_seconds', 'When the oldest batch that waits was sealed.', () =>
    seconds(sources.oldestWaiting_ms()),
  );
  add('spool_bytes', 'Bytes in use in the spool file.', sources.spoolBytes);
  add('spool_limit_bytes', 'Bytes that the spool may use.', sources.spoolBytesMax);
  add(
    'last_delivery_timestamp_seconds',
    'When the collector last acknowledged a batch, by the time of the batches.',
    () => seconds(delivered_ms()),
  );
  add('last_proof_timestamp_seconds', 'When inclusion in the log was last seen proven.', () =>
    seconds(sources.lastProof_ms()),
  );
  const rewritten = 'Contradictions found in the log of the collector and not acknowledged.';
  add('history_alarms', rewritten, sources.historyAlarms);
}

function listGauges(registers: Registry[], sources: MetricSources): void {
  const add = gauge.bind(undefined, registers);
  add('list_version', 'Version of the newest target list.', sources.listVersion);
  add('measured_targets', 'Targets that are probed.', sources.measuredTargets);
  add('planned_packets_per_second', 'Packets that the list needs.', sources.packetsPerSecond);
  new Gauge({
    name: 'lanproof_agent_refused_targets',
    help: 'Targets or probes of the list that this agent does not measure, by reason.',
    labelNames: ['code'],
    registers,
    collect() {
      this.reset();
      for (const { code } of sources.refused()) this.inc({ code });
    },
  });
}

function clockGauges(registers: Registry[], sources: MetricSources): void {
  const add = gauge.bind(undefined, registers);
  add('clock_offset_seconds', 'Time of the batches minus the settable clock.', () =>
    seconds(sources.clockOffset_ms()),
  );
  add('clock_synchronised', '1 if a synchronised clock stands behind that time, else 0.', () =>
    sources.synchronised() ? 1 : 0,
  );
}

function processGauges(registers: Registry[], version: string): void {
  const add = gauge.bind(undefined, registers);
  add('resident_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss());
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  add('event_loop_p99_seconds', 'Delay of the event loop, 99th percentile.', () => {
    const delay_s = loop.percentile(99) / NS_PER_S;
    loop.reset();
    return delay_s;
  });
  const name = 'lanproof_agent_build_info';
  const help = 'Always 1; the label says the version.';
  new Gauge({ name, help, labelNames: ['version'], registers }).set({ version }, 1);
}

/** Serves /metrics. Throws LanProofError METRICS_LISTEN where the port is taken. */
export async function serveMetrics(registry: Registry, listen: HostPort): Promise<Server> {
  const server = http.createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new LanProofError('METRICS_LISTEN', `cannot listen: ${cause.message}`, {
          hint: 'choose another `metrics.listen`, or switch it off',
          place: `${listen.host}:${listen.port}`,
          cause,
        }),
      ),
    );
    server.listen(listen.port, listen.host, resolve);
  });
  return server;
}
