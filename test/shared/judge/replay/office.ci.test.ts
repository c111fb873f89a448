import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { createListFinder } from '../../../../collector/judge/batch-parts.ts';
import { createNodeCrypto } from '../../../../shared/node/crypto.ts';
import { openAt } from '../../../support/judged-data.ts';
import { fillOffice } from '../../../support/office-days.ts';
import { collectorSays, fileOf, readHistory } from './replay-kit.ts';

const SITE = 'xa-a';
const DAYS = 4;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

test('an office of 60 devices and polled switches: rows, incidents and findings of a bundle', async () => {
  const data_dir = mkdtempSync(join(tmpdir(), 'lanproof-replay-'));
  try {
    const { end_ms } = await fillOffice(data_dir, SITE, DAYS);
    const engine = await openAt(data_dir, () => end_ms);
    const { store, judge: reader } = engine.deps;
    const first_ms = end_ms - DAYS * DAY_MS;
    const period = { from_ms: first_ms + 2 * DAY_MS, to_ms: first_ms + 3 * DAY_MS };
    const says = await collectorSays(reader, SITE, period);
    const { as_of } = await reader.judged(SITE, period.from_ms, period.to_ms);
    const source = { store, judge: engine.judge, findList: createListFinder(store) };
    const history = await readHistory({ ...source, crypto: createNodeCrypto() }, SITE);
    await engine.close();
    assert.equal(says.hours.all.devices.length, 65);
    assert.ok(says.incidents.length > 5);
    for (const begin_ms of [period.from_ms - DAY_MS, period.from_ms]) {
      const ask = { period, as_of, begin_ms };
      const { hours, incidents, findings } = fileOf(history, ask);
      assert.deepEqual({ hours, incidents, findings }, says);
    }
    // From the first batch on: nothing was there before.
    const { hours, incidents, findings } = fileOf(history, {
      ...{ period, as_of, begin_ms: null, first_ms },
    });
    assert.deepEqual({ hours, incidents, findings }, says);
    // A part of a working day: the begin lies on the midnight before it.
    const part = { from_ms: period.from_ms + 9 * HOUR_MS, to_ms: period.from_ms + 11 * HOUR_MS };
    const ofPart = fileOf(history, { period: part, as_of, begin_ms: period.from_ms });
    assert.equal(ofPart.hours.all.days[0]?.expected_ms, 2 * HOUR_MS);
  } finally {
    rmSync(data_dir, { recursive: true });
  }
});
