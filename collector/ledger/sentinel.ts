import { writeSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromUtf8, utf8 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import type { Checkpoint } from '../../shared/evidence/checkpoint.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { makeFolder } from '../../shared/node/make-folder.ts';
import { createDataSync, type DataSync } from '../data-sync.ts';
import { type LogKeysOf, openUnder } from './log-keys.ts';

export const SENTINEL_FILE = 'sentinel';
/** Two slots, written in turn: a torn write leaves the other one whole. Bytes of one. */
const SLOT_BYTES = 2048;
const SLOTS = 2;

/** The newest head that was ever shown to anyone. */
export interface SentinelHead extends Checkpoint {
  readonly log: number;
  readonly note: string;
}

/**
 * The head sentinel: a file beside the database and never in its backups. A database that was
 * put back from an older copy is recognised by a sentinel that is newer or gone.
 */
export interface Sentinel {
  /** What the file said when it was opened; null if it was not there or not readable. */
  readonly found: SentinelHead | null;
  /** Notes a head; on disk when the promise ends. Call one at a time. */
  write(log: number, note: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens or makes the file. Slots that no log key signed are passed over. */
export async function openSentinel(
  folder: string,
  crypto: Crypto,
  keysOf: LogKeysOf,
  sync: DataSync = createDataSync(() => performance.now()),
): Promise<Sentinel> {
  makeFolder(folder, 0o700);
  const file = join(folder, SENTINEL_FILE);
  const bytes = await readFile(file).catch(() => new Uint8Array());
  const slots = await Promise.all([0, 1].map((slot) => readSlot(bytes, slot, crypto, keysOf)));
  const [first, second] = slots;
  const newer = isNewer(second ?? null, first ?? null);
  const found = (newer ? second : first) ?? null;
  const handle = await openFile(folder, file);
  let next = newer ? 0 : 1;
  return {
    found,
    async write(log, note) {
      const slot = new Uint8Array(SLOT_BYTES);
      const text = utf8(`${log}\n${note}`);
      if (text.length > SLOT_BYTES) throw new RangeError('a checkpoint is longer than a slot');
      slot.set(text);
      try {
        // Two kilobytes into the page cache: only the way to the disk may be worth a thread.
        const written = writeSync(handle.fd, slot, 0, SLOT_BYTES, next * SLOT_BYTES);
        if (written !== SLOT_BYTES) throw new RangeError('the file system took a part only');
        await sync(handle);
      } catch (cause) {
        throw new LanProofError('SENTINEL_WRITE', 'the head sentinel cannot be written', {
          hint: 'look at space and rights of the file system; heads are not shown until it works',
          place: file,
          fatal: false,
          cause,
        });
      }
      next = (next + 1) % SLOTS;
    },
    close: () => handle.close(),
  };
}

function isNewer(a: SentinelHead | null, b: SentinelHead | null): boolean {
  if (a === null || b === null) return a !== null;
  return a.log === b.log ? a.size > b.size : a.log > b.log;
}

async function openFile(folder: string, file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r+');
  } catch {
    const handle = await open(file, 'w+', 0o600);
    // Full size from the start: later writes change data only and need no new blocks.
    await handle.write(new Uint8Array(SLOTS * SLOT_BYTES), 0, SLOTS * SLOT_BYTES, 0);
    await handle.sync();
    const parent = await open(folder, 'r');
    await parent.sync().finally(() => parent.close());
    return handle;
  }
}

async function readSlot(
  bytes: Uint8Array,
  slot: number,
  crypto: Crypto,
  keysOf: LogKeysOf,
): Promise<SentinelHead | null> {
  const part = bytes.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
  const end = part.indexOf(0);
  try {
    const text = fromUtf8(end < 0 ? part : part.subarray(0, end));
    const [number = '', origin = ''] = text.split('\n', 2);
    const log = Number(number);
    if (!Number.isSafeInteger(log) || log < 1) return null;
    const note = text.slice(number.length + 1);
    const checkpoint = openUnder(crypto, note, origin, await keysOf(origin));
    return checkpoint === null ? null : { log, note, ...checkpoint };
  } catch {
    return null;
  }
}
