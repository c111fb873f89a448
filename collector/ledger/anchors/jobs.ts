import { schedule } from 'node-cron';
import { utf8 } from '../../../shared/bytes.ts';
import type { Crypto } from '../../../shared/evidence/crypto.ts';
import { ANCHOR_HOUR, type AnchorKeeper, type AnchorsConfig } from './types.ts';

const HOUR_MS = 3_600_000;
const MINUTES = 60;

/** When a source is asked: at `minute` of every hour that is due. */
export interface AnchorPlan {
  readonly by: string;
  /** 0 to 59. */
  readonly minute: number;
  /** A local hour in which it is due, 0 to 23. */
  readonly hour: number;
  readonly every_hours: number;
}

/**
 * Times of the configured sources. Where none is written, the minute comes from `seed`, which no
 * other collector has: the same at every start, and not all ask one authority at once.
 */
export function anchorPlans(config: AnchorsConfig, crypto: Crypto, seed: string): AnchorPlan[] {
  const minuteOf = (by: string) => (crypto.sha256(utf8(`${seed}\n${by}`))[0] ?? 0) % MINUTES;
  return [
    ...config.rfc3161.map(({ name, at }) => {
      const [hour = ANCHOR_HOUR, minute = minuteOf(name)] = at?.split(':').map(Number) ?? [];
      return { by: name, hour, minute, every_hours: 24 };
    }),
    ...config.witnesses.map(({ name, every_hours }) => {
      return { by: name, hour: ANCHOR_HOUR, minute: minuteOf(name), every_hours };
    }),
  ];
}

export interface AnchorJobsOptions {
  readonly keeper: AnchorKeeper;
  readonly plans: readonly AnchorPlan[];
  readonly now_ms: () => number;
  /** IANA name, e.g. Asia/Ho_Chi_Minh. */
  readonly timezone: string;
  readonly log: { error(fields: object, message: string): void };
}

/** Asks each source at its times, until it is stopped. */
export function startAnchorJobs(options: AnchorJobsOptions): { stop(): void } {
  const { plans, timezone, log } = options;
  const tasks = plans.map((plan) => {
    const turn = createAnchorTurn(options, plan);
    return schedule(
      `${plan.minute} * * * *`,
      () => {
        turn().catch((error: unknown) =>
          log.error({ err: error, by: plan.by }, 'anchoring failed'),
        );
      },
      { timezone },
    );
  });
  return { stop: () => tasks.forEach((task) => void task.stop()) };
}

/**
 * One hour's turn of a source: true if it was asked. It is due in its hours, in the hour after a
 * failure, and where its newest anchor is too old (a machine that was off at night).
 */
export function createAnchorTurn(
  { keeper, now_ms, timezone }: Pick<AnchorJobsOptions, 'keeper' | 'now_ms' | 'timezone'>,
  { by, hour, every_hours }: AnchorPlan,
): () => Promise<boolean> {
  const localHour = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    hourCycle: 'h23',
    timeZone: timezone,
  });
  let failed = false;
  return async () => {
    const now = now_ms();
    const last_ms = keeper.status().find((status) => status.by === by)?.last_ms ?? null;
    const age_ms = last_ms === null ? Number.POSITIVE_INFINITY : now - last_ms;
    const itsHour = (Number(localHour.format(now)) - hour + 24) % every_hours === 0;
    if (!failed && !itsHour && age_ms < every_hours * HOUR_MS) return false;
    const [outcome] = await keeper.anchorNow('collector', by);
    // Null: another collector of this store asks; its anchor is found at the next start.
    failed = outcome?.ok === false;
    return true;
  };
}
