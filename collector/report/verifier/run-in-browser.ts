/** The verifier with what a browser gives it, in a worker or on the page itself. */
import type { ByteSource } from '../../../shared/evidence/bundle/zip-reading.ts';
import { certificatesFromPem } from '../../../shared/evidence/timestamp/pem.ts';
import { verifyTimestamp } from '../../../shared/evidence/timestamp/verify.ts';
import { splitPrinted } from '../../../shared/evidence/verify/printed.ts';
import type { Step, Verdict } from '../../../shared/evidence/verify/types.ts';
import { verifyBundle } from '../../../shared/evidence/verify/verify.ts';
import { createBrowserCrypto, createSha256 } from './browser-crypto.ts';
import { unpackSection } from './unpack-section.ts';

/** What a person gave; texts as they were typed. Empty texts are nothing. */
export interface Given {
  readonly file: Blob;
  readonly sha256: string;
  /** Printed checkpoints or signed notes, an empty line between two of them. */
  readonly checkpoints: string;
  readonly trust: string;
  /** Trusted certificates of time-stamp authorities, PEM. */
  readonly tsa_ca: string;
  readonly every: boolean;
}

/**
 * Throws LanProofError CERTIFICATE_FORMAT for what is no certificate, and what the browser throws
 * if the file cannot be read; what is wrong inside the file stands in the verdict.
 */
export async function runInBrowser(
  given: Given,
  onProgress: (step: Step) => void,
  breathe: () => Promise<void>,
): Promise<Verdict> {
  const { file, sha256, checkpoints, trust, tsa_ca, every } = given;
  return await verifyBundle({
    source: blobSource(file),
    crypto: createBrowserCrypto(),
    createSha256,
    unpackSection,
    verifyTimestamp,
    every,
    trust: trust.trim() === '' ? null : trust,
    bundle_sha256: sha256.trim() === '' ? null : sha256,
    checkpoints: splitPrinted(checkpoints),
    tsa_roots: tsa_ca.trim() === '' ? [] : certificatesFromPem(tsa_ca),
    onProgress,
    breathe,
  });
}

/** Reads a file by slices, so that a bundle may be larger than the memory of a tab. */
function blobSource(file: Blob): ByteSource {
  return {
    size: file.size,
    read: async (offset, length) =>
      new Uint8Array(await file.slice(offset, offset + length).arrayBuffer()),
  };
}
