import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { createDataSync } from '../../collector/data-sync.ts';

test('a quick disk is waited for here, a slow one beside; a failure is told either way', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-sync-'));
  const file = await open(join(folder, 'bytes'), 'a');
  try {
    // What the clock reads before and after each sync: 20, 1, 1, 9 and 2 ms.
    const readings = [0, 20, 20, 21, 21, 22, 22, 31, 31, 33, 33, 33];
    const sync = createDataSync(() => readings.shift() ?? 33);
    let beside = 0;
    const handle = {
      fd: file.fd,
      datasync: async () => {
        beside += 1;
        await file.datasync();
      },
    };
    const counts: number[] = [];
    for (let turn = 0; turn < 6; turn++) {
      await sync(handle);
      counts.push(beside);
    }
    // Unknown, slow, quick, quick, slow once, and quick again.
    assert.deepEqual(counts, [1, 2, 2, 2, 3, 3]);
    const closed = { fd: -1, datasync: () => Promise.reject(new Error('EBADF')) };
    await assert.rejects(sync(closed));
    await assert.rejects(createDataSync(() => 0)(closed), /EBADF/);
  } finally {
    await file.close();
    rmSync(folder, { recursive: true });
  }
});
