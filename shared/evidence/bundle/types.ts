/** What stands in a bundle (docs/formats/bundle.md). */
import type { AsOf } from '../../judge/period/judged.ts';
import type { Leaf } from '../leaf.ts';

export const BUNDLE_PREDICATE = 'urn:lanproof:bundle:v1';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const STATEMENT_PAYLOAD = 'application/vnd.in-toto+json';

/** Zip without zip64: offsets are 32 bits. */
export const BUNDLE_BYTES_MAX = 2 ** 32 - 1;
export const BUNDLE_ENTRIES_MAX = 65_534;

/** Logs of one deployment: one is opened anew once in years. */
export const LOGS_MAX = 1_000;
/** Leaves of a log that a bundle speaks of: more than 3,000 years of batches. */
export const LOG_LEAVES_MAX = 2 ** 32;
/** Periods are at most 400 days: a year's report and its margins; a longer one is several. */
export const PERIOD_MAX_MS = 400 * 86_400_000;
/** Judging begins so long behind the first batch: votes and facts look back over a day, ms. */
export const BUNDLE_BEFORE_MS = 26 * 3_600_000;
/** What is judged goes so far beyond the period, and batches as far beyond that, ms. */
export const BUNDLE_AFTER_MS = 3_600_000;

/** A leaf by its log's number in the deployment (from 1) and its index. */
export interface LeafPlace {
  readonly log: number;
  readonly leaf: number;
}

/** The stretch of one agent's chain begins behind this batch. */
export interface BundleAgent {
  readonly agent: string;
  readonly epoch: number;
  /** 0: from the epoch's first batch. */
  readonly before_seq: number;
  /** Base64 batch hash; null with seq 0. */
  readonly before_hash: string | null;
}

/** `predicate` of the manifest. */
export interface BundleManifest {
  readonly v: 1;
  readonly site: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly masked: boolean;
  readonly as_of: AsOf;
  readonly rules: number;
  readonly begin: LeafPlace | null;
  readonly begin_ms: number;
  readonly end_ms: number;
  readonly agents: readonly BundleAgent[];
  readonly software: string;
}

/** Every file but the manifest, sorted by name; digests in hex. */
export interface BundleSubject {
  readonly name: string;
  readonly sha256: string;
}

export interface BundleStatement {
  readonly subjects: readonly BundleSubject[];
  readonly manifest: BundleManifest;
}

/** A line of leaves.txt. */
export interface BundleLeaf extends Leaf, LeafPlace {}

/** A line of documents.ndjson; text null: withheld by masking. */
export interface BundleDocument extends LeafPlace {
  readonly text: string | null;
}

/** A line of consistency.txt: an older size, and hashes. */
export interface BundleProof {
  readonly at: number;
  readonly hashes: readonly Uint8Array[];
}

/** A line of daily.txt. */
export interface BundleDay {
  readonly day: string;
  readonly first: number;
  readonly leaves: number;
  readonly site_batches: number;
  readonly site_documents: number;
}

/** A record of batches/<date>.bin; a section null: withheld. */
export interface BundleBatch {
  readonly header: Uint8Array;
  readonly signature: Uint8Array;
  readonly sections: readonly (Uint8Array | null)[];
}
