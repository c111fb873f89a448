import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { equalBytes, utf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import { BATCH_BYTES_MAX } from '../measure/batch.ts';

/**
 * A spool on its way by hand (docs/formats/spool-file.md): the magic, records of kind, length and
 * bytes, and as the last one the SHA-256 of everything before it.
 */
const MAGIC = utf8('LPS1');
const HEAD_BYTES = 5;
const HASH_BYTES = 32;
/** The largest record: a target list of 2,000 devices in its envelope. */
export const RECORD_BYTES_MAX = 4 * BATCH_BYTES_MAX;

/** Numbers of the kinds in the file; 0 is the end. */
const KINDS = { batch: 1, hole: 2, enrol: 3, targets: 4, rotate: 5 } as const;
export type SpoolRecordKind = keyof typeof KINDS;

export interface SpoolRecord {
  readonly kind: SpoolRecordKind;
  /** A wire body for a batch, else the UTF-8 text of an envelope. */
  readonly bytes: Uint8Array;
}

export interface SpoolFileWriter {
  write(record: SpoolRecord): Promise<void>;
  /** Writes the hash, and gives the file its name; when it returns both are on the disk. */
  end(): Promise<void>;
  /** Removes what was written. */
  abandon(): Promise<void>;
}

/** Writes under another name until the end: half a file is never taken for a whole one. */
export async function createSpoolFile(path: string): Promise<SpoolFileWriter> {
  const draft = `${path}.part`;
  const handle = await open(draft, 'w', 0o600);
  const hash = createHash('sha256');
  const put = async (bytes: Uint8Array): Promise<void> => {
    hash.update(bytes);
    await handle.writeFile(bytes);
  };
  const record = async (number: number, bytes: Uint8Array): Promise<void> => {
    const head = new Uint8Array(HEAD_BYTES);
    head[0] = number;
    new DataView(head.buffer).setUint32(1, bytes.length);
    await put(head);
    await put(bytes);
  };
  await put(MAGIC);
  return {
    async write({ kind, bytes }) {
      if (bytes.length > RECORD_BYTES_MAX) throw new RangeError('the record is too large');
      await record(KINDS[kind], bytes);
    },
    async end() {
      await record(0, new Uint8Array(hash.copy().digest()));
      await handle.sync();
      await handle.close();
      await rename(draft, path);
      await syncFolder(dirname(path));
    },
    async abandon() {
      await handle.close();
      await rm(draft, { force: true });
    },
  };
}

/** A stick keeps the names of its files in memory for half a minute, and is pulled out sooner. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Reads the records in order. Nothing of them is believed: each is signed, and the hash at the end
 * only tells a damaged stick from a false statement. Throws SPOOL_FILE.
 */
export async function* readSpoolFile(path: string): AsyncGenerator<SpoolRecord> {
  const handle = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    let at = 0;
    const take = async (bytes: number): Promise<Uint8Array> => {
      const found = await readExactly(handle, at, bytes, path);
      at += bytes;
      return found;
    };
    const magic = await take(MAGIC.length);
    if (!equalBytes(magic, MAGIC)) throw malformed(path, 0, 'it is no spool file');
    hash.update(magic);
    for (;;) {
      const begin = at;
      const head = await take(HEAD_BYTES);
      const length = new DataView(head.buffer).getUint32(1);
      const number = head[0];
      if (number === 0) {
        const sum = length === HASH_BYTES ? await take(length) : new Uint8Array();
        const whole = equalBytes(sum, new Uint8Array(hash.digest()));
        const { size } = await handle.stat();
        if (!whole || size !== at) throw malformed(path, begin, 'its hash is another one');
        return;
      }
      const kind = KIND_NAMES.find((name) => KINDS[name] === number);
      if (kind === undefined) throw malformed(path, begin, `record kind ${number} is not known`);
      if (length > RECORD_BYTES_MAX) throw malformed(path, begin, 'a record is too long');
      const bytes = await take(length);
      hash.update(head);
      hash.update(bytes);
      yield { kind, bytes };
    }
  } finally {
    await handle.close();
  }
}

const KIND_NAMES: readonly SpoolRecordKind[] = ['batch', 'hole', 'enrol', 'targets', 'rotate'];

async function readExactly(
  handle: FileHandle,
  at: number,
  bytes: number,
  path: string,
): Promise<Uint8Array> {
  const found = new Uint8Array(bytes);
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await handle.read(found, done, bytes - done, at + done);
    if (bytesRead === 0) throw malformed(path, at + done, 'it ends too early');
    done += bytesRead;
  }
  return found;
}

function malformed(path: string, at: number, what: string): LanProofError {
  return new LanProofError('SPOOL_FILE', `the file cannot be used: ${what}`, {
    hint: 'export the spool again and copy the file whole; nothing is lost at the agent',
    place: `${path}: byte ${at}`,
  });
}
