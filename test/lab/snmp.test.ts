import assert from 'node:assert/strict';
import test from 'node:test';
import type { SnmpReading } from '../../shared/measure/snmp-columns.ts';
import { AGENT, LAB_DEVICES, SITE, TIMEOUT_MS } from './inventory.ts';
import { differences, EDGE_MS } from './judge-truth.ts';
import { offsetOf, readBatches, readReadings, readTicks } from './kept.ts';
import { type Period, Session } from './session.ts';
import { labSkip } from './shell.ts';
import { acrossRestarts, column, compare, toldSlots } from './snmp-truth.ts';
import { type SwitchSide, startSwitch } from './switch-side.ts';
import { addressOf, type DeviceName } from './topology.ts';
import { until } from './wait.ts';

const POLL_S = 10;
/** Until the next poll of a switch is over, whatever its phase. */
const NEXT_POLL_MS_MAX = 25_000;
const HANG_MS = 25_000;
/** Two polls at least. */
const DROPS_MS = 21_000;
const OFF_MS = 2_000;
const WRAP = 2n ** 32n;
const HALF = 2n;
/** Port of both switches by which they lead on; it is polled for octets each time. */
const UPLINK = 4;
const BAD_PORT = 2;
const HALF_PORT = 3;
const DAMAGED = { do: 'errors', port: BAD_PORT, errors: 700, fcs: 300 };
const REJECT = 'chain in { type filter hook input priority 0; udp dport 161 drop; }';

const SNMP = `snmp: { version: 2c, secret: ro-community, interval_s: ${POLL_S} }`;
const PORT = `port: "gi1/0/${UPLINK}"`;
/** Two managed switches; each leads on to another device by its fourth port. */
const MORE: Readonly<Partial<Record<DeviceName, { kind?: string; attached?: string }>>> = {
  acc: { attached: `{ device: core, ${PORT} }` },
  srv: { kind: 'access-point', attached: `{ device: acc, ${PORT} }` },
};

function inventory(): string {
  const devices = LAB_DEVICES.map(({ code, kind, at, interval_s }) => {
    const more = MORE[at];
    const attached = more?.attached === undefined ? '' : `, attached: ${more.attached}`;
    const snmp = kind === 'switch' ? `, ${SNMP}` : '';
    const icmp = `icmp: { interval_s: ${interval_s}, timeout_ms: ${TIMEOUT_MS} }`;
    return (
      `  - { code: ${code}, kind: ${more?.kind ?? kind}, address: ${addressOf(at)}, ` +
      `reachability: icmp${attached}, probes: { ${icmp}${snmp} } }`
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

/** Waits for `polls` more polls of the switch and until the last of them is over. */
async function polled(side: SwitchSide, polls: number): Promise<void> {
  for (let k = 0; k < polls; k += 1) {
    const before = side.served.length;
    await until('the switch is polled', NEXT_POLL_MS_MAX, () => side.served.length > before);
    await until('the poll is over', NEXT_POLL_MS_MAX, () => {
      const last_ms = side.served.at(-1)?.at_ms ?? 0;
      return Date.now() - last_ms > 1000;
    });
  }
}

/** SNMP goes silent twice while the switch itself works on. */
async function silences(s: Session, acc: SwitchSide) {
  const hang = await s.faults.during(
    'snmp-hangs',
    'acc',
    HANG_MS,
    () => acc.hang(true),
    () => acc.hang(false),
  );
  // What waited in its socket is answered first, all at once and to nobody.
  await polled(acc, 2);
  const drops = await s.faults.during(
    'snmp-dropped',
    'acc',
    DROPS_MS,
    () => void s.lan.exec('acc', 'nft', ['-f', '-'], `table ip deaf {\n${REJECT}\n}\n`),
    () => void s.lan.exec('acc', 'nft', ['delete', 'table', 'ip', 'deaf']),
  );
  await polled(acc, 2);
  return [hang, drops];
}

/** A cable goes bad, a duplex mismatch shows, octets wrap, then the switch starts again. */
async function lives(core: SwitchSide): Promise<{ damaged_ms: number; reboot_ms: number }> {
  const damaged_ms = await core.order(DAMAGED);
  await core.order({ do: 'half', port: HALF_PORT });
  await polled(core, 2);
  const reboot_ms = await core.order({ do: 'reboot', off_ms: OFF_MS });
  await polled(core, 3);
  return { damaged_ms, reboot_ms };
}

test('SNMP of switches that hang, lose, wrap and start again', { skip: labSkip() }, async (t) => {
  const switches: SwitchSide[] = [];
  const s = await Session.open(t, 's', {
    inventory: inventory(),
    prepare: async (lan) => {
      await lan.stopSnmpd();
      switches.push(await startSwitch(lan, 'core', '32'), await startSwitch(lan, 'acc', '64'));
    },
  });
  const [core, acc] = switches;
  assert.ok(core !== undefined && acc !== undefined);
  await Promise.all([polled(core, 1), polled(acc, 1)]).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${s.tail()}`);
  });
  const [silent, life] = await Promise.all([silences(s, acc), lives(core)]);
  const to_ms = Date.now();
  await s.agent.stop('SIGTERM');
  const batches = readBatches(s.agent.bodies());
  const offset_ms = offsetOf(batches);
  assert.equal(batches[0]?.header.seq, 1);
  const of = {
    core: readReadings(batches, indexOf('core')),
    acc: readReadings(batches, indexOf('acc')),
  };
  const at = (reading: SnmpReading): number => reading.requested_mono_ms + offset_ms;

  await t.test('every value is one that the switch held when it was asked', () => {
    const compared = compare(of.core, core.served) + compare(of.acc, acc.served);
    t.diagnostic(`${compared} values of ${of.core.length + of.acc.length} entries compared`);
    assert.ok(compared > 150, `${compared}`);
  });

  await t.test('a hang and lost requests: the polls say timeout, the next one is whole', () => {
    for (const [k, fault] of silent.entries()) {
      const within = of.acc.filter(
        (r) => at(r) >= fault.from_ms && at(r) + POLL_S * 500 < fault.to_ms,
      );
      assert.ok(within.length >= 1, fault.name);
      for (const reading of within) {
        assert.deepEqual([reading.outcome, reading.ports], ['timeout', undefined], fault.name);
      }
      // A poll that was under way when the fault ended may have its first entry within it.
      const calm_to_ms = silent[k + 1]?.from_ms ?? to_ms;
      const next = of.acc.filter((r) => at(r) > fault.to_ms && at(r) < calm_to_ms);
      assert.deepEqual([...new Set(next.map(({ outcome }) => outcome))], ['ok'], fault.name);
      assert.ok(
        next.some(({ ports }) => ports?.size === 4),
        fault.name,
      );
    }
    assert.equal(acrossRestarts(batches, indexOf('acc')).restarts, 0);
    const lost = of.acc.filter(({ outcome }) => outcome !== 'ok');
    for (const reading of lost) {
      const excused = silent.some((f) => at(reading) > f.from_ms - 5000 && at(reading) < f.to_ms);
      assert.ok(excused, `${new Date(at(reading)).toISOString()} ${reading.outcome}`);
    }
    t.diagnostic(`acc: ${of.acc.length} entries, ${lost.length} of them lost`);
    const other = of.core.filter(
      (r) => r.outcome !== 'ok' && Math.abs(at(r) - life.reboot_ms) > 5000,
    );
    assert.deepEqual(other, [], 'the other switch is polled on');
  });

  await t.test('each ICMP slot is what the wire saw, and each switch answers', () => {
    const ticks = readTicks(batches).filter(({ probe }) => probe === 'icmp');
    for (const device of ['gw', 'core', 'acc', 'srv', 'cam', 'prn', 'pc1'] as const) {
      const own = ticks.filter(({ target }) => target === indexOf(device));
      const from_ms = Math.ceil((own[0]?.at_ms ?? 0) / 1000 + 1) * 1000;
      const period: Period = { from_ms, to_ms: Math.floor((to_ms - EDGE_MS) / 1000) * 1000 };
      const told = toldSlots(own, period);
      assert.deepEqual(differences(told, s.truth(device, period)), [], device);
      assert.ok(told.length >= 40 && told.every(({ code }) => code === 'r'), device);
    }
  });

  await t.test('damaged frames and half duplex arrive exactly', () => {
    const before = column(
      of.core.filter((r) => at(r) < life.damaged_ms),
      BAD_PORT,
    );
    const after = column(
      of.core.filter((r) => at(r) > life.damaged_ms && at(r) < life.reboot_ms - 2000),
      BAD_PORT,
    );
    const grown = (name: string): bigint =>
      (after(name).at(-1) ?? -1n) - (before(name).at(-1) ?? 0n);
    assert.equal(grown('ifInErrors'), 700n);
    assert.equal(grown('dot3StatsAlignmentErrors'), 70n);
    assert.equal(grown('dot3StatsFCSErrors'), 930n);
    const half = column(
      of.core.filter((r) => at(r) > life.damaged_ms),
      HALF_PORT,
    );
    assert.ok((half('dot3StatsLateCollisions')[0] ?? 0n) > 0n);
    assert.ok(half('dot3StatsDuplexStatus').every((value) => value === HALF));
    t.diagnostic(`late collisions: ${half('dot3StatsLateCollisions')}`);
  });

  await t.test('32-bit octets wrap and are told as they are; 64-bit ones do not fall', () => {
    const narrow = column(
      of.core.filter((r) => at(r) < life.reboot_ms),
      UPLINK,
    )('ifInOctets');
    const falls = narrow.filter((value, k) => value < (narrow[k - 1] ?? 0n));
    assert.equal(falls.length, 1, narrow.join(' '));
    assert.ok(narrow.every((value) => value >= 0n && value < WRAP));
    const wide = column(of.acc, UPLINK)('ifHCInOctets');
    assert.ok(
      wide.every((value, k) => k === 0 || value > (wide[k - 1] ?? 0n)),
      wide.join(' '),
    );
    assert.ok((wide.at(-1) ?? 0n) % WRAP < (wide[0] ?? 0n) % WRAP, 'it passed 2^32, too');
    t.diagnostic(`32 bits: ${narrow.join(' ')}; 64 bits: ${wide.join(' ')}`);
  });

  await t.test('a restart: key polls, names again, no difference across it', () => {
    assert.equal(core.served.at(-1)?.engine_boots, 2);
    const { restarts, tables } = acrossRestarts(batches, indexOf('core'));
    assert.deepEqual([restarts, tables >= 2], [1, true]);
    const boots = batches
      .flatMap(({ snmp }) => snmp)
      .filter(({ target }) => target === indexOf('core'))
      .flatMap(({ scalars }) => scalars?.['snmpEngineBoots'] ?? []);
    assert.equal(boots.at(-1), 2);
    const names = batches.flatMap(({ identity }) => identity);
    const said = (what: string) =>
      names.filter((row) => row.target === indexOf('core') && row.what === what);
    assert.equal(said('sys_name').length, 2);
    assert.equal(said('if_name').length, 2 * 4);
    const traffic = of.core.filter((r) => at(r) > life.reboot_ms && r.outcome === 'ok');
    assert.ok(column(traffic, UPLINK)('ifInOctets').length >= 2, 'the uplink is polled again');
  });
});
