import type { BatchRow, LeafRow } from '../rows.ts';
import type { EvidenceReads, SiteLeaf } from '../store-evidence.ts';
import { createAgentReads } from './agent-reads.ts';
import { bodyPruned, createArchive } from './archive.ts';
import type { Bodies } from './bodies.ts';
import type { Connection } from './connection.ts';
import { createDocumentReads } from './document-reads.ts';
import { readSections } from './section-column.ts';
import { createTreeReads, LEAF, type LeafCells, toLeaf } from './tree-reads.ts';
import { orNull, plain } from './values.ts';

interface BatchCells extends Omit<LeafCells, 'idx' | 'kind'> {
  leaf: number;
  fault: string | null;
  sections: string;
  signature: Uint8Array;
  header: Uint8Array;
}
const BATCH =
  'SELECT b.site, b.agent, b.epoch, b.seq, b.log, b.leaf, b.fault, b.sections, b.signature,' +
  ' b.header, l.hash, l.recv_ms FROM batch b JOIN leaf l ON l.log = b.log AND l.idx = b.leaf';
// From each site one step in the index to the next: DISTINCT would read every leaf there is.
const SITES_WITH_LEAVES =
  "WITH RECURSIVE found(site) AS (SELECT min(site) FROM leaf WHERE site > '' UNION ALL" +
  ' SELECT (SELECT min(site) FROM leaf WHERE site > found.site) FROM found' +
  ' WHERE site IS NOT NULL) SELECT site FROM found WHERE site IS NOT NULL';
const KEYED = ' WHERE b.site = ? AND b.agent = ? AND b.epoch = ? AND b.seq = ?';

export function createEvidenceReads(sql: Connection, bodies: Pick<Bodies, 'read'>): EvidenceReads {
  const batch = (key: Pick<LeafRow, 'site' | 'agent' | 'epoch' | 'seq'>): BatchRow | null => {
    const { site, agent, epoch, seq } = key;
    const cells = sql.get<BatchCells>(BATCH + KEYED, site, agent, epoch, seq);
    return cells === undefined ? null : toBatch(cells);
  };
  const { ofLeaf, ...documents } = createDocumentReads(sql);
  const siteLeaf = (cells: LeafCells, held?: (leaf: LeafRow) => boolean): SiteLeaf => {
    const leaf = toLeaf(cells);
    if (leaf.kind === 'batch') {
      return { leaf, batch: held?.(leaf) === true ? null : batch(leaf), document: null };
    }
    return { leaf, batch: null, document: ofLeaf(leaf.site, leaf.log, leaf.index) };
  };
  return {
    ...createTreeReads(sql),
    ...createAgentReads(sql),
    ...documents,
    batch: async (site, agent, epoch, seq) => batch({ site, agent, epoch, seq }),
    async batchByLeaf(log, leaf) {
      const cells = sql.get<LeafCells>(`${LEAF} WHERE log = ? AND idx = ?`, log, leaf);
      return cells === undefined || cells.kind !== 'batch' ? null : batch(toLeaf(cells));
    },
    siteLeaves: async (site, after, limit, held) =>
      sql
        .all<LeafCells>(
          `${LEAF} WHERE site = ? AND (log, idx) > (?, ?) ORDER BY log, idx LIMIT ?`,
          site,
          after.log,
          after.leaf,
          limit,
        )
        .map((cells) => siteLeaf(cells, held)),
    newestSiteLeaf: async (site) =>
      orNull(
        sql.get(
          'SELECT log, idx AS leaf FROM leaf WHERE site = ? ORDER BY log DESC, idx DESC LIMIT 1',
          site,
        ),
      ),
    async siteLeafCount(site, log, from, to) {
      const found = sql.get<{ leaves: number; batches: number }>(
        "SELECT count(*) AS leaves, count(CASE WHEN kind = 'batch' THEN 1 END) AS batches" +
          ' FROM leaf WHERE site = ? AND log = ? AND idx >= ? AND idx < ?',
        ...[site, log, from, to],
      );
      const { leaves, batches } = found ?? { leaves: 0, batches: 0 };
      return { batches, documents: leaves - batches };
    },
    judgeableSites: async () =>
      sql.all<{ site: string }>(SITES_WITH_LEAVES).map(({ site }) => site),
    readBody: (ref) =>
      bodies.read(ref).catch(async (error: unknown) => {
        const gone = Object(error).code === 'BODY_MISSING';
        throw gone && (await createArchive(sql).isPruned(ref.file)) ? bodyPruned(ref) : error;
      }),
  };
}

function toBatch({ sections, hash, signature, header, ...rest }: BatchCells): BatchRow {
  const bytes = { hash: plain(hash), signature: plain(signature), header: plain(header) };
  return { ...rest, ...bytes, sections: readSections(sections) };
}
