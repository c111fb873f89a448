import { toHex } from '../../shared/bytes.ts';
import { keptHolder } from './holder.ts';
import { createListeners } from './listeners.ts';
import { createLogKeys } from './log-keys.ts';
import { createReading } from './reading.ts';
import { createSeenJudge } from './seen.ts';
import { openSentinel, type Sentinel } from './sentinel.ts';
import { createSequencer, type Sequencer, type SequencerOptions } from './sequencer.ts';
import { checkStored, judgeKeys, judgeSentinel, type ReplacedKeys } from './start-check.ts';
import type { Ledger, SignedCheckpoint } from './types.ts';

/** Folder of the head sentinel, beside the database; backups leave it out. */
export const HEAD_FOLDER = 'head';

export interface LedgerOptions
  extends Omit<SequencerOptions, 'sentinel' | 'holder' | 'onCheckpoint' | 'onCommit'> {
  /** Where the sentinel lies: `<data_dir>/head`. */
  readonly head_folder: string;
  /** Absent: no key was ever replaced. */
  readonly replaced?: ReplacedKeys;
}

/**
 * Opens the log of a store: begins log 1, continues, or, if the sentinel says that the database
 * was put back from an older copy, closes the log and opens the next. Throws LEDGER_DAMAGED,
 * LEDGER_LEASED or the store's errors.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const sentinel = await openSentinel(
    options.head_folder,
    options.crypto,
    createLogKeys(options.store, options.logSigner.publicKey),
  );
  try {
    return await openWith(options, sentinel);
  } catch (error) {
    await sentinel.close();
    throw error;
  }
}

async function openWith(options: LedgerOptions, sentinel: Sentinel): Promise<Ledger> {
  const { store, crypto, originPrefix, head_folder } = options;
  const heads = createListeners<SignedCheckpoint>();
  const commits = createListeners<ReadonlySet<string>>();
  const sequencer = createSequencer({
    ...options,
    sentinel,
    holder: keptHolder(head_folder, () => toHex(options.randomBytes(16))),
    onCheckpoint: heads.tell,
    onCommit: commits.tell,
  });
  await start(options, sentinel, sequencer);
  const checkpoint = (): SignedCheckpoint => {
    const head = sequencer.newest();
    if (head === undefined) throw new TypeError('the ledger has no head');
    return head;
  };
  const keysOf = createLogKeys(store, options.logSigner.publicKey);
  const { openNext } = sequencer;
  return {
    ...createReading({ crypto, store, keysOf, checkpoint }),
    commit: sequencer.commit,
    checkpoint,
    reportSeen: createSeenJudge({ crypto, store, keysOf, originPrefix, checkpoint, openNext }),
    onCheckpoint: heads.add,
    onCommit: commits.add,
    async close() {
      await sequencer.close();
      await sentinel.close();
    },
  };
}

/** What is stored is checked before anything is appended to it. */
async function start(
  options: LedgerOptions,
  sentinel: Sentinel,
  sequencer: Sequencer,
): Promise<void> {
  const { store, crypto, logSigner } = options;
  const last = (await store.logs()).at(-1);
  if (last === undefined) {
    await sequencer.openNext(0, '');
    return;
  }
  const { documentSigner, replaced = () => null } = options;
  await checkStored(crypto, store, last, createLogKeys(store, logSigner.publicKey));
  const now = { log: logSigner.publicKey, document: documentSigner.publicKey };
  const keys = await judgeKeys(store, last, now, replaced);
  if (keys?.startsWith('document_key_lost') === true) await endAgents(store, options.now_ms());
  // A head that was lost is named first: agents tell by it whether they saw more.
  const reason = (await judgeSentinel(crypto, store, last, sentinel.found)) ?? keys;
  if (reason === null) await sequencer.signHead();
  else await sequencer.openNext(last.log, reason);
}

/** What they pinned is gone: nothing that is said to them from now on could be believed by them. */
async function endAgents(store: LedgerOptions['store'], now_ms: number): Promise<void> {
  await store.write(async (tx) => {
    for (const row of await tx.agents()) {
      if (row.revoked_ms === null) await tx.putAgent({ ...row, revoked_ms: now_ms });
    }
  });
}
