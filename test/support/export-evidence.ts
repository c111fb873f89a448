/** What an auditor would be given: the files of one agent, as test/second_reader reads them. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKeys } from '../../collector/keys.ts';
import { HEAD_FOLDER, openLedger } from '../../collector/ledger/open-ledger.ts';
import type { Ledger } from '../../collector/ledger/types.ts';
import { openSqliteStore } from '../../collector/store/sqlite/sqlite-store.ts';
import type { Store } from '../../collector/store/store.ts';
import { toBase64 } from '../../shared/bytes.ts';
import { encodeLeaf } from '../../shared/evidence/leaf.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';

const SITE_LEAVES_MAX = 1_000_000;
const crypto = createNodeCrypto();

/** A stopped collector's data directory, opened as its own start would. */
export interface Opened {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly log_key: Uint8Array;
  readonly document_key: Uint8Array;
  close(): Promise<void>;
}

export async function openData(data_dir: string, originPrefix: string): Promise<Opened> {
  const now_ms = (): number => Date.now();
  const keys = loadKeys(data_dir, { may_create: false });
  const store = await openSqliteStore({ data_dir, now_ms, mono_ms: () => performance.now() });
  const ledger = await openLedger({
    ...{ store, crypto, logSigner: keys.log, documentSigner: keys.document, originPrefix, now_ms },
    head_folder: join(data_dir, HEAD_FOLDER),
    randomBytes: (bytes) => randomBytes(bytes),
  });
  return {
    ...{ store, ledger, log_key: keys.log.publicKey, document_key: keys.document.publicKey },
    async close() {
      await ledger.close();
      await store.close();
    },
  };
}

/** Writes the folder of one agent; returns the number of batches. */
export async function exportEvidence(
  { store, ledger, log_key, document_key }: Opened,
  folder: string,
  site: string,
  code: string,
): Promise<number> {
  mkdirSync(join(folder, 'batches'), { recursive: true });
  mkdirSync(join(folder, 'holes'));
  const put = (name: string, data: string | Uint8Array): void =>
    writeFileSync(join(folder, name), data);
  const agent = await store.agent(site, code);
  if (agent === null) throw new Error('the agent is unknown');
  const { log, origin, size, note } = ledger.checkpoint();
  const keys = { agent: agent.key, document: document_key, log: log_key };
  const texts = Object.entries(keys).map(([name, key]) => [name, toBase64(key)]);
  put('keys.json', JSON.stringify({ ...Object.fromEntries(texts), origin }));
  put('enrol.json', (await store.documents(site, 'enrol', code)).at(-1)?.text ?? '');
  for (const { text, leaf } of await store.documents(site, 'hole', code)) {
    put(`holes/${leaf}.json`, text);
  }
  put('checkpoint.txt', note);
  const rows = await store.siteLeaves(site, { log: 0, leaf: -1 }, SITE_LEAVES_MAX);
  const lines = rows.map(({ leaf }) => `${leaf.index}\t${toBase64(encodeLeaf(leaf))}\n`);
  put('leaves.txt', lines.join(''));
  const proofs: object[] = [];
  for (const { batch } of rows) {
    if (batch === null) continue;
    const stem = `batches/${batch.epoch}-${batch.seq}`;
    put(`${stem}.hdr`, batch.header);
    put(`${stem}.sig`, batch.signature);
    for (const section of batch.sections) {
      put(`${stem}.${section.name}.bin`, await store.readBody(section));
    }
    const hashes = (await ledger.inclusion(log, batch.leaf, size)).map(toBase64);
    proofs.push({ epoch: batch.epoch, seq: batch.seq, leaf_index: batch.leaf, hashes });
  }
  put('proofs.json', JSON.stringify(proofs));
  return proofs.length;
}
