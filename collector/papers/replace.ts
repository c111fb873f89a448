import { canonical } from '../inventory/changes.ts';
import type { LedgerUnit } from '../ledger/types.ts';
import type { EvidenceReads } from '../store/store-evidence.ts';

import { type PaperBody, type PaperDeps, type PaperPlace, putPaper } from './put.ts';
import { papersOf, type StoredPaper } from './read.ts';

/** Papers of which the newest holds and replaces all before. */
export type VersionedKind = 'calendar' | 'settings' | 'topology';

export interface Replacement<Kind extends VersionedKind> {
  readonly kind: Kind;
  readonly site: string;
  readonly by: string;
  /** Its content under a version. */
  readonly body: (version: number) => PaperBody<Kind>;
  /** What holds while there is no paper; null: even the same content is to be written down. */
  readonly without: PaperBody<Kind> | null;
}

export interface Replaced {
  /** False: the same content held already and nothing was written. */
  readonly changed: boolean;
  /** 0: no paper holds. */
  readonly version: number;
  readonly place: PaperPlace | null;
}

/** The newest paper of a kind; null: what is built in holds. */
export async function newestPaper<Kind extends VersionedKind>(
  reads: Pick<EvidenceReads, 'documents'>,
  site: string,
  kind: Kind,
): Promise<StoredPaper<Kind> | null> {
  return (await papersOf(reads, site, kind)).at(-1) ?? null;
}

/** Writes the next version, or nothing where the same content holds. Throws as putPaper. */
export async function replacePaper<Kind extends VersionedKind>(
  deps: PaperDeps,
  wanted: Replacement<Kind>,
): Promise<Replaced> {
  const held = await heldBy(deps.store, wanted);
  if (held !== null) return held;
  const { value } = await deps.ledger.commit((unit) => replaceIn(deps, unit, wanted));
  return value;
}

/** What another person wrote in the meantime is taken in: the unit of work looks again. */
async function replaceIn<Kind extends VersionedKind>(
  deps: PaperDeps,
  unit: LedgerUnit,
  wanted: Replacement<Kind>,
): Promise<Replaced> {
  const held = await heldBy(unit.tx, wanted);
  if (held !== null) return held;
  const { kind, site, by } = wanted;
  const newest = await newestPaper(unit.tx, site, kind);
  const version = (newest?.paper.version ?? 0) + 1;
  const body = wanted.body(version);
  const action = `${kind}.write`;
  const place = await putPaper(deps, unit, { kind, site, body, by, action, detail: { version } });
  return { changed: true, version, place };
}

async function heldBy<Kind extends VersionedKind>(
  reads: Pick<EvidenceReads, 'documents'>,
  { kind, site, body, without }: Replacement<Kind>,
): Promise<Replaced | null> {
  const newest = await newestPaper(reads, site, kind);
  const version = newest?.paper.version ?? 0;
  const held = newest === null ? without : contentOf(newest.paper);
  const same = held !== null && canonical(held) === canonical(body(version));
  return same ? { changed: false, version, place: null } : null;
}

/** A paper without what every paper begins with. */
function contentOf(paper: object): object {
  const head = new Set(['v', 'log', 'site', 'issued_ms', 'author']);
  return Object.fromEntries(Object.entries(paper).filter(([key]) => !head.has(key)));
}
