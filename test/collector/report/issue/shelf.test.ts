import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { openShelf } from '../../../../collector/report/issue/shelf.ts';
import type { ReportRecord } from '../../../../collector/report/issue/types.ts';

function record(id: string, bytes: number, more: Partial<ReportRecord> = {}): ReportRecord {
  return {
    ...{ v: 1, id, site: 'a', from_ms: 0, to_ms: 60_000, masked: false, formats: ['bundle'] },
    ...{ author: 'test', requested_ms: 1, state: 'done', finished_ms: 2, error: null },
    ...{ as_of: null, leaf: null, agrees_with_dashboard: true, files_deleted_ms: null },
    files: [{ name: 'a.zip', bytes, sha256: '' }],
    ...more,
  };
}

test('the oldest files go beyond the bytes, the oldest records beyond the number', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lanproof-shelf-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const limits = { reports_max: 3, bytes_max: 100 };
  const shelf = await openShelf(root, limits);
  for (const [at, bytes] of [70, 40, 30, 30].entries()) {
    const id = `r${at}`;
    await shelf.put(record(id, bytes));
    writeFileSync(join(shelf.folder(id), 'a.zip'), 'x');
  }
  await shelf.trim(9);
  assert.deepEqual(
    shelf.list().map(({ id, files_deleted_ms }) => [id, files_deleted_ms]),
    [
      ['r3', null],
      ['r2', null],
      ['r1', null],
    ],
  );
  assert.deepEqual(readdirSync(root).sort(), ['r1', 'r2', 'r3']);
  await shelf.put(record('r4', 90));
  await shelf.trim(10);
  assert.deepEqual(
    shelf.list().map(({ id, files_deleted_ms }) => [id, files_deleted_ms]),
    [
      ['r4', null],
      ['r3', 10],
      ['r2', 10],
    ],
  );
  assert.equal(existsSync(join(shelf.folder('r3'), 'a.zip')), false);
  const again = await openShelf(root, limits);
  assert.deepEqual(again.list(), shelf.list());
});

test('the newest report stays however large, and one that runs is never touched', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lanproof-shelf-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const shelf = await openShelf(root, { reports_max: 1, bytes_max: 10 });
  await shelf.put(record('r1', 50, { state: 'running', finished_ms: null }));
  await shelf.put(record('r2', 50));
  await shelf.trim(9);
  assert.deepEqual(
    shelf.list().map(({ id, files_deleted_ms }) => [id, files_deleted_ms]),
    [
      ['r2', null],
      ['r1', null],
    ],
  );
});

test('a folder whose record cannot be read is left as it is, and named', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lanproof-shelf-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folderOf = (id: string, text: string | null): string => {
    const folder = join(root, id);
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.zip'), 'issued');
    if (text !== null) writeFileSync(join(folder, 'report.json'), text);
    return folder;
  };
  folderOf('cut', JSON.stringify(record('cut', 6)).slice(0, 20));
  folderOf('later', JSON.stringify({ ...record('later', 6), v: 2 }));
  folderOf('moved', JSON.stringify(record('other', 6)));
  folderOf('own-2026', null);
  folderOf('whole', JSON.stringify(record('whole', 6)));
  // The system refuses to read it, whoever asks.
  mkdirSync(join(folderOf('sector', null), 'report.json'));
  writeFileSync(join(root, 'file'), 'no folder');
  // What a start cut off leaves.
  mkdirSync(join(root, 'empty'));
  mkdirSync(join(root, 'begun'));
  writeFileSync(join(root, 'begun', 'report.json.part'), '{');
  const limits = { reports_max: 1, bytes_max: 1 };
  const shelf = await openShelf(root, limits);
  await shelf.trim(9);
  assert.deepEqual(
    shelf.left_alone.map(({ id, why }) => `${id}: ${why}`),
    [
      'cut: it is no JSON',
      'file: ENOTDIR',
      'later: its version is 2, not 1',
      'moved: it is of other',
      'own-2026: ENOENT',
      'sector: EISDIR',
    ],
  );
  const left = ['cut', 'file', 'later', 'moved', 'own-2026', 'sector', 'whole'];
  assert.deepEqual(readdirSync(root).sort(), left);
  for (const { id } of shelf.left_alone.filter(({ id }) => id !== 'file')) {
    assert.ok(existsSync(join(root, id, 'a.zip')), id);
  }
});
