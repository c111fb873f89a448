import assert from 'node:assert/strict';
import test from 'node:test';
import type { FaultRecord } from './faults.ts';
import { SECOND_DEVICES } from './inventory.ts';
import {
  around,
  assertEdges,
  differences,
  EDGE_MS,
  isLost,
  runsOf,
  toldOutages,
  total_ms,
  wireOutages,
  within,
} from './judge-truth.ts';
import { type Period, Session, type ToldSlot, wholeMinute } from './session.ts';
import { labSkip } from './shell.ts';
import type { DeviceName } from './topology.ts';
import { lasts } from './wait.ts';

/** What people switch off themselves is `off` when silent; the others are `down`. */
const SWITCHED_OFF: readonly DeviceName[] = ['prn', 'pc1'];

test('faults of cords, switches and the wire', { skip: labSkip() }, async (t) => {
  const s = await Session.open(t, 'a');
  const steady_ms = await s.steady();
  const { faults } = s;

  const [unplug, acc] = await Promise.all([
    faults.unplug('cam', 8000),
    lasts(2000).then(() => faults.powerOff('acc', 8000)),
  ]);
  await lasts(3000);
  const [flap, loss] = await Promise.all([
    faults.flap('cam', 4, 3000),
    faults.loss('srv', 25, 36_000),
  ]);
  await lasts(3000);
  const own = await faults.unplug('agent', 8000);
  await lasts(4000);
  const silent = await faults.silence(9000);
  await lasts(3000);
  const period: Period = {
    from_ms: wholeMinute(steady_ms) - 60_000,
    to_ms: await s.recorded(Date.now()),
  };
  const deaf = [around(own), around(silent)];
  const seen: Period = { from_ms: Math.ceil(steady_ms / 1000) * 1000, to_ms: period.to_ms };
  const told = new Map<DeviceName, ToldSlot[]>();
  for (const device of SECOND_DEVICES) told.set(device, await s.told(device, period));
  const slots = (device: DeviceName): ToldSlot[] => within(told.get(device) ?? [], seen);
  const during = (device: DeviceName, fault: FaultRecord, margin_ms = EDGE_MS): ToldSlot[] =>
    within(slots(device), { from_ms: fault.from_ms + margin_ms, to_ms: fault.to_ms - margin_ms });

  await t.test('every slot is what the wire saw', () => {
    for (const device of SECOND_DEVICES) {
      const told_otherwise = differences(slots(device), s.truth(device, seen), deaf);
      assert.deepEqual(told_otherwise, [], device);
    }
  });

  await t.test('unplug: no_reply between the edges, down', () => {
    assertEdges(toldOutages(slots('cam')).slice(0, 1), unplug, 'cam');
    for (const slot of during('cam', unplug)) {
      assert.deepEqual([slot.code, slot.class], ['n', 'no_reply']);
    }
  });

  await t.test('a switch without power: it and all behind it, the rest goes on', () => {
    for (const device of ['acc', 'srv', 'pc1'] as const) {
      assertEdges(toldOutages(slots(device)).slice(0, 1), acc, device);
    }
    for (const device of ['gw', 'core', 'prn'] as const) {
      for (const slot of during(device, acc)) assert.equal(slot.class, 'reply', device);
    }
  });

  await t.test('flapping: each outage as long as the wire lost it', () => {
    const part: Period = { from_ms: flap.from_ms - 2000, to_ms: flap.to_ms + 2000 };
    const wire = wireOutages(s.truth('cam', seen)).filter(
      ({ from_ms }) => from_ms >= part.from_ms && from_ms < part.to_ms,
    );
    const mine = toldOutages(slots('cam')).filter(
      ({ from_ms }) => from_ms >= part.from_ms && from_ms < part.to_ms,
    );
    assert.ok(wire.length >= 2, 'the wire saw several outages');
    assert.deepEqual(mine, wire);
  });

  await t.test('25 % each way: the loss of the packets, and nothing else', () => {
    const part: Period = {
      from_ms: Math.ceil(loss.from_ms / 1000) * 1000,
      to_ms: Math.floor(loss.to_ms / 1000) * 1000,
    };
    const wire = s.truth('srv', part);
    const lost = wire.filter(isLost).length;
    const mine = within(slots('srv'), part).filter((slot) => slot.class === 'no_reply').length;
    assert.equal(mine, lost);
    assert.ok(lost > 0 && lost < wire.length, `${lost} of ${wire.length}`);
    t.diagnostic(`loss at srv: ${lost} of ${wire.length} slots`);
  });

  await t.test('own cord out: agent_link_down, never down', () => {
    for (const device of SECOND_DEVICES) {
      const part = during(device, own);
      assert.ok(part.length >= 3);
      for (const slot of part) {
        assert.deepEqual([slot.code, slot.class], ['l', 'agent_link_down'], device);
      }
    }
    const codes = s.events().map(({ code }) => code);
    assert.ok(codes.includes('link_down') && codes.includes('link_up'), codes.join(' '));
  });

  await t.test('all silent with carrier: vantage_isolated, never down', () => {
    for (const device of SECOND_DEVICES) {
      const part = during(device, silent);
      assert.ok(part.length >= 3);
      for (const slot of part) {
        assert.deepEqual([slot.code, slot.class], ['n', 'vantage_isolated'], device);
      }
    }
  });

  await t.test('figures: outages, down or off, unknown, and the sum', async () => {
    const rows = await s.availability(period);
    for (const device of SECOND_DEVICES) {
      const row = rows.get(device);
      assert.ok(row !== undefined, device);
      const outages = toldOutages(slots(device));
      const is_off = SWITCHED_OFF.includes(device);
      // Behind a fallen switch silence is unreachable, whatever it would be by itself.
      const own_ms = is_off ? row.off_ms : row.down_ms;
      assert.equal(own_ms + row.unreachable_ms, total_ms(outages), device);
      assert.equal(is_off ? row.down_ms : row.off_ms, 0, device);
      assert.equal(
        row.outages,
        0,
        `${device}: shorter than a minute is time, not a counted outage`,
      );
      assert.deepEqual(outages, heardOutages(s, device, seen), `${device} as on the wire`);
      const known_ms = row.up_ms + row.degraded_ms + row.down_ms + row.unreachable_ms + row.off_ms;
      assert.equal(known_ms + row.unknown_ms, period.to_ms - period.from_ms, device);
      for (const reason of ['agent_link_down', 'vantage_isolated']) {
        assert.ok((row.unknown_by[reason] ?? 0) >= 4000, `${device} ${reason}`);
      }
    }
  });

  await t.test('the PC that drops echoes is up by ARP', async () => {
    const calm = within(await s.told('pc2', period), { ...seen, to_ms: unplug.from_ms });
    const wire = runsOf(calm, 5000, (slot) => slot.class === 'arp_only' && slot.code === 'a', 1);
    assert.equal(total_ms(wire), calm.length * 5000, JSON.stringify(calm));
  });

  await t.test('everything is up again', async () => {
    for (const [device, state] of await s.states()) {
      // What lost packets within the last minutes is up, counted apart.
      if (state !== 'degraded') assert.equal(state, 'up', device);
    }
  });

  /** Outages on the wire without the time in which the agent itself heard nobody. */
  function heardOutages(session: Session, device: DeviceName, all: Period): Period[] {
    return wireOutages(session.truth(device, all)).filter(
      (run) => !deaf.some((span) => run.from_ms < span.to_ms && run.to_ms > span.from_ms),
    );
  }
});
