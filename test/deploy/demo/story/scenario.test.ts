import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEMO_SITES, type DemoDevice, type DemoSite } from '../../../../deploy/demo/sites.ts';
import {
  carrierAt,
  damagedAt,
  mainsAt,
  packetAt,
  powerAt,
  stretchAt,
  wanAt,
} from '../../../../deploy/demo/story/scenario.ts';
import { createStory } from '../../../../deploy/demo/story/script.ts';
import { anyOf, once, phaseOf } from '../../../../deploy/demo/story/windows.ts';

const HOUR_MS = 3_600_000;
const ANCHOR_MS = Date.UTC(2026, 9, 14, 3, 0);
const story = createStory(ANCHOR_MS);
const [dongPhu, tanLap] = DEMO_SITES;

function find(site: DemoSite | undefined, code: string): { site: DemoSite; device: DemoDevice } {
  const device = site?.devices.find((item) => item.code === code);
  assert.ok(site !== undefined && device !== undefined);
  return { site, device };
}

test('a phase holds until its end and changes there, unless its end is marked early', () => {
  const window = fc.record({
    every_ms: fc.constantFrom(900_000, 50 * HOUR_MS),
    at_ms: fc.integer({ min: 0, max: 600_000 }),
    for_ms: fc.integer({ min: 1, max: 200_000 }),
    flap_ms: fc.integer({ min: 1, max: 50_000 }),
  });
  fc.assert(
    fc.property(window, fc.boolean(), fc.nat(10 ** 9), fc.nat(10 ** 6), (full, flaps, at, into) => {
      const { flap_ms, ...plain } = full;
      const used = flaps ? { ...plain, flap_ms } : plain;
      const phase = phaseOf(used, at);
      assert.ok(phase.until_ms > at);
      const inside = at + (into % (phase.until_ms - at));
      assert.equal(phaseOf(used, inside).on, phase.on);
    }),
  );
});

test('a single window opens once', () => {
  const window = once(1_000, 500);
  assert.deepEqual(phaseOf(window, 0), { on: false, until_ms: 1_000 });
  assert.deepEqual(phaseOf(window, 1_200), { on: true, until_ms: 1_500 });
  assert.deepEqual(phaseOf(window, 1_500), { on: false, until_ms: Number.POSITIVE_INFINITY });
  assert.equal(anyOf([], 7).until_ms, Number.POSITIVE_INFINITY);
});

test('what a stretch says of its begin holds all the way to its end', () => {
  const places = DEMO_SITES.flatMap((site) => site.devices.map((device) => ({ site, device })));
  fc.assert(
    fc.property(
      fc.constantFrom(...places),
      fc.integer({ min: -7 * 24 * HOUR_MS, max: 24 * HOUR_MS }),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      ({ site, device }, hours, share) => {
        const at_ms = ANCHOR_MS + hours;
        const { reply, until_ms } = stretchAt(story, site, device, at_ms);
        assert.ok(until_ms > at_ms);
        const length_ms = Math.min(until_ms - at_ms, 24 * HOUR_MS);
        const inside_ms = at_ms + Math.floor(share * length_ms);
        assert.equal(stretchAt(story, site, device, inside_ms).reply, reply);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a broken switch silences what hangs on it, a broken gateway only itself', () => {
  // sw-tang2 fails two minutes into each quarter of an hour, the gateway hours later.
  const at_ms = ANCHOR_MS + 2 * 60_000 + 10_000;
  const reply = (code: string) => {
    const { site, device } = find(dongPhu, code);
    return stretchAt(story, site, device, at_ms).reply;
  };
  assert.equal(reply('sw-tang2'), 'n');
  assert.equal(reply('ap-2'), 'n');
  assert.equal(reply('sw-core'), 'r');
  assert.equal(reply('gw'), 'r');
});

test('frequent faults begin an hour before the first start', () => {
  const { site, device } = find(dongPhu, 'sw-tang2');
  const quiet = createStory(ANCHOR_MS + 100 * HOUR_MS);
  const at_ms = ANCHOR_MS + 2 * 60_000 + 10_000;
  assert.equal(stretchAt(quiet, site, device, at_ms).reply, 'r');
  assert.equal(stretchAt(story, site, device, at_ms).reply, 'n');
});

test('PCs that drop echo answer ARP, and at night most PCs are off', () => {
  const { site, device } = find(tanLap, 'pc-mc-1');
  // Wednesday 10:00 and Thursday 03:00 in Hanoi.
  assert.equal(stretchAt(story, site, device, ANCHOR_MS).reply, 'a');
  const night_ms = ANCHOR_MS + 17 * HOUR_MS;
  const pcs = DEMO_SITES.flatMap((office) =>
    office.devices.filter(({ kind }) => kind === 'pc').map((pc) => ({ office, pc })),
  );
  const off = pcs.filter(({ office, pc }) => stretchAt(story, office, pc, night_ms).reply === 'n');
  assert.ok(off.length > pcs.length / 2);
});

test('the power of one office and the WAN of the other are cut in the last day', () => {
  assert.ok(dongPhu !== undefined && tanLap !== undefined);
  const cut = powerAt(story, dongPhu, ANCHOR_MS - 7 * HOUR_MS);
  assert.equal(cut.on, false);
  assert.equal(powerAt(story, dongPhu, cut.until_ms).on, true);
  assert.equal(powerAt(story, tanLap, ANCHOR_MS - 7 * HOUR_MS).on, true);
  assert.equal(wanAt(story, tanLap, ANCHOR_MS - 14.5 * HOUR_MS).on, false);
});

test('about one packet in two thousand is lost', () => {
  const { device } = find(dongPhu, 'gw');
  let lost = 0;
  for (let second = 0; second < 100_000; second++) {
    const packet = packetAt(device, 7, ANCHOR_MS + second * 1_000);
    if (packet === 'lost') lost += 1;
    else assert.ok(packet > 0 && packet < 10_000);
  }
  assert.ok(lost > 20 && lost < 100, `${lost} of 100,000`);
});

const MINUTE_MS = 60_000;
/** 08:30 into each half hour. */
const SHORT_CUT_MS = ANCHOR_MS + 8.5 * MINUTE_MS;

test('a short power cut: the agent goes on without a carrier, then everything starts', () => {
  assert.ok(dongPhu !== undefined);
  const at = (after_s: number) => SHORT_CUT_MS + after_s * 1_000;
  assert.equal(mainsAt(story, dongPhu, at(-1)).on, true);
  assert.equal(mainsAt(story, dongPhu, at(1)).on, false);
  assert.equal(mainsAt(story, dongPhu, at(41)).on, true);
  for (const after_s of [1, 60, 89]) {
    assert.equal(powerAt(story, dongPhu, at(after_s)).on, true, 'its UPS feeds the agent');
    assert.equal(carrierAt(story, dongPhu, at(after_s)).on, false);
    for (const device of dongPhu.devices) {
      assert.equal(stretchAt(story, dongPhu, device, at(after_s)).reply, 'l');
    }
  }
  const reply = (code: string, after_s: number) => {
    const { site, device } = find(dongPhu, code);
    return stretchAt(story, site, device, at(after_s)).reply;
  };
  for (const code of ['gw', 'sw-core', 'sw-tang2', 'ap-1']) assert.equal(reply(code, 91), 'r');
  const pcs = dongPhu.devices.filter(({ kind }) => kind === 'pc').map(({ code }) => code);
  assert.ok(pcs.some((code) => reply(code, 91) === 'n'));
  assert.ok(pcs.every((code) => reply(code, 121) === 'r'));
});

test('a long power cut ends the agent when its UPS is empty; it starts after the mains', () => {
  assert.ok(dongPhu !== undefined);
  const cut_ms = ANCHOR_MS - 7.5 * HOUR_MS;
  const power = (minutes: number) => powerAt(story, dongPhu, cut_ms + minutes * MINUTE_MS).on;
  const told = [-1, 1, 3.9, 4, 37, 37.9, 38].map(power);
  assert.deepEqual(told, [true, true, true, false, false, false, true]);
});

test('the WAN cut of the second office silences what lies beyond it, and nothing else', () => {
  assert.ok(tanLap !== undefined);
  const at_ms = ANCHOR_MS + 19 * MINUTE_MS - 1;
  assert.equal(wanAt(story, tanLap, at_ms).on, false);
  for (const device of tanLap.devices) {
    const { reply } = stretchAt(story, tanLap, device, at_ms);
    if (device.code === 'cong-dvc') assert.equal(reply, 'n');
    if (device.code === 'gw' || device.code.startsWith('camera-')) assert.equal(reply, 'r');
  }
});

test('damaged frames come with the working hours and go with them', () => {
  // Wednesday 14 October 2026: Hanoi is UTC+7.
  const { site, device } = find(dongPhu, 'pc-vp-3');
  const quiet = createStory(ANCHOR_MS + 100 * HOUR_MS);
  const at = (hour: number, minute = 0) =>
    damagedAt(quiet, site, device, Date.UTC(2026, 9, 14, hour - 7, minute)).per_s > 0;
  const told = [at(7), at(7, 31), at(11, 29), at(11, 31), at(13, 31), at(16, 59), at(17, 1)];
  assert.deepEqual(told, [false, true, true, false, true, true, false]);
  const sunday_ms = Date.UTC(2026, 9, 18, 3, 0);
  assert.equal(damagedAt(quiet, site, device, sunday_ms).per_s, 0);
  const other = find(dongPhu, 'pc-vp-4').device;
  assert.equal(damagedAt(story, site, other, ANCHOR_MS).per_s, 0);
});

test('behind a port of half duplex large echoes get lost far more often than small ones', () => {
  const { site, device } = find(dongPhu, 'may-in-1');
  const { lost } = stretchAt(story, site, device, ANCHOR_MS);
  const before = stretchAt(story, site, device, ANCHOR_MS - 30 * HOUR_MS).lost;
  assert.ok(before.large < 0.001);
  const count = (size: 'small' | 'large') => {
    let gone = 0;
    for (let second = 0; second < 20_000; second++) {
      const packet = packetAt(device, 7, ANCHOR_MS + second * 1_000, size, lost);
      if (packet === 'lost') gone += 1;
    }
    return gone / 20_000;
  };
  assert.ok(count('small') < 0.01);
  assert.ok(count('large') > 0.08 && count('large') < 0.2);
});
