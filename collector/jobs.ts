import { schedule } from 'node-cron';
import type { Store } from './store/store.ts';

/** Viewers that were away longer than this load everything anew; older changes are dropped. */
export const OUTBOX_KEPT_MAX = 50_000;
/** A job that takes longer lost its lease, and another collector may do it again: harmless. */
const LEASE_MS = 10 * 60_000;
const DAILY_AT = '17 3 * * *';

export interface JobsOptions {
  readonly store: Store;
  readonly now_ms: () => number;
  /** Names this process among the collectors of one store. */
  readonly holder: string;
  /** IANA name, e.g. Asia/Ho_Chi_Minh: "at night" is night where people are. */
  readonly timezone: string;
  /** What else is done each night, one after another, behind the cleaning. */
  readonly then?: readonly (() => Promise<void>)[];
  readonly log: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
}

/** Calendar jobs. Each holds a lease, so that two collectors never do the same work. */
export function startJobs(options: JobsOptions): { stop(): void } {
  const { log } = options;
  const task = schedule(
    DAILY_AT,
    () => {
      void cleanUp(options)
        .then(
          (done) => done && log.info(done, 'nightly cleaning'),
          (error: unknown) => log.error({ err: error }, 'nightly cleaning failed'),
        )
        .then(() => runAll(options));
    },
    { timezone: options.timezone },
  );
  return { stop: () => void task.stop() };
}

/** One that fails does not stop the next. */
async function runAll({ then = [], log }: JobsOptions): Promise<void> {
  for (const job of then) {
    await job().catch((error: unknown) => log.error({ err: error }, 'a nightly job failed'));
  }
}

/**
 * Drops credentials that expired and changes that nobody will ask to be replayed. Returns null
 * where another collector holds the lease.
 */
export async function cleanUp({
  store,
  now_ms,
  holder,
}: Pick<JobsOptions, 'store' | 'now_ms' | 'holder'>): Promise<{ credentials: number } | null> {
  const now = now_ms();
  return await store.write(async (unit) => {
    const mine = await unit.takeLease('nightly-cleaning', holder, now, now + LEASE_MS);
    if (!mine) return null;
    const credentials = await unit.dropExpiredCredentials(now);
    const newest = await unit.newestOutboxId();
    if (newest > OUTBOX_KEPT_MAX) await unit.dropOutbox(newest - OUTBOX_KEPT_MAX);
    await unit.releaseLease('nightly-cleaning', holder);
    return { credentials };
  });
}
