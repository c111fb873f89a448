import { equalBytes, fromBase64, fromUtf8 } from '../../../shared/bytes.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import type { DocumentRow } from '../../store/rows.ts';
import type { EvidenceReads } from '../../store/store-evidence.ts';

/** Agents whose keys and newest link are held at a time: those of a country. */
const AGENTS_MAX = 10_000;

interface KeyFrom {
  readonly epoch: number;
  /** The first batch under the key is behind this one. */
  readonly after_seq: number;
  readonly key: Uint8Array;
  /** Where the document that names it was leafed first. */
  readonly log: number;
  readonly leaf: number;
}

interface KnownAgent {
  readonly keys: readonly KeyFrom[];
  /** Hashes of the enrol documents by their epoch. */
  readonly origins: ReadonlyMap<number, Uint8Array>;
  /** How many documents this was read from: a new one makes it be read again. */
  last: { epoch: number; seq: number; hash: Uint8Array } | null;
}

/** Keys and links of all agents, as the stored documents tell them. */
export interface Chains {
  /** The key that signs batch `seq` of an epoch; null: no document names one. */
  keyOf(place: ChainPlace): Promise<Uint8Array | null>;
  /**
   * Those that may sign a hole: the key of its batches and, where it ends with that key, the newest
   * one at its leaf, for whoever rotated has no other.
   */
  keysOfHole(place: ChainPlace, to_seq: number, at: LeafPlace): Promise<readonly Uint8Array[]>;
  /** Whether the enrolment or the rotations after it lead to this key of an epoch. */
  isKey(site: string, agent: string, epoch: number, key: Uint8Array): Promise<boolean>;
  /** What the batch must carry as `prev`; null: nothing stands before it. */
  prevOf(place: ChainPlace): Promise<Uint8Array | null>;
  /** The batch of this place was looked at. */
  passed(place: ChainPlace, hash: Uint8Array): void;
  /** Documents of this agent came: what is held of it is read again. */
  forget(site: string, agent: string): void;
}

export interface ChainPlace {
  readonly site: string;
  readonly agent: string;
  readonly epoch: number;
  readonly seq: number;
}

type LeafPlace = Pick<KeyFrom, 'log' | 'leaf'>;

export function createChains(reads: EvidenceReads): Chains {
  const agents = new Map<string, KnownAgent>();
  const known = async (site: string, agent: string): Promise<KnownAgent> => {
    const name = `${site}/${agent}`;
    const held = agents.get(name);
    if (held !== undefined) return held;
    const made = await readAgent(reads, site, agent);
    if (agents.size >= AGENTS_MAX) agents.clear();
    agents.set(name, made);
    return made;
  };
  return {
    async keyOf({ site, agent, epoch, seq }) {
      const { keys } = await known(site, agent);
      const fitting = keys.filter((one) => one.epoch === epoch && one.after_seq < seq);
      return fitting.at(-1)?.key ?? null;
    },
    async keysOfHole({ site, agent, epoch, seq }, to_seq, { log, leaf }) {
      const keys = (await known(site, agent)).keys.filter((one) => {
        return one.epoch === epoch && (one.log < log || (one.log === log && one.leaf < leaf));
      });
      const own = keys.findLastIndex((one) => one.after_seq < seq);
      const ends = to_seq <= (keys[own + 1]?.after_seq ?? 0);
      const signing = [keys[own], ends ? keys.at(-1) : undefined];
      return signing.flatMap((one) => (one === undefined ? [] : [one.key]));
    },
    async isKey(site, agent, epoch, key) {
      const { keys } = await known(site, agent);
      return keys.some((one) => one.epoch === epoch && equalBytes(one.key, key));
    },
    async prevOf({ site, agent, epoch, seq }) {
      const { last, origins } = await known(site, agent);
      if (seq === 1) return origins.get(epoch) ?? null;
      if (last?.epoch === epoch && last.seq === seq - 1) return last.hash;
      const before = await reads.batch(site, agent, epoch, seq - 1);
      return before === null ? await behindHole(reads, { site, agent, epoch, seq }) : before.hash;
    },
    passed({ site, agent, epoch, seq }, hash) {
      const held = agents.get(`${site}/${agent}`);
      if (held !== undefined) held.last = { epoch, seq, hash };
    },
    forget: (site, agent) => void agents.delete(`${site}/${agent}`),
  };
}

async function readAgent(reads: EvidenceReads, site: string, agent: string): Promise<KnownAgent> {
  const keys: KeyFrom[] = [];
  const origins = new Map<number, Uint8Array>();
  for (const row of await reads.documents(site, 'enrol', agent)) {
    const { epoch, agent_key } = membersOf(row);
    // A restored collector ledgers the same document again.
    if (typeof epoch !== 'number' || origins.has(epoch)) continue;
    origins.set(epoch, row.hash);
    keys.push({ epoch, after_seq: 0, key: bytesOf(agent_key), log: row.log, leaf: row.leaf });
  }
  for (const row of await reads.documents(site, 'rotate', agent)) rotate(keys, row);
  return { keys, origins, last: null };
}

/** Each rotation begins with the key before it, and never goes back in the chain. */
function rotate(keys: KeyFrom[], row: DocumentRow): void {
  const said = membersOf(row);
  const { log, leaf } = row;
  const { epoch, after_seq } = said;
  if (typeof epoch !== 'number' || typeof after_seq !== 'number') return;
  const key = bytesOf(said.new_key);
  const mine = keys.filter((one) => one.epoch === epoch);
  const last = mine.at(-1);
  if (last === undefined || last.after_seq > after_seq) return;
  // A restored collector hears of the same rotation again, and then of those behind it.
  if (mine.some((one) => equalBytes(one.key, key))) return;
  if (equalBytes(last.key, bytesOf(said.old_key))) keys.push({ epoch, after_seq, key, log, leaf });
}

async function behindHole(reads: EvidenceReads, place: ChainPlace): Promise<Uint8Array | null> {
  const { site, agent, epoch, seq } = place;
  for (const row of await reads.documents(site, 'hole', agent)) {
    const hole = membersOf(row);
    if (hole.epoch === epoch && hole.to_seq === seq - 1) return bytesOf(hole.next_prev);
  }
  return null;
}

/** Members of a stored document; whether they were signed is looked at where it is leafed. */
export function membersOf({ text }: Pick<DocumentRow, 'text'>): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(fromUtf8(fromBase64(parseEnvelope(text).payload)));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function bytesOf(value: unknown): Uint8Array {
  try {
    return fromBase64(String(value));
  } catch {
    return new Uint8Array();
  }
}
