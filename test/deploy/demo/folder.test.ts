import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MARKER_FILE, openFolder, saveState, writeAccess } from '../../../deploy/demo/folder.ts';
import { readDemoOptions } from '../../../deploy/demo/options.ts';

const FIRST = { anchor_ms: 60_000, days: 7 };

function inFolder(name: string, body: (folder: string) => void): void {
  test(name, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'lanproof-folder-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    body(folder);
  });
}

inFolder('a new folder gets a marker; a second start goes on with what it says', (folder) => {
  const data = join(folder, 'data/demo');
  const state = openFolder(data, false, FIRST);
  assert.equal(state.history_done, false);
  saveState(data, { ...state, history_done: true });
  const again = openFolder(data, false, { anchor_ms: 120_000, days: 1 });
  assert.deepEqual(again, { ...state, history_done: true });
});

inFolder('--fresh deletes a demo and nothing else', (folder) => {
  const data = join(folder, 'demo');
  openFolder(data, false, FIRST);
  writeFileSync(join(data, 'old.txt'), 'old');
  assert.equal(openFolder(data, true, { anchor_ms: 120_000, days: 7 }).anchor_ms, 120_000);
  assert.equal(existsSync(join(data, 'old.txt')), false);

  writeFileSync(join(folder, 'thesis.txt'), 'years of work');
  for (const fresh of [true, false]) {
    assert.throws(() => openFolder(folder, fresh, FIRST), { code: 'DEMO_FOLDER', place: folder });
  }
  writeFileSync(join(folder, MARKER_FILE), 'not json');
  assert.throws(() => openFolder(folder, true, FIRST), { code: 'DEMO_FOLDER' });
  assert.equal(existsSync(join(folder, 'thesis.txt')), true);
});

inFolder('access.json is for its owner alone', (folder) => {
  const access = { url: 'http://x', admin_token: 'a', viewer_token: 'v', sites: ['s'] };
  assert.equal(statSync(writeAccess(folder, access)).mode & 0o777, 0o600);
});

test('the command line is read strictly', () => {
  const read = (...args: string[]) => readDemoOptions(args, '/work');
  assert.deepEqual(read(), {
    port: 8080,
    days: 7,
    fresh: false,
    data_dir: '/work/data/demo',
    net: 10,
  });
  assert.deepEqual(read('--port', '0', '--days=1', '--fresh', '--data', '/tmp/x'), {
    port: 0,
    days: 1,
    fresh: true,
    data_dir: '/tmp/x',
    net: 10,
  });
  assert.throws(() => read('--dais', '3'), { code: 'USAGE', message: /--dais.*--days/ });
  for (const bad of [
    ['--days', '99'],
    ['--port', '-1'],
    ['--days', '1.5'],
    ['--port', 'x'],
    ['y'],
  ]) {
    assert.throws(() => read(...bad), { code: 'USAGE' });
  }
});
