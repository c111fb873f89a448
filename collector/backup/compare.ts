/** Whether a copied file is still what its list says. */
import { type CopiedFile, type CopyOptions, hashParts } from './parts.ts';
import { bytesOf } from './source.ts';

/** A sentence about the difference, without the file's name; null: there is none. */
export async function faultOf(
  listed: CopiedFile,
  path: string,
  options: Pick<CopyOptions, 'onBytes' | 'signal'>,
): Promise<string | null> {
  const size = await bytesOf(path);
  if (size < 0) return 'is missing';
  if (size < listed.bytes) return `has ${size} bytes, not ${listed.bytes}`;
  let parts: readonly string[];
  try {
    parts = await hashParts(path, listed.bytes, options);
  } catch (error) {
    // A bad sector ends the reading of this file, not of the others.
    const { code, syscall } = Object(error);
    if (syscall !== 'read' && syscall !== 'open') throw error;
    return `cannot be read (${code})`;
  }
  const odd = parts.findIndex((part, at) => part !== listed.parts[at]);
  if (odd < 0 && parts.length === listed.parts.length) return null;
  return `differs in part ${Math.max(odd, 0) + 1} of ${parts.length}`;
}

/** Whether a copy is there as listed: its length, and where `read` says so all of its bytes. */
export async function isKept(
  listed: CopiedFile,
  path: string,
  options: Pick<CopyOptions, 'onBytes' | 'signal'> & { readonly read: boolean },
): Promise<boolean> {
  if (!options.read) return (await bytesOf(path)) >= listed.bytes;
  return (await faultOf(listed, path, options)) === null;
}
