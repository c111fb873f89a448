import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEMO_SITES, type DemoSite } from '../../../../deploy/demo/sites.ts';
import { mainsAt, stretchAt, wanAt } from '../../../../deploy/demo/story/scenario.ts';
import { createStory } from '../../../../deploy/demo/story/script.ts';
import { tellStory, upcoming } from '../../../../deploy/demo/story/told.ts';

const MINUTE_MS = 60_000;
const HALF_HOUR_MS = 30 * MINUTE_MS;
const ANCHOR_MS = Date.UTC(2026, 9, 14, 3, 0);
const story = createStory(ANCHOR_MS);

test('any half hour of the live run is told with every kind of fault, in order', () => {
  fc.assert(
    fc.property(fc.nat(48 * 60), (minutes) => {
      const from_ms = ANCHOR_MS + minutes * MINUTE_MS;
      const told = upcoming(story, DEMO_SITES, from_ms, from_ms + HALF_HOUR_MS);
      for (const wanted of ['sw-tang2', 'ap-1 flaps', 'may-chu', 'mains', 'WAN', 'CRC']) {
        assert.ok(
          told.some(({ en }) => en.includes(wanted)),
          wanted,
        );
      }
      const times = told.map(({ at_ms }) => at_ms);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
      assert.ok(times.every((at_ms) => at_ms >= from_ms && at_ms < from_ms + HALF_HOUR_MS));
    }),
    { numRuns: 100 },
  );
});

test('what is told happens then', () => {
  const [dongPhu, tanLap] = DEMO_SITES;
  assert.ok(dongPhu !== undefined && tanLap !== undefined);
  const told = upcoming(story, DEMO_SITES, ANCHOR_MS, ANCHOR_MS + HALF_HOUR_MS);
  for (const { at_ms, en } of told) {
    const site: DemoSite = en.includes('sw-2') ? tanLap : dongPhu;
    const code = en.includes('sw-2') ? 'sw-2' : 'sw-tang2';
    const device = site.devices.find((item) => item.code === code);
    assert.ok(device !== undefined);
    if (en === `${code} falls silent`) {
      assert.equal(stretchAt(story, site, device, at_ms).reply, 'n');
      assert.equal(stretchAt(story, site, device, at_ms - 1).reply, 'r');
    }
    if (en.includes('mains')) {
      assert.equal(mainsAt(story, dongPhu, at_ms).on, false);
      assert.equal(mainsAt(story, dongPhu, at_ms - 1).on, true);
    }
    if (en.includes('WAN')) assert.equal(wanAt(story, tanLap, at_ms).on, false);
  }
});

test('the terminal reads it in both languages, with times of day', () => {
  const clock = (at_ms: number) => new Date(at_ms).toISOString().slice(11, 19);
  const text = tellStory(story, DEMO_SITES, ANCHOR_MS, HALF_HOUR_MS, clock);
  assert.match(text, /03:08:30 {3}40 s {2}Đồng Phú: mất điện/);
  assert.match(text, /03:18:30 {3}80 s {2}Tân Lập: đứt WAN/);
  assert.match(text, /may-in-1: its switch port negotiated half duplex/);
  assert.ok(text.split('\n').every((line) => line.length <= 100));
});
