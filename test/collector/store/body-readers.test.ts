import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { createReaders } from '../../../collector/store/sqlite/body-readers.ts';

const FILE = '2026-11.infra';
const KIB = 1024;

test('bodies are read as they stand, in any order, while their file grows', async () => {
  const piece = fc.record({
    length: fc.integer({ min: 1, max: 40 * KIB }),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    grows: fc.nat(30 * KIB),
    follows: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 30 }), async (pieces) => {
      const folder = mkdtempSync(join(tmpdir(), 'lanproof-bodies-'));
      const readers = createReaders(folder);
      try {
        let all = Buffer.alloc(0);
        const grow = (bytes: number): void => {
          const more = Buffer.from(Array.from({ length: bytes }, (_, k) => (all.length + k) % 251));
          all = Buffer.concat([all, more]);
          appendFileSync(join(folder, FILE), more);
        };
        grow(KIB);
        let ended = 0;
        for (const { length, from, grows, follows } of pieces) {
          grow(grows);
          const offset = follows ? ended : Math.floor(from * all.length);
          const read = readers.read({ file: FILE, offset, length });
          if (offset + length > all.length) await assert.rejects(read, { code: 'BODY_MISSING' });
          else {
            assert.ok(all.subarray(offset, offset + length).equals(await read));
            ended = offset + length;
          }
        }
      } finally {
        await readers.close();
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});

test('a body that its reader changes is not changed for the next one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-bodies-'));
  const readers = createReaders(folder);
  try {
    writeFileSync(join(folder, FILE), 'abcdef');
    for (let round = 0; round < 2; round += 1) {
      const bytes = await readers.read({ file: FILE, offset: 1, length: 3 });
      assert.equal(Buffer.from(bytes).toString(), 'bcd');
      bytes.fill(0);
    }
  } finally {
    await readers.close();
    rmSync(folder, { recursive: true });
  }
});
