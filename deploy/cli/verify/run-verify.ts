/** The verifier with what Node gives it: `lanproof verify` and the single file run the same. */
import { createHash } from 'node:crypto';
import { setImmediate as afterIo } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import { verifyTimestamp } from '../../../shared/evidence/timestamp/verify.ts';
import type { Hasher, Held, Step, Verdict } from '../../../shared/evidence/verify/types.ts';
import { verifyBundle } from '../../../shared/evidence/verify/verify.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { unpackSection } from '../../../shared/node/section-bytes.ts';
import { openFileSource } from './file-source.ts';

export interface RunOptions extends Held {
  readonly path: string;
  readonly every: boolean;
  readonly onProgress: (step: Step) => void;
}

/** Throws the system's errors of the file; what is wrong inside it stands in the verdict. */
export async function runVerify({ path, ...options }: RunOptions): Promise<Verdict> {
  const source = await openFileSource(path);
  try {
    return await verifyBundle({
      ...options,
      source,
      crypto: createNodeCrypto(),
      createSha256,
      // Node 20 has it from 20.15 on.
      ...('crc32' in zlib ? { crc32: zlib.crc32 } : {}),
      unpackSection,
      verifyTimestamp,
      breathe: () => afterIo(),
    });
  } finally {
    await source.close();
  }
}

function createSha256(): Hasher {
  const hash = createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => new Uint8Array(hash.digest()),
  };
}
