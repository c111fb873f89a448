import type { Position } from '../../store/rows.ts';
import { type KeptResult, readKeptResult, writeKeptResult } from './kept-result.ts';
import type { VerifyFault, VerifyOptions } from './types.ts';
import { VERIFY_START, verifyPart } from './verify.ts';

/** Until the working day begins; a large store takes some nights for a round, ms. */
export const NIGHT_MS = 2 * 3_600_000;
/** Leaves between two notes of how far it is: what a kill makes it do again. */
const PART_LEAVES = 4_096;
/** Work and rest in turn, so that ingest has half of the time at least. Longest rest, ms. */
const REST_MS_MAX = 250;
/** Faults of one night that are logged one by one. */
const TOLD_MAX = 100;

export interface NightlyOptions
  extends Pick<VerifyOptions, 'crypto' | 'reads' | 'log_key' | 'document_key'> {
  readonly data_dir: string;
  readonly now_ms: () => number;
  /** Monotonic, ms. */
  readonly mono_ms: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly log: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
}

/** The collector's own look at what it stores, a part each night. */
export interface NightlyVerification {
  /** Goes on where it was, for `night_ms` at most. Nothing where it runs already. */
  run(night_ms?: number): Promise<void>;
  /** The newest result; null: it never ran. */
  result(): KeptResult | null;
  /** Ends a run at its next slice. */
  stop(): Promise<void>;
}

export function createNightly(options: NightlyOptions): NightlyVerification {
  const { data_dir, now_ms, mono_ms, wait, log } = options;
  let kept = readKeptResult(data_dir);
  let stopping = false;
  let running: Promise<void> | undefined;

  const rest = createRest(mono_ms, wait);
  const pause = async (): Promise<void> => {
    if (stopping) throw new StoppedError();
    await rest();
  };

  const night = async (night_ms: number): Promise<void> => {
    const end_ms = mono_ms() + night_ms;
    let told = 0;
    const onFault = ({ code, place, message }: VerifyFault): void => {
      told += 1;
      if (told <= TOLD_MAX) log.error({ code, place }, `stored otherwise than signed: ${message}`);
    };
    let next: Position | null = kept?.next ?? VERIFY_START;
    let faults = kept?.next === null || kept === null ? 0 : kept.faults;
    while (next !== null && mono_ms() < end_ms) {
      const part = await verifyPart(
        { ...options, every: false, onFault, pause },
        next,
        PART_LEAVES,
      );
      next = part.next;
      faults += part.faults;
      const looked_ms = now_ms();
      const complete_ms = next === null ? looked_ms : (kept?.complete_ms ?? null);
      kept = { v: 1, next, complete_ms, looked_ms, faults };
      await writeKeptResult(data_dir, kept);
    }
    if (next === null) log.info({ faults }, 'all that is stored was verified');
  };

  return {
    result: () => kept,
    async run(night_ms = NIGHT_MS) {
      running ??= night(night_ms)
        .catch((error: unknown) => {
          if (!(error instanceof StoppedError)) throw error;
        })
        .finally(() => {
          running = undefined;
        });
      await running;
    },
    async stop() {
      stopping = true;
      await running?.catch(() => undefined);
    },
  };
}

class StoppedError extends Error {}

/** Rests as long as it worked since the last rest. */
function createRest(
  mono_ms: () => number,
  wait: (ms: number) => Promise<void>,
): () => Promise<void> {
  let since_ms = mono_ms();
  return async () => {
    await wait(Math.min(Math.max(mono_ms() - since_ms, 1), REST_MS_MAX));
    since_ms = mono_ms();
  };
}
