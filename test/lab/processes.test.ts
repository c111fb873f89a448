import assert from 'node:assert/strict';
import test from 'node:test';
import { SECOND_DEVICES } from './inventory.ts';
import {
  around,
  assertEdges,
  differences,
  EDGE_MS,
  toldOutages,
  total_ms,
  within,
} from './judge-truth.ts';
import { assertNothingLost, assertOneChain } from './ledger-truth.ts';
import { type Period, Session, type ToldSlot } from './session.ts';
import { CLOCK_PROGRAMS, labSkip } from './shell.ts';
import type { DeviceName } from './topology.ts';
import { lasts } from './wait.ts';

const HOUR_S = 3600;
const HALF_HOUR_S = 1800;
/** What the power of the access switch takes along. */
const BEHIND_ACC: readonly DeviceName[] = ['acc', 'srv', 'pc1'];
const MINUTE_MS = 60_000;
/** How long an agent may need from its start to its first probe. */
const START_MS_MAX = 8000;

test('faults of clocks, processes and the WAN', { skip: labSkip(CLOCK_PROGRAMS) }, async (t) => {
  const s = await Session.open(t, 'b', { clock: true });
  const steady_ms = await s.steady();
  const { faults, agent, collector, clock } = s;
  const step = (offset_s: number, for_ms: number) =>
    faults.during(
      'clock-step',
      `${offset_s} s`,
      for_ms,
      () => clock?.set(offset_s),
      () => undefined,
    );

  const back = await step(-HOUR_S, 12_000);
  const on = await step(HALF_HOUR_S, 12_000);
  const true_again = await step(0, 5000);
  const wan = faults.unplug('wan', 60_000);
  await lasts(5000);
  const cut_off = await faults.powerOff('acc', 8000);
  await lasts(3000);
  const killed = await faults.during(
    'agent-kill-9',
    'agent',
    6000,
    () => agent.stop('SIGKILL').then(() => undefined),
    () => agent.start(),
  );
  await wan;
  const collector_killed = await faults.during(
    'collector-kill-9',
    'collector',
    5000,
    () => collector.stop('SIGKILL').then(() => undefined),
    () => collector.start(),
  );
  await lasts(2000);
  const to_ms = await s.recorded(Date.now());
  const seen: Period = { from_ms: Math.ceil(steady_ms / 1000) * 1000, to_ms };
  const period: Period = { from_ms: Math.floor(steady_ms / 60_000) * 60_000, to_ms };
  const told = new Map<DeviceName, ToldSlot[]>();
  for (const device of SECOND_DEVICES) {
    told.set(device, within(await s.told(device, period), seen));
  }
  const slots = (device: DeviceName): ToldSlot[] => told.get(device) ?? [];

  // What was not sealed when the process was killed is gone: at most a minute, unknown for ever.
  const lost_memory = [around(killed, MINUTE_MS, START_MS_MAX)];

  await t.test('every slot is what the wire saw, clock steps or not', () => {
    for (const device of SECOND_DEVICES) {
      const told_otherwise = differences(slots(device), s.truth(device, seen), lost_memory);
      assert.deepEqual(told_otherwise, [], device);
    }
  });

  await t.test('clock steps: signed events, and at most two unasked slots each', () => {
    const steps = s.events().filter(({ code }) => code === 'clock_step');
    const values = steps.map(({ value }) => Math.round((value ?? 0) / 1000));
    assert.deepEqual(values, [-HOUR_S, HOUR_S + HALF_HOUR_S, -HALF_HOUR_S]);
    for (const fault of [back, on, true_again]) {
      const part = within(slots('gw'), { from_ms: fault.from_ms - 1000, to_ms: fault.to_ms });
      const unasked = part.filter((slot) => slot.class !== 'reply').length;
      t.diagnostic(`clock ${fault.target}: ${unasked} slots not asked`);
      assert.ok(unasked <= 3, `${fault.target}: ${unasked}`);
    }
  });

  await t.test('an outage during the WAN cut is found afterwards', () => {
    for (const device of SECOND_DEVICES) {
      const outages = toldOutages(slots(device));
      if (BEHIND_ACC.includes(device)) assertEdges(outages, cut_off, device);
      else assert.deepEqual(outages, [], device);
    }
  });

  await t.test('agent kill -9: agent_off or not_received, never down', () => {
    for (const device of SECOND_DEVICES) {
      const part = within(slots(device), {
        from_ms: killed.from_ms + EDGE_MS,
        to_ms: killed.to_ms,
      });
      assert.ok(part.length >= 3);
      for (const slot of part) assert.deepEqual([slot.code, slot.class], [null, 'agent_off']);
    }
  });

  await t.test('collector kill -9: it restarts, nothing is missing', () => {
    const part = within(slots('gw'), collector_killed);
    assert.ok(part.length >= 4);
    for (const slot of part) assert.equal(slot.class, 'reply');
    assert.equal(collector.logs().length, 1, 'the log goes on');
  });

  await t.test('figures: nothing but the one outage is down', async () => {
    const rows = await s.availability(period);
    for (const device of SECOND_DEVICES) {
      const row = rows.get(device);
      const told_ms = total_ms(toldOutages(slots(device)));
      assert.ok(row !== undefined, device);
      assert.equal(row.down_ms + row.unreachable_ms + row.off_ms, told_ms, device);
    }
  });

  await t.test('nothing acknowledged is lost or doubled', async () => {
    const exit = await agent.stop('SIGTERM');
    assert.deepEqual(exit, { code: 0, signal: null });
    assertNothingLost(agent.spool(), collector.keptBatches());
    assertOneChain(collector.headers());
    assert.deepEqual(collector.badLeaves(), []);
    assert.deepEqual(await collector.stop('SIGTERM'), { code: 0, signal: null });
  });
});
