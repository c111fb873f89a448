import { createServer, type Server } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Registry } from 'prom-client';
import { LanProofError } from '../shared/errors.ts';
import type { HostPort } from '../shared/node/config-schema.ts';

const NS_PER_S = 1e9;
/** The event loop's delay is looked at this often, ms. */
const LOOP_RESOLUTION_MS = 20;

/** What the agent is asked for when somebody scrapes. */
export interface MetricSources {
  readonly waiting: () => number;
  readonly held: () => number;
  readonly spoolBytes: () => number;
  readonly packetsPerSecond: () => number;
}

/** Own health of the agent, prefix `lanproof_agent_`. */
export interface AgentMetrics {
  sealed(cause: string): void;
  delivered(utc_ms: number): void;
  problem(code: string): void;
  readonly registry: Registry;
}

export function createMetrics(sources: MetricSources): AgentMetrics {
  const registry = new Registry();
  const registers = [registry];
  const sealed = new Counter({
    name: 'lanproof_agent_batches_sealed_total',
    help: 'Batches sealed, by cause.',
    labelNames: ['cause'],
    registers,
  });
  const problems = new Counter({
    name: 'lanproof_agent_problems_total',
    help: 'Problems told in the log, by code.',
    labelNames: ['code'],
    registers,
  });
  const delivered = new Gauge({
    name: 'lanproof_agent_last_delivery_timestamp_seconds',
    help: 'When the collector last acknowledged a batch, by the agent run clock.',
    registers,
  });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `lanproof_agent_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('queue_batches', 'Batches not acknowledged yet.', sources.waiting);
  gauge('held_batches', 'Batches in memory because the disk refuses them.', sources.held);
  gauge('spool_bytes', 'Bytes in use in the spool file.', sources.spoolBytes);
  gauge('planned_packets_per_second', 'Packets that the list needs.', sources.packetsPerSecond);
  gauge('resident_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss());
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  gauge('event_loop_p99_seconds', 'Delay of the event loop, 99th percentile.', () => {
    const seconds = loop.percentile(99) / NS_PER_S;
    loop.reset();
    return seconds;
  });
  return {
    sealed: (cause) => sealed.inc({ cause }),
    delivered: (utc_ms) => delivered.set(utc_ms / 1_000),
    problem: (code) => problems.inc({ code }),
    registry,
  };
}

/** Serves /metrics. Throws LanProofError METRICS_LISTEN where the port is taken. */
export async function serveMetrics(registry: Registry, listen: HostPort): Promise<Server> {
  const server = createServer((request, response) => {
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
