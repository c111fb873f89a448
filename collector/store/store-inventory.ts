/** The store's part for units, sites, target lists. */
import type { SiteRow, TargetsRow, UnitRow } from './rows.ts';

export interface InventoryReads {
  unit(code: string): Promise<UnitRow | null>;
  /** All units in the order of their codes. */
  units(): Promise<UnitRow[]>;
  site(site: string): Promise<SiteRow | null>;
  /** All sites in the order of their codes. */
  sites(): Promise<SiteRow[]>;
  /** Newest target list of an agent. */
  targets(site: string, agent: string): Promise<TargetsRow | null>;
  /** Version of the newest list, 0 if there is none: asked for with every batch. */
  targetsVersion(site: string, agent: string): Promise<number>;
  /** A target list by its document hash, any version: what a batch header names. */
  targetsByHash(site: string, hash: Uint8Array): Promise<TargetsRow | null>;
  /** The 16-byte salt kept for a record (any stable text key), null if none is. */
  salt(site: string, record: string): Promise<Uint8Array | null>;
}

export interface InventoryWrites {
  putUnit(row: UnitRow): Promise<void>;
  putSite(row: SiteRow): Promise<void>;
  /** Adds a version; (site, agent, version) may not exist. Its leaf must be added first. */
  addTargets(row: TargetsRow): Promise<void>;
  putSalt(site: string, record: string, salt: Uint8Array): Promise<void>;
}
