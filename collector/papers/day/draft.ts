import { utf8 } from '../../../shared/bytes.ts';
import { localDay } from '../../../shared/calendar/local-time.ts';
import type { Crypto } from '../../../shared/evidence/crypto.ts';
import { MARGIN_MS } from '../../../shared/judge/day/grid.ts';
import { RULES_VERSION } from '../../../shared/judge/types.ts';
import { dayContent, shortDay } from '../../../shared/papers/day-write.ts';
import { parsePaper } from '../../../shared/papers/parse.ts';
import type { DayPaper } from '../../../shared/papers/types.ts';
import type { Known } from '../../judge/day/judge-day.ts';
import { unpackCarry } from '../../judge/day/row.ts';
import type { Judge } from '../../judge/runner.ts';
import type { SiteJudge } from '../../judge/site-judge.ts';
import type { DayMark, DayStoreRow } from '../../store/rows-judgement.ts';
import type { Store } from '../../store/store.ts';
import type { OwedDay } from '../../store/store-day-leaves.ts';
import { lastReplies } from './last-replies.ts';

/** Author of what the judge says. */
const AUTHOR = 'judge';
/** Stands in a draft where the unit of work puts the log; any origin would do. */
const NO_LOG = '-';

/** A kept day as it was read. */
export interface LookedDay {
  readonly row: DayMark;
  /** Null: nothing was known of the site before the day was over, which needs no document. */
  readonly draft: DayDraft | null;
}

/** What a kept day would say in the ledger. */
export interface DayDraft {
  readonly body: Omit<DayPaper, 'v' | 'log' | 'issued_ms' | 'author' | 'as_of'>;
  /** End of what was known, UTC ms. */
  readonly known_to_ms: number;
  /** SHA-256 of what it says. */
  readonly hash: Uint8Array;
}

export interface DraftDeps {
  readonly store: Store;
  readonly judge: Pick<Judge, 'withSite' | 'days'>;
  readonly crypto: Pick<Crypto, 'sha256'>;
}

/**
 * Reads a kept day while its site's judge stands still; null: it is not kept any more. Throws
 * JUDGE_BEHIND, and PAPER_FORMAT where the day says what no document can.
 */
export async function draftDay(
  { store, judge, crypto }: DraftDeps,
  { site, day_ms }: OwedDay,
): Promise<LookedDay | null> {
  return await judge.withSite(site, async (held) => {
    const [row] = await store.days(site, day_ms, day_ms + 1);
    if (row?.day_ms !== day_ms || row.rules !== RULES_VERSION) return null;
    const known = await judge.days.know(held);
    const body = await bodyOf(store, held, known, row);
    const said = Object.values(body.carry.devices);
    if (said.every(({ state, ever_answered }) => state === 'unknown' && !ever_answered)) {
      return { row, draft: null };
    }
    const known_to_ms = knownTo(known, row);
    const hash = contentHash(crypto, readBack({ body, known_to_ms }));
    return { row, draft: { body, known_to_ms, hash } };
  });
}

/** SHA-256 of what a paper says, as it was read. */
export function contentHash(crypto: DraftDeps['crypto'], paper: DayPaper): Uint8Array {
  return crypto.sha256(utf8(dayContent(paper)));
}

/** The bytes that are signed. */
export function payloadOf(
  { body, known_to_ms }: Pick<DayDraft, 'body' | 'known_to_ms'>,
  at: { readonly log: string; readonly size: number; readonly issued_ms: number },
): Uint8Array {
  const { log, size, issued_ms } = at;
  const { site, ...rest } = body;
  const head = { v: 1, log, site, issued_ms, author: AUTHOR } as const;
  const as_of = { size, to_ms: known_to_ms };
  const { day, from_ms, to_ms, rules, carry } = rest;
  const paper: DayPaper = { ...head, day, from_ms, to_ms, as_of, rules, carry };
  return utf8(JSON.stringify(shortDay(paper)));
}

/** What cannot be read must never be a leaf, and two drafts compare as they are read. */
function readBack(draft: Pick<DayDraft, 'body' | 'known_to_ms'>): DayPaper {
  return parsePaper('day', payloadOf(draft, { log: NO_LOG, size: 1, issued_ms: 0 }));
}

async function bodyOf(
  store: Store,
  judge: SiteJudge,
  known: Known,
  row: DayStoreRow,
): Promise<DayDraft['body']> {
  const carry = unpackCarry(row);
  const codes = Object.keys(carry.devices);
  const replies = await lastReplies({ store, judge, known }, codes, row.end_ms);
  const devices = Object.entries(carry.devices).map(([code, device]) => {
    const { last_reply_ms = null, ever_answered = false } = replies.get(code) ?? {};
    return [code, { ...device, last_reply_ms, ever_answered }] as const;
  });
  return {
    site: row.site,
    day: localDay(known.documents.calendar, row.day_ms).date,
    from_ms: row.day_ms,
    to_ms: row.end_ms,
    rules: row.rules,
    carry: { ...carry, devices: Object.fromEntries(devices) },
  };
}

/** What the agents that had devices in the day or its margin closed, as far as it was read. */
function knownTo({ windows, closed }: Known, { day_ms, end_ms }: DayStoreRow): number {
  const to_ms = end_ms + MARGIN_MS;
  const owners = windows.filter(
    (one) => one.from_ms < to_ms && (one.to_ms ?? Number.POSITIVE_INFINITY) > day_ms,
  );
  return owners.reduce(
    (least, { agent, from_ms }) => Math.min(least, closed.get(agent)?.ms ?? from_ms),
    to_ms,
  );
}
