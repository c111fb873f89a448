import assert from 'node:assert/strict';
import test from 'node:test';
import type { FaultRecord } from './faults.ts';
import { SECOND_DEVICES } from './inventory.ts';
import { assertEdges, differences, toldOutages, within } from './judge-truth.ts';
import { assertNothingLost, assertOneChain } from './ledger-truth.ts';
import { type Period, Session, type ToldSlot } from './session.ts';
import { DISK_PROGRAMS, labSkip } from './shell.ts';
import type { DeviceName } from './topology.ts';
import { lasts, until } from './wait.ts';

/** What the power of the access switch takes along. */
const BEHIND_ACC: readonly DeviceName[] = ['acc', 'srv', 'pc1'];
const MINUTE_MS = 60_000;
/** How long an agent may need from its start to its first probe. */
const START_MS_MAX = 8000;

test('faults of the agent’s disk', { skip: labSkip(DISK_PROGRAMS) }, async (t) => {
  const s = await Session.open(t, 'c', { disk: true });
  const steady_ms = await s.steady();
  const { faults, agent, collector, disk } = s;
  assert.ok(disk !== undefined);
  const first_pid = agent.process.pid;

  let outage: FaultRecord | undefined;
  const full = await faults.during(
    'disk-full',
    'agent',
    20_000,
    async () => {
      disk.fill(first_pid);
      // Something to write: the third loss of a switch seals a batch early.
      outage = await faults.powerOff('acc', 8000);
    },
    () => disk.free(first_pid),
  );
  await until('the spool is written again', 30_000, () => agent.log.includes('DISK_OK'));
  // Another early seal puts what was measured since, and the event disk_ok, on the disk.
  await faults.powerOff('acc', 5000);
  await until('it is delivered', 60_000, () => s.events().some(({ code }) => code === 'disk_ok'));
  const before_ro = s.events().length;
  const read_only = await faults.during(
    'disk-read-only',
    'agent',
    12_000,
    async () => {
      disk.failReadOnly();
      await lasts(500);
      await faults.powerOff('acc', 6000);
    },
    () => undefined,
  );
  const survived = agent.process.running;
  const end = survived ? await agent.stop('SIGKILL') : await agent.process.ended;
  await disk.repair();
  agent.reboot();
  agent.start();
  const back_ms = Date.now();
  await until('the agent is heard again', 60_000, () => s.events().length > before_ro);
  const to_ms = await s.recorded(back_ms + 5000);
  const seen: Period = { from_ms: Math.ceil(steady_ms / 1000) * 1000, to_ms };
  const period: Period = { from_ms: Math.floor(steady_ms / 60_000) * 60_000, to_ms };
  const told = new Map<DeviceName, ToldSlot[]>();
  for (const device of SECOND_DEVICES) {
    told.set(device, within(await s.told(device, period), seen));
  }
  const slots = (device: DeviceName): ToldSlot[] => told.get(device) ?? [];

  // What was measured and could not be written is gone with the process: unknown, never wrong.
  const lost_memory = [{ from_ms: read_only.from_ms - MINUTE_MS, to_ms: back_ms + START_MS_MAX }];

  await t.test('no slot says more than the wire saw', () => {
    for (const device of SECOND_DEVICES) {
      const wrong = differences(slots(device), s.truth(device, seen), lost_memory);
      assert.deepEqual(wrong, [], device);
    }
  });

  await t.test('disk full: measured on, kept in memory, written when there is space', () => {
    assert.equal(agent.process.running, true);
    const codes = s.events().map(({ code }) => code);
    assert.ok(codes.includes('disk_full') && codes.includes('disk_ok'), codes.join(' '));
    for (const device of SECOND_DEVICES) {
      const part = within(slots(device), full);
      assert.ok(part.length >= 15);
      if (BEHIND_ACC.includes(device)) continue;
      for (const slot of part) assert.equal(slot.class, 'reply', device);
    }
    assert.ok(outage !== undefined);
    assertEdges(toldOutages(slots('srv')).slice(0, 1), outage, 'srv');
  });

  await t.test('disk read-only: the agent measures on or ends by itself, nothing false', () => {
    t.diagnostic(`read-only: the agent ${survived ? 'ran on' : `ended with ${end.code}`}`);
    assert.ok(survived || end.code !== 0);
    for (const device of SECOND_DEVICES.filter((name) => !BEHIND_ACC.includes(name))) {
      assert.deepEqual(toldOutages(slots(device)), [], device);
    }
  });

  await t.test('nothing acknowledged is lost or doubled', async () => {
    assert.deepEqual(await agent.stop('SIGTERM'), { code: 0, signal: null });
    await disk.repair();
    assertNothingLost(agent.spool(), collector.keptBatches());
    assertOneChain(collector.headers());
    assert.deepEqual(
      collector.badLeaves().filter(({ kind }) => kind === 'conflict'),
      [],
    );
  });
});
