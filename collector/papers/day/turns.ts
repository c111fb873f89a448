import { LanProofError } from '../../../shared/errors.ts';
import type { OwedDay } from '../../store/store-day-leaves.ts';
import type { DayKeeper } from './keeper.ts';

/** Between looks for owed days: they are over anyway, and a look takes some microseconds. */
const LOOK_WAIT_MS = 60_000;
/** Rest after each unit of work, so that ingest and live states go first. */
const TURN_PAUSE_MS = 200;
/** Turns of one look; then it begins anew with the newest days, some minutes later at most. */
const TURNS_MAX = 500;
/** Sites whose judge waits: days wait too, but not for ever, or a busy collector had none. */
const BUSY_PAUSES_MAX = 25;

export interface DayTurnsOptions {
  readonly keeper: DayKeeper;
  /** Whether the judge has work; live states go first. */
  readonly busy: () => boolean;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: { warn(fields: object, message: string): void };
}

/** Ledgers owed days in turns as long as it runs; `stop` ends after the running one. */
export function startDayTurns(options: DayTurnsOptions): { stop(): Promise<void> } {
  const { keeper, busy, wait, log } = options;
  const ended = new AbortController();
  const pause = async (): Promise<void> => {
    await wait(TURN_PAUSE_MS, ended.signal);
    for (let pauses = 1; busy() && pauses < BUSY_PAUSES_MAX; pauses++) {
      await wait(TURN_PAUSE_MS, ended.signal);
    }
  };
  const look = async (): Promise<void> => {
    let after: OwedDay | null = null;
    for (let turns = 0; turns < TURNS_MAX; turns++) {
      const { last } = await keeper.next(after);
      if (last === null) return;
      after = last;
      await pause();
    }
  };
  const run = async (): Promise<void> => {
    for (;;) {
      await wait(LOOK_WAIT_MS, ended.signal);
      try {
        await look();
      } catch (error) {
        ended.signal.throwIfAborted();
        // The other collector of this store ledgers the days, too.
        if (error instanceof LanProofError && error.code === 'LEDGER_LEASED') continue;
        log.warn({ err: error }, 'days were not ledgered');
      }
    }
  };
  const running = run().catch((error: unknown) => {
    if (!ended.signal.aborted) log.warn({ err: error }, 'days are ledgered no more');
  });
  return {
    async stop() {
      ended.abort();
      await running;
      try {
        await keeper.close();
      } catch (error) {
        // The lease ends by itself; what closes after this must not be left open.
        log.warn({ err: error }, 'a lease was not given back');
      }
    },
  };
}
