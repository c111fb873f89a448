import { fromBase64, fromUtf8 } from '../../shared/bytes.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { ordinal } from '../../shared/judge/replay/inputs.ts';
import type { Revocation } from '../../shared/judge/revoked.ts';
import type { EvidenceReads, SiteLeaf } from '../store/store-evidence.ts';

/** A revocation with the ordinal of its own leaf. */
export interface LeafedRevocation extends Revocation {
  readonly at: number;
}

/** All revocations of a site, in leaf order. */
export async function readRevocations(
  store: Pick<EvidenceReads, 'documents' | 'logs'>,
  site: string,
): Promise<readonly LeafedRevocation[]> {
  const rows = await store.documents(site, 'revoke');
  if (rows.length === 0) return [];
  const logs = new Map((await store.logs()).map(({ origin, log }) => [origin, log]));
  return rows.flatMap((row) => {
    const value: unknown = JSON.parse(fromUtf8(fromBase64(parseEnvelope(row.text).payload)));
    const said = Object.assign({ log: '', agent: '', epoch: 0, from_leaf: 0 }, value);
    const log = logs.get(said.log);
    if (log === undefined) return [];
    const from = ordinal({ log, leaf: said.from_leaf });
    return [{ agent: said.agent, epoch: said.epoch, from, at: ordinal(row) }];
  });
}

/** Revocations among the leaves, by ordinal; most rounds have none. */
export function revokedIn(leaves: readonly SiteLeaf[]): number[] {
  return leaves.flatMap(({ leaf }) =>
    leaf.kind === 'revoke' ? [ordinal({ log: leaf.log, leaf: leaf.index })] : [],
  );
}

/**
 * Whether one of those leaves says of batches before it that they are not the agent's word, while
 * the state folded them without knowing that (`known`: newest revocation it was read with).
 */
export function reachesBack(
  all: readonly LeafedRevocation[],
  leaves: readonly number[],
  known: number,
): boolean {
  return all.some(({ at, from }) => leaves.includes(at) && at > known && from < at);
}
