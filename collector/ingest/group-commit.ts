import { setImmediate as breathe } from 'node:timers/promises';
import type { Ledger, LedgerUnit, SignedCheckpoint } from '../ledger/types.ts';

/** Backlog waits so long for company, ms: fsync is shared, and nobody notices 5 ms. */
export const GROUP_WAIT_MS = 5;
/** Batches of one group: the commit of more would hold the others up. */
export const GROUP_BATCHES_MAX = 64;
/** Of a full group at least these places are kept for backlog, so that it never starves. */
export const GROUP_BACKLOG_MIN = 8;
/**
 * Backlog of one group while live batches come and go: whoever arrives during a commit waits for
 * it, and for the verifying of those that it answered; 64 of them take 80 ms, and 200 are allowed.
 */
const GROUP_BACKLOG_BESIDE_LIVE = 16;
/** After so many groups without a live batch (a few seconds) backlog may fill them. */
const CALM_GROUPS = 64;

export interface GroupResult<T> {
  readonly value: T;
  readonly checkpoint: SignedCheckpoint;
}

interface Job {
  readonly work: (unit: LedgerUnit) => Promise<unknown>;
  readonly done: (result: GroupResult<unknown>) => void;
  readonly failed: (error: unknown) => void;
}

/** Shares one commit among the batches that arrive together; each is its own savepoint. */
export interface GroupCommit {
  /**
   * Runs `work` in the next group and resolves after its commit, when the checkpoint is signed.
   * Rejects with what `work` threw (its neighbours are not harmed) or what the commit threw.
   */
  submit<T>(
    lane: 'live' | 'backlog',
    work: (unit: LedgerUnit) => Promise<T>,
  ): Promise<GroupResult<T>>;
  /** Jobs that wait for a group. */
  readonly queued: number;
  readonly groups: number;
  /** Ends when no job waits or runs. */
  idle(): Promise<void>;
}

export function createGroupCommit(
  ledger: Pick<Ledger, 'commit'>,
  wait: (ms: number) => Promise<void>,
): GroupCommit {
  const live: Job[] = [];
  const backlog: Job[] = [];
  let groups = 0;
  let calm = CALM_GROUPS;
  let running: Promise<void> | undefined;

  const take = (): Job[] => {
    const kept = Math.min(backlog.length, GROUP_BACKLOG_MIN);
    const jobs = live.splice(0, GROUP_BATCHES_MAX - kept);
    calm = jobs.length > 0 ? 0 : calm + 1;
    const most = calm < CALM_GROUPS ? GROUP_BACKLOG_BESIDE_LIVE : GROUP_BATCHES_MAX;
    return [...jobs, ...backlog.splice(0, Math.min(most, GROUP_BATCHES_MAX - jobs.length))];
  };

  const pump = async (): Promise<void> => {
    // Only the first batch after a pause waits for company: later ones came during a commit. A
    // live one has waited in its turn, and what shared the turn is submitted before 0 ms are over.
    await wait(live.length > 0 ? 0 : GROUP_WAIT_MS);
    while (live.length + backlog.length > 0) {
      groups += 1;
      await commitGroup(ledger, take());
      // A quick disk is synced on this thread: without a pause a hundred batches of backlog would
      // be committed before the next request is read, and a live one would wait 0.1 s for each.
      if (live.length + backlog.length > 0) await breathe();
    }
    running = undefined;
  };

  return {
    submit<T>(lane: 'live' | 'backlog', work: (unit: LedgerUnit) => Promise<T>) {
      return new Promise<GroupResult<T>>((resolve, reject) => {
        // `done` gets what this very `work` returned.
        const done = (result: GroupResult<unknown>): void => resolve(result as GroupResult<T>);
        (lane === 'live' ? live : backlog).push({ work, done, failed: reject });
        running ??= pump();
      });
    },
    get queued() {
      return live.length + backlog.length;
    },
    get groups() {
      return groups;
    },
    async idle() {
      await running;
    },
  };
}

type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

async function commitGroup(ledger: Pick<Ledger, 'commit'>, jobs: readonly Job[]): Promise<void> {
  try {
    const { value, checkpoint } = await ledger.commit(async (unit) => {
      const outcomes: Outcome[] = [];
      for (const { work } of jobs) outcomes.push(await attempt(unit, work));
      return outcomes;
    });
    for (const [at, job] of jobs.entries()) {
      const outcome = value[at];
      if (outcome?.ok === true) job.done({ value: outcome.value, checkpoint });
      else job.failed(outcome?.error);
    }
  } catch (error) {
    for (const job of jobs) job.failed(error);
  }
}

async function attempt(unit: LedgerUnit, work: Job['work']): Promise<Outcome> {
  try {
    return { ok: true, value: await unit.attempt(() => work(unit)) };
  } catch (error) {
    return { ok: false, error };
  }
}
