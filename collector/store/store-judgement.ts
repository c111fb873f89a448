/** The store's part for what the judge found; all of it can be recomputed from the ledger. */
import type { Position } from './rows.ts';
import type {
  ChunkRow,
  DayMark,
  DayStoreRow,
  DaySumsRow,
  IntervalRow,
  JudgeFaultRow,
  JudgeStateRow,
  OutboxRow,
  SeenStoreRow,
  WindowRow,
} from './rows-judgement.ts';

export interface JudgementReads {
  judgeState(site: string): Promise<JudgeStateRow | null>;
  /** The newest input whose changes were published; null before the first. */
  judgeProgress(site: string): Promise<Position | null>;
  judgeFaults(site: string): Promise<JudgeFaultRow[]>;
  /** Intervals that touch [from_ms, to_ms), by device and time; `device` limits them to one. */
  intervals(site: string, from_ms: number, to_ms: number, device?: string): Promise<IntervalRow[]>;
  /** Chunks of all agents of a site whose hours touch [from_ms, to_ms), by agent and hour. */
  chunks(site: string, from_ms: number, to_ms: number): Promise<ChunkRow[]>;
  chunk(site: string, agent: string, hour_ms: number): Promise<ChunkRow | null>;
  /** Windows of a site, or of one device, by device and time. */
  windows(site: string, device?: string): Promise<WindowRow[]>;
  /**
   * Rows of a site that tell of some time in [from_ms, to_ms], and those of any time whose keys
   * begin with `prefix` and a slash; by key.
   */
  seen(site: string, from_ms: number, to_ms: number, prefix?: string): Promise<SeenStoreRow[]>;
  /** Judged days of a site that touch [from_ms, to_ms), ascending. */
  days(site: string, from_ms: number, to_ms: number): Promise<DayStoreRow[]>;
  /** The newest judged day of a site; null if there is none. */
  newestDay(site: string): Promise<DayStoreRow | null>;
  /** The same without what was judged of it: for who only asks how far days reach. */
  newestDayMark(site: string): Promise<DayMark | null>;
  /** Sums of the judged days that lie wholly in [from_ms, to_ms), by site and day. */
  daySums(
    sites: readonly string[],
    from_ms: number,
    to_ms: number,
    hours: 'all' | 'working',
  ): Promise<DaySumsRow[]>;
  /** Judgement before this stays as it stands, as bodies are gone; 0: none, UTC epoch ms. */
  archivedBefore(): Promise<number>;
  /** Up to `limit` events after `id`, oldest first. */
  outbox(after_id: number, limit: number): Promise<OutboxRow[]>;
  /** The newest event's id; 0 if there is none. */
  newestOutboxId(): Promise<number>;
}

export interface JudgementWrites {
  putJudgeState(row: JudgeStateRow): Promise<void>;
  putJudgeProgress(site: string, position: Position): Promise<void>;
  putJudgeFault(row: JudgeFaultRow): Promise<void>;
  /**
   * Writes ascending, adjoining intervals of one device over all that stood in their span: from
   * the first one's `from_ms` to the last one's `to_ms` (null: for ever). One that began earlier
   * and reaches into the span now ends where it begins. Returns the UTC ms from which on
   * something else stands there now than before; null: the same.
   */
  putIntervals(rows: readonly IntervalRow[]): Promise<number | null>;
  /** Writes over the former chunk of (site, agent, hour). */
  putChunk(row: ChunkRow): Promise<void>;
  /**
   * Writes over the former window of (site, device, agent, from_ms). Returns from when on
   * something changed; null: nothing did.
   */
  putWindow(row: WindowRow): Promise<number | null>;
  /**
   * Writes over the former row of (site, key). Returns from when on it tells something else than
   * before; null: the same.
   */
  putSeen(row: SeenStoreRow): Promise<number | null>;
  /** Writes over the former row of (site, day_ms). */
  putDay(row: DayStoreRow): Promise<void>;
  /** Deletes the judged days of a site that end after `from_ms`; returns how many. */
  dropDays(site: string, from_ms: number): Promise<number>;
  /** Appends an event and returns its id. */
  addOutbox(row: Omit<OutboxRow, 'id'>): Promise<number>;
  /** Deletes events up to and with `id`: what nobody will ask to be replayed. */
  dropOutbox(id: number): Promise<void>;
  /** Deletes all judgement of a site, state and progress included, before a rebuild. */
  dropJudgement(site: string): Promise<void>;
}
