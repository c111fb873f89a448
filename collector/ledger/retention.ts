import type { Crypto, Signer } from '../../shared/evidence/crypto.ts';
import { signDocument } from '../../shared/evidence/documents.ts';
import type { Prune } from '../../shared/evidence/ledger-documents.ts';
import { monthEnd, prunedFiles } from '../store/pruned.ts';
import type { Store } from '../store/store.ts';
import type { Ledger } from './types.ts';

const DAY_MS = 86_400_000;
const LEASE_NAME = 'nightly-retention';
const LEASE_MS = 10 * 60_000;
/** Months that one document names; more of them come in the next night. */
const MONTHS_MAX = 120;

export interface RetentionRule {
  /** Whole months that `infra` and `identity` are kept behind the end of theirs. */
  readonly bodies_months: number;
  /** Days that `endpoints` are kept behind the end of their month. */
  readonly endpoints_days: number;
}

export interface RetentionOptions {
  readonly store: Store;
  readonly ledger: Pick<Ledger, 'commit'>;
  readonly crypto: Crypto;
  readonly document_key: Signer;
  readonly now_ms: () => number;
  /** Names this process among the collectors of one store. */
  readonly holder: string;
  readonly rule: RetentionRule;
}

const SECTIONS = ['infra', 'endpoints', 'identity'] as const;
type Section = (typeof SECTIONS)[number];

/**
 * Deletes the monthly files of bodies that are older than the rule, each after a signed leaf that
 * says so. What an earlier run leafed and did not come to delete goes, too. Returns the names of
 * the deleted files; nothing where another collector holds the lease.
 */
export async function pruneBodies(options: RetentionOptions): Promise<readonly string[]> {
  const { store, ledger, now_ms, holder } = options;
  const files = await store.bodyFiles();
  const at_ms = now_ms();
  const lease = await store.write((tx) =>
    tx.takeLease(LEASE_NAME, holder, at_ms, at_ms + LEASE_MS),
  );
  if (!lease) return [];
  const known = await prunedFiles(store);
  const due = files.filter((file) => !known.has(file) && isDue(file, options.rule, at_ms));
  if (due.length > 0) {
    await ledger.commit(async (unit) => {
      for (const section of SECTIONS) {
        const months = due.filter((file) => file.endsWith(`.${section}`)).map(monthOf);
        if (months.length === 0) continue;
        const text = signDocument(options.crypto, options.document_key, 'prune', {
          ...{ v: 1, log: unit.origin, section, months: months.sort().slice(0, MONTHS_MAX) },
          ...{ reason: reasonOf(section, options.rule), issued_ms: at_ms, author: 'system' },
        } satisfies Prune);
        const whole = { kind: 'prune', site: null, agent: null, epoch: 0, seq: 0 } as const;
        await unit.appendDocument({ ...whole, text }, at_ms);
      }
    });
  }
  const pruned = await prunedFiles(store);
  const deleted = files.filter((file) => pruned.has(file));
  await store.deleteBodies(deleted);
  await store.write((tx) => tx.releaseLease(LEASE_NAME, holder));
  return deleted;
}

function isDue(file: string, rule: RetentionRule, now_ms: number): boolean {
  const section = SECTIONS.find((name) => file.endsWith(`.${name}`));
  if (section === undefined) return false;
  const end_ms = monthEnd(file);
  if (section === 'endpoints') return end_ms + rule.endpoints_days * DAY_MS <= now_ms;
  const end = new Date(end_ms);
  // The end of a month is the first of the next: adding months never meets a day that is missing.
  end.setUTCMonth(end.getUTCMonth() + rule.bodies_months);
  return end.getTime() <= now_ms;
}

function monthOf(file: string): string {
  return file.slice(0, 'YYYY-MM'.length);
}

function reasonOf(section: Section, { bodies_months, endpoints_days }: RetentionRule): string {
  return section === 'endpoints'
    ? `retention.endpoints_days: ${endpoints_days}`
    : `retention.bodies_months: ${bodies_months}`;
}
