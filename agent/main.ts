import { randomBytes } from 'node:crypto';
import { setTimeout as timer } from 'node:timers/promises';
import { LanProofError } from '../shared/errors.ts';
import { createNodeCrypto } from '../shared/node/crypto.ts';
import { type AgentDeps, createAgent } from './agent.ts';
import type { AgentConfig } from './config.ts';
import { createLog, type Logger } from './log.ts';
import { createLinuxPlatform } from './platform/linux.ts';

/** How long a stopping agent goes on delivering, ms; systemd would wait 90 s. */
const STOP_DELIVER_MS = 5_000;

/** Configuration, command line, or anything that a person must change first. */
export const EXIT_USAGE = 1;
/** No enrolment: run `lanproof enrol` first. */
export const EXIT_NOT_ENROLLED = 2;
/** Something outside may heal (a full disk, a taken port): a service manager may start again. */
export const EXIT_UNAVAILABLE = 3;

const RETRY_CODES: ReadonlySet<string> = new Set([
  'SPOOL_UNUSABLE',
  'SPOOL_IN_USE',
  'METRICS_LISTEN',
]);

export interface RunAgentOptions {
  readonly config: AgentConfig;
  /** Version of this program, for headers. */
  readonly software: string;
  /** Ends the agent: it seals with cause `stop`, delivers for at most 5 s and closes. */
  readonly signal: AbortSignal;
  readonly log?: Logger;
}

/**
 * Runs an agent on this machine until the signal. Rejects with LanProofError where it cannot
 * start; `exitCodeOf` says which exit code that is. Afterwards it never rejects.
 */
export async function runAgent(options: RunAgentOptions): Promise<void> {
  const { config, software, signal } = options;
  const log = options.log ?? createLog(config.log.level);
  // Only who is scraped pays for prom-client.
  const metrics = config.metrics === undefined ? undefined : await import('./metrics.ts');
  const deps: AgentDeps = {
    platform: createLinuxPlatform(),
    crypto: createNodeCrypto(),
    log,
    software,
    random: Math.random,
    randomBytes: (count) => randomBytes(count),
    sleep: sleepUntil,
    ...(metrics === undefined ? {} : { createMetrics: metrics.createMetrics }),
  };
  const agent = createAgent(config, deps);
  const { site, agent: code, epoch } = agent.identity;
  log.info({ site, agent: code, epoch, collectors: config.collectors }, 'the agent starts');
  try {
    const { registry } = agent.metrics;
    const server =
      config.metrics === undefined || registry === undefined
        ? undefined
        : await metrics?.serveMetrics(registry, config.metrics);
    try {
      await agent.start(signal);
      await aborted(signal);
    } finally {
      server?.close();
    }
  } finally {
    await agent.stop(STOP_DELIVER_MS);
    log.info(agent.status(), 'the agent stopped');
  }
}

/** Exit code of `lanproof agent` for what {@link runAgent} or loading the configuration threw. */
export function exitCodeOf(error: unknown): number {
  const code = error instanceof LanProofError ? error.code : '';
  if (code === 'AGENT_NOT_ENROLLED') return EXIT_NOT_ENROLLED;
  return RETRY_CODES.has(code) ? EXIT_UNAVAILABLE : EXIT_USAGE;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

/** Resolves after `ms` or when the signal aborts. */
async function sleepUntil(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await timer(ms, undefined, { signal });
  } catch {
    // Aborted: whoever slept looks at the signal.
  }
}
