import assert from 'node:assert/strict';
import test from 'node:test';
import { createUdpEchoEngine } from '../../../../agent/probe/udp-echo.ts';
import { startResponders } from '../../../../deploy/demo/lan/responders.ts';
import { sitesIn } from '../../../../deploy/demo/sites.ts';
import {
  addressAt,
  FOUND_AFTER_MS,
  foundIn,
  isSought,
} from '../../../../deploy/demo/story/leases.ts';
import { createStory } from '../../../../deploy/demo/story/script.ts';
import { RecordingSink, realClock, target, until } from '../../../agent/probe/recording-sink.ts';

/** A net of loopback that no other test takes. */
const NET = 106;
const MINUTE_MS = 60_000;
const ANCHOR_MS = Date.UTC(2026, 8, 21, 3, 0);

function roaming() {
  const site = sitesIn(NET).find(({ code }) => code === 'tanlap-hq');
  const device = site?.devices.find(({ lease }) => lease !== undefined);
  assert.ok(site !== undefined && device?.address && device.lease && device.mac);
  const { address, lease, mac } = device;
  return { site, device, address, lease, mac, story: createStory(ANCHOR_MS) };
}

test('the PC goes away and comes back, and is found each time', () => {
  const { site, device, address, lease, story } = roaming();
  const from_ms = ANCHOR_MS - 61 * MINUTE_MS;
  const to_ms = ANCHOR_MS + 60 * MINUTE_MS;
  const found = [...foundIn(story, site, device, from_ms, to_ms)];
  const places = found.map((move) => move.address);
  assert.ok(places.length >= 7 && places.length <= 8, JSON.stringify(found));
  assert.ok(places.every((place, k) => place === (k % 2 === 0 ? places[0] : places[1])));
  assert.deepEqual(new Set(places), new Set([address, lease]));
  for (const { at_ms, address: there } of found) {
    assert.equal(addressAt(story, site, device, at_ms).address, there);
    assert.equal(isSought(story, site, device, at_ms - 1), true);
    assert.equal(isSought(story, site, device, at_ms), false);
    assert.equal(isSought(story, site, device, at_ms - FOUND_AFTER_MS - 1), false);
  }
  const pieces = [from_ms, from_ms + 10 * MINUTE_MS, from_ms + 47 * MINUTE_MS, to_ms];
  const joined = pieces
    .slice(1)
    .flatMap((end_ms, k) => [...foundIn(story, site, device, pieces[k] ?? 0, end_ms)]);
  assert.deepEqual(joined, found, 'minutes put together tell the same');
});

test('the engine of the demo finds it by its MAC, and gives no answer to another', async (t) => {
  const { site, device, address, lease, mac, story } = roaming();
  const move = [...foundIn(story, site, device, ANCHOR_MS, ANCHOR_MS + 60 * MINUTE_MS)][0];
  assert.ok(move !== undefined);
  const responders = await startResponders(story, site, () => move.at_ms);
  t.after(() => responders.close());
  const elsewhere = move.address === lease ? address : lease;
  const sink = new RecordingSink();
  const engine = createUdpEchoEngine({ sink, clock: realClock() });
  t.after(() => engine.stop());
  const { seeker } = engine;
  assert.ok(seeker !== undefined);
  const signal = AbortSignal.timeout(10_000);
  assert.deepEqual(await seeker.macsAt(move.address, signal), [mac]);
  assert.deepEqual(await seeker.macsAt(elsewhere, signal), []);
  const heard: string[] = [];
  const around = [elsewhere, move.address, site.devices[0]?.address ?? ''];
  await seeker.sweep(around, 50, (where, who) => heard.push(`${where} ${who}`), signal);
  assert.deepEqual(heard, [`${move.address} ${mac}`]);
  assert.deepEqual(seeker.networks([address, lease]), [{ address: `127.${NET}.2.0`, prefix: 24 }]);
  await engine.apply(
    [
      target(0, move.address, { mac }),
      target(1, move.address, { mac: '00:23:24:00:00:01' }),
      target(2, elsewhere, { mac }),
    ],
    0,
  );
  await until('a row', () => sink.rowsOf(0).length > 0);
  assert.deepEqual(sink.rowsOf(0)[0]?.codes, ['r', 'x', 'n']);
});
