import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { Faults } from './faults.ts';
import { Lan } from './lan.ts';
import { labSkip } from './shell.ts';
import { addressOf, type DeviceName } from './topology.ts';
import { Capture, type TruthSlot, truthSlots } from './truth.ts';
import { until } from './wait.ts';

/** The observer of this test: ten echoes a second to a device, straight from fping. */
const PERIOD_MS = 100;
const TIMEOUT_MS = 90;

test('the lab itself tells the truth', { skip: labSkip() }, async (t) => {
  // Other lab files, which run beside, have links of their own in the root namespace.
  const links = () =>
    Object.keys(networkInterfaces())
      .filter((name) => !/^lpt-/.test(name))
      .sort();
  const before = links();
  const lan = await Lan.up('t');
  t.after(() => lan.down());
  const faults = new Faults(lan);
  const capture = await Capture.start(lan);
  const watched: readonly DeviceName[] = ['gw', 'core', 'acc', 'srv', 'cam', 'prn', 'pc1', 'pc2'];
  const addresses = watched.map(addressOf);
  const args = ['-l', '-p', String(PERIOD_MS), '-t', String(TIMEOUT_MS), '-i', '1', ...addresses];
  lan.start('agent', 'fping', args, { log: join(lan.dir, 'fping.log') });
  await until('every device is probed', 5000, () => capture.echoes(addressOf('pc2')).length > 3);

  const carrier = (device: DeviceName, port: string): string =>
    lan.exec(device, 'cat', [`/sys/class/net/${port}/carrier`]).trim();
  /** Echoes of a device within a fault, its first and last 200 ms left out. */
  const within = (device: DeviceName, fault: { from_ms: number; to_ms: number }): TruthSlot => {
    const period = { from_ms: fault.from_ms + 200, to_ms: fault.to_ms - 200 };
    const length_ms = period.to_ms - period.from_ms;
    const [slot] = truthSlots(capture.echoes(addressOf(device)), period, length_ms, TIMEOUT_MS);
    assert.ok(slot !== undefined);
    return slot;
  };

  await t.test('it leaves the root namespace alone', () => {
    assert.deepEqual(links(), before);
  });

  await t.test('there is no way out and no way in', () => {
    const route = lan.exec('gw', 'ip', ['route']);
    assert.ok(!route.includes('default'), route);
    assert.throws(() => lan.exec('col', 'ping', ['-c', '1', '-W', '1', addressOf('srv')]));
  });

  await t.test('the gateway masquerades towards the collector', () => {
    assert.match(lan.exec('agent', 'ping', ['-c', '1', '-W', '1', addressOf('col')]), / 0% packet/);
  });

  await t.test('a healthy second: all answer except the PC that drops echoes', async () => {
    const calm = await faults.during(
      'calm',
      'all',
      1500,
      () => undefined,
      () => undefined,
    );
    for (const device of watched) {
      const { sent, answered } = within(device, calm);
      assert.ok(sent >= 9 && sent <= 13, `${device} ${sent}`);
      assert.equal(answered, device === 'pc2' ? 0 : sent, device);
    }
  });

  await t.test('an unplugged cord takes the carrier from both ends', async () => {
    const seen: string[] = [];
    const fault = await faults.during(
      'unplug',
      'cam',
      1500,
      () => {
        lan.setPlugged('cam', false);
        seen.push(carrier('cam', 'eth0'), carrier('core', 'p6'), carrier('core', 'p5'));
      },
      () => lan.setPlugged('cam', true),
    );
    assert.deepEqual(seen, ['0', '0', '1']);
    assert.equal(carrier('cam', 'eth0'), '1');
    assert.equal(within('cam', fault).answered, 0);
    assert.ok(within('cam', fault).sent > 5);
    assert.equal(within('srv', fault).answered, within('srv', fault).sent);
  });

  await t.test('a switch without power silences what hangs behind it', async () => {
    const fault = await faults.powerOff('acc', 1500);
    for (const device of ['acc', 'srv', 'pc1'] as const) {
      assert.equal(within(device, fault).answered, 0, device);
    }
    assert.equal(within('prn', fault).answered, within('prn', fault).sent);
  });

  await t.test('25 % each way loses about 44 % of the echoes', async () => {
    const fault = await faults.loss('srv', 25, 6000);
    const { sent, answered } = within('srv', fault);
    const lost = 1 - answered / sent;
    assert.ok(sent > 50 && lost > 0.2 && lost < 0.7, `${answered} of ${sent}`);
    assert.equal(within('pc1', fault).answered, within('pc1', fault).sent);
  });

  await t.test('silence with carrier: requests leave, nothing comes back', async () => {
    const fault = await faults.silence(1500);
    assert.equal(carrier('agent', 'eth0'), '1');
    const { sent, answered } = within('gw', fault);
    assert.ok(sent > 5);
    assert.equal(answered, 0);
  });

  await t.test('the agent’s own cord out: not even a request is on the wire', async () => {
    const fault = await faults.unplug('agent', 1500);
    assert.equal(within('gw', fault).sent, 0);
  });

  await t.test('the managed switch answers SNMP', () => {
    const ask = (oid: string): string =>
      lan.exec('agent', 'snmpget', [
        ...['-v2c', '-c', 'labro', '-Oqv', '-r', '2', '-t', '1'],
        addressOf('core'),
        oid,
      ]);
    assert.match(ask('1.3.6.1.2.1.1.5.0'), /sw-core/);
  });

  await t.test('the log of faults has both clocks', () => {
    const lines = readFileSync(join(lan.dir, 'truth.jsonl'), 'utf8').trim().split('\n');
    assert.equal(lines.length, faults.records.length);
    for (const { from_ms, to_ms, from_monotonic_ms, to_monotonic_ms } of faults.records) {
      const difference = to_ms - from_ms - (to_monotonic_ms - from_monotonic_ms);
      assert.ok(Math.abs(difference) < 50, `${difference} ms`);
    }
  });
});
