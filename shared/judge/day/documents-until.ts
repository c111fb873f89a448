import type { SiteDocuments } from './types.ts';

/**
 * What a window that ends at `to_ms` may know of plans: an inventory of a later minute must not
 * change it, or a day judged late would differ from the same day judged in time.
 */
export function documentsUntil(documents: SiteDocuments, to_ms: number): SiteDocuments {
  const inTime = documents.versions.filter(({ from_ms }) => from_ms < to_ms);
  return {
    ...documents,
    versions: inTime.length === 0 ? documents.versions.slice(0, 1) : inTime,
    links: documents.links.filter(({ from_ms }) => from_ms < to_ms),
    maintenance: documents.maintenance.filter(({ from_ms }) => from_ms < to_ms),
  };
}
