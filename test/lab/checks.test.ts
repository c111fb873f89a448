import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { AGENT, INTERVAL_MS, LAB_DEVICES, SITE, TIMEOUT_MS } from './inventory.ts';
import { assertEdges, toldOutages, UNKNOWN } from './judge-truth.ts';
import { type ReadTick, readBatches, readChecks, readTicks } from './kept.ts';
import type { Lan } from './lan.ts';
import { conversations } from './segments.ts';
import { type Period, Session } from './session.ts';
import { labEnv, labSkip } from './shell.ts';
import { addressOf, type DeviceName } from './topology.ts';
import { isLarge } from './truth.ts';
import { lasts, until } from './wait.ts';

const CHECK_S = 5;
const LARGE_MS = 10_000;
/** 1,400 bytes behind the headers of IP and ICMP. */
const LARGE_IP_BYTES = 1_428;
/** A tick may leave its process so much late on a busy machine. */
const JITTER_MS = 300;
/** Ticks lie this far behind a full second; the lab answers within a few ms. */
const PHASE_MS = 250;
const DAMAGE_MS = 25_000;
const UNPLUG_MS = 8_000;
/** Ports are drawn by chance out of some 28,000: in one run of hundreds one comes twice. */
const PORTS_AGAIN_MAX = 1;
/** A check begins anew where the list changes; a busy machine may miss a tick. */
const UNASKED_MAX = 2;
const LIST_MS_MAX = 80_000;
/** Behind the new list: two ticks of the large echo. */
const AFTER_LIST_MS = 14_000;
const PORTS = { ssh: 22, closed: 23, new: 24, smb: 445, http: 80, dns: 53 } as const;
const BROKEN = 503;

const CHECK = `interval_s: ${CHECK_S}`;
/** Besides icmp: what is asked of whom; the second list has one more port. */
const MORE = (second: boolean): Readonly<Partial<Record<DeviceName, string>>> => ({
  gw: `, dns: [{ name: cong.example.vn, ${CHECK} }]`,
  srv:
    `, tcp: [{ port: ${PORTS.ssh}, ${CHECK} }, { port: ${PORTS.closed}, ${CHECK} }` +
    `${second ? `, { port: ${PORTS.new}, ${CHECK} }` : ''}]` +
    `, http: [{ url: "http://${addressOf('srv')}/ok", ${CHECK} }, ` +
    `{ url: "http://${addressOf('srv')}/broken", ${CHECK} }]`,
  pc2: `, tcp: [{ port: ${PORTS.smb}, interval_s: 1, timeout_ms: ${TIMEOUT_MS} }]`,
});

function inventory(second: boolean): string {
  const devices = LAB_DEVICES.map(({ code, kind, at }) => {
    const by_tcp = at === 'pc2';
    const icmp = `icmp: { interval_s: ${by_tcp ? 2 : 1}, timeout_ms: ${TIMEOUT_MS} }`;
    return (
      `  - { code: ${code}, kind: ${by_tcp ? 'server' : kind}, address: ${addressOf(at)}, ` +
      `reachability: ${by_tcp ? 'tcp' : 'icmp'}, probes: { ${icmp}${MORE(second)[at] ?? ''} } }`
    );
  });
  return [
    'unit: { code: xa-lab, name: "UBND xã Lab" }',
    `site: { code: ${SITE}, name: "Trụ sở UBND xã Lab" }`,
    `agents: [{ code: ${AGENT}, address: ${addressOf('agent')} }]`,
    'devices:',
    ...devices,
    '',
  ].join('\n');
}

const indexOf = (device: DeviceName): number => LAB_DEVICES.findIndex(({ at }) => at === device);

/** Programs that people use, on the devices that have them. */
async function serve(lan: Lan, device: DeviceName, services: readonly string[]): Promise<void> {
  const child = join(import.meta.dirname, 'service-child.ts');
  const args = ['netns', 'exec', lan.ns(device), process.execPath, child, addressOf(device)];
  const started = spawn('ip', [...args, ...services], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: labEnv(),
  });
  lan.processes.adopt(started, join(lan.dir, `${device}-services.log`));
  let ready = false;
  started.stdout.on('data', () => {
    ready = true;
  });
  await until(`${device} serves`, 10_000, () => ready);
}

/** Waits until the agent's engines have asked everybody at least once. */
async function begun(s: Session): Promise<void> {
  await until('every probe has begun', 60_000, () => {
    const segments = s.capture.segments();
    const asked = (port: number): boolean => segments.some(({ to_port }) => to_port === port);
    const large = LAB_DEVICES.every(({ at }) => s.capture.largeEchoes(addressOf(at)).length > 0);
    return large && Object.values(PORTS).every((port) => port === PORTS.new || asked(port));
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${s.tail()}`);
  });
}

test('checks and large echoes, held against the wire', { skip: labSkip() }, async (t) => {
  const s = await Session.open(t, 'k', {
    inventory: inventory(false),
    capture: 'tcp or udp',
    prepare: async (lan) => {
      await serve(lan, 'srv', [`tcp:${PORTS.ssh}`, `http:${PORTS.http}`]);
      await serve(lan, 'gw', [`dns:${PORTS.dns}`]);
      await serve(lan, 'pc2', [`tcp:${PORTS.smb}`]);
    },
  });
  await begun(s);
  const began_ms = Date.now();
  s.collector.importInventory(inventory(true));
  const [damage, unplug] = await Promise.all([
    s.faults.during(
      'long-frames-lost',
      'cam',
      DAMAGE_MS,
      () => s.lan.setLongLoss('cam', true),
      () => s.lan.setLongLoss('cam', false),
    ),
    lasts(3000).then(() => s.faults.unplug('pc2', UNPLUG_MS)),
  ]);
  const listed_ms = await until('the new list is in force', LIST_MS_MAX, () =>
    s.capture.segments().find(({ to_port }) => to_port === PORTS.new),
  ).then(({ at_ms }) => at_ms);
  await lasts(AFTER_LIST_MS);
  const recorded_ms = await s.recorded(damage.to_ms);
  await until('nobody is being asked', 5000, () => {
    const into_ms = Date.now() % INTERVAL_MS;
    return into_ms >= PHASE_MS + 200 && into_ms < PHASE_MS + 450;
  });
  await s.agent.stop('SIGTERM');
  const batches = readBatches(s.agent.bodies());
  const ticks = readTicks(batches);
  const end_ms = ticks.at(-1)?.at_ms ?? 0;
  const frames = s.capture.frames();
  const segments = s.capture.segments();
  const from_ms = Math.floor(began_ms / 60_000) * 60_000;
  const period: Period = { from_ms, to_ms: recorded_ms };
  const of = (device: DeviceName, probe: ReadTick['probe'], check = 0): ReadTick[] =>
    ticks.filter(
      (tick) => tick.target === indexOf(device) && tick.probe === probe && tick.check === check,
    );

  await t.test('large echoes: 1,428 bytes, whole, every 10 s, answered, by a pinger apart', () => {
    for (const { at } of LAB_DEVICES.filter((device) => device.at !== 'pc2')) {
      const large = s.capture.largeEchoes(addressOf(at));
      assert.ok(large.length >= 4, `${at}: ${large.length}`);
      for (const [k, { at_ms, id, rtt_ms }] of large.entries()) {
        const damaged = at === 'cam' && within(at_ms, damage, 0);
        assert.ok(damaged || rtt_ms !== null, `${at} ${new Date(at_ms).toISOString()}`);
        const before = large[k - 1];
        if (before === undefined || before.id !== id) continue;
        const off_ms = Math.abs(at_ms - before.at_ms - LARGE_MS);
        assert.ok(off_ms < JITTER_MS, `${at}: ${at_ms - before.at_ms} ms apart`);
      }
    }
    const echoes = frames.flatMap((frame) => (frame.kind === 'echo' ? [frame] : []));
    assert.ok(echoes.every(({ fragment }) => !fragment));
    const long = echoes.filter(isLarge);
    assert.ok(long.every(({ ip_bytes }) => ip_bytes === LARGE_IP_BYTES));
    const ids = (some: readonly { readonly id: number }[]) => new Set(some.map(({ id }) => id));
    const small_ids = ids(echoes.filter((frame) => !isLarge(frame)));
    const shared = [...ids(long)].filter((id) => small_ids.has(id));
    assert.deepEqual(shared, [], 'no pinger can take the answer of another');
    t.diagnostic(`ids of large echoes: ${[...ids(long)]}; of small ones: ${[...small_ids]}`);
  });

  await t.test('no slot lacks its echo, also where the list changed', () => {
    const lists = new Set(ticks.map(({ list }) => list));
    assert.equal(lists.size, 2);
    const applied = batches
      .flatMap(({ header }) => header.events)
      .filter(({ code }) => code === 'list_applied');
    assert.equal(applied.length, 2);
    assert.ok(applied.every(({ utc_ms = 1 }) => utc_ms % 60_000 === 0));
    const small = of('gw', 'icmp').map(({ at_ms }) => Math.floor(at_ms / INTERVAL_MS));
    assert.deepEqual(
      small.filter((slot, k) => k > 0 && slot !== (small[k - 1] ?? 0) + 1),
      [],
    );
    for (const { at } of LAB_DEVICES) {
      const slots = s.capture
        .largeEchoes(addressOf(at))
        .map(({ at_ms }) => Math.floor(at_ms / LARGE_MS));
      const [first = 0] = slots;
      const last = slots.at(-1) ?? 0;
      assert.ok(last * LARGE_MS > listed_ms, at);
      assert.equal(new Set(slots).size, last - first + 1, `${at}: ${slots.map((k) => k - first)}`);
    }
  });

  await t.test('a path that loses long frames: large n, small r, up', async () => {
    const during = (tick: ReadTick): boolean => within(tick.at_ms, damage, 1000);
    const large = of('cam', 'echo_large').filter(during);
    assert.ok(large.length >= 2 && large.every(({ code }) => code === 'n'));
    const small = of('cam', 'icmp').filter(during);
    assert.ok(small.length >= 20 && small.every(({ code }) => code === 'r'));
    for (const tick of of('cam', 'echo_large').filter((one) => !within(one.at_ms, damage, -1500))) {
      assert.equal(tick.code, 'r', new Date(tick.at_ms).toISOString());
    }
    const row = (await s.availability(period)).get('cam');
    assert.deepEqual([row?.down_ms, row?.off_ms, row?.outages], [0, 0, 0]);
    const told = (await s.told('cam', period)).filter((slot) => within(slot.from_ms, damage, 1000));
    assert.ok(told.length >= 20 && told.every(({ class: said }) => said === 'reply'));
  });

  await t.test('tcp: SYN, SYN-ACK, ACK, RST and nothing after; refused is alive, too', () => {
    const accepted = conversations(segments, addressOf('srv'), PORTS.ssh);
    const refused = conversations(segments, addressOf('srv'), PORTS.closed);
    for (const one of accepted) assert.deepEqual(one, ['>S', '<SA', '>A', '>AR']);
    for (const one of refused) assert.deepEqual(one, ['>S', '<AR']);
    const cases = [
      [0, 'accepted', accepted],
      [1, 'refused', refused],
    ] as const;
    for (const [check, outcome, wire] of cases) {
      const series = of('srv', 'tcp', check);
      assert.ok(series.length >= 8 && series.every(({ code }) => code === 'r'), outcome);
      assert.equal(wire.length, series.length, `${outcome}: one connection a tick`);
      const details = readChecks(batches, { target: indexOf('srv'), probe: 'tcp', check });
      assert.equal(details.length, series.length);
      assert.ok(details.every((one) => one.outcome === outcome && one.phases_us[0] !== null));
    }
    t.diagnostic(`tcp: ${accepted.length} accepted, ${refused.length} refused`);
  });

  await t.test('dns: one datagram a tick, each from another port', () => {
    const asked = segments.filter(({ to_port, protocol }) => protocol === 'udp' && to_port === 53);
    const series = of('gw', 'dns');
    assert.ok(series.length >= 8 && series.every(({ code }) => code === 'r'));
    assert.equal(asked.length, series.length);
    const ports = new Set(asked.map(({ from_port }) => from_port));
    assert.ok(ports.size >= asked.length - PORTS_AGAIN_MAX, `${[...ports]}`);
    const details = readChecks(batches, { target: indexOf('gw'), probe: 'dns', check: 0 });
    assert.equal(details.length, series.length);
    for (const { outcome, status, phases_us } of details) {
      assert.deepEqual([outcome, status], ['answered', 0]);
      assert.ok((phases_us[0] ?? 0) > 0);
    }
  });

  await t.test('http: ok and server_error with their phases', () => {
    const cases = [
      [0, 'r', 'ok', 200],
      [1, 'n', 'server_error', BROKEN],
    ] as const;
    for (const [check, code, outcome, status] of cases) {
      const series = of('srv', 'http', check);
      assert.ok(series.length >= 8 && series.every((tick) => tick.code === code), outcome);
      const details = readChecks(batches, { target: indexOf('srv'), probe: 'http', check });
      assert.equal(details.length, series.length);
      for (const one of details) {
        assert.deepEqual([one.outcome, one.status], [outcome, status]);
        const [resolve, connect, tls, first_byte, whole] = one.phases_us;
        assert.deepEqual([resolve, tls], [null, null]);
        assert.ok((connect ?? 0) > 0 && (first_byte ?? 0) > 0);
        assert.ok((whole ?? 0) >= (connect ?? 0) + (first_byte ?? 0));
      }
    }
  });

  await t.test('a device that drops echoes: up by tcp, down while it is unplugged', async () => {
    const echoes = of('pc2', 'icmp');
    assert.ok(echoes.length > 10);
    // The last one was in flight when the agent ended: nothing can be said of it.
    const settled = echoes.filter(({ at_ms }) => at_ms < end_ms - 2 * INTERVAL_MS);
    assert.deepEqual([...new Set(settled.map(({ code }) => code))], ['n']);
    const told = (await s.told('pc2', period)).filter((slot) => slot.from_ms > began_ms);
    assertEdges(toldOutages(told), unplug, 'pc2');
    const row = (await s.availability(period)).get('pc2');
    assert.ok((row?.down_ms ?? 0) >= UNPLUG_MS - 2 * INTERVAL_MS);
    const calm = told.filter((slot) => !within(slot.from_ms, unplug, -2 * INTERVAL_MS));
    assert.ok(calm.length >= 20, `${calm.length}`);
    const opened = segments.filter(({ to, to_port, flags }) => {
      return to === addressOf('pc2') && to_port === PORTS.smb && flags === 'S';
    });
    const silent = calm.filter(({ class: said }) => said !== 'reply');
    for (const { from_ms, class: said } of silent) {
      const asked = opened.some(
        ({ at_ms }) => at_ms >= from_ms && at_ms < from_ms + INTERVAL_MS - JITTER_MS,
      );
      assert.ok(UNKNOWN.has(said) && !asked, `${new Date(from_ms).toISOString()} ${said} ${asked}`);
    }
    assert.ok(silent.length <= UNASKED_MAX, `${silent.length} slots nobody asked in`);
    t.diagnostic(`pc2: ${silent.length} of ${calm.length} slots nobody asked in`);
  });
  t.diagnostic(`measured ${Math.round((end_ms - began_ms) / 1000)} s`);
});

/** Whether it lies in the fault, `margin_ms` away from its edges; below 0: or that near to it. */
const within = (at_ms: number, fault: Period, margin_ms: number): boolean =>
  at_ms >= fault.from_ms + margin_ms && at_ms < fault.to_ms - margin_ms;
