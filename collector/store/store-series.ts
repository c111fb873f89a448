/** The store's part for history of charts; all of it can be made again from the ledger. */
import type { Position } from './rows.ts';

/** A kept UTC day of one agent. */
export interface SeriesKeptRow extends Position {
  readonly site: string;
  readonly agent: string;
  /** Start of the UTC day. */
  readonly day_ms: number;
  /** SERIES_VERSION of what made it. */
  readonly version: number;
}

/** One device in a kept day, packed. */
export interface SeriesDayRow {
  readonly device: string;
  readonly day_ms: number;
  readonly agent: string;
  readonly body: Uint8Array;
}

export interface SeriesReads {
  /** Kept days of a site in [from_ms, to_ms), by agent and day. */
  seriesKept(site: string, from_ms: number, to_ms: number): Promise<SeriesKeptRow[]>;
  /** The newest kept day of an agent made by `version`. */
  newestSeriesDay(site: string, agent: string, version: number): Promise<SeriesKeptRow | null>;
  /** A device's kept days in [from_ms, to_ms), by day. */
  seriesDays(site: string, device: string, from_ms: number, to_ms: number): Promise<SeriesDayRow[]>;
  /** First and last UTC hour of which the judge stored slots of an agent; null: of none. */
  chunkHours(
    site: string,
    agent: string,
  ): Promise<{ readonly first_ms: number; readonly last_ms: number } | null>;
  /**
   * A place right before the site's first leaf that was received at or after `recv_ms`, where
   * receive times rise; at the end of the newest log if there is none.
   */
  leafBefore(site: string, recv_ms: number): Promise<Position>;
}

export interface SeriesWrites {
  /** Keeps a day with its devices, over what was kept of (site, agent, day_ms). */
  keepSeriesDay(
    kept: SeriesKeptRow,
    devices: readonly Pick<SeriesDayRow, 'device' | 'body'>[],
  ): Promise<void>;
}
