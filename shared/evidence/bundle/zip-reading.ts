/** Opens a bundle by slices: a file on disk, a Blob of the browser, bytes in memory. */
import { bundleFormat } from './format-error.ts';
import { BUNDLE_BYTES_MAX } from './types.ts';
import { checkLocal, END_BYTES, LOCAL_BYTES, parseCentral, parseEnd } from './zip-format.ts';

/** Random access to bytes; `read` gives exactly `length` bytes or throws. */
export interface ByteSource {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface ZipEntry {
  readonly name: string;
  /** Of the data, in the file. */
  readonly offset: number;
  readonly size: number;
  /** As the headers say; what the data has is the reader's to check. */
  readonly crc32: number;
}

/**
 * The entries by name. Reads headers only, never data, and refuses everything that
 * docs/formats/bundle.md does not allow. Throws LanProofError BUNDLE_FORMAT with the byte, or what
 * the source throws.
 */
export async function openZip(source: ByteSource): Promise<ZipEntry[]> {
  const { size } = source;
  if (size < END_BYTES) throw bundleFormat('zip', 'too short for a zip file');
  if (size > BUNDLE_BYTES_MAX) throw bundleFormat('zip', 'longer than 4 GiB');
  const end = parseEnd(await readExactly(source, size - END_BYTES, END_BYTES), size);
  const directory = await readExactly(source, end.central, end.central_bytes);
  const entries: ZipEntry[] = [];
  for (const record of parseCentral(directory, end)) {
    const header_bytes = LOCAL_BYTES + record.name.length;
    checkLocal(await readExactly(source, record.header, header_bytes), record);
    const { name, crc32 } = record;
    entries.push({ name, offset: record.header + header_bytes, size: record.size, crc32 });
  }
  return entries;
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}

async function readExactly(
  source: ByteSource,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = await source.read(offset, length);
  if (bytes.length !== length) throw bundleFormat(`zip: byte ${offset}`, 'the file ended early');
  return bytes;
}
