import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createStory, packetAt, powerAt, stretchAt, wanAt } from '../../../deploy/demo/scenario.ts';
import { DEMO_SITES, type DemoDevice, type DemoSite } from '../../../deploy/demo/sites.ts';
import { anyOf, once, phaseOf } from '../../../deploy/demo/windows.ts';

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
