/** What the ledger offers to the rest of the collector. */
import type { Leaf, LeafKind } from '../../shared/evidence/leaf.ts';
import type { LeafRange } from '../../shared/evidence/multiproof.ts';
import type { WriteUnit } from '../store/store.ts';

/** A signed head of the open log. */
export interface SignedCheckpoint {
  readonly log: number;
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** The C2SP note, verbatim. */
  readonly note: string;
  /** When it was signed, UTC epoch ms. */
  readonly at_ms: number;
}

/** A document to be leafed; the text of its envelope is kept verbatim. */
export interface DocumentItem {
  readonly kind: LeafKind;
  readonly site: string | null;
  readonly agent: string | null;
  /** 0 where it has no meaning. */
  readonly epoch: number;
  readonly seq: number;
  readonly text: string;
}

/** One unit of work on store and log together. Never use it after the work returned. */
export interface LedgerUnit {
  /** Everything else that is written with the leaves. */
  readonly tx: WriteUnit;
  /** The open log. */
  readonly log: number;
  readonly origin: string;
  /** Appends a leaf whose row (batch) the caller writes; returns its index. */
  append(leaf: Leaf): Promise<number>;
  /** Appends a control document with its leaf; returns index and document hash. */
  appendDocument(
    item: DocumentItem,
    recv_ms: number,
  ): Promise<{ readonly leaf: number; readonly hash: Uint8Array }>;
  /** A part that may fail alone: rows and leaves of it are undone (see WriteUnit.attempt). */
  attempt<T>(work: () => Promise<T>): Promise<T>;
}

export interface Committed<T> {
  readonly value: T;
  /** Signed after the commit, over committed leaves only. */
  readonly checkpoint: SignedCheckpoint;
}

export interface Ledger {
  /**
   * Runs `work` in one unit of work; after the commit the head is signed, noted in the sentinel
   * and returned. Units run one after another. Throws what `work` throws (nothing is kept then),
   * the store's errors, and LEDGER_LEASED while another collector sequences the log.
   */
  commit<T>(work: (unit: LedgerUnit) => Promise<T>): Promise<Committed<T>>;
  /** The newest signed head; an answer that shows it never goes back in size within a log. */
  checkpoint(): SignedCheckpoint;
  /** The newest signed head of any log by its number; null if there is no such log. */
  checkpointOf(log: number): Promise<SignedCheckpoint | null>;
  /** Leaf bytes; RangeError beyond the signed size. */
  leafBytes(log: number, index: number): Promise<Uint8Array>;
  /** RFC 6962 audit path of a leaf in the tree of `size` (default: the newest signed head). */
  inclusion(log: number, index: number, size?: number): Promise<Uint8Array[]>;
  /** Hashes of ranges of leaves as they are split in the tree of `size` (multiproof.ts). */
  ranges(log: number, ranges: readonly LeafRange[], size: number): Promise<Uint8Array[]>;
  /** RFC 6962 consistency proof; RangeError unless from ≤ to ≤ signed size. */
  consistency(log: number, from: number, to?: number): Promise<Uint8Array[]>;
  /**
   * An agent showed this checkpoint note. If this log validly signed it, and it is larger than
   * the head (or as large with another root), history was lost: the log is closed and the next
   * one opened. Anything else changes nothing; an invented note never closes a log.
   */
  reportSeen(note: string): Promise<'known' | 'not_ours' | 'history_lost'>;
  /** Texts of every log-open document, oldest first. */
  logOpens(): Promise<string[]>;
  /** Called after each commit with the codes of the sites that got leaves. */
  onCommit(listener: (sites: ReadonlySet<string>) => void): () => void;
  /** Called when a head was signed, also the first of a new log; returns the way to stop. */
  onCheckpoint(listener: (checkpoint: SignedCheckpoint) => void): () => void;
  /** Saves the newest checkpoint and gives the lease back. */
  close(): Promise<void>;
}
