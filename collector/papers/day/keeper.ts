import { equalBytes, fromBase64 } from '../../../shared/bytes.ts';
import type { Crypto, Signer } from '../../../shared/evidence/crypto.ts';
import { documentType } from '../../../shared/evidence/documents.ts';
import { parseEnvelope, serializeEnvelope, signEnvelope } from '../../../shared/evidence/dsse.ts';
import { parsePaper } from '../../../shared/papers/parse.ts';
import { createRecent } from '../../judge/day/recent.ts';
import type { Ledger, LedgerUnit } from '../../ledger/types.ts';
import type { DocumentRow } from '../../store/rows.ts';
import type { DayMark } from '../../store/rows-judgement.ts';
import type { WriteUnit } from '../../store/store.ts';
import type { OwedDay } from '../../store/store-day-leaves.ts';
import {
  contentHash,
  type DayDraft,
  type DraftDeps,
  draftDay,
  type LookedDay,
  payloadOf,
} from './draft.ts';

/** Days of one unit of work: ingest waits for it, and a document takes about a millisecond. */
export const DAYS_PER_UNIT_MAX = 4;
/** A day that goes on changing, because a backlog comes in parts, is said again so often, ms. */
export const AGAIN_AFTER_MS = 3_600_000;
/** A day that could not be read is tried again after this time, ms. */
const RETRY_AFTER_MS = 10 * 60_000;
/** Days that wait; more of them are looked at more often than needed. */
const WAITING_MAX = 10_000;
const LEASE_NAME = 'day-documents';
/** Far longer than a unit of work, shorter than the pause between looks. */
const LEASE_MS = 30_000;
/** Documents of a site that are noted in one unit of work: only after a rebuild there are more. */
const NOTED_MAX = 400;

export interface DayKeeperOptions extends DraftDeps {
  readonly ledger: Pick<Ledger, 'commit'>;
  readonly crypto: Crypto;
  readonly document_key: Signer;
  readonly now_ms: () => number;
  /** Names this process among the collectors of one store. */
  readonly holder: string;
  readonly log: { warn(fields: object, message: string): void };
}

/** What became of some owed days. */
export interface Ledgered {
  /** The last one that was looked at; null: none is owed behind `after`. */
  readonly last: OwedDay | null;
  /** How many documents were leafed. */
  readonly leaves: number;
}

/** Ledgers what stands at the local midnights of kept days. */
export interface DayKeeper {
  /**
   * Looks at the next DAYS_PER_UNIT_MAX owed days behind `after` (null: the newest ones first).
   * Nothing is written while another collector does it. Throws the store's errors.
   */
  next(after: OwedDay | null): Promise<Ledgered>;
  /** Gives the lease back. */
  close(): Promise<void>;
}

export function createDayKeeper(options: DayKeeperOptions): DayKeeper {
  const { store, ledger, holder, now_ms, log } = options;
  const waiting = createRecent<string, number>(WAITING_MAX);
  let leased = false;

  const look = async (owed: readonly OwedDay[]): Promise<LookedDay[]> => {
    const found: LookedDay[] = [];
    for (const day of owed) {
      if (now_ms() < (waiting.get(keyOf(day)) ?? 0)) continue;
      try {
        const looked = await draftDay(options, day);
        if (looked !== null) found.push(looked);
      } catch (error) {
        // One day that cannot be read does not keep the others waiting.
        waiting.set(keyOf(day), now_ms() + RETRY_AFTER_MS);
        log.warn({ err: error, ...day }, 'a day was not ledgered');
      }
    }
    return found;
  };

  return {
    async next(after) {
      const owed = await store.owedDays(after, DAYS_PER_UNIT_MAX);
      const last = owed.at(-1) ?? null;
      const looked = await look(owed);
      if (looked.length === 0) return { last, leaves: 0 };
      const { value } = await ledger.commit(async (unit) => {
        const at_ms = now_ms();
        const mine = await unit.tx.takeLease(LEASE_NAME, holder, at_ms, at_ms + LEASE_MS);
        if (!mine) return { last: null, leaves: 0 };
        leased = true;
        let leaves = 0;
        for (const one of looked) {
          const done = await settle(options, unit, one);
          if (done === 'leafed') leaves += 1;
          if (typeof done === 'number') waiting.set(keyOf(one.row), done);
        }
        return { last, leaves };
      });
      return value;
    },
    async close() {
      if (leased) await store.write((tx) => tx.releaseLease(LEASE_NAME, holder));
    },
  };
}

function keyOf({ site, day_ms }: OwedDay): string {
  return `${site}/${day_ms}`;
}

/** Leafs a day if it says something new; a number: not before then, UTC ms. */
async function settle(
  options: DayKeeperOptions,
  unit: LedgerUnit,
  { row, draft }: LookedDay,
): Promise<'leafed' | 'nothing' | number> {
  const { tx } = unit;
  const { site, day_ms } = row;
  const [now] = await tx.days(site, day_ms, day_ms + 1);
  // Dropped or judged again meanwhile: it is owed again, and met by the next look.
  if (now?.day_ms !== day_ms || now.log !== row.log || now.leaf !== row.leaf) return 'nothing';
  if (draft !== null) {
    await noteDocuments(options, tx, site);
    const newest = await tx.dayLeaf(site, day_ms);
    if (newest === null || !equalBytes(newest.hash, draft.hash)) {
      const again_ms = newest === null ? 0 : newest.recv_ms + AGAIN_AFTER_MS;
      if (options.now_ms() < again_ms) return again_ms;
      await leafDay(options, unit, row, draft);
      await tx.dayIsLedgered(site, day_ms);
      return 'leafed';
    }
  }
  await tx.dayIsLedgered(site, day_ms);
  return 'nothing';
}

async function leafDay(
  { crypto, document_key, now_ms }: DayKeeperOptions,
  unit: LedgerUnit,
  { site, day_ms, log, leaf }: DayMark,
  draft: DayDraft,
): Promise<void> {
  const recv_ms = now_ms();
  // A day judged before this log opened: its first leaf names the whole of the one before.
  const size = log === unit.log ? leaf + 1 : 1;
  const payload = payloadOf(draft, { log: unit.origin, size, issued_ms: recv_ms });
  const envelope = signEnvelope(document_key, documentType('day'), payload, crypto);
  const text = serializeEnvelope(envelope);
  const item = { kind: 'day', site, agent: null, epoch: 0, seq: 0, text } as const;
  const place = await unit.appendDocument(item, recv_ms);
  const { hash } = draft;
  await unit.tx.putDayLeaf({ site, day_ms, log: unit.log, leaf: place.leaf, hash, recv_ms });
}

/** Notes documents that are in the ledger but not noted: after a rebuild all of the site. */
async function noteDocuments(
  { crypto }: DayKeeperOptions,
  tx: WriteUnit,
  site: string,
): Promise<void> {
  let after = (await tx.newestDayLeaf(site)) ?? { log: 0, leaf: -1 };
  for (;;) {
    const found = await tx.dayDocumentsAfter(site, after, NOTED_MAX);
    for (const row of found) {
      after = { log: row.log, leaf: row.leaf };
      const paper = readDay(row);
      if (paper === null) continue;
      const { log, leaf, recv_ms } = row;
      const hash = contentHash(crypto, paper);
      await tx.putDayLeaf({ site, day_ms: paper.from_ms, log, leaf, hash, recv_ms });
    }
    if (found.length < NOTED_MAX) return;
  }
}

/** Our own store's document; one of a later version is passed over. */
function readDay({ text }: DocumentRow) {
  try {
    return parsePaper('day', fromBase64(parseEnvelope(text).payload));
  } catch {
    return null;
  }
}
