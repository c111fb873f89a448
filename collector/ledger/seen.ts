import { equalBytes, toBase64 } from '../../shared/bytes.ts';
import type { Checkpoint } from '../../shared/evidence/checkpoint.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { NOTE_CHARS_MAX } from '../../shared/evidence/note.ts';
import type { Store } from '../store/store.ts';
import { type LogKeysOf, openUnder } from './log-keys.ts';
import { rootAt } from './start-check.ts';
import type { Ledger, SignedCheckpoint } from './types.ts';

/** Notes that were found to agree are remembered: agents show the same few again and again. */
const KNOWN_NOTES_MAX = 1_000;

interface SeenOptions {
  readonly crypto: Crypto;
  readonly store: Store;
  readonly keysOf: LogKeysOf;
  readonly originPrefix: string;
  readonly checkpoint: () => SignedCheckpoint;
  readonly openNext: (from: number, reason: string) => Promise<SignedCheckpoint>;
}

/**
 * Judges checkpoints that agents show. Only a log key's signature counts, so that nobody can
 * close a log by inventing one; a head that our database does not continue means lost history.
 */
export function createSeenJudge(options: SeenOptions): Ledger['reportSeen'] {
  const { crypto, store, keysOf, originPrefix } = options;
  const known = new Set<string>();

  const open = async (note: string): Promise<Checkpoint | null> => {
    if (note.length > NOTE_CHARS_MAX) return null;
    const origin = note.slice(0, note.indexOf('\n'));
    if (!origin.startsWith(`${originPrefix}/`)) return null;
    return openUnder(crypto, note, origin, await keysOf(origin));
  };

  /** True if the database continues the head, or its log was closed for being lost already. */
  const agrees = async ({ origin, size, root }: Checkpoint): Promise<boolean> => {
    const logs = await store.logs();
    const row = logs.find((candidate) => candidate.origin === origin);
    if (row === undefined) {
      // A log that a restored database never had: closing one log for it is enough.
      return logs.some(({ closed_reason }) => closed_reason?.includes(` ${origin} `) === true);
    }
    if (row.closed_ms !== null) return true;
    if (size > row.size) return false;
    return size === 0 || equalBytes((await rootAt(crypto, store, row.log, size)).root, root);
  };

  return async (note) => {
    if (known.has(note)) return 'known';
    const seen = await open(note);
    if (seen === null) return 'not_ours';
    // Read before the check: if another report closes the log meanwhile, this one does nothing.
    const from = options.checkpoint().log;
    if (await agrees(seen)) {
      if (known.size >= KNOWN_NOTES_MAX) known.clear();
      known.add(note);
      return 'known';
    }
    const named = `${seen.origin} ${seen.size} ${toBase64(seen.root)}`;
    await options.openNext(from, `agent_saw_newer: ${named}`);
    return 'history_lost';
  };
}
