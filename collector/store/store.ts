/**
 * The store: everything the collector keeps, in domain words. No SQL leaves the folder of a
 * driver. One unit of work commits or nothing of it does; after `write` returned, its effects
 * survive a loss of power. The site leads every key, so that sites can lie on different servers.
 */
import type { DayLeafReads, DayLeafWrites } from './store-day-leaves.ts';
import type { EvidenceReads, EvidenceWrites } from './store-evidence.ts';
import type { InventoryReads, InventoryWrites } from './store-inventory.ts';
import type { JudgementReads, JudgementWrites } from './store-judgement.ts';
import type { PeopleReads, PeopleWrites } from './store-people.ts';
import type { SeriesReads, SeriesWrites } from './store-series.ts';

/** Reads. Outside a unit of work they see committed rows only; inside, also its own. */
export interface ReadUnit
  extends EvidenceReads,
    InventoryReads,
    PeopleReads,
    JudgementReads,
    DayLeafReads,
    SeriesReads {}

/** One unit of work. Never use it after the work returned, nor two calls of it at a time. */
export interface WriteUnit
  extends ReadUnit,
    EvidenceWrites,
    InventoryWrites,
    PeopleWrites,
    JudgementWrites,
    DayLeafWrites,
    SeriesWrites {
  /**
   * Runs a part that may fail alone (a savepoint): if `work` throws, what it wrote is undone, the
   * error is thrown on, and the unit may go on. Parts may not overlap.
   */
  attempt<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Takes or renews a lease: true if it is free, expired at `now_ms`, or already this holder's.
   * Cron jobs and the log's sequencer hold one, so that two collectors never do the same thing.
   */
  takeLease(name: string, holder: string, now_ms: number, until_ms: number): Promise<boolean>;
  /** Gives a lease back; nothing happens if it is another's. */
  releaseLease(name: string, holder: string): Promise<void>;
}

/** What the disk under the store has, for metrics and readiness. */
export interface StoreHealth {
  /** Bytes free where the store lies; null where the engine cannot say. */
  readonly free_bytes: number | null;
  /** Bytes of the store itself, bodies included. */
  readonly used_bytes: number;
  /** False: writes are refused with DISK_FULL until space is made. */
  readonly writable: boolean;
}

/**
 * Errors of all methods are LanProofError: DISK_FULL, DISK_READ_ONLY, DISK_IO and STORE_BUSY may
 * be tried again (`fatal` false), STORE_CORRUPT and STORE_CLOSED may not.
 */
export interface Store extends ReadUnit {
  /**
   * Runs `work` in one unit of work and commits it; units run one after another. If `work`
   * throws, everything is undone and the error is thrown on. Do not call `write` inside `work`:
   * it would wait for itself.
   */
  write<T>(work: (unit: WriteUnit) => Promise<T>): Promise<T>;
  /**
   * Runs reads in turn with the units of work: they see one committed state, and what the newest
   * unit wrote is still at hand. For many reads at once; a lone one needs no turn.
   */
  read<T>(work: (unit: ReadUnit) => Promise<T>): Promise<T>;
  /** Names of the files of bodies, `2026-10.infra`. */
  bodyFiles(): Promise<string[]>;
  /** Deletes files of bodies; a `prune` document in the ledger must name them first. */
  deleteBodies(files: readonly string[]): Promise<void>;
  health(): Promise<StoreHealth>;
  /** Ends after the running unit; later calls are refused with STORE_CLOSED. */
  close(): Promise<void>;
}
