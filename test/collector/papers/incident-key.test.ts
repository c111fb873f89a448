import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, notAfterwards } from '../../../collector/papers/incident-key.ts';
import { toHex, utf8 } from '../../../shared/bytes.ts';
import type { FinalInterval } from '../../../shared/judge/final.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { RECLASSIFY_CAUSES } from '../../../shared/papers/remark-papers.ts';

const crypto = createNodeCrypto();
const SITE = 'socson-hq';
const START_MS = Date.UTC(2026, 10, 23, 1);

function down(device: string, from_ms: number, incident: string | null): FinalInterval {
  return {
    ...{ device, from_ms, to_ms: from_ms + 60_000, state: 'down', reason: null },
    ...{ earliest_ms: null, latest_ms: null, incident, cause: 'device', confidence: 'measured' },
    settled: true,
  };
}

test('words hang on the outage that gave the incident its id, else on its first one', () => {
  const text = JSON.stringify([SITE, 'sw-core', START_MS + 2_000]);
  const id = toHex(crypto.sha256(utf8(text)));
  const intervals = [
    down('gw', START_MS - 5_000, 'another'),
    // A slow probe that showed later that its device had fallen earlier.
    down('camera-1', START_MS, id),
    down('sw-core', START_MS + 2_000, id),
    down('sw-core', START_MS + 90_000, id),
  ];
  const found = keyOf(crypto, SITE, id, intervals);
  assert.deepEqual(found, { device: 'sw-core', from_ms: START_MS + 2_000 });
  const rest = intervals.filter(({ device }) => device !== 'sw-core');
  assert.deepEqual(keyOf(crypto, SITE, id, rest), { device: 'camera-1', from_ms: START_MS });
  assert.equal(keyOf(crypto, SITE, id, []), null);
});

test('only maintenance and off have a reason of their own to be refused', () => {
  for (const cause of RECLASSIFY_CAUSES) assert.equal(notAfterwards(cause), null, cause);
  for (const cause of ['maintenance', 'off']) {
    assert.equal(notAfterwards(cause)?.code, 'RECLASSIFY_CAUSE');
  }
});
