/** Check 1: the file itself, its plain container and the hash of every part of it. */
import { fromUtf8, toHex } from '../../bytes.ts';
import { LanProofError } from '../../errors.ts';
import { crc32 as plainCrc32 } from '../bundle/crc32.ts';
import { parseStatement } from '../bundle/manifest.ts';
import {
  entryKind,
  LOG_FILES,
  logFileName,
  MANIFEST_NAME,
  REQUIRED_NAMES,
} from '../bundle/names.ts';
import { type BundleStatement, STATEMENT_PAYLOAD } from '../bundle/types.ts';
import { type ByteSource, openZip, type ZipEntry } from '../bundle/zip-reading.ts';
import type { Crypto } from '../crypto.ts';
import { openEnvelope, parseEnvelope } from '../dsse.ts';
import { payloadBytes } from './payload.ts';
import { problemOf } from './problem.ts';
import type { Recorder } from './recorder.ts';
import type { VerifyOptions } from './types.ts';

/** Bytes read at once: enough that a read costs little, little enough for a browser. */
const CHUNK_BYTES = 1024 * 1024;
/**
 * One file in memory: a day of sixteen agents is some 200 MB at the very most. Less than the
 * longest text that every engine holds (2^29 - 24 characters).
 */
export const FILE_BYTES_MAX = 500 * 1024 * 1024;

/** The files of a bundle whose container was found plain. */
export interface Container {
  readonly names: readonly string[];
  /** Numbers of the logs that it has files of, ascending. */
  readonly logs: readonly number[];
  readonly statement: BundleStatement;
  /** Bytes of all files of batches, and of one. */
  size(name: string): number;
  /** The whole of a file that exists. */
  bytes(name: string): Promise<Uint8Array>;
  /** The same as text; halts where it is not UTF-8. */
  text(name: string): Promise<string>;
  /** Halts where the document key did not sign the manifest: nobody says what is to be judged. */
  checkSignature(crypto: Crypto, documentKey: Uint8Array): void;
}

/** A zip file that was read once from end to end. */
export interface HashedFile {
  readonly entries: readonly ZipEntry[];
  /** SHA-256 of the whole file, hex. */
  readonly whole: string;
  /** Of each entry, by its name. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Reads the whole file once, for the hashes; halts where it is no plain zip file. */
export async function hashFile(options: VerifyOptions, said: Recorder): Promise<HashedFile> {
  let entries: readonly ZipEntry[];
  try {
    entries = await openZip(options.source);
  } catch (error) {
    const { problem, place } = problemOf(error);
    return said.halt('ZIP_FORMAT', place, { problem });
  }
  return { entries, ...(await hashAll(options, said, entries)) };
}

/** Holds the files against the manifest; every part is read again where it is needed. */
export async function openContainer(
  options: VerifyOptions,
  { entries, whole, digests }: HashedFile,
  said: Recorder,
): Promise<Container> {
  const { source } = options;
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const typed = options.bundle_sha256?.replace(/\s/g, '').toLowerCase() ?? null;
  if (typed !== null && typed !== whole) {
    said.say('BUNDLE_SHA256', 'zip', { typed: typed.slice(0, 64), found: whole });
  }
  const bytes = (name: string): Promise<Uint8Array> => readWhole(source, said, byName, name);
  const text = async (name: string): Promise<string> => {
    const read = await bytes(name);
    // A share may answer otherwise the second time; a text is bound by nothing but its digest.
    const hash = options.createSha256();
    hash.update(read);
    const found = toHex(hash.digest());
    const first = digests.get(name) ?? '';
    if (found !== first) said.halt('FILE_DIGEST', name, { said: first, found });
    try {
      return fromUtf8(read);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return said.halt('FILE_FORMAT', name, { problem: 'UTF8' });
    }
  };
  const envelope = await text(MANIFEST_NAME);
  const statement = readStatement(said, envelope);
  checkFiles(said, statement, digests);
  const logs = logsOf([...byName.keys()]);
  const wanted = [
    ...REQUIRED_NAMES,
    ...logs.flatMap((log) => LOG_FILES.map((f) => logFileName(log, f))),
  ];
  const missing = wanted.filter((name) => !byName.has(name));
  for (const name of missing) said.say('FILE_MISSING', name);
  if (missing.length > 0 || logs.length === 0) said.halt('FILE_MISSING', missing[0] ?? 'logs/');
  said.count('container', 'files', entries.length);
  said.count('container', 'bytes', source.size);
  return {
    names: [...byName.keys()],
    logs,
    statement,
    size: (name) => byName.get(name)?.size ?? 0,
    bytes,
    text,
    checkSignature(crypto, documentKey) {
      try {
        openEnvelope(crypto, envelope, STATEMENT_PAYLOAD, documentKey);
      } catch (error) {
        said.halt('MANIFEST_SIGNATURE', MANIFEST_NAME, { problem: problemOf(error).problem });
      }
    },
  };
}

/** Feeds every byte of the file to one hash, those of an entry to its own, too. */
async function hashAll(
  { source, createSha256, crc32 = plainCrc32, onProgress, breathe }: VerifyOptions,
  said: Recorder,
  entries: readonly ZipEntry[],
): Promise<{ whole: string; digests: Map<string, string> }> {
  const whole = createSha256();
  const digests = new Map<string, string>();
  let at = 0;
  const pieces = async (end: number, use: (bytes: Uint8Array) => void): Promise<void> => {
    while (at < end) {
      const bytes = await source.read(at, Math.min(CHUNK_BYTES, end - at));
      if (bytes.length === 0) said.halt('ZIP_FORMAT', `byte ${at}`, { problem: 'ENDED_EARLY' });
      whole.update(bytes);
      use(bytes);
      at += bytes.length;
      onProgress({ check: 'container', done: at, total: source.size });
      await breathe();
    }
  };
  for (const entry of entries) {
    await pieces(entry.offset, () => {});
    const own = createSha256();
    let crc = 0;
    await pieces(entry.offset + entry.size, (bytes) => {
      own.update(bytes);
      crc = crc32(bytes, crc);
    });
    if (crc !== entry.crc32) said.say('FILE_CRC', entry.name);
    digests.set(entry.name, toHex(own.digest()));
  }
  await pieces(source.size, () => {});
  return { whole: toHex(whole.digest()), digests };
}

function readStatement(said: Recorder, envelope: string): BundleStatement {
  try {
    const { payloadType } = parseEnvelope(envelope);
    if (payloadType !== STATEMENT_PAYLOAD) throw new TypeError('another type');
    return parseStatement(payloadBytes(envelope));
  } catch (error) {
    return said.halt('MANIFEST_FORMAT', MANIFEST_NAME, { problem: problemOf(error).problem });
  }
}

/** Exactly the files of the manifest, each as it says. */
function checkFiles(
  said: Recorder,
  { subjects }: BundleStatement,
  digests: ReadonlyMap<string, string>,
): void {
  const listed = new Set<string>([MANIFEST_NAME]);
  for (const { name, sha256 } of subjects) {
    listed.add(name);
    const found = digests.get(name);
    if (found === undefined) said.say('FILE_MISSING', name);
    else if (found !== sha256) said.say('FILE_DIGEST', name, { said: sha256, found });
  }
  for (const name of digests.keys()) if (!listed.has(name)) said.say('FILE_EXTRA', name);
}

function logsOf(names: readonly string[]): number[] {
  const found = new Set<number>();
  for (const name of names) {
    const kind = entryKind(name);
    if (kind?.kind === 'log') found.add(kind.log);
  }
  return [...found].sort((a, b) => a - b);
}

async function readWhole(
  source: ByteSource,
  said: Recorder,
  entries: ReadonlyMap<string, ZipEntry>,
  name: string,
): Promise<Uint8Array> {
  const entry = entries.get(name);
  if (entry === undefined) return said.halt('FILE_MISSING', name);
  const { offset, size } = entry;
  if (size > FILE_BYTES_MAX) return said.halt('FILE_TOO_LARGE', name, { bytes: size });
  const bytes = await source.read(offset, size);
  if (bytes.length === size) return bytes;
  return said.halt('ZIP_FORMAT', name, { problem: 'ENDED_EARLY' });
}

/** Reads a file of the bundle by its parser; halts where that refuses it. */
export async function readFile<T>(
  container: Container,
  said: Recorder,
  name: string,
  parse: (text: string) => T,
): Promise<T> {
  const text = await container.text(name);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof LanProofError)) throw error;
    return said.halt('FILE_FORMAT', error.place ?? name, { problem: error.code });
  }
}
