import type { BatchRow, DocumentRow, LeafRow } from '../rows.ts';
import type { EvidenceReads, SiteLeaf } from '../store-evidence.ts';
import { createAgentReads } from './agent-reads.ts';
import type { Bodies } from './bodies.ts';
import type { Connection } from './connection.ts';
import { readSections } from './section-column.ts';
import { createTreeReads, LEAF, type LeafCells, toLeaf } from './tree-reads.ts';
import { NO_SITE, orNull, plain, textOrNull } from './values.ts';

interface BatchCells extends Omit<LeafCells, 'idx' | 'kind'> {
  leaf: number;
  fault: string | null;
  sections: string;
  signature: Uint8Array;
  header: Uint8Array;
}
interface DocumentCells extends Omit<DocumentRow, 'site' | 'agent'> {
  site: string;
  agent: string;
}
const BATCH =
  'SELECT b.site, b.agent, b.epoch, b.seq, b.log, b.leaf, b.fault, b.sections, b.signature,' +
  ' b.header, l.hash, l.recv_ms FROM batch b JOIN leaf l ON l.log = b.log AND l.idx = b.leaf';
const DOCUMENT =
  'SELECT d.site, d.kind, d.agent, d.hash, d.text, d.log, d.leaf, l.recv_ms FROM document d' +
  ' JOIN leaf l ON l.log = d.log AND l.idx = d.leaf';
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
  const siteLeaf = (cells: LeafCells, held?: (leaf: LeafRow) => boolean): SiteLeaf => {
    const leaf = toLeaf(cells);
    if (leaf.kind === 'batch') {
      return { leaf, batch: held?.(leaf) === true ? null : batch(leaf), document: null };
    }
    const found = sql.get<DocumentCells>(
      `${DOCUMENT} WHERE d.site = ? AND d.log = ? AND d.leaf = ?`,
      cells.site,
      leaf.log,
      leaf.index,
    );
    return { leaf, batch: null, document: found === undefined ? null : toDocument(found) };
  };
  return {
    ...createTreeReads(sql),
    ...createAgentReads(sql),
    async documentByHash(site, hash) {
      const cells = sql.get<DocumentCells>(
        `${DOCUMENT} WHERE d.site = ? AND d.hash = ? ORDER BY d.log DESC, d.leaf DESC LIMIT 1`,
        site ?? NO_SITE,
        hash,
      );
      return cells === undefined ? null : toDocument(cells);
    },
    documents: async (site, kind, agent) =>
      sql
        .all<DocumentCells>(
          `${DOCUMENT} WHERE d.site = ? AND d.kind = ? AND (? IS NULL OR d.agent = ?)` +
            ' ORDER BY d.log, d.leaf',
          site ?? NO_SITE,
          kind,
          agent ?? null,
          agent ?? null,
        )
        .map(toDocument),
    documentsOf: async (site, kinds) =>
      sql
        .all<DocumentCells>(
          `${DOCUMENT} WHERE d.site = ? AND d.kind IN (SELECT value FROM json_each(?))` +
            ' ORDER BY d.log, d.leaf',
          site,
          JSON.stringify(kinds),
        )
        .map(toDocument),
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
    judgeableSites: async () =>
      sql.all<{ site: string }>(SITES_WITH_LEAVES).map(({ site }) => site),
    readBody: (ref) => bodies.read(ref),
  };
}

function toBatch({ sections, hash, signature, header, ...rest }: BatchCells): BatchRow {
  const bytes = { hash: plain(hash), signature: plain(signature), header: plain(header) };
  return { ...rest, ...bytes, sections: readSections(sections) };
}

function toDocument({ site, agent, hash, ...rest }: DocumentCells): DocumentRow {
  return { ...rest, site: textOrNull(site), agent: textOrNull(agent), hash: plain(hash) };
}
