import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEMO_SITES } from '../../../../deploy/demo/sites.ts';
import { inUse, stretchAt } from '../../../../deploy/demo/story/scenario.ts';
import { createStory } from '../../../../deploy/demo/story/script.ts';
import { snapshotScalars } from '../../../../deploy/demo/switch/switch-mib.ts';
import { REBOOT_MS } from '../../../../deploy/demo/switch/switch-model.ts';
import { createSiteSwitches } from '../../../../deploy/demo/switch/switches.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Wednesday 10:00 in Hanoi. */
const ANCHOR_MS = Date.UTC(2026, 9, 14, 3, 0);
const FROM_MS = ANCHOR_MS - 7 * DAY_MS;
const TO_MS = ANCHOR_MS + 2 * HOUR_MS;
const story = createStory(ANCHOR_MS);
const [found] = DEMO_SITES;
assert.ok(found !== undefined);
const site = found;
const switches = createSiteSwitches(story, site, FROM_MS);
switches.tell(TO_MS);

function device(code: string) {
  const one = site.devices.find((item) => item.code === code);
  assert.ok(one !== undefined);
  return one;
}

/** The switch port that a device is plugged into, at an instant. */
function portOf(code: string, at_ms: number) {
  const { attached } = device(code);
  const model = switches.models.get(attached?.device ?? '');
  const port = model?.snapshot(at_ms).ports[Number(attached?.port) - 1];
  assert.ok(port !== undefined);
  return port;
}

function snapshot(code: string, at_ms: number) {
  const model = switches.models.get(code);
  assert.ok(model !== undefined);
  return model.snapshot(at_ms);
}

for (const [what, cut_ms, for_ms] of [
  ['a long power cut', ANCHOR_MS - 7.5 * HOUR_MS, 37 * MINUTE_MS],
  ['a short power cut', ANCHOR_MS + 8.5 * MINUTE_MS, 40_000],
] as const) {
  test(`${what} restarts every switch: uptime from 0, one boot more, back in REBOOT_MS`, () => {
    for (const code of switches.models.keys()) {
      const before = snapshot(code, cut_ms - 1);
      const back_ms = cut_ms + for_ms + REBOOT_MS;
      assert.equal(snapshot(code, cut_ms).silent, true);
      assert.equal(snapshot(code, back_ms - 2).silent, true);
      const after = snapshot(code, back_ms + 9_999);
      assert.equal(after.silent, false);
      assert.equal(after.sys_uptime_ticks, 1_000);
      const scalars = snapshotScalars(after);
      const boots = snapshotScalars(before)['snmpEngineBoots'] ?? 0;
      assert.equal(scalars['snmpEngineBoots'], boots + 1);
      assert.equal(scalars['hrSystemUptime'], 1_000);
      assert.equal(scalars['snmpEngineTime'], 10);
      assert.ok((before.ports.at(-1)?.in_octets ?? 0n) > (after.ports.at(-1)?.in_octets ?? 0n));
      // What the agent sees of it follows the same script.
      const reply = (at_ms: number) => stretchAt(story, site, device(code), at_ms).reply;
      assert.notEqual(reply(back_ms - 2), 'r');
      assert.equal(reply(back_ms), 'r');
    }
  });
}

test('the port of the access point is up exactly while it answers, and says when it changed', () => {
  const ap = device('ap-1');
  const quarter_ms = 15 * MINUTE_MS;
  let flaps = 0;
  for (let at_ms = ANCHOR_MS; at_ms < TO_MS; at_ms += 1_000) {
    const { reply, until_ms } = stretchAt(story, site, ap, at_ms);
    if (reply === 'l') continue;
    const port = portOf('ap-1', at_ms);
    assert.equal(port.link_up, reply === 'r', new Date(at_ms).toISOString());
    const into_ms = at_ms % quarter_ms;
    if (into_ms < 6 * MINUTE_MS || into_ms >= 6 * MINUTE_MS + 100_000) continue;
    // Inside the flapping the last change is the last turn of the script: 20 s each.
    const { sys_uptime_ticks } = snapshot('sw-core', at_ms);
    const since_ms = (sys_uptime_ticks - port.last_change_ticks) * 10;
    assert.ok(Math.abs(since_ms - (into_ms % 20_000)) <= 10, `${since_ms} at ${into_ms}`);
    if (until_ms - at_ms <= 1_000) flaps += 1;
  }
  assert.equal(flaps, 8 * 5);
});

test('damaged frames grow on one port, in working hours only', () => {
  const grown = (from_ms: number, to_ms: number) =>
    Number(portOf('pc-vp-3', to_ms).fcs_errors - portOf('pc-vp-3', from_ms).fcs_errors);
  // Monday in Hanoi, long before anybody watches; sw-tang2 is not restarted in between.
  const monday_ms = Date.UTC(2026, 9, 11, 17);
  const at = (hour: number) => monday_ms + hour * HOUR_MS;
  assert.equal(grown(at(5), at(7)), 0);
  assert.ok(grown(at(8), at(11)) > 1_000);
  assert.equal(grown(at(12), at(13)), 0);
  assert.ok(grown(at(14), at(16)) > 1_000);
  assert.equal(grown(at(18), at(23)), 0);
  assert.equal(portOf('pc-vp-4', at(16)).fcs_errors, 0n);
});

test('one port goes to half duplex, keeps it over restarts, and counts late collisions', () => {
  const half_ms = ANCHOR_MS - 26 * HOUR_MS;
  const before = portOf('may-in-1', half_ms - 1);
  assert.equal(before.duplex, 'full');
  assert.equal(portOf('may-in-1', half_ms + 4_000).link_up, false);
  for (const at_ms of [half_ms + 9_000, ANCHOR_MS - HOUR_MS, TO_MS]) {
    const { duplex, link_up, speed_mbps } = portOf('may-in-1', at_ms);
    assert.equal(duplex, 'half');
    assert.equal(link_up, true);
    assert.equal(speed_mbps, 100);
  }
  assert.equal(before.late_collisions, 0n);
  const a_ms = half_ms + MINUTE_MS;
  const late = (at_ms: number) => portOf('may-in-1', at_ms).late_collisions;
  assert.ok(late(a_ms + 2 * HOUR_MS) > late(a_ms));
});

test('the same script told in steps or at once gives the same switches', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 600 }), (minutes) => {
      const from_ms = ANCHOR_MS - DAY_MS;
      const stepped = createSiteSwitches(story, site, from_ms);
      const once = createSiteSwitches(story, site, from_ms);
      for (let at_ms = from_ms; at_ms < TO_MS; at_ms += minutes * MINUTE_MS) stepped.tell(at_ms);
      stepped.tell(TO_MS);
      once.tell(TO_MS);
      for (const [code, model] of stepped.models) {
        assert.deepEqual(model.snapshot(TO_MS), once.models.get(code)?.snapshot(TO_MS));
      }
    }),
    { numRuns: 10 },
  );
});

test('what people switch off has no link, and no port holds two devices', () => {
  for (const kind of ['pc', 'printer', 'kiosk']) {
    for (const { code, attached } of site.devices.filter((one) => one.kind === kind)) {
      if (attached?.port === undefined || code === 'may-in-1') continue;
      for (let at_ms = FROM_MS; at_ms < ANCHOR_MS - DAY_MS; at_ms += 53 * MINUTE_MS) {
        const { on } = inUse(site, device(code), at_ms);
        assert.equal(portOf(code, at_ms).link_up, on, `${code} ${new Date(at_ms).toISOString()}`);
      }
    }
  }
  for (const { devices, agent_attached } of DEMO_SITES) {
    const plugs = [agent_attached, ...devices.map(({ attached }) => attached)].flatMap((one) =>
      one?.port === undefined ? [] : [`${one.device}/${one.port}`],
    );
    assert.equal(new Set(plugs).size, plugs.length);
  }
});
