import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { copyParts, hashParts } from '../../../collector/backup/parts.ts';

const dir = mkdtempSync(join(tmpdir(), 'lanproof-parts-'));
after(() => rmSync(dir, { recursive: true }));
const [from, to] = [join(dir, 'from'), join(dir, 'to')];
const { signal } = new AbortController();
const part_bytes = 8;
const BYTES = Buffer.from('0123456789abcdefghijklmno');

const hashes = (bytes: Uint8Array): string[] => {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += part_bytes) {
    const part = bytes.subarray(at, at + part_bytes);
    parts.push(createHash('sha256').update(part).digest('base64'));
  }
  return parts;
};

test('grown in every way over parts: copied as far as asked, hashed by part', async () => {
  for (let first = 0; first <= BYTES.length; first++) {
    for (let second = first; second <= BYTES.length; second++) {
      rmSync(to, { force: true });
      writeFileSync(from, BYTES);
      const read: number[] = [];
      const onBytes = (at: number): number => read.push(at);
      const same = { from, to, part_bytes, onBytes, signal };
      const parts = await copyParts({ ...same, bytes: first, kept: null });
      assert.deepEqual(parts, hashes(BYTES.subarray(0, first)));
      // What lies behind the copied bytes does not count.
      writeFileSync(to, 'waste', { flag: 'a' });
      read.length = 0;
      const kept = { bytes: first, parts };
      const grown = await copyParts({ ...same, bytes: second, kept });
      assert.deepEqual(grown, hashes(BYTES.subarray(0, second)), `${first} to ${second}`);
      assert.deepEqual(readFileSync(to), BYTES.subarray(0, second));
      const known = first - (first % part_bytes);
      assert.ok(
        read.every((at) => at > known),
        `${first} to ${second} read ${read[0]} again`,
      );
      assert.deepEqual(await hashParts(to, second, { part_bytes, onBytes, signal }), grown);
    }
  }
});

test('another beginning, or an end before its time, is refused in every part', async () => {
  const onBytes = (): void => undefined;
  for (const bytes of [1, 7, 9, 15, 17, 24]) {
    rmSync(to, { force: true });
    writeFileSync(from, BYTES);
    const same = { from, to, part_bytes, onBytes, signal };
    const kept = { bytes, parts: await copyParts({ ...same, bytes, kept: null }) };
    const other = Buffer.from(BYTES);
    other[bytes - 1] = 0;
    writeFileSync(from, other);
    const grown = copyParts({ ...same, bytes: BYTES.length, kept });
    // The part that ended exactly there is not read again.
    if (bytes % part_bytes === 0) await grown;
    else await assert.rejects(grown, { code: 'FILE_DIFFERS' }, `${bytes}`);
    writeFileSync(from, BYTES.subarray(0, bytes));
    const beyond = copyParts({ ...same, bytes: bytes + 1, kept: null });
    await assert.rejects(beyond, { code: 'FILE_SHORT' }, `${bytes}`);
    const hashed = hashParts(from, bytes + 1, { part_bytes, onBytes, signal });
    await assert.rejects(hashed, { code: 'FILE_SHORT' }, `${bytes}`);
  }
});

test('a part has 64 MiB where nothing else is asked for', async () => {
  const onBytes = (): void => undefined;
  const bytes = 64 * 1024 * 1024;
  const whole = createHash('sha256').update(Buffer.alloc(bytes)).digest('base64');
  const one = createHash('sha256').update(Buffer.alloc(1)).digest('base64');
  for (const path of [from, to]) writeFileSync(path, '');
  truncateSync(from, bytes + 1);
  assert.deepEqual(await hashParts(from, bytes, { onBytes, signal }), [whole]);
  assert.deepEqual(await hashParts(from, bytes + 1, { onBytes, signal }), [whole, one]);
  truncateSync(to, bytes);
  const kept = { bytes, parts: [whole] };
  const read: number[] = [];
  const grown = { from, to, kept, signal, onBytes: (at: number): number => read.push(at) };
  assert.deepEqual(await copyParts({ ...grown, bytes: bytes + 1 }), [whole, one]);
  assert.deepEqual(read, [bytes + 1], 'a part that was whole is not read again');
});
