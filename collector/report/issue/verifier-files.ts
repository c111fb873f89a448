import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VERIFIER_NAMES } from '../../../shared/evidence/bundle/names.ts';
import type { VerifierFile } from '../bundle/types.ts';

/** Where the build puts the verifier's shapes. */
export const VERIFIER_DIST = join(import.meta.dirname, '..', 'verifier', 'dist');

/** The verifier's files as far as they were built; a bundle without them is still a bundle. */
export async function readVerifierFiles(folder = VERIFIER_DIST): Promise<VerifierFile[]> {
  const files: VerifierFile[] = [];
  for (const name of VERIFIER_NAMES) {
    try {
      files.push({ name, bytes: await readFile(join(folder, name)) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return files;
}
