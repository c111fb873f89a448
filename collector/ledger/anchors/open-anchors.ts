import { readFileSync } from 'node:fs';
import { toHex } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { parseCosignerKey } from '../../../shared/evidence/cosignature.ts';
import { certificatesFromPem } from '../../../shared/evidence/timestamp/pem.ts';
import type { Ledger } from '../types.ts';
import { type AnchorKeeperOptions, openAnchorKeeper } from './keeper.ts';
import { createAuthority } from './rfc3161.ts';
import type { AnchorKeeper, AnchorSource, AnchorsConfig } from './types.ts';
import { createWitnessSource } from './witness-client.ts';

/** Bytes of the name that this process has among the collectors of one store. */
const HOLDER_BYTES = 8;

export interface OpenAnchorsOptions extends Omit<AnchorKeeperOptions, 'sources' | 'holder'> {
  /** Undefined: nothing is anchored. */
  readonly config: AnchorsConfig | undefined;
  readonly ledger: Ledger;
  readonly random: (bytes: number) => Uint8Array;
}

/**
 * Opens the configured sources. Throws LanProofError ANCHOR_CA_UNREADABLE, CERTIFICATE_FORMAT or
 * NOTE_FORMAT: a start that would never anchor anything must not look sound.
 */
export async function openAnchors(options: OpenAnchorsOptions): Promise<AnchorKeeper> {
  const { config, crypto, ledger, random } = options;
  const authorities = (config?.rfc3161 ?? []).map((one): AnchorSource => {
    const roots = readCertificates(one.ca_file);
    return createAuthority({ by: one.name, url: one.url, roots, crypto, random });
  });
  const witnesses = (config?.witnesses ?? []).map((one): AnchorSource => {
    const key = parseCosignerKey(crypto, one.key);
    const url = one.url.replace(/\/+$/, '');
    return createWitnessSource({ by: one.name, url, key, crypto, ledger });
  });
  const holder = toHex(random(HOLDER_BYTES));
  return openAnchorKeeper({ ...options, sources: [...authorities, ...witnesses], holder });
}

function readCertificates(path: string): Uint8Array[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new LanProofError('ANCHOR_CA_UNREADABLE', `cannot be read (${code})`, {
      hint: "put the authority's root certificate there (PEM), or correct `ca_file`",
      place: path,
      cause,
    });
  }
  return certificatesFromPem(text);
}
