/** The collector's core over a real SQLite store in a folder of its own, for tests. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createIngest } from '../../collector/ingest/ingest.ts';
import type { Ingest } from '../../collector/ingest/types.ts';
import { createListFinder, type FindList } from '../../collector/judge/batch-parts.ts';
import { createHandover, type Handover } from '../../collector/judge/handover.ts';
import { HEAD_FOLDER, openLedger } from '../../collector/ledger/open-ledger.ts';
import type { Ledger } from '../../collector/ledger/types.ts';
import { openSqliteStore } from '../../collector/store/sqlite/sqlite-store.ts';
import type { Store } from '../../collector/store/store.ts';
import { toBase64 } from '../../shared/bytes.ts';
import type { Crypto, Signer } from '../../shared/evidence/crypto.ts';
import { signDocument } from '../../shared/evidence/documents.ts';
import { shortCode } from '../../shared/evidence/keys.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { testSigner } from '../fixtures/test-keys.ts';
import { signList, type TestAgent } from './batches.ts';

/** A whole UTC hour. */
export const T0 = Date.UTC(2026, 10, 23, 6, 0, 0);

export interface Core {
  readonly data_dir: string;
  readonly crypto: Crypto;
  readonly documentSigner: Signer;
  readonly logSigner: Signer;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly ingest: Ingest;
  readonly findList: FindList;
  readonly handover: Handover;
  readonly clock: TestClock;
  readonly warnings: unknown[];
  close(): Promise<void>;
}

/** The collector's wall clock: stands until it is moved. */
export interface TestClock {
  now_ms: number;
}

export interface CoreOptions {
  /** Default: a new folder. */
  readonly data_dir?: string;
  readonly clock?: TestClock;
  readonly free_min_bytes?: number;
  readonly handover?: Handover;
  /** Wraps the store before anything uses it. */
  readonly wrap?: (store: Store) => Store;
  /** How ingest waits; default: as long as it says. */
  readonly wait?: (ms: number) => Promise<void>;
}

/** Longest turn of a test that delivers one batch after another, ms: nobody shares it. */
const SHORT_TURN_MS = 5;

/** Waits as a collector does that has little time: order stays, turns are short. */
export const shortTurns = (ms: number): Promise<void> => wait(Math.min(ms, SHORT_TURN_MS));

export function newFolder(prefix = 'lanproof-test-'): string {
  return mkdtempSync(join(tmpdir(), prefix));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export async function openCore(options: CoreOptions = {}): Promise<Core> {
  const data_dir = options.data_dir ?? newFolder();
  const clock = options.clock ?? { now_ms: T0 };
  const now_ms = (): number => clock.now_ms;
  const crypto = createNodeCrypto();
  const documentSigner = testSigner('document');
  const logSigner = testSigner('log');
  const opened = await openSqliteStore({
    data_dir,
    now_ms,
    mono_ms: () => performance.now(),
    ...(options.free_min_bytes === undefined ? {} : { free_min_bytes: options.free_min_bytes }),
  });
  const store = options.wrap === undefined ? opened : options.wrap(opened);
  const ledger = await openLedger({
    ...{ store, crypto, logSigner, documentSigner, now_ms },
    originPrefix: 'test',
    head_folder: join(data_dir, HEAD_FOLDER),
    randomBytes: (bytes) => randomBytes(bytes),
  });
  const handover = options.handover ?? createHandover();
  const warnings: unknown[] = [];
  const findList = createListFinder(store);
  const ingest = createIngest({
    ...{ store, ledger, crypto, documentSigner, handover, now_ms, findList },
    random: () => 0.5,
    wait: options.wait ?? ((ms) => wait(ms)),
    log: { warn: (fields, message) => void warnings.push({ ...fields, message }) },
  });
  return {
    ...{ data_dir, crypto, documentSigner, logSigner, store, ledger, ingest, handover, clock },
    findList,
    warnings,
    async close() {
      await ingest.close();
      await ledger.close();
      await store.close();
    },
  };
}

/** Enrols the agent's key and gives it its target list, as an approval would. */
export async function enrolAgent(core: Core, agent: TestAgent): Promise<void> {
  const { crypto, documentSigner, ledger, clock } = core;
  const at_ms = clock.now_ms;
  agent.origin = ledger.checkpoint().origin;
  const key = agent.signer.publicKey;
  const codes = { site: agent.site, agent: agent.agent };
  const text = signDocument(crypto, documentSigner, 'enrol', {
    ...{ v: 1, log: agent.origin, ...codes, epoch: agent.epoch },
    ...{ agent_key: toBase64(key), issued_ms: at_ms, approved_by: 'test' },
  });
  const list = signList(agent, documentSigner);
  await ledger.commit(async (unit) => {
    const enrol = { kind: 'enrol', ...codes, epoch: agent.epoch, seq: 0, text } as const;
    const { hash } = await unit.appendDocument(enrol, at_ms);
    const targets = { kind: 'targets', ...codes, epoch: 0, seq: 0, text: list.text } as const;
    const { leaf } = await unit.appendDocument(targets, at_ms);
    const { version } = agent.list;
    if ((await unit.tx.targetsVersion(agent.site, agent.agent)) < version) {
      await unit.tx.addTargets({
        ...{ ...codes, version, hash: list.hash, envelope: list.text, private: '{}' },
        ...{ log: unit.log, leaf },
      });
    }
    await unit.tx.putAgent({
      ...{ ...codes, epoch: agent.epoch, key, short_code: shortCode(crypto, key), seq: 0, hash },
      ...{ revoked_ms: null, quarantined_ms: null, last_seen_ms: null, closed_to_ms: null },
      ...{ list_version: 0, seen_size: 0, seen_at_ms: null, software: 'test', insecure: false },
      ...{ enrolled_ms: at_ms, history_lost_ms: null, history_rewritten_ms: null },
    });
    agent.prev = hash;
    agent.seq = 0;
  });
}
