import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../shared/node/whole-file.ts';

/**
 * Writes a stream into a file that appears whole or not at all, for this user only: a bundle may
 * hold addresses and results of computers. An older one of the name is replaced. Returns its
 * length and SHA-256 as hex.
 */
export async function saveBody(
  body: AsyncIterable<Uint8Array>,
  file: string,
): Promise<{ bytes: number; sha256: string }> {
  const part = `${file}.part`;
  const hash = createHash('sha256');
  const handle = await open(part, 'w', 0o600);
  let bytes = 0;
  try {
    // One that an earlier run left keeps its mode.
    await handle.chmod(0o600);
    for await (const piece of body) {
      hash.update(piece);
      bytes += piece.length;
      await handle.writeFile(piece);
    }
    await handle.sync();
  } catch (error) {
    await handle.close();
    await rm(part, { force: true });
    throw error;
  }
  await handle.close();
  await rename(part, file);
  syncDirectory(dirname(file));
  return { bytes, sha256: hash.digest('hex') };
}
