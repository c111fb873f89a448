import type { AgentMetrics } from '../metrics.ts';

/** Metrics of an agent that nobody scrapes: nothing is counted, prom-client is never loaded. */
export const UNCOUNTED: AgentMetrics = Object.freeze({
  sealed: ignore,
  delivered: ignore,
  problem: ignore,
  polled: ignore,
  paced: ignore,
  counting: (sink) => sink,
  registry: undefined,
} satisfies AgentMetrics);

function ignore(): void {
  // Nobody asks for it.
}
