/** The store's part for `day` documents: which kept days still have to be ledgered. */
import type { DocumentRow, Position } from './rows.ts';

/** A kept day that was not compared with its newest document yet. */
export interface OwedDay {
  readonly site: string;
  readonly day_ms: number;
}

/** The newest `day` document of a local day. */
export interface DayLeafRow extends Position {
  readonly site: string;
  readonly day_ms: number;
  /** SHA-256 of what it says. */
  readonly hash: Uint8Array;
  /** The collector's clock at its leaf, UTC ms. */
  readonly recv_ms: number;
}

/** One answered stretch of a device, as its owner's states tell; null: it goes on. */
export interface UpTime {
  readonly from_ms: number;
  readonly to_ms: number | null;
}

export interface DayLeafReads {
  /** Up to `limit` days that are owed, the newest first, behind `after` in this order. */
  owedDays(after: OwedDay | null, limit: number): Promise<OwedDay[]>;
  dayLeaf(site: string, day_ms: number): Promise<DayLeafRow | null>;
  /** Up to `limit` `day` documents of a site behind the newest noted one, in leaf order. */
  dayDocumentsAfter(site: string, after: Position, limit: number): Promise<DocumentRow[]>;
  /** Place of the newest noted document of a site; null if none is noted. */
  newestDayLeaf(site: string): Promise<Position | null>;
  /** The newest time in which a device was up, of those that began before `before_ms`. */
  newestUp(site: string, device: string, agent: string, before_ms: number): Promise<UpTime | null>;
}

export interface DayLeafWrites {
  /** Notes the newest document of a day, over the former one. */
  putDayLeaf(row: DayLeafRow): Promise<void>;
  /** This kept day is no longer owed. */
  dayIsLedgered(site: string, day_ms: number): Promise<void>;
}
