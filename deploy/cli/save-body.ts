import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/**
 * Writes a stream into a file that appears whole or not at all; an older one of the name is
 * replaced. Returns its length and SHA-256 as hex.
 */
export async function saveBody(
  body: AsyncIterable<Uint8Array>,
  file: string,
): Promise<{ bytes: number; sha256: string }> {
  const part = `${file}.part`;
  const hash = createHash('sha256');
  const handle = await open(part, 'w');
  let bytes = 0;
  try {
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
  return { bytes, sha256: hash.digest('hex') };
}
