import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { startDemo } from '../../deploy/demo/demo.ts';
import type { Fault } from '../../deploy/demo/scenario.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { client, demoFolder, until } from '../support/demo-process.ts';

const NET = 24;
const SEEN_WITHIN_MS = 15_000;

test('a scripted fault of a switch and its end are seen within 15 s', async (t) => {
  const folder = demoFolder();
  const at_ms = Date.now() + 20_000;
  const for_ms = 20_000;
  const every_ms = Number.POSITIVE_INFINITY;
  const fault: Fault = { site: 'dongphu-hq', device: 'sw-tang2', every_ms, at_ms, for_ms };
  const demo = await startDemo(
    { port: 0, days: 0, fresh: true, data_dir: folder.data, net: NET },
    {
      software: 'lanproof 0.0.0',
      crypto: createNodeCrypto(),
      now_ms: () => Date.now(),
      mono_ms: () => performance.now(),
      random: (bytes) => new Uint8Array(randomBytes(bytes)),
      terminal: { write: () => undefined, live: false },
      often: [fault],
    },
  );
  t.after(async () => {
    await demo.stop();
    folder.remove();
  });
  await demo.ready;
  const get = client(demo.access);
  const seen = (state: string, within_ms: number) =>
    until(`sw-tang2 ${state}`, within_ms, async () => {
      const path = '/sites/dongphu-hq/devices/sw-tang2';
      const device = await get<{ state: string; since_ms: number }>(path);
      return device.state === state ? device : undefined;
    });
  const { since_ms } = await seen('down', at_ms - Date.now() + SEEN_WITHIN_MS);
  assert.ok(Math.abs(since_ms - at_ms) <= 2_000, `down since ${since_ms - at_ms} ms after`);
  await seen('up', at_ms + for_ms - Date.now() + SEEN_WITHIN_MS);
});
