import { canonical } from '../inventory/changes.ts';
import type { LedgerUnit } from '../ledger/types.ts';
import {
  type PaperDeps,
  type PaperDraft,
  type PaperPlace,
  putPaper,
  type WrittenKind,
} from './put.ts';
import { papersOf } from './read.ts';

/** What is only ever added: a later one stands beside the earlier ones. */
export type AddedKind = 'note' | 'reclassify' | 'declaration';

export interface Added {
  /** False: the same words of the same author stand there already. */
  readonly changed: boolean;
  readonly place: PaperPlace;
}

/**
 * Adds what a person says. The same said twice by the same author is one: a request whose answer
 * was lost may be sent again. Throws as putPaper.
 */
export async function addPaper<Kind extends AddedKind>(
  deps: PaperDeps,
  draft: PaperDraft<Kind>,
): Promise<Added> {
  const { value } = await deps.ledger.commit(async (unit) => {
    const place = await saidBefore(unit, draft);
    if (place !== null) return { changed: false, place };
    return { changed: true, place: await putPaper(deps, unit, draft) };
  });
  return value;
}

async function saidBefore<Kind extends AddedKind>(
  unit: LedgerUnit,
  { kind, site, by, body }: PaperDraft<Kind>,
): Promise<PaperPlace | null> {
  const before = await papersOf(unit.tx, site, kind);
  const newest = before.findLast(({ paper }) => isAbout(kind, bodyOf(paper), body));
  if (newest === undefined || newest.paper.author !== by) return null;
  // Another word in between makes the first one new again: cause A, then B, then A.
  if (canonical(bodyOf(newest.paper)) !== canonical(body)) return null;
  const { log, issued_ms } = newest.paper;
  return { log, issued_ms, leaf: newest.leaf, hash: newest.hash };
}

/** Of outages the newest word of one kind about one key counts; declarations each for itself. */
function isAbout(kind: WrittenKind, one: object, other: object): boolean {
  if (kind === 'declaration') return canonical(one) === canonical(other);
  const about = (body: { kind?: unknown; key?: unknown }) => canonical([body.kind, body.key]);
  return about(one) === about(other);
}

function bodyOf(paper: object): object {
  const { v, log, site, issued_ms, author, ...body } = Object.assign(
    { v: 1, log: '', site: '', issued_ms: 0, author: '' },
    paper,
  );
  return body;
}
