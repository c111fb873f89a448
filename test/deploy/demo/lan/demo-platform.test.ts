import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLinuxPlatform } from '../../../../agent/platform/linux.ts';
import { createDemoPlatform, DEMO_NIC } from '../../../../deploy/demo/lan/demo-platform.ts';
import { DEMO_SITES } from '../../../../deploy/demo/sites.ts';
import { createStory, QUIET } from '../../../../deploy/demo/story/script.ts';
import { once } from '../../../../deploy/demo/story/windows.ts';
import { REBOOT_MS } from '../../../../deploy/demo/switch/switch-model.ts';
import { until } from '../../../support/demo-process.ts';

const ANCHOR_MS = Date.UTC(2026, 9, 14, 3, 0);
const CUT_MS = 40_000;

test('the machine of an office loses cord and mains as the script says', async (t) => {
  const [dongPhu, tanLap] = DEMO_SITES;
  assert.ok(dongPhu !== undefined && tanLap !== undefined);
  const mains = [{ ...once(ANCHOR_MS, CUT_MS), site: 'dongphu-hq' }];
  const story = createStory(ANCHOR_MS, { ...QUIET, mains });
  let at_ms = ANCHOR_MS - 1;
  const linux = createLinuxPlatform();
  const machine = createDemoPlatform(linux, story, dongPhu, () => at_ms);
  const other = createDemoPlatform(linux, story, tanLap, () => at_ms);
  const ending = new AbortController();
  t.after(() => ending.abort());
  const carriers: (boolean | null)[] = [];
  machine.watchCarrier(DEMO_NIC, (carrier) => carriers.push(carrier), ending.signal);
  assert.equal(machine.defaultNic(), DEMO_NIC);
  assert.equal(machine.onAcLine(), true);
  assert.equal(machine.nics()[0]?.carrier, true);

  at_ms = ANCHOR_MS;
  assert.equal(machine.onAcLine(), false);
  const cut = machine.nics()[0];
  assert.equal(cut?.carrier, false);
  assert.equal(cut?.speed_mbps, null);
  await until('the cut is told', 5_000, () => carriers.length === 2 || undefined);

  at_ms = ANCHOR_MS + CUT_MS;
  assert.equal(machine.onAcLine(), true);
  assert.equal(machine.nics()[0]?.carrier, false, 'its switch still starts');
  at_ms += REBOOT_MS;
  assert.equal(machine.nics()[0]?.carrier, true);
  assert.equal(machine.nics()[0]?.carrier_changes, 3);
  await until('the return is told', 5_000, () => carriers.length === 3 || undefined);
  assert.deepEqual(carriers, [true, false, true]);

  assert.equal(other.onAcLine(), null, 'no UPS, nobody can tell');
  assert.equal(other.nics()[0]?.carrier, true);
  assert.equal(machine.bootId(), linux.bootId());
});
