import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { secondReaderSkip } from '../fixtures/second-reader.ts';
import { settle } from '../support/check-kills.ts';
import { exportEvidence, openData } from '../support/export-evidence.ts';
import { ORIGIN_PREFIX, SITE, startLiveSite } from '../support/live-site.ts';

const reader = fileURLToPath(new URL('../second_reader/read_evidence.py', import.meta.url));
/** Part of 127.77.x that no other test uses. */
const NET = 72;
/** The first early batches come with the first outage of a flapping switch. */
const ACKNOWLEDGED_MIN = 2;
const WITHIN_MS = 90_000;

test('a second reader verifies a real run from its files alone', {
  skip: secondReaderSkip,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-reader-'));
  try {
    const site = await startLiveSite(folder, NET);
    try {
      const deadline_ms = performance.now() + WITHIN_MS;
      while (site.acknowledged.size < ACKNOWLEDGED_MIN) {
        assert.ok(performance.now() < deadline_ms, site.agentProgram.output().slice(-2_000));
        await sleep(200);
      }
      await settle(site, WITHIN_MS);
    } finally {
      await site.stop();
    }
    const files = join(folder, 'export');
    const opened = await openData(site.data_dir, ORIGIN_PREFIX);
    const batches = await exportEvidence(opened, files, SITE, 'do-1').finally(opened.close);
    const read = () => spawnSync('python3', [reader, 'export', files], { encoding: 'utf8' });
    const good = read();
    assert.equal(good.status, 0, good.stdout + good.stderr);
    assert.match(good.stdout, new RegExp(`^ok ${batches} batches, 0 holes, 0 sections withheld`));
    const names = readdirSync(join(files, 'batches')).map((name) => `batches/${name}`);
    const one = (ending: string): string => names.find((name) => name.endsWith(ending)) ?? ending;
    for (const name of [one('.hdr'), one('.sig'), one('.infra.bin'), 'checkpoint.txt']) {
      const path = join(files, name);
      const data = readFileSync(path);
      const altered = Buffer.from(data);
      const at = altered.length >> 1;
      altered[at] = (altered[at] ?? 0) ^ 1;
      writeFileSync(path, altered);
      const refused = read();
      writeFileSync(path, data);
      assert.equal(refused.status, 1, `${name}: ${refused.stdout}${refused.stderr}`);
      assert.match(refused.stdout, /^MISMATCH /);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
