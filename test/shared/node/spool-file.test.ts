import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import {
  createSpoolFile,
  RECORD_BYTES_MAX,
  readSpoolFile,
  type SpoolRecord,
} from '../../../shared/node/spool-file.ts';
import { temporaryDir } from '../../support/agent-kit.ts';

async function read(path: string): Promise<SpoolRecord[]> {
  const records: SpoolRecord[] = [];
  for await (const record of readSpoolFile(path)) records.push(record);
  return records;
}

function record(kind: number, bytes: Uint8Array, length = bytes.length): Buffer {
  const head = Buffer.alloc(5);
  head[0] = kind;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
}

function whole(...records: Buffer[]): Buffer {
  const before = Buffer.concat([Buffer.from('LPS1'), ...records]);
  return Buffer.concat([before, record(0, createHash('sha256').update(before).digest())]);
}

test('the largest record goes through, one byte more is refused by both sides', async (t) => {
  const path = join(temporaryDir(t), 'xa.lps');
  const most = new Uint8Array(RECORD_BYTES_MAX).fill(7);
  const writer = await createSpoolFile(path);
  const beyond = new Uint8Array(RECORD_BYTES_MAX + 1);
  await assert.rejects(() => writer.write({ kind: 'batch', bytes: beyond }), RangeError);
  await writer.write({ kind: 'targets', bytes: most });
  assert.ok(!existsSync(path), 'it has its name at the end only');
  await writer.end();
  const [found, ...more] = await read(path);
  assert.equal(found?.kind, 'targets');
  assert.deepEqual(Buffer.from(found?.bytes ?? []), Buffer.from(most));
  assert.equal(more.length, 0);
  writeFileSync(path, whole(record(1, beyond)));
  await assert.rejects(() => read(path), { code: 'SPOOL_FILE', message: /a record is too long/ });
});

test('a file that is damaged in any way is told, with the byte', async (t) => {
  const path = join(temporaryDir(t), 'xa.lps');
  const good = whole(record(1, Buffer.from('one')), record(2, Buffer.from('two')));
  writeFileSync(path, good);
  assert.equal((await read(path)).length, 2);
  const flipped = (at: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return bytes;
  };
  const cases: [string, Buffer, RegExp][] = [
    ['magic', flipped(0), /it is no spool file/],
    ['flipped byte', flipped(10), /its hash is another one/],
    ['flipped hash', flipped(good.length - 1), /its hash is another one/],
    ['cut', good.subarray(0, -1), /it ends too early/],
    ['empty', Buffer.alloc(0), /it ends too early/],
    ['unknown kind', whole(record(6, Buffer.from('x'))), /record kind 6 is not known/],
    ['behind its end', Buffer.concat([good, Buffer.from('x')]), /its hash is another one/],
  ];
  for (const [what, bytes, message] of cases) {
    writeFileSync(path, bytes);
    await assert.rejects(
      () => read(path),
      { code: 'SPOOL_FILE', message, place: /byte \d+$/ },
      what,
    );
  }
});

test('what is abandoned leaves nothing', async (t) => {
  const path = join(temporaryDir(t), 'xa.lps');
  writeFileSync(path, 'earlier');
  const writer = await createSpoolFile(path);
  await writer.write({ kind: 'enrol', bytes: new Uint8Array(3) });
  await writer.abandon();
  assert.equal(readFileSync(path, 'utf8'), 'earlier');
  assert.ok(!existsSync(`${path}.part`));
});
