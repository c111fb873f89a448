import { readFileSync } from 'node:fs';
import { toHex } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { parseCosignerKey } from '../../../shared/evidence/cosignature.ts';
import type { Ledger } from '../types.ts';
import { type AnchorKeeperOptions, openAnchorKeeper } from './keeper.ts';
import type { AnchorKeeper, AnchorSource, AnchorsConfig } from './types.ts';

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
  const authorities = await openAuthorities(config?.rfc3161 ?? [], { crypto, random });
  const witnesses = await openWitnesses(config?.witnesses ?? [], { crypto, ledger });
  const holder = toHex(random(HOLDER_BYTES));
  return openAnchorKeeper({ ...options, sources: [...authorities, ...witnesses], holder });
}

/** What asks outside is loaded only where somebody is to be asked: a start waits for none of it. */
async function openWitnesses(
  configured: AnchorsConfig['witnesses'],
  { crypto, ledger }: Pick<OpenAnchorsOptions, 'crypto' | 'ledger'>,
): Promise<AnchorSource[]> {
  if (configured.length === 0) return [];
  const { createWitnessSource } = await import('./witness-client.ts');
  return configured.map((one) => {
    const key = parseCosignerKey(crypto, one.key);
    const url = one.url.replace(/\/+$/, '');
    return createWitnessSource({ by: one.name, url, key, crypto, ledger });
  });
}

/** The same; what reads certificates takes 20 MB besides. */
async function openAuthorities(
  configured: AnchorsConfig['rfc3161'],
  given: Pick<OpenAnchorsOptions, 'crypto' | 'random'>,
): Promise<AnchorSource[]> {
  if (configured.length === 0) return [];
  const { certificatesFromPem } = await import('../../../shared/evidence/timestamp/pem.ts');
  const { createAuthority } = await import('./rfc3161.ts');
  return configured.map(({ name, url, ca_file }) => {
    const roots = certificatesFromPem(readPem(ca_file));
    return createAuthority({ by: name, url, roots, ...given });
  });
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new LanProofError('ANCHOR_CA_UNREADABLE', `cannot be read (${code})`, {
      hint: "put the authority's root certificate there (PEM), or correct `ca_file`",
      place: path,
      cause,
    });
  }
}
