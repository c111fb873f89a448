import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { crc32 as nodeCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { concat, toHex, utf8 } from '../../../../shared/bytes.ts';
import { LanProofError } from '../../../../shared/errors.ts';
import { crc32 } from '../../../../shared/evidence/bundle/crc32.ts';
import { entryKind } from '../../../../shared/evidence/bundle/names.ts';
import {
  centralEntry,
  checkLocal,
  endRecord,
  layOut,
  localHeader,
  type ZipRecord,
} from '../../../../shared/evidence/bundle/zip-format.ts';
import { bytesSource, openZip } from '../../../../shared/evidence/bundle/zip-reading.ts';
import { secondReaderSkip } from '../../../fixtures/second-reader.ts';

interface Part extends ZipRecord {
  readonly data: Uint8Array;
}

function part(name: string, data: Uint8Array): Part {
  return { name, data, size: data.length, crc32: crc32(data) };
}

/** Header, data, directory and end, each free to be changed before they are joined. */
function pieces(parts: readonly Part[]) {
  const { records, end } = layOut(parts);
  return {
    local: parts.flatMap((one) => [localHeader(one), one.data]),
    central: records.map(centralEntry),
    end,
  };
}

function zip(parts: readonly Part[]): Uint8Array {
  const { local, central, end } = pieces(parts);
  return concat(...local, ...central, endRecord(end));
}

const SMALL = [part('documents.ndjson', utf8('{}\n')), part('policy.txt', utf8('quorum none\n'))];

async function contents(bytes: Uint8Array): Promise<Record<string, string>> {
  const entries = await openZip(bytesSource(bytes));
  return Object.fromEntries(
    entries.map(({ name, offset, size }) => [name, toHex(bytes.subarray(offset, offset + size))]),
  );
}

async function refuses(bytes: Uint8Array, what: string): Promise<void> {
  await assert.rejects(openZip(bytesSource(bytes)), (error) => {
    assert.ok(error instanceof LanProofError && error.code === 'BUNDLE_FORMAT', String(error));
    assert.match(`${error.place}: ${error.message}`, /zip/, what);
    return true;
  });
}

/** A copy in which the u16 or u32 at an offset has another value. */
function patched(bytes: Uint8Array, at: number, value: number, size: 2 | 4 = 2): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  if (size === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
  return copy;
}

test('what was written is read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array(), { minLength: 1, maxLength: 6 }), async (datas) => {
      const parts = datas.map((data, at) => part(`logs/${at + 1}/leaves.txt`, data));
      const wanted = Object.fromEntries(parts.map(({ name, data }) => [name, toHex(data)]));
      assert.deepEqual(await contents(zip(parts)), wanted);
    }),
  );
});

test('another program reads it as well', { skip: secondReaderSkip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-zip-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'a.zip');
  writeFileSync(path, zip(SMALL));
  const script =
    'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None;' +
    ' z.extractall(sys.argv[2]); print(",".join(z.namelist()))';
  const names = execFileSync('python3', ['-c', script, path, folder], { encoding: 'utf8' });
  assert.equal(names.trim(), 'documents.ndjson,policy.txt');
  assert.equal(readFileSync(join(folder, 'policy.txt'), 'utf8'), 'quorum none\n');
});

test('the checksum is the one of zlib, also in pieces', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      assert.equal(crc32(b, crc32(a)), nodeCrc32(concat(a, b)));
    }),
  );
});

test('every change of one byte is refused, or changes what an entry holds', async () => {
  const bytes = zip(SMALL);
  const plain = await contents(bytes);
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [1, 0x80, 0xff]) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ flip;
      const found = await contents(changed).catch((error: unknown) => {
        assert.ok(error instanceof LanProofError && error.code === 'BUNDLE_FORMAT', String(error));
        return null;
      });
      if (found !== null) assert.notDeepEqual(found, plain, `byte ${at}`);
    }
  }
});

test('a byte more or less at any place is refused', async () => {
  const bytes = zip(SMALL);
  for (let at = 0; at <= bytes.length; at++) {
    await refuses(concat(bytes.subarray(0, at), Uint8Array.of(0), bytes.subarray(at)), `+${at}`);
    if (at < bytes.length) {
      await refuses(concat(bytes.subarray(0, at), bytes.subarray(at + 1)), `-${at}`);
      await refuses(bytes.subarray(0, at), `cut at ${at}`);
    }
  }
});

test('names: traversal, absolute, other slashes, case, unknown files', () => {
  for (const name of [
    ...['../policy.txt', '/policy.txt', 'logs/../policy.txt', 'batches\\2026-11-23.bin'],
    ...['Policy.txt', 'policy.TXT', 'policy.txt/', './policy.txt', 'C:policy.txt', '', '.'],
    ...['logs/01/leaves.txt', 'logs/0/leaves.txt', 'logs/1/other.txt', 'logs/1//leaves.txt'],
    ...['batches/2026-02-30.bin', 'batches/2026-1-1.bin', 'batches/x.bin', 'setup.exe'],
    ...['policy.txt\u0000', 'polıcy.txt', 'verify.html.exe', 'a'.repeat(300)],
  ]) {
    assert.equal(entryKind(name), null, JSON.stringify(name));
    assert.throws(() => layOut([part(name, utf8('x'))]), { code: 'BUNDLE_FORMAT' }, name);
  }
  assert.deepEqual(entryKind('batches/2028-02-29.bin'), { kind: 'batches', day: '2028-02-29' });
  assert.deepEqual(entryKind('logs/12/daily.txt'), { kind: 'log', log: 12, file: 'daily' });
});

/** An archive with these raw directory names, whatever the writer would say of them. */
function forged(names: readonly string[]): Uint8Array {
  const parts = names.map((name) => part(name, utf8('x')));
  let at = 0;
  const central = parts.map((one) => {
    const entry = centralEntry({ ...one, header: at });
    at += localHeader(one).length + one.size;
    return entry;
  });
  const bytes = central.reduce((sum, entry) => sum + entry.length, 0);
  const end = endRecord({ entries: parts.length, central: at, central_bytes: bytes });
  return concat(...parts.flatMap((one) => [localHeader(one), one.data]), ...central, end);
}

test('two entries of one name, unsorted names and names of no bundle are refused', async () => {
  await contents(forged(['figures.json', 'policy.txt']));
  await refuses(forged(['policy.txt', 'policy.txt']), 'twice');
  await refuses(forged(['policy.txt', 'figures.json']), 'unsorted');
  await refuses(forged(['policy.txt', '../policy.txt']), 'traversal');
  await refuses(forged(['/policy.txt']), 'absolute');
  await refuses(forged(['Policy.txt']), 'case');
  await refuses(forged(['pol\u0131cy.txt']), 'not ASCII');
});

test('every field that the plain kind fixes is held to it, in both headers', async () => {
  const bytes = zip(SMALL);
  const { end } = pieces(SMALL);
  const [first] = SMALL;
  assert.ok(first !== undefined);
  const local = { flags: 6, method: 8, time: 10, date: 12, extra: 28 };
  for (const [field, at] of Object.entries(local)) {
    for (const value of [1, 8, 0x0808]) await refuses(patched(bytes, at, value), `local ${field}`);
  }
  const central = {
    ...{ made: 4, needed: 6, flags: 8, method: 10, time: 12, date: 14, extra: 30, comment: 32 },
    ...{ disk: 34, internal: 36, external: 38, mode: 40 },
  };
  for (const [field, at] of Object.entries(central)) {
    for (const value of [1, 8, 45, 0x0808]) {
      await refuses(patched(bytes, end.central + at, value), `central ${field}`);
    }
  }
  // Encrypted, data descriptor, UTF-8 names: flags; deflate: method 8; zip64: sizes of all ones.
  await refuses(patched(bytes, end.central + 24, 0xffffffff, 4), 'zip64 size');
  await refuses(patched(bytes, end.central + 42, 1, 4), 'offset of another header');
  const last = bytes.length - 22;
  for (const at of [4, 6, 8, 10, 20]) await refuses(patched(bytes, last + at, 7), `end ${at}`);
  assert.throws(() => checkLocal(localHeader(first), { ...first, size: 9, header: 0 }), {
    code: 'BUNDLE_FORMAT',
  });
});

test('overlaps, gaps, data before the first header and behind the end are refused', async () => {
  const { local, central, end } = pieces(SMALL);
  const join_ = (...more: readonly Uint8Array[]) => concat(...more);
  await refuses(join_(utf8('PK'), ...local, ...central, endRecord(end)), 'before');
  const moved = { ...end, central: end.central + 3 };
  await refuses(join_(...local, utf8('gap'), ...central, endRecord(moved)), 'gap');
  await refuses(join_(...local, ...central, endRecord(end), utf8('x')), 'behind');
  const [first, second] = SMALL;
  assert.ok(first !== undefined && second !== undefined);
  // Both entries say that they are the same bytes: a bomb of many names over one body.
  const twice = [first, { ...first, name: 'policy.txt' }];
  const entries = twice.map((one) => centralEntry({ ...one, header: 0 }));
  const body = concat(localHeader(first), first.data);
  const bytes = entries.reduce((sum, entry) => sum + entry.length, 0);
  const tail = endRecord({ entries: 2, central: body.length, central_bytes: bytes });
  await refuses(concat(body, ...entries, tail), 'overlap');
});

test('a claim of many entries reads no more than they need, and no gigabytes', async () => {
  let most = 0;
  const size = 2 ** 32 - 1;
  const end = endRecord({ entries: 1, central: 0, central_bytes: size - 22 });
  const source = {
    size,
    read: async (offset: number, length: number) => {
      most = Math.max(most, length);
      return offset === size - 22 ? end : new Uint8Array(length);
    },
  };
  await assert.rejects(openZip(source), { code: 'BUNDLE_FORMAT' });
  assert.equal(most, 22);
  await assert.rejects(openZip({ ...source, size: 2 ** 32 }), { code: 'BUNDLE_FORMAT' });
});
