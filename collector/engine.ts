import { join } from 'node:path';
import { setImmediate as afterIo, setTimeout as timer } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { toHex } from '../shared/bytes.ts';
import type { Crypto } from '../shared/evidence/crypto.ts';
import type { CollectorDeps } from './deps.ts';
import { createIngest } from './ingest/ingest.ts';
import { createListFinder } from './judge/batch-parts.ts';
import { createHandover } from './judge/handover.ts';
import { createJudgeReader } from './judge/read.ts';
import { createJudge, type Judge } from './judge/runner.ts';
import { loadKeys } from './keys.ts';
import { HEAD_FOLDER, openLedger } from './ledger/open-ledger.ts';
import { openDays } from './papers/day/open-days.ts';
import { openSqliteStore } from './store/sqlite/sqlite-store.ts';

/** Bytes of the document key's hash in a log's name: two collectors never share one. */
const ORIGIN_KEY_BYTES = 4;

export interface EngineOptions {
  /** Absolute; owned by this process (lockDataDir). */
  readonly data_dir: string;
  readonly crypto: Crypto;
  readonly now_ms: () => number;
  readonly mono_ms: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly logger: FastifyBaseLogger;
  /** First word of the log's name, only used when the first log opens: a host, or `demo`. */
  readonly origin: string;
}

/** The collector without its HTTP face: verify, append, commit, judge. */
export interface Engine {
  readonly deps: Omit<CollectorDeps, 'tls_spki' | 'software' | 'demo'>;
  readonly judge: Judge;
  /** Ends each part after its work: ingest, judge, ledger, store. */
  close(): Promise<void>;
}

/**
 * Opens store, keys, ledger, judge and ingest of a data directory. Throws the LanProofErrors of
 * each: KEY_*, SECRET_*, STORE_*, DISK_*, LEDGER_*.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { data_dir, crypto, now_ms, mono_ms, random, logger } = options;
  const store = await openSqliteStore({ data_dir, now_ms, mono_ms });
  try {
    const logs = await store.logs();
    const keys = loadKeys(data_dir, { may_create: logs.length === 0 });
    const documentSigner = keys.document;
    const first = logs[0]?.origin.replace(/\/log-\d+.*$/, '');
    const keyHash = crypto.sha256(documentSigner.publicKey).subarray(0, ORIGIN_KEY_BYTES);
    const ledger = await openLedger({
      store,
      crypto,
      logSigner: keys.log,
      documentSigner,
      // Later logs are named as the first one was, whatever the configuration says by then.
      originPrefix: first ?? `${options.origin}/${toHex(keyHash)}`,
      head_folder: join(data_dir, HEAD_FOLDER),
      now_ms,
      randomBytes: random,
    });
    const handover = createHandover();
    // 0 ms: behind what is under way now, without a millisecond of sleep that cools the caches.
    const wait = async (ms: number): Promise<void> => (ms === 0 ? afterIo() : timer(ms));
    const findList = createListFinder(store);
    const judging = { store, ledger, handover, findList, now_ms, wait, log: logger };
    const judge = createJudge(judging);
    const spread = { now_ms, random: Math.random, wait, log: logger };
    const verifying = { store, ledger, crypto, documentSigner, handover, findList };
    const ingest = createIngest({ ...verifying, ...spread });
    await judge.catchUp();
    const reader = createJudgeReader({ store, ledger, judge, now_ms });
    const clocks = { now_ms, mono_ms, random };
    const keyring = { log_key: keys.log.publicKey, document_key: documentSigner };
    const judgement = { judge: reader, judge_stats: () => judge.stats() };
    const papers = { store, ledger, judge, crypto, random, now_ms, log: logger };
    const days = openDays({ ...papers, document_key: documentSigner });
    return {
      deps: { store, ledger, ingest, crypto, logger, ...clocks, ...keyring, ...judgement },
      judge,
      async close() {
        await days.stop();
        await ingest.close();
        await judge.close();
        await ledger.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
