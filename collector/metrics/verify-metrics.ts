import { Gauge, type Registry } from 'prom-client';
import type { CollectorDeps } from '../deps.ts';

/** How long ago the collector looked at all that it stores, and what it found. */
export function verifyMetrics(
  { nightly }: Pick<CollectorDeps, 'nightly'>,
  registers: Registry[],
): void {
  new Gauge({
    name: 'lanproof_ledger_verified_timestamp_seconds',
    help: 'When all that is stored was last verified to the end; 0: not yet.',
    registers,
    collect() {
      this.set((nightly.result()?.complete_ms ?? 0) / 1_000);
    },
  });
  new Gauge({
    name: 'lanproof_ledger_verify_faults',
    help: 'Differences found by the running round of verification, or the last one.',
    registers,
    collect() {
      this.set(nightly.result()?.faults ?? 0);
    },
  });
}
