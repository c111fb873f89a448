import { toBase64 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import type { Crypto, Signer } from '../../../shared/evidence/crypto.ts';
import { openDocument } from '../../../shared/evidence/document-reading.ts';
import { signDocument } from '../../../shared/evidence/documents.ts';
import type { Anchor } from '../../../shared/evidence/ledger-documents.ts';
import type { Store } from '../../store/store.ts';
import type { Ledger, SignedCheckpoint } from '../types.ts';
import type { AnchorKeeper, AnchorOutcome, AnchorProof, AnchorSource } from './types.ts';

/** Longer than the requests of one attempt may take together. */
const LEASE_MS = 2 * 60_000;
/**
 * A source's time may lie so far outside the request by our clock, ms. Readers hold batches against
 * it: half of what they allow, so that neither clock makes an honest bundle false.
 */
export const ANCHOR_CLOCK_MS = 30_000;
/** Part of an answer of the API, not a place for long texts. */
const MESSAGE_CHARS_MAX = 300;

export interface AnchorKeeperOptions {
  readonly sources: readonly AnchorSource[];
  readonly store: Store;
  readonly ledger: Pick<Ledger, 'checkpoint' | 'commit'>;
  readonly crypto: Crypto;
  readonly document_key: Signer;
  /** Names this process among the collectors of one store. */
  readonly holder: string;
  readonly now_ms: () => number;
  readonly log: { warn(fields: object, message: string): void };
}

/** The newest anchor of a source. */
interface Newest {
  readonly log: string;
  readonly size: number;
  readonly issued_ms: number;
}

/** Gets proofs for the newest checkpoint and leafs them; knows when each source last gave one. */
export async function openAnchorKeeper(options: AnchorKeeperOptions): Promise<AnchorKeeper> {
  const { sources, ledger, now_ms, log } = options;
  const newest = await readNewest(options);
  const failures = new Map<string, Record<string, number>>();
  const running = new Map<string, Promise<AnchorOutcome | null>>();
  const closing = new AbortController();

  const lastOf = (source: AnchorSource): Newest | undefined => {
    const found = newest.get(source.by);
    return found?.log === ledger.checkpoint().origin ? found : undefined;
  };

  const attempt = async (source: AnchorSource, author: string): Promise<AnchorOutcome | null> => {
    const { by, kind } = source;
    if (!(await takeLease(options, by))) return null;
    try {
      const head = ledger.checkpoint();
      const asked_ms = now_ms();
      const proof = await source.prove(head, lastOf(source)?.size ?? 0, closing.signal);
      checkClock(proof.at_ms, asked_ms, now_ms());
      const leaf = await leafAnchor(options, source, head, proof, author);
      newest.set(by, { log: head.origin, size: head.size, issued_ms: now_ms() });
      const { origin, size } = head;
      return { by, kind, ok: true, log: origin, size, leaf, at_ms: proof.at_ms };
    } catch (error) {
      const told = describe(error);
      const counts = failures.get(by) ?? {};
      failures.set(by, { ...counts, [told.code]: (counts[told.code] ?? 0) + 1 });
      log.warn({ err: error, by, kind }, 'a checkpoint was not anchored');
      return { by, kind, ok: false, ...told };
    } finally {
      // A full disk must not hide what came of it: the lease runs out by itself.
      await options.store
        .write((tx) => tx.releaseLease(leaseOf(by), options.holder))
        .catch(() => undefined);
    }
  };

  /** Who asks while an attempt runs gets its outcome: one source is asked once at a time. */
  const once = (source: AnchorSource, author: string): Promise<AnchorOutcome | null> => {
    const known = running.get(source.by);
    if (known !== undefined) return known;
    const started = attempt(source, author).finally(() => running.delete(source.by));
    running.set(source.by, started);
    return started;
  };

  return {
    async anchorNow(author, by) {
      const outcomes: AnchorOutcome[] = [];
      for (const source of sources) {
        if (by !== undefined && source.by !== by) continue;
        const outcome = await once(source, author);
        if (outcome !== null) outcomes.push(outcome);
      }
      return outcomes;
    },
    status: () =>
      sources.map((source) => ({
        by: source.by,
        kind: source.kind,
        last_ms: lastOf(source)?.issued_ms ?? null,
        failures: failures.get(source.by) ?? {},
      })),
    async close() {
      closing.abort();
      await Promise.allSettled(running.values());
    },
  };
}

const leaseOf = (by: string): string => `anchor-${by}`;

async function takeLease(options: AnchorKeeperOptions, by: string): Promise<boolean> {
  const { store, holder, now_ms } = options;
  const now = now_ms();
  return store.write((tx) => tx.takeLease(leaseOf(by), holder, now, now + LEASE_MS));
}

async function leafAnchor(
  options: AnchorKeeperOptions,
  { by, kind }: AnchorSource,
  head: SignedCheckpoint,
  proof: AnchorProof,
  author: string,
): Promise<number> {
  const { crypto, document_key, ledger, now_ms } = options;
  const issued_ms = now_ms();
  const document: Anchor = {
    v: 1,
    log: head.origin,
    kind,
    by,
    size: head.size,
    root: toBase64(head.root),
    proof: toBase64(proof.bytes),
    issued_ms,
    author,
  };
  const text = signDocument(crypto, document_key, 'anchor', document);
  // Read as a verifier will: what it would refuse must not become a leaf.
  openDocument(crypto, text, 'anchor', document_key.publicKey);
  const { value } = await ledger.commit(async (unit) => {
    const item = { kind: 'anchor', site: null, agent: null, epoch: 0, seq: 0, text } as const;
    const { leaf } = await unit.appendDocument(item, issued_ms);
    const detail = JSON.stringify({ by, kind, leaf, size: head.size });
    const action = 'ledger.anchor';
    await unit.tx.addAudit({ at_ms: issued_ms, actor: author, action, site: null, detail });
    return leaf;
  });
  return value;
}

async function readNewest(options: AnchorKeeperOptions): Promise<Map<string, Newest>> {
  const newest = new Map<string, Newest>();
  if (options.sources.length === 0) return newest;
  const wanted = new Set(options.sources.map(({ by }) => by));
  for (const { text } of (await options.store.documents(null, 'anchor')).reverse()) {
    if (wanted.size === 0) break;
    const anchor = readAnchor(options, text);
    if (anchor === null || !wanted.delete(anchor.by)) continue;
    const { by, log, size, issued_ms } = anchor;
    newest.set(by, { log, size, issued_ms });
  }
  return newest;
}

/** Null for one of an older document key: then the source is simply asked again. */
function readAnchor(options: AnchorKeeperOptions, text: string): Anchor | null {
  try {
    return openDocument(options.crypto, text, 'anchor', options.document_key.publicKey);
  } catch {
    return null;
  }
}

/** Throws LanProofError ANCHOR_CLOCK: its leaf would stay and contradict right batches for ever. */
function checkClock(at_ms: number, asked_ms: number, answered_ms: number): void {
  const off_ms = Math.min(0, at_ms - asked_ms) + Math.max(0, at_ms - answered_ms);
  if (Math.abs(off_ms) <= ANCHOR_CLOCK_MS) return;
  const told = `${off_ms < 0 ? 'behind' : 'ahead of'} this collector's clock`;
  throw new LanProofError('ANCHOR_CLOCK', `its time is ${Math.abs(off_ms)} ms ${told}`, {
    hint: 'let both machines set their clocks by NTP; nothing was kept, it is tried again',
    fatal: false,
  });
}

function describe(error: unknown): { code: string; message: string; hint: string } {
  if (!(error instanceof LanProofError)) {
    return { code: 'ANCHOR_FAILED', message: 'the attempt failed', hint: 'see the log' };
  }
  const { code, message, hint } = error;
  return { code, message: message.slice(0, MESSAGE_CHARS_MAX), hint };
}
