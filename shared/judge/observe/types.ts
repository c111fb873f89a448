import type { Fact } from '../site/facts.ts';

/** A minute in which a device's 95th percentile lay above the limit then in force (µs). */
export interface SlowMinute {
  readonly what: 'slow';
  readonly device: string;
  /** Start of the UTC minute. */
  readonly at_ms: number;
  readonly p95_us: number;
}

/** A batch showed for the first time that its agent had seen a checkpoint over this leaf. */
export interface DocumentSeen {
  readonly what: 'document_seen';
  /** Ordinal of the document's leaf, as JudgeInput.leaf. */
  readonly leaf: number;
  /** Slots that begin at or after this UTC ms were measured knowing the document. */
  readonly at_ms: number;
}

/** Later readings showed that the fact said under this key was none: an SNMP agent restarted. */
export interface Withdrawn {
  readonly what: 'withdrawn';
}

export type Seen = Fact | SlowMinute | DocumentSeen | Withdrawn;

/**
 * What a batch says beside its slots. A later row of the same key replaces the earlier one. What
 * goes on is said again as it grows, a row per UTC hour: so finished days are left alone.
 */
export interface SeenRow {
  /** Unique in the site, e.g. `restart/sw-core/1763900000000`. */
  readonly key: string;
  /** It tells of [from_ms, to_ms]. */
  readonly from_ms: number;
  readonly to_ms: number;
  readonly seen: Seen;
}
