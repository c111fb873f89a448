import { setTimeout as timer } from 'node:timers/promises';
import type { CollectorDeps } from '../deps.ts';
import { createSeriesKeeper } from './keeper.ts';
import { createSeriesReader, type SeriesReader } from './series.ts';
import { startSeriesTurns } from './turns.ts';

/** History for charts with the turns that make it; they end with `stop`. */
export function openSeries({
  store,
  judge,
  logger,
}: Pick<CollectorDeps, 'store' | 'judge' | 'logger'>): SeriesReader & { stop(): Promise<void> } {
  const turns = startSeriesTurns({
    ...{ store, keeper: createSeriesKeeper(store), log: logger },
    // Nobody waits for history: it does not keep a process alive.
    wait: (ms, signal) => timer(ms, undefined, { signal, ref: false }),
  });
  const reader = createSeriesReader({ store, judge, wanted: turns.wanted });
  return { read: reader.read, stop: turns.stop };
}
