/** The store's part for logs, documents, batches and the agents that send them. */
import type { LeafKind } from '../../shared/evidence/leaf.ts';
import type {
  AgentRow,
  BatchRow,
  BodyRef,
  CheckpointRow,
  DocumentRow,
  LeafRow,
  LogRow,
  Position,
} from './rows.ts';

/** A leaf of a site with what it stands for; only a batch that its reader holds is left out. */
export interface SiteLeaf {
  readonly leaf: LeafRow;
  readonly batch: BatchRow | null;
  readonly document: DocumentRow | null;
}

export interface EvidenceReads {
  /** All logs, oldest first. */
  logs(): Promise<LogRow[]>;
  leaf(log: number, index: number): Promise<LeafRow | null>;
  /** Leaves from (inclusive) to (exclusive) of a log, in order. */
  leaves(log: number, from: number, to: number): Promise<LeafRow[]>;
  /**
   * The first leaf from (inclusive) to (exclusive) that was received at or after a time, UTC ms;
   * null: none. Reads them all: receive times may go back.
   */
  receivedFrom(log: number, from: number, to: number, at_ms: number): Promise<number | null>;
  /** Concatenated hashes of a tile; null if none was written. */
  tile(log: number, level: number, index: number): Promise<Uint8Array | null>;
  /** Newest saved checkpoint of a log. */
  newestCheckpoint(log: number): Promise<CheckpointRow | null>;
  /** Saved checkpoints of sizes in (after, to], ascending. */
  checkpoints(log: number, after: number, to: number): Promise<CheckpointRow[]>;

  /** The document with this hash (site null: of the whole log); if leafed twice, the newest. */
  documentByHash(site: string | null, hash: Uint8Array): Promise<DocumentRow | null>;
  /** The document of a leaf (site null: of the whole log). */
  documentByLeaf(site: string | null, log: number, leaf: number): Promise<DocumentRow | null>;
  /** Documents of one kind in leaf order; `agent` limits them to one agent's. */
  documents(site: string | null, kind: LeafKind, agent?: string): Promise<DocumentRow[]>;
  /** Documents of several kinds of a site, in leaf order. */
  documentsOf(site: string, kinds: readonly LeafKind[]): Promise<DocumentRow[]>;

  batch(site: string, agent: string, epoch: number, seq: number): Promise<BatchRow | null>;
  batchByLeaf(log: number, leaf: number): Promise<BatchRow | null>;
  /**
   * Up to `limit` leaves of a site after a position, in order: what the judge reads. The row of a
   * batch whose leaf `held` knows is not read: reading it costs as much as judging it.
   */
  siteLeaves(
    site: string,
    after: Position,
    limit: number,
    held?: (leaf: LeafRow) => boolean,
  ): Promise<SiteLeaf[]>;
  /** Position of the newest leaf of a site; null if it has none. */
  newestSiteLeaf(site: string): Promise<Position | null>;
  /** How many leaves of a site stand from (inclusive) to (exclusive) in a log. */
  siteLeafCount(
    site: string,
    log: number,
    from: number,
    to: number,
  ): Promise<{ readonly batches: number; readonly documents: number }>;
  /** Codes of all sites that have leaves. */
  judgeableSites(): Promise<string[]>;
  /**
   * The stored bytes of a section. Throws BODY_MISSING if the file is gone or too
   * short, BODY_PRUNED if the retention deleted it.
   */
  readBody(ref: BodyRef): Promise<Uint8Array>;

  agent(site: string, agent: string): Promise<AgentRow | null>;
  /** Agents of one site, or all, in the order of their codes. */
  agents(site?: string): Promise<AgentRow[]>;
  /** The agent whose newest key this is; keys are unique. */
  agentByKey(key: Uint8Array): Promise<AgentRow | null>;
}

export interface EvidenceWrites {
  addLog(row: Omit<LogRow, 'size' | 'closed_ms' | 'closed_reason'>): Promise<void>;
  closeLog(log: number, at_ms: number, reason: string): Promise<void>;
  /** Appends a leaf at index = size of the log. LEAF_ORDER if it is another one. */
  addLeaf(row: LeafRow): Promise<void>;
  /** Writes a tile over the former, shorter one. */
  putTile(log: number, level: number, index: number, hashes: Uint8Array): Promise<void>;
  /** Keeps the newest checkpoint and one per UTC hour. */
  saveCheckpoint(row: CheckpointRow): Promise<void>;

  addDocument(row: DocumentRow): Promise<void>;

  /** Keeps bytes of a section; they are on disk before the unit's rows are. */
  putBody(section: string, recv_ms: number, bytes: Uint8Array): Promise<BodyRef>;
  /** The batch's leaf must be added first; a taken (site, agent, epoch, seq) is an error. */
  addBatch(row: BatchRow): Promise<void>;
  /** Writes the row over the former one of (site, agent). */
  putAgent(row: AgentRow): Promise<void>;
}
