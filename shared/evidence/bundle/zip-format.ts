/**
 * The plainest kind of zip file (APPNOTE 6.3): stored entries behind one another, the central
 * directory, the end record. Every field that is not size, checksum, offset or name is fixed.
 */
import { utf8 } from '../../bytes.ts';
import { bundleFormat } from './format-error.ts';
import { entryKind, NAME_BYTES_MAX } from './names.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_ENTRIES_MAX } from './types.ts';

export const LOCAL_BYTES = 30;
export const CENTRAL_BYTES = 46;
export const END_BYTES = 22;

const LOCAL_SIGNATURE = 0x04034b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;
/** Version needed, and made by, 2.0 on MS-DOS: the least that knows folders in names. */
const VERSION = 20;
/** 1980-01-01: year 0, month 1, day 1. */
const DOS_DATE = 0x0021;

/** What an entry's headers say of it. */
export interface ZipRecord {
  readonly name: string;
  readonly size: number;
  readonly crc32: number;
}

/** A record with the offset of its local header. */
export interface CentralRecord extends ZipRecord {
  readonly header: number;
}

/** What the end record says: where the central directory lies. */
export interface ZipEnd {
  readonly entries: number;
  readonly central: number;
  readonly central_bytes: number;
}

/** Local header and name; the data stands right behind it. */
export function localHeader(record: ZipRecord): Uint8Array {
  const name = utf8(record.name);
  const bytes = new Uint8Array(LOCAL_BYTES + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, LOCAL_SIGNATURE, true);
  common(view, 4, record, name.length);
  bytes.set(name, LOCAL_BYTES);
  return bytes;
}

/** Entry of the central directory, with its name. */
export function centralEntry(record: CentralRecord): Uint8Array {
  const name = utf8(record.name);
  const bytes = new Uint8Array(CENTRAL_BYTES + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CENTRAL_SIGNATURE, true);
  view.setUint16(4, VERSION, true);
  common(view, 6, record, name.length);
  // Comment, disk and attributes (32 to 41) are zero.
  view.setUint32(42, record.header, true);
  bytes.set(name, CENTRAL_BYTES);
  return bytes;
}

/** Version, flags 0, method 0, time and date, checksum, both sizes, length of the name, extra 0. */
function common(view: DataView, at: number, record: ZipRecord, nameBytes: number): void {
  view.setUint16(at, VERSION, true);
  view.setUint16(at + 8, DOS_DATE, true);
  view.setUint32(at + 10, record.crc32, true);
  view.setUint32(at + 14, record.size, true);
  view.setUint32(at + 18, record.size, true);
  view.setUint16(at + 22, nameBytes, true);
}

export function endRecord({ entries, central, central_bytes }: ZipEnd): Uint8Array {
  const bytes = new Uint8Array(END_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, END_SIGNATURE, true);
  view.setUint16(8, entries, true);
  view.setUint16(10, entries, true);
  view.setUint32(12, central_bytes, true);
  view.setUint32(16, central, true);
  return bytes;
}

/**
 * Where every entry will lie, before anything is written. Throws BUNDLE_FORMAT on unfit or
 * unsorted names, too many entries or too many bytes.
 */
export function layOut(records: readonly ZipRecord[]): { records: CentralRecord[]; end: ZipEnd } {
  const placed: CentralRecord[] = [];
  let [at, last, central_bytes] = [0, '', 0];
  for (const { name, size, crc32 } of records) {
    if (entryKind(name) === null || name <= last) throw bundleFormat('zip', `unfit name ${name}`);
    placed.push({ name, size, crc32, header: at });
    at += LOCAL_BYTES + name.length + size;
    central_bytes += CENTRAL_BYTES + name.length;
    last = name;
  }
  if (placed.length > BUNDLE_ENTRIES_MAX) throw bundleFormat('zip', 'too many files');
  if (at + central_bytes + END_BYTES > BUNDLE_BYTES_MAX) {
    throw bundleFormat('zip', 'more than 4 GiB; give a shorter period');
  }
  return { records: placed, end: { entries: placed.length, central: at, central_bytes } };
}

/** Reads the last END_BYTES of a file of `size` bytes. Throws BUNDLE_FORMAT. */
export function parseEnd(bytes: Uint8Array, size: number): ZipEnd {
  const place = `zip: byte ${size - END_BYTES}`;
  if (bytes.length !== END_BYTES) throw bundleFormat(place, 'too short for a zip file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = {
    entries: view.getUint16(8, true),
    central: view.getUint32(16, true),
    central_bytes: view.getUint32(12, true),
  };
  same(bytes, endRecord(end), place, 'the end of the zip file');
  if (end.entries === 0 || end.entries > BUNDLE_ENTRIES_MAX) {
    throw bundleFormat(place, 'no file or too many files');
  }
  // What is read at once is bounded before it is read.
  if (end.central_bytes > end.entries * (CENTRAL_BYTES + NAME_BYTES_MAX)) {
    throw bundleFormat(place, 'a directory longer than its files need');
  }
  if (end.central + end.central_bytes + END_BYTES !== size) {
    throw bundleFormat(place, 'bytes that belong to nothing');
  }
  return end;
}

/** Reads the central directory: names ascend and are known, sizes add up. Throws BUNDLE_FORMAT. */
export function parseCentral(bytes: Uint8Array, end: ZipEnd): CentralRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: CentralRecord[] = [];
  let [at, next, last] = [0, 0, ''];
  for (let count = 0; count < end.entries; count++) {
    const place = `zip: byte ${end.central + at}`;
    if (bytes.length - at < CENTRAL_BYTES) throw bundleFormat(place, 'ends inside the directory');
    const nameBytes = view.getUint16(at + 28, true);
    const total = CENTRAL_BYTES + nameBytes;
    if (bytes.length - at < total) throw bundleFormat(place, 'ends inside a name');
    const name = ascii(bytes.subarray(at + CENTRAL_BYTES, at + total));
    if (entryKind(name) === null) throw bundleFormat(place, 'no file of a bundle has this name');
    if (name <= last) throw bundleFormat(place, 'names are not sorted or stand twice');
    const record = {
      name,
      size: view.getUint32(at + 24, true),
      crc32: view.getUint32(at + 16, true),
      header: next,
    };
    same(bytes.subarray(at, at + total), centralEntry(record), place, name);
    records.push(record);
    next += LOCAL_BYTES + nameBytes + record.size;
    last = name;
    at += total;
  }
  if (at !== bytes.length) throw bundleFormat('zip', 'bytes behind the directory');
  if (next !== end.central) throw bundleFormat('zip', 'gaps or overlaps between files');
  return records;
}

/** The local header must say what the directory says. Throws BUNDLE_FORMAT. */
export function checkLocal(bytes: Uint8Array, record: CentralRecord): void {
  same(bytes, localHeader(record), `zip: byte ${record.header}`, `the header of ${record.name}`);
}

function same(found: Uint8Array, wanted: Uint8Array, place: string, what: string): void {
  const odd = wanted.findIndex((byte, at) => found[at] !== byte);
  if (odd >= 0 || found.length !== wanted.length) {
    throw bundleFormat(place, `${what} is not of the plain kind (its byte ${odd})`);
  }
}

/** Latin-1: whatever is not ASCII is refused by the list of names. */
function ascii(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
