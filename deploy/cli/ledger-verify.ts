import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type KeyName, replacedReason } from '../../collector/key-replacement.ts';
import { DOCUMENT_KEY_FILE, LOG_KEY_FILE, loadKeys } from '../../collector/keys.ts';
import { writeKeptResult } from '../../collector/ledger/verify/kept-result.ts';
import { namedKeys, type PublicKeys } from '../../collector/ledger/verify/public-keys.ts';
import type { VerifyCounts } from '../../collector/ledger/verify/types.ts';
import {
  VERIFY_START,
  type VerifiedPart,
  verifyPart,
} from '../../collector/ledger/verify/verify.ts';
import { openSnapshots } from '../../collector/store/sqlite/snapshot.ts';
import type { ReadUnit } from '../../collector/store/store.ts';
import { equalBytes } from '../../shared/bytes.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { type Command, EXIT_FAILED, EXIT_OK, type Io, readArguments } from './command.ts';
import { counted } from './counted.ts';
import { DATA_OPTIONS, dataDir } from './data-dir.ts';
import { progressLines } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

/** Faults that are told one by one; the others are counted. */
const TOLD_MAX = 100;

export const ledgerVerifyCommand: Command = {
  summary: 'hold all that is stored against hashes and signatures',
  usage: `lanproof ledger verify [--data DIR | --config FILE] [--every]
  Every leaf against the tree, every saved checkpoint, every document, the chain of each agent,
  and the bytes of every section that the retention kept. May run beside the collector, which
  looks at a part of it each night by itself. Run as the owner of the data directory it notes its
  result for lanproof ledger status; else it changes nothing.

  --every           every batch's signature; else one per agent and hour, as the chain of hashes
                    covers the others
  --data DIR        the collector's data directory
  --config FILE     or its configuration; without both: ./data

  Exit codes: 0 nothing differs; 1 something differs or failed; 2 used wrongly`,
  async run(args, io) {
    const parsed = readArguments(args, { ...DATA_OPTIONS, every: { type: 'boolean' } });
    const data_dir = dataDir(parsed);
    const stop = stopSignal();
    const snapshots = openSnapshots(data_dir);
    try {
      const every = parsed.flag('every');
      const part = await snapshots.at((reads) =>
        verifyAll(data_dir, reads, every, io, stop.signal),
      );
      await keep(data_dir, part, io);
      return tell(part, io);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      io.err('stopped before the end');
      return EXIT_FAILED;
    } finally {
      stop.release();
      await snapshots.close();
    }
  },
};

async function verifyAll(
  data_dir: string,
  reads: ReadUnit,
  every: boolean,
  io: Io,
  signal: AbortSignal,
): Promise<VerifiedPart> {
  const keys = await keysOf(data_dir, reads, io);
  const all = (await reads.logs()).reduce((sum, { size }) => sum + size, 0);
  const say = progressLines(io, ({ leaves }: VerifyCounts) => `leaf ${leaves} of ${all}`);
  let told = 0;
  return await verifyPart(
    {
      ...{ crypto: createNodeCrypto(), reads, every, ...keys },
      onFault({ code, place, message }) {
        told += 1;
        if (told <= TOLD_MAX) io.out(`${code}: ${place}: ${message}`);
      },
      async pause(done) {
        signal.throwIfAborted();
        say(done);
      },
    },
    VERIFY_START,
  );
}

/** Notes a whole look as the nightly one does, where the collector can read it afterwards. */
async function keep(data_dir: string, { next, faults }: VerifiedPart, io: Io): Promise<void> {
  if (next !== null || process.getuid?.() !== statSync(data_dir).uid) return;
  const at_ms = Date.now();
  const result = { v: 1, next, complete_ms: at_ms, looked_ms: at_ms, faults } as const;
  try {
    await writeKeptResult(data_dir, result);
  } catch (error) {
    // What was found counts, whether or not the disk takes the note.
    io.err(`not noted for ledger status: ${String(error)}`);
  }
}

async function keysOf(data_dir: string, reads: ReadUnit, io: Io): Promise<PublicKeys> {
  if ([LOG_KEY_FILE, DOCUMENT_KEY_FILE].every((name) => existsSync(join(data_dir, name)))) {
    const { log, document } = loadKeys(data_dir, { may_create: false });
    const own = { log_key: log.publicKey, document_key: document.publicKey };
    const isReplaced = (name: KeyName, key: Uint8Array): boolean =>
      replacedReason(data_dir, name, key) !== null;
    const next = {
      log: isReplaced('log', own.log_key),
      document: isReplaced('document', own.document_key),
    };
    if (!next.log && !next.document) return own;
    const named = await namedKeys(reads);
    const log_next = next.log && !equalBytes(own.log_key, named.log_key);
    const document_next = next.document && !equalBytes(own.document_key, named.document_key);
    if (log_next || document_next) io.err('a key was replaced: the next start opens its log');
    return {
      log_key: log_next ? named.log_key : own.log_key,
      document_key: document_next ? named.document_key : own.document_key,
    };
  }
  io.err('no keys lie beside the store: held against those that its newest log names');
  return await namedKeys(reads);
}

function tell({ counts, faults }: VerifiedPart, io: Io): number {
  const { leaves, checkpoints, documents, batches, signatures, sections, pruned } = counts;
  if (faults > TOLD_MAX) io.out(`and ${faults - TOLD_MAX} more`);
  const looked = [
    ...[counted(leaves, 'leaf', 'leaves'), counted(checkpoints, 'checkpoint')],
    ...[counted(documents, 'document'), counted(batches, 'batch', 'batches')],
    ...[counted(signatures, 'signature'), counted(sections, 'section')],
  ];
  io.out(`${looked.join(', ')}: ${faults === 0 ? 'no difference' : counted(faults, 'difference')}`);
  if (pruned > 0) io.out(`${counted(pruned, 'section')} deleted by the retention`);
  if (faults === 0) return EXIT_OK;
  io.err('fix: keep the data directory as it is; restore the newest backup into a new one');
  return EXIT_FAILED;
}
