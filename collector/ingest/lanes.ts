/** Batches under way in the live lane; 3,321 sites that come back together fit. */
export const LIVE_UNDER_WAY_MAX = 4_000;
/** Backlog batches that wait or are under way; an agent sends one at a time. */
export const BACKLOG_WAITING_MAX = 1_000;
/** Backlog of one site that waits: its agents, one batch each, with room for retries. */
export const BACKLOG_PER_SITE_MAX = 8;

/**
 * Live batches are taken in turns of this length, ms: one that is verified, committed and judged
 * alone finds cold caches and pays three fsyncs of its own, 1.6 ms CPU more. 100 ms are allowed.
 */
export const LIVE_TURN_MS = 75;
/** So many waiting live batches begin a turn at once. */
const LIVE_TURN_BATCHES_MAX = 16;
/** Beside so many sites' backlog commits follow one another: a live batch shares the next one. */
const BACKLOG_SITES_BUSY = 8;

export type Lane = 'live' | 'backlog';

/** Decides who may go on now: live in short turns, backlog one at a time for each site. */
export interface Lanes {
  /**
   * Runs `work` when its turn comes. Undefined: the lane is full, the sender must come later.
   */
  enter<T>(lane: Lane, site: string, work: () => Promise<T>): Promise<T> | undefined;
  readonly underWay: number;
}

export function createLanes(wait: (ms: number) => Promise<void>): Lanes {
  let live = 0;
  let backlog = 0;
  const sites = new Map<string, { waiting: number; turn: Promise<unknown> }>();
  let turn: { readonly begun: PromiseWithResolvers<void>; waiting: number } | undefined;

  /** Ends when the next turn of live batches begins. */
  const nextTurn = (): Promise<void> => {
    if (turn === undefined) {
      const opened = { begun: Promise.withResolvers<void>(), waiting: 0 };
      turn = opened;
      wait(LIVE_TURN_MS).then(() => begin(opened), opened.begun.reject);
    }
    turn.waiting += 1;
    const { begun } = turn;
    if (turn.waiting >= LIVE_TURN_BATCHES_MAX) begin(turn);
    return begun.promise;
  };
  const begin = (opened: NonNullable<typeof turn>): void => {
    if (turn === opened) turn = undefined;
    opened.begun.resolve();
  };

  const enterBacklog = <T>(site: string, work: () => Promise<T>): Promise<T> | undefined => {
    const stream = sites.get(site) ?? { waiting: 0, turn: Promise.resolve() };
    if (backlog >= BACKLOG_WAITING_MAX || stream.waiting >= BACKLOG_PER_SITE_MAX) return undefined;
    sites.set(site, stream);
    backlog += 1;
    stream.waiting += 1;
    const result = stream.turn.then(work).finally(() => {
      backlog -= 1;
      stream.waiting -= 1;
      if (stream.waiting === 0) sites.delete(site);
    });
    stream.turn = result.catch(() => undefined);
    return result;
  };

  return {
    enter(lane, site, work) {
      if (lane === 'backlog') return enterBacklog(site, work);
      if (live >= LIVE_UNDER_WAY_MAX) return undefined;
      live += 1;
      const turnCame = sites.size >= BACKLOG_SITES_BUSY ? Promise.resolve() : nextTurn();
      return turnCame.then(work).finally(() => {
        live -= 1;
      });
    },
    get underWay() {
      return live + backlog;
    },
  };
}
