import { equalBytes, fromBase64, fromUtf8 } from '../../shared/bytes.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { openDocument } from '../../shared/evidence/document-reading.ts';
import { documentHash, type Hole } from '../../shared/evidence/documents.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { LedgerUnit } from '../ledger/types.ts';
import type { AgentRow } from '../store/rows.ts';
import type { EvidenceReads } from '../store/store-evidence.ts';
import { type AdmitOptions, type Admitted, standing } from './admit.ts';
import { checkAgent, gap, refusing, unknownAgent, wrongEpoch } from './refusals.ts';
import type { RequestFacts } from './types.ts';

export interface VerifiedHole {
  readonly text: string;
  readonly hole: Hole;
  readonly hash: Uint8Array;
  readonly key: Uint8Array;
}

/** Reads a hole statement and checks that its agent signed it. Throws Refusal. */
export async function verifyHole(
  options: { crypto: Crypto; store: EvidenceReads },
  text: string,
): Promise<VerifiedHole> {
  const claimed = refusing(400, () => claimedAgent(text));
  if (claimed === undefined) throw unknownAgent();
  const { key } = checkAgent(await options.store.agent(claimed.site, claimed.agent));
  const hole = refusing(422, () => openDocument(options.crypto, text, 'hole', key));
  return { text, hole, hash: documentHash(options.crypto, text), key };
}

/** Leafs the statement and moves the agent's head behind it. Throws Refusal. */
export async function admitHole(
  options: AdmitOptions,
  unit: LedgerUnit,
  { text, hole, hash, key }: VerifiedHole,
  facts: RequestFacts,
): Promise<Admitted> {
  const { site, agent: code, epoch, from_seq } = hole;
  const agent = checkAgent(await unit.tx.agent(site, code));
  if (!equalBytes(agent.key, key) || epoch !== agent.epoch) throw wrongEpoch(agent);
  const now = options.now_ms();
  const known = await unit.tx.documentByHash(site, hash);
  if (known !== null) {
    const leaf = known.log === unit.log ? known.leaf : null;
    return { outcome: 'duplicate', leaf, faulty: false, ...(await standing(unit, agent, now)) };
  }
  if (from_seq !== agent.seq + 1) throw gap(agent);
  const { leaf, head } = await leafHole(unit, agent, { hole, text }, now);
  await unit.tx.putAgent({ ...head, insecure: facts.insecure });
  return { outcome: 'new', leaf, faulty: false, ...(await standing(unit, head, now)) };
}

/** Leafs a hole that follows the agent's head; the caller keeps the head behind it. */
export async function leafHole(
  unit: LedgerUnit,
  agent: AgentRow,
  { hole, text }: Pick<VerifiedHole, 'hole' | 'text'>,
  now_ms: number,
): Promise<{ readonly leaf: number; readonly head: AgentRow }> {
  const { site, agent: code, epoch, from_seq, to_seq, next_prev } = hole;
  const item = { kind: 'hole', site, agent: code, epoch, seq: from_seq, text } as const;
  const { leaf } = await unit.appendDocument(item, now_ms);
  const head = { ...agent, seq: to_seq, hash: fromBase64(next_prev), last_seen_ms: now_ms };
  return { leaf, head };
}

/** Whose statement it says to be; only the signature decides whether that is true. */
function claimedAgent(text: string): { site: string; agent: string } | undefined {
  const { payload } = parseEnvelope(text);
  try {
    const value: unknown = JSON.parse(fromUtf8(fromBase64(payload)));
    if (typeof value !== 'object' || value === null) return undefined;
    const { site, agent }: { site: unknown; agent: unknown } = { site: '', agent: '', ...value };
    return typeof site === 'string' && typeof agent === 'string' ? { site, agent } : undefined;
  } catch {
    return undefined;
  }
}
