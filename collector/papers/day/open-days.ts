import { setTimeout as timer } from 'node:timers/promises';
import { toHex } from '../../../shared/bytes.ts';
import type { Judge } from '../../judge/runner.ts';
import { createDayKeeper, type DayKeeperOptions } from './keeper.ts';
import { startDayTurns } from './turns.ts';

/** Bytes of the name that this process has among the collectors of one store. */
const HOLDER_BYTES = 8;

interface OpenDaysOptions extends Omit<DayKeeperOptions, 'holder'> {
  readonly judge: Judge;
  readonly random: (bytes: number) => Uint8Array;
}

/** Ledgers what stands at local midnights, behind everything else, until it is stopped. */
export function openDays(options: OpenDaysOptions): { stop(): Promise<void> } {
  const { judge, random, log } = options;
  return startDayTurns({
    keeper: createDayKeeper({ ...options, holder: toHex(random(HOLDER_BYTES)) }),
    busy: () => judge.stats().waiting > 0,
    // Nobody waits for it: it does not keep a process alive.
    wait: (ms, signal) => timer(ms, undefined, { signal, ref: false }),
    log,
  });
}
