import { join } from 'node:path';
import { setImmediate as afterIo, setTimeout as timer } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { toHex } from '../shared/bytes.ts';
import { parseCosignerKey } from '../shared/evidence/cosignature.ts';
import type { Crypto } from '../shared/evidence/crypto.ts';
import type { CollectorDeps } from './deps.ts';
import { createIngest } from './ingest/ingest.ts';
import { createListFinder } from './judge/batch-parts.ts';
import { createHandover } from './judge/handover.ts';
import { createJudgeReader } from './judge/read.ts';
import { createJudge, type Judge } from './judge/runner.ts';
import { replacedReason } from './key-replacement.ts';
import { loadKeys } from './keys.ts';
import { openAnchors } from './ledger/anchors/open-anchors.ts';
import type { AnchorsConfig } from './ledger/anchors/types.ts';
import { HEAD_FOLDER, openLedger } from './ledger/open-ledger.ts';
import { createNightly } from './ledger/verify/nightly.ts';
import { openDays } from './papers/day/open-days.ts';
import { REPORTS_FOLDER } from './report/issue/shelf.ts';
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
  /** Who is asked to anchor checkpoints; default nobody. */
  readonly anchors?: AnchorsConfig;
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
      replaced: (name, key) => replacedReason(data_dir, name, key),
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
    const anchoring = { ...papers, document_key: documentSigner, config: options.anchors };
    const anchors = await openAnchors(anchoring);
    const publicKeys = { log_key: keys.log.publicKey, document_key: keys.document.publicKey };
    const looking = { data_dir, crypto, reads: store, now_ms, mono_ms, wait, log: logger };
    const nightly = createNightly({ ...looking, ...publicKeys });
    return {
      deps: {
        ...{
          store,
          ledger,
          ingest,
          anchors,
          nightly,
          crypto,
          logger,
          ...clocks,
          ...keyring,
          ...judgement,
        },
        reports_folder: join(data_dir, REPORTS_FOLDER),
        witnesses: (options.anchors?.witnesses ?? []).map(({ name, key }) => {
          return { name, key: parseCosignerKey(crypto, key) };
        }),
      },
      judge,
      async close() {
        await nightly.stop();
        await anchors.close();
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
