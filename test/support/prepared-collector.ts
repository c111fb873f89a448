/** A data directory with enrolled agents, made by the collector's own ledger code. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Enrolment, type Identity, identityOf } from '../../agent/identity.ts';
import type { ListInForce } from '../../agent/record.ts';
import { applyIn, type ImportDeps } from '../../collector/inventory/apply.ts';
import { type CollectorKeys, loadKeys } from '../../collector/keys.ts';
import { HEAD_FOLDER, openLedger } from '../../collector/ledger/open-ledger.ts';
import type { Ledger, LedgerUnit } from '../../collector/ledger/types.ts';
import { openSqliteStore } from '../../collector/store/sqlite/sqlite-store.ts';
import type { Store } from '../../collector/store/store.ts';
import { fromBase64, fromUtf8, toBase64 } from '../../shared/bytes.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { signDocument } from '../../shared/evidence/documents.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { shortCode } from '../../shared/evidence/keys.ts';
import type { Inventory } from '../../shared/measure/inventory-types.ts';
import type { TargetList } from '../../shared/measure/targets.ts';
import { createNodeCrypto, generateSigner } from '../../shared/node/crypto.ts';

/** Sites of one unit of work: a commit each would take minutes for a whole province. */
const SITES_PER_COMMIT = 64;
const AGENT = 'do-1';
/** First word of the log's name where a test asks for no other. */
const ORIGIN_PREFIX = 'bench.test';
const crypto = createNodeCrypto();

/** An agent that the collector knows, with all that its own process would read from its disk. */
export interface EnrolledAgent {
  readonly identity: Identity;
  /** The secret key, for a process that stands in for the agent. */
  readonly pem: string;
  readonly list: ListInForce;
}

/** Store and ledger of a data directory that no collector runs on. */
export interface OpenLedger {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly keys: CollectorKeys;
  close(): Promise<void>;
}

/** Opens what a collector would open, without ingest and judge; `now_ms` is UTC epoch ms. */
export async function openLedgerOf(
  data_dir: string,
  now_ms: () => number,
  originPrefix = ORIGIN_PREFIX,
): Promise<OpenLedger> {
  const store = await openSqliteStore({ data_dir, now_ms, mono_ms: () => performance.now() });
  const keys = loadKeys(data_dir, { may_create: (await store.logs()).length === 0 });
  const ledger = await openLedger({
    ...{ store, crypto, logSigner: keys.log, documentSigner: keys.document, now_ms },
    originPrefix,
    head_folder: join(data_dir, HEAD_FOLDER),
    randomBytes: (bytes) => randomBytes(bytes),
  });
  return {
    ...{ store, ledger, keys },
    async close() {
      await ledger.close();
      await store.close();
    },
  };
}

/** Imports the inventories and enrols agent do-1 of each; nothing runs on `data_dir` meanwhile. */
export async function prepareCollector(
  data_dir: string,
  inventories: readonly Inventory[],
  originPrefix = ORIGIN_PREFIX,
  now_ms: () => number = () => Date.now(),
): Promise<EnrolledAgent[]> {
  const opened = await openLedgerOf(data_dir, now_ms, originPrefix);
  const { store, ledger, keys } = opened;
  const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
  const deps = { store, ledger, crypto, document_key: keys.document, now_ms, random };
  const made: { enrol: string; signer: Signer; pem: string; list: ListInForce }[] = [];
  try {
    for (let at = 0; at < inventories.length; at += SITES_PER_COMMIT) {
      const some = inventories.slice(at, at + SITES_PER_COMMIT);
      await ledger.commit(async (unit) => {
        for (const inventory of some) made.push(await enrolOne(deps, unit, inventory));
      });
    }
    const log_open = (await ledger.logOpens()).map(parseEnvelope);
    const { note } = ledger.checkpoint();
    return made.map(({ enrol, signer, pem, list }) => {
      const enrolment: Enrolment = {
        ...{ v: 1, tls: null, log_open, checkpoint: note },
        document_key: toBase64(keys.document.publicKey),
        enrol: parseEnvelope(enrol),
      };
      return { list, pem, identity: identityOf(enrolment, signer, crypto) };
    });
  } finally {
    await opened.close();
  }
}

async function enrolOne(
  deps: ImportDeps,
  unit: LedgerUnit,
  inventory: Inventory,
): Promise<{ enrol: string; signer: Signer; pem: string; list: ListInForce }> {
  const site = inventory.site.code;
  const now_ms = deps.now_ms();
  const { signer, pem } = generateSigner();
  const key = signer.publicKey;
  await applyIn(deps, unit, inventory, null, 'bench');
  const codes = { site, agent: AGENT, epoch: 1 };
  const enrol = signDocument(crypto, deps.document_key, 'enrol', {
    ...{ v: 1, log: unit.origin, ...codes, agent_key: toBase64(key) },
    ...{ issued_ms: now_ms, approved_by: 'bench' },
  });
  const item = { kind: 'enrol', ...codes, seq: 0, text: enrol } as const;
  const { hash } = await unit.appendDocument(item, now_ms);
  await unit.tx.putAgent({
    ...{ ...codes, key, short_code: shortCode(crypto, key), seq: 0, hash },
    ...{ revoked_ms: null, quarantined_ms: null, last_seen_ms: null, closed_to_ms: null },
    ...{ list_version: 0, seen_size: 0, seen_at_ms: null, software: 'bench', insecure: false },
    ...{ enrolled_ms: now_ms, history_lost_ms: null, history_rewritten_ms: null },
  });
  const row = await unit.tx.targets(site, AGENT);
  if (row === null) throw new Error(`${site} got no target list`);
  const list: TargetList = JSON.parse(fromUtf8(fromBase64(parseEnvelope(row.envelope).payload)));
  const { version, targets } = list;
  return { enrol, signer, pem, list: { version, targets, hash: toBase64(row.hash) } };
}
