import { Counter, Gauge, type Registry } from 'prom-client';
import type { CollectorDeps } from '../deps.ts';

/** How long the log stands without a word from outside: all since then rests on our own keys. */
export function anchorMetrics(
  { anchors, now_ms }: Pick<CollectorDeps, 'anchors' | 'now_ms'>,
  registers: Registry[],
): void {
  new Gauge({
    name: 'lanproof_anchor_age_seconds',
    help: 'Time since the newest anchor of the open log; +Inf before the first.',
    labelNames: ['by', 'kind'],
    registers,
    collect() {
      this.reset();
      for (const { by, kind, last_ms } of anchors.status()) {
        // An alert on a large age must also fire where nothing was ever anchored.
        const age_ms = last_ms === null ? Number.POSITIVE_INFINITY : now_ms() - last_ms;
        this.set({ by, kind }, age_ms / 1_000);
      }
    },
  });
  new Counter({
    name: 'lanproof_anchor_failures_total',
    help: 'Attempts that gave no anchor, by error code.',
    labelNames: ['by', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { by, failures } of anchors.status()) {
        for (const [reason, count] of Object.entries(failures)) this.inc({ by, reason }, count);
      }
    },
  });
}
