import type { DocumentRow } from '../rows.ts';
import type { EvidenceReads } from '../store-evidence.ts';
import type { Connection } from './connection.ts';
import { NO_SITE, plain, textOrNull } from './values.ts';

interface DocumentCells extends Omit<DocumentRow, 'site' | 'agent'> {
  site: string;
  agent: string;
}
const DOCUMENT =
  'SELECT d.site, d.kind, d.agent, d.hash, d.text, d.log, d.leaf, l.recv_ms FROM document d' +
  ' JOIN leaf l ON l.log = d.log AND l.idx = d.leaf';

type Reads = Pick<EvidenceReads, 'documentByHash' | 'documentByLeaf' | 'documents' | 'documentsOf'>;

/** Control documents; `ofLeaf` is `documentByLeaf` for those who are inside a read already. */
export function createDocumentReads(sql: Connection): Reads & {
  ofLeaf(site: string | null, log: number, leaf: number): DocumentRow | null;
} {
  const ofLeaf = (site: string | null, log: number, leaf: number): DocumentRow | null => {
    const cells = sql.get<DocumentCells>(
      `${DOCUMENT} WHERE d.site = ? AND d.log = ? AND d.leaf = ?`,
      site ?? NO_SITE,
      log,
      leaf,
    );
    return cells === undefined ? null : toDocument(cells);
  };
  return {
    ofLeaf,
    async documentByHash(site, hash) {
      const cells = sql.get<DocumentCells>(
        `${DOCUMENT} WHERE d.site = ? AND d.hash = ? ORDER BY d.log DESC, d.leaf DESC LIMIT 1`,
        site ?? NO_SITE,
        hash,
      );
      return cells === undefined ? null : toDocument(cells);
    },
    documentByLeaf: async (site, log, leaf) => ofLeaf(site, log, leaf),
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
  };
}

function toDocument({ site, agent, hash, ...rest }: DocumentCells): DocumentRow {
  return { ...rest, site: textOrNull(site), agent: textOrNull(agent), hash: plain(hash) };
}
