import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LanProofError } from '../shared/errors.ts';
import { createNodeCrypto } from '../shared/node/crypto.ts';
import type { CollectorIdentity } from './auth/enrol-tokens.ts';
import { loadCollectorConfig } from './config.ts';
import { defaultConfig } from './default-config.ts';
import type { PeopleDeps } from './deps.ts';
import { collectorIdentity } from './identity.ts';
import { loadKeys } from './keys.ts';
import { DATABASE_FILE, openSqliteStore } from './store/sqlite/sqlite-store.ts';
import { certificateNames, loadTls } from './tls.ts';

/** The store of a collector that may be running, for commands on its own machine. */
export interface Beside extends PeopleDeps {
  /** What agents pin; the keys must exist. */
  identity(): Promise<CollectorIdentity>;
  close(): Promise<void>;
}

/**
 * Opens the data directory beside the collector: whoever may read and write there needs no
 * sign-in. Only rows about people are written, never a leaf. Throws LanProofError NO_STORE.
 */
export async function openBeside(config_path: string | undefined): Promise<Beside> {
  const config = config_path === undefined ? defaultConfig() : loadCollectorConfig(config_path);
  const { data_dir } = config;
  if (!existsSync(join(data_dir, DATABASE_FILE))) {
    throw new LanProofError('NO_STORE', 'no collector has worked in this data directory yet', {
      hint: 'start the collector once, or name its configuration with --config FILE',
      place: data_dir,
    });
  }
  const now_ms = () => Date.now();
  const store = await openSqliteStore({ data_dir, now_ms, mono_ms: () => performance.now() });
  return {
    store,
    now_ms,
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    async identity() {
      const keys = loadKeys(data_dir, { may_create: false });
      const tls = await loadTls(config.tls, data_dir, certificateNames(config), now_ms());
      return collectorIdentity({
        crypto: createNodeCrypto(),
        tls_spki: tls?.spki_sha256 ?? null,
        log_key: keys.log.publicKey,
        document_key: keys.document,
      });
    },
    close: () => store.close(),
  };
}
