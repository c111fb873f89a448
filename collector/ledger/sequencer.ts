import { equalBytes, toBase64, toHex } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { signCheckpoint } from '../../shared/evidence/checkpoint.ts';
import type { Crypto, Signer } from '../../shared/evidence/crypto.ts';
import { type LogOpen, signDocument } from '../../shared/evidence/documents.ts';
import type { Store, WriteUnit } from '../store/store.ts';
import { createLedgerUnit } from './ledger-unit.ts';
import { readLogKeys } from './log-keys.ts';
import type { Sentinel } from './sentinel.ts';
import { rootAt } from './start-check.ts';
import { emptyTree, type Growth, grow, readTree, type Tree } from './tree.ts';
import type { Committed, LedgerUnit, SignedCheckpoint } from './types.ts';

/** The lease of the log's one sequencer, renewed by every commit. */
const LEASE_NAME = 'sequencer';
/** A collector that died holds it so long at most; the same data directory takes it at once. */
export const LEASE_MS = 30_000;
/** The store keeps a checkpoint at least this often; the sentinel has every one. */
const CHECKPOINT_SAVE_MS = 60_000;
/** Random part of the origin of a later log: a lost log 2 and a new log 2 differ. */
const ORIGIN_SUFFIX_BYTES = 4;

export interface SequencerOptions {
  readonly store: Store;
  readonly crypto: Crypto;
  readonly logSigner: Signer;
  readonly documentSigner: Signer;
  readonly originPrefix: string;
  readonly sentinel: Sentinel;
  readonly holder: string;
  readonly now_ms: () => number;
  readonly randomBytes: (bytes: number) => Uint8Array;
  readonly onCheckpoint: (checkpoint: SignedCheckpoint) => void;
  readonly onCommit: (sites: ReadonlySet<string>) => void;
}

/** The log that is open, as committed. Log 0 stands for none at all. */
interface Open {
  readonly log: number;
  readonly origin: string;
  readonly tree: Tree;
}

export interface Sequencer {
  commit<T>(work: (unit: LedgerUnit) => Promise<T>): Promise<Committed<T>>;
  /** Closes log `from` (0: there is none yet) and opens the next; nothing if it is closed. */
  openNext(from: number, reason: string): Promise<SignedCheckpoint>;
  /** Signs the committed head of the open log without appending. */
  signHead(): Promise<SignedCheckpoint>;
  /** The newest signed head; undefined before the first. */
  newest(): SignedCheckpoint | undefined;
  close(): Promise<void>;
}

/** Owns the tree in memory: it is replaced only by what a commit made true. */
export function createSequencer(options: SequencerOptions): Sequencer {
  const { store, crypto, now_ms } = options;
  let open: Open = { log: 0, origin: '', tree: emptyTree(crypto) };
  let newest: SignedCheckpoint | undefined;
  let saved_ms = Number.NEGATIVE_INFINITY;
  const oneAtATime = createLock();
  const inOrder = createLock();

  const hold = async (tx: WriteUnit): Promise<void> => {
    const now = now_ms();
    if (await tx.takeLease(LEASE_NAME, options.holder, now, now + LEASE_MS)) return;
    throw new LanProofError('LEDGER_LEASED', 'another collector sequences this log', {
      hint: `stop the other one, or wait ${LEASE_MS / 1000} s after it ended`,
      fatal: false,
    });
  };

  /** What is in memory may be behind if another instance wrote: the store is right. */
  const current = async (tx: WriteUnit): Promise<Open> => {
    const last = (await tx.logs()).at(-1);
    if (last === undefined) return { log: 0, origin: '', tree: emptyTree(crypto) };
    if (last.log === open.log && last.size === open.tree.size) return open;
    const tree = await readTree(crypto, tx, last.log, last.size);
    return { log: last.log, origin: last.origin, tree };
  };

  const save = async (tx: WriteUnit): Promise<void> => {
    if (newest === undefined || newest.at_ms - saved_ms < CHECKPOINT_SAVE_MS) return;
    await tx.saveCheckpoint(newest);
    saved_ms = newest.at_ms;
  };

  /** After a commit: sign, note in the sentinel, and only then show the head. */
  const release = (committed: Open): Promise<SignedCheckpoint> =>
    inOrder(async () => {
      const { log, origin, tree } = committed;
      if (newest !== undefined && isShown(newest, committed)) return newest;
      const head = { origin, size: tree.size, root: tree.frontier.root() };
      const note = signCheckpoint(crypto, options.logSigner, head);
      await options.sentinel.write(log, note);
      newest = { log, note, at_ms: now_ms(), ...head };
      options.onCheckpoint(newest);
      return newest;
    });

  const inUnit = async <T>(
    work: (tx: WriteUnit, at: Open) => Promise<{ value: T; open: Open }>,
  ): Promise<Committed<T>> => {
    const staged = await oneAtATime(async () => {
      const done = await store.write(async (tx) => {
        await hold(tx);
        await save(tx);
        return work(tx, await current(tx));
      });
      open = done.open;
      return { value: done.value, release: release(done.open) };
    });
    return { value: staged.value, checkpoint: await staged.release };
  };

  return {
    async commit(work) {
      const sites = new Set<string>();
      const done = await inUnit(async (tx, at) => {
        const growth = grow(at.tree);
        const value = await work(createLedgerUnit(crypto, tx, at.log, at.origin, growth, sites));
        return { value, open: { ...at, tree: await finish(tx, at, growth) } };
      });
      if (sites.size > 0) options.onCommit(sites);
      return done;
    },
    openNext: async (from, reason) => {
      const { checkpoint } = await inUnit(async (tx, at) => {
        if (at.log !== from) return { value: undefined, open: at };
        return { value: undefined, open: await turnPage(options, tx, at, reason) };
      });
      return checkpoint;
    },
    signHead: async () =>
      (await inUnit(async (_, at) => ({ value: undefined, open: at }))).checkpoint,
    newest: () => newest,
    async close() {
      await store.write(async (tx) => {
        if (newest !== undefined) await tx.saveCheckpoint(newest);
        await tx.releaseLease(LEASE_NAME, options.holder);
      });
    },
  };
}

function isShown(newest: SignedCheckpoint, { log, tree }: Open): boolean {
  return newest.log > log || (newest.log === log && newest.size >= tree.size);
}

async function finish(tx: WriteUnit, at: Open, growth: Growth): Promise<Tree> {
  return growth.size === at.tree.size ? at.tree : await growth.finish(tx, at.log);
}

/** Closes the log `at`, if there is one, and opens the next one with its log-open as leaf 0. */
async function turnPage(
  options: SequencerOptions,
  tx: WriteUnit,
  at: Open,
  reason: string,
): Promise<Open> {
  const { crypto, documentSigner, logSigner, originPrefix } = options;
  const opened_ms = options.now_ms();
  const log = at.log + 1;
  const suffix = log === 1 ? '' : `-${toHex(options.randomBytes(ORIGIN_SUFFIX_BYTES))}`;
  const origin = `${originPrefix}/log-${log}${suffix}`;
  const root = at.tree.frontier.root();
  if (at.log > 0) {
    const last = await lastSigned(options, tx, at);
    if (last !== null) await tx.saveCheckpoint({ log: at.log, ...last, at_ms: opened_ms });
    await tx.closeLog(at.log, opened_ms, reason);
  }
  await tx.addLog({ log, origin, opened_ms });
  const document: LogOpen = {
    v: 1,
    log: origin,
    log_key: toBase64(logSigner.publicKey),
    document_key: toBase64(documentSigner.publicKey),
    opened_ms,
    previous:
      at.log === 0 ? null : { log: at.origin, size: at.tree.size, root: toBase64(root), reason },
  };
  const growth = grow(emptyTree(crypto));
  const text = signDocument(crypto, documentSigner, 'log-open', document);
  const item = { kind: 'log-open', site: null, agent: null, epoch: 0, seq: 0, text } as const;
  const unit = createLedgerUnit(crypto, tx, log, origin, growth, new Set());
  await unit.appendDocument(item, opened_ms);
  return { log, origin, tree: await growth.finish(tx, log) };
}

/**
 * The head that a closed log keeps. Only its own key signs one; where it is lost the sentinel may
 * hold a newer one than the store. Null: the store's newest has to do.
 */
async function lastSigned(
  { crypto, logSigner, sentinel }: SequencerOptions,
  tx: WriteUnit,
  { log, origin, tree }: Open,
): Promise<{ readonly size: number; readonly note: string } | null> {
  const key = (await readLogKeys(tx)).get(origin)?.log_key;
  if (key !== undefined && equalBytes(key, logSigner.publicKey)) {
    const head = { origin, size: tree.size, root: tree.frontier.root() };
    return { size: tree.size, note: signCheckpoint(crypto, logSigner, head) };
  }
  const { found } = sentinel;
  if (found?.origin !== origin || found.size > tree.size) return null;
  const { root } = await rootAt(crypto, tx, log, found.size);
  return equalBytes(root, found.root) ? { size: found.size, note: found.note } : null;
}

/** Runs what it is given one after another; a failure does not stop the next. */
function createLock(): <T>(work: () => Promise<T>) => Promise<T> {
  let turn: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };
}
