import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { SECOND_DEVICES } from './inventory.ts';
import { around, assertEdges, differences, EDGE_MS, toldOutages, within } from './judge-truth.ts';
import { assertNothingLost, assertOneChain } from './ledger-truth.ts';
import { type Period, Session, type ToldSlot } from './session.ts';
import { labSkip } from './shell.ts';
import type { DeviceName } from './topology.ts';
import { lasts, until } from './wait.ts';

/** What the power of the access switch takes along. */
const BEHIND_ACC: readonly DeviceName[] = ['acc', 'srv', 'pc1'];
const MINUTE_MS = 60_000;
/** How long an agent may need from its start to its first probe. */
const START_MS_MAX = 8000;

test('the mains fail, and the collector is restored from a copy', {
  skip: labSkip(),
}, async (t) => {
  const s = await Session.open(t, 'd');
  const steady_ms = await s.steady();
  const { faults, agent, collector } = s;

  // The copy, and then enough acknowledged batches that the copy does not have.
  assert.deepEqual(await collector.stop('SIGTERM'), { code: 0, signal: null });
  const copy = join(s.lan.dir, 'older-copy');
  collector.copyTo(copy);
  await collector.start();
  const copied = collector.keptBatches().length;
  const outage = await faults.powerOff('acc', 8000);
  await until('batches beyond the copy', 90_000, () => collector.keptBatches().length > copied + 1);

  const boot_before = agent.boot_id;
  const cut = await faults.sitePowerCut(
    15_000,
    () => agent.stop('SIGKILL'),
    async () => {
      agent.reboot();
      agent.start();
    },
  );
  await until('the agent is heard again', 60_000, () =>
    collector.headers().some((header) => header.boot === agent.boot_id),
  );
  const before = collector.keptBatches();

  assert.deepEqual(await collector.stop('SIGTERM'), { code: 0, signal: null });
  collector.restoreFrom(copy);
  await collector.start();
  await lasts(2000);
  const to_ms = await s.recorded(Date.now());
  const seen: Period = { from_ms: Math.ceil(steady_ms / 1000) * 1000, to_ms };
  const period: Period = { from_ms: Math.floor(steady_ms / 60_000) * 60_000, to_ms };
  const told = new Map<DeviceName, ToldSlot[]>();
  for (const device of SECOND_DEVICES) {
    told.set(device, within(await s.told(device, period), seen));
  }
  const slots = (device: DeviceName): ToldSlot[] => told.get(device) ?? [];

  // What was not sealed when the power went is gone: at most a minute, unknown for ever.
  const lost_memory = [around(cut, MINUTE_MS, START_MS_MAX)];

  await t.test('every slot is what the wire saw, also after the restore', () => {
    for (const device of SECOND_DEVICES) {
      const told_otherwise = differences(slots(device), s.truth(device, seen), lost_memory);
      assert.deepEqual(told_otherwise, [], device);
    }
  });

  await t.test('site power cut: agent_off, a new boot id, never down', () => {
    assert.notEqual(agent.boot_id, boot_before);
    for (const device of SECOND_DEVICES) {
      const part = within(slots(device), {
        from_ms: cut.from_ms + EDGE_MS,
        to_ms: cut.to_ms - EDGE_MS,
      });
      assert.ok(part.length >= 8);
      for (const slot of part) assert.deepEqual([slot.code, slot.class], [null, 'agent_off']);
      const outages = toldOutages(slots(device));
      if (BEHIND_ACC.includes(device)) assertEdges(outages, outage, device);
      else assert.deepEqual(outages, [], device);
    }
  });

  await t.test('restored collector: a new log names why, and the agent sends again', () => {
    const logs = collector.logs();
    assert.equal(logs.length, 2, JSON.stringify(logs));
    assert.match(logs[0]?.closed_reason ?? '', /^(agent_saw_newer|sentinel_newer): /);
    const after = new Map(
      collector.keptBatches().map(({ epoch, seq, hash }) => [`${epoch}/${seq}`, hash]),
    );
    assert.equal(after.size, collector.keptBatches().length, 'nothing is doubled');
    for (const { epoch, seq, hash } of before) {
      assert.equal(after.get(`${epoch}/${seq}`), hash, `batch ${epoch}/${seq} came back`);
    }
    assertOneChain(collector.headers());
    assert.deepEqual(collector.badLeaves(), []);
  });

  await t.test('the agent notices at its next proof that history was lost', async () => {
    assert.deepEqual(await agent.stop('SIGTERM'), { code: 0, signal: null });
    assert.match(agent.log, /HISTORY_LOST/);
    assertNothingLost(agent.spool(), collector.keptBatches());
  });
});
