import assert from 'node:assert/strict';
import test from 'node:test';
import { createAllowList } from '../../../agent/allow.ts';
import type { CheckedList } from '../../../agent/lists/targets.ts';
import type { Neighbour } from '../../../agent/platform/platform.ts';
import type { Sought } from '../../../agent/whereabouts/sought.ts';
import { Whereabouts } from '../../../agent/whereabouts/whereabouts.ts';
import type { TargetRecord } from '../../../shared/measure/targets.ts';

const PC = '00:23:24:00:00:01';
const PRINTER = '00:23:24:00:00:02';
const THIEF = '00:23:24:00:00:99';
const OWN = { address: '10.0.0.1', prefix: 24 };
const signal = new AbortController().signal;

function listOf(version: number, records: readonly TargetRecord[]): CheckedList {
  const targets = records.map((_, k) => {
    const probes = { icmp: { interval_ms: 1000, timeout_ms: 800 } };
    const one = { code: `d${k}`, kind: 'pc', own: true, reachability: 'icmp', probes } as const;
    return { ...one, commitment: '' };
  });
  const about = { site: 'hq', agent: 'do-1', log: 'test/log', issued_ms: 1 };
  return { list: { v: 1, version, ...about, targets }, hash: '', records };
}

/** A LAN of addresses and the MACs that answer there, and a clock that the test moves. */
function lan(records: readonly TargetRecord[], allow = ['10.0.0.0/24'], spare = 100) {
  const world = {
    now_ms: 1_000_000,
    hosts: new Map<string, string[]>(),
    table: [] as Neighbour[],
    names: new Map<string, string[]>(),
    changing: false,
    events: [] as string[],
    moves: 0,
    asked: [] as string[],
    swept: [] as { addresses: readonly string[]; per_s: number }[],
    watched: [] as readonly Sought[],
  };
  const whereabouts = new Whereabouts({
    monotonic_ms: () => world.now_ms,
    neighbours: () => world.table,
    seeker: {
      networks: () => [OWN],
      macsAt: async (address) => {
        world.asked.push(address);
        return world.hosts.get(address) ?? [];
      },
      sweep: async (addresses, per_s, heard) => {
        world.swept.push({ addresses, per_s });
        for (const address of addresses) {
          for (const mac of world.hosts.get(address) ?? []) heard(address, mac);
        }
      },
    },
    resolve: async (name) => world.names.get(name) ?? [],
    changing: () => world.changing,
    watch: (targets) => {
      world.watched = targets;
    },
    onEvent: (code, target) => void world.events.push(`${code} ${target}`),
    onAddress: (target, address) => void world.events.push(`address ${target} ${address}`),
    onMoves: () => {
      world.moves += 1;
    },
  });
  const limits = { allow: createAllowList(allow, [OWN]), spare_packets_per_s: spare };
  const use = (version: number, of: readonly TargetRecord[]): void =>
    whereabouts.use(listOf(version, of), limits, world.now_ms);
  use(1, records);
  const sought = (index: number): Sought => {
    const one = world.watched.find((other) => other.index === index);
    assert.ok(one !== undefined);
    return one;
  };
  /** Everything that a second of the agent's loops does. */
  const second = async (): Promise<void> => {
    world.now_ms += 1000;
    await whereabouts.step(signal);
    await whereabouts.sweep(signal);
    await whereabouts.step(signal);
  };
  const silentFor = async (index: number, seconds: number): Promise<void> => {
    for (let k = 0; k < seconds; k += 1) {
      sought(index).heard(false, world.now_ms, 1000);
      await second();
    }
  };
  return { world, whereabouts, use, sought, second, silentFor };
}

test('a device known by its MAC alone is found by one gentle sweep inside allow', async () => {
  const { world, whereabouts, second } = lan([{ name: 'pc', mac: PC }], ['10.0.0.64/26'], 7.9);
  assert.equal(whereabouts.addressOf({ name: 'pc', mac: PC }), undefined);
  world.hosts.set('10.0.0.99', [PC]);
  await second();
  assert.equal(whereabouts.addressOf({ name: 'pc', mac: PC }), '10.0.0.99');
  assert.deepEqual(world.events, ['address 0 10.0.0.99']);
  assert.equal(world.moves, 1);
  assert.equal(world.swept.length, 1);
  assert.equal(world.swept[0]?.per_s, 7);
  assert.ok(world.swept[0]?.addresses.every((text) => Number(text.split('.')[3]) >> 6 === 1));
});

test('a DHCP move: silence, then the table, and a question before it is believed', async () => {
  const record = { name: 'pc', mac: PC, address: '10.0.0.5' };
  const { world, whereabouts, silentFor } = lan([{ name: 'gw', address: '10.0.0.2' }, record]);
  world.table = [{ address: '10.0.0.77', mac: PC, nic: 'eth0' }];
  await silentFor(1, 9);
  assert.equal(whereabouts.addressOf(record), '10.0.0.5', 'it was not silent for long enough');
  await silentFor(1, 4);
  assert.equal(whereabouts.addressOf(record), '10.0.0.5', 'nobody answered at the other address');
  world.hosts.set('10.0.0.77', [PC]);
  await silentFor(1, 12);
  assert.equal(whereabouts.addressOf(record), '10.0.0.77');
  assert.deepEqual(world.events, ['address_moved 1', 'address 1 10.0.0.77']);
});

test('a new hint of the inventory is believed over what was found', async () => {
  const record = { name: 'pc', mac: PC, address: '10.0.0.5' };
  const { world, whereabouts, silentFor, use } = lan([record]);
  world.hosts.set('10.0.0.77', [PC]);
  await silentFor(0, 12);
  assert.equal(whereabouts.addressOf(record), '10.0.0.77');
  use(2, [{ name: 'x' }, record]);
  assert.equal(whereabouts.addressOf(record), '10.0.0.77', 'a list without news changes nothing');
  assert.equal(whereabouts.addressOf({ ...record, address: '10.0.0.6' }), '10.0.0.6');
});

test('nothing is swept while all answer, and the pauses grow while one is away', async () => {
  const { world, sought, second, silentFor } = lan([{ name: 'pc', mac: PC, address: '10.0.0.5' }]);
  for (let k = 0; k < 20; k += 1) {
    sought(0).heard(true, world.now_ms, 1000);
    await second();
  }
  assert.equal(world.swept.length, 0);
  await silentFor(0, 3600);
  assert.ok(world.swept.length > 10 && world.swept.length < 17, `${world.swept.length} sweeps`);
});

test('who drops echoes but answers ARP is where he is: no sweep', async () => {
  const { world, silentFor } = lan([{ name: 'pc', mac: PC, address: '10.0.0.5' }]);
  world.hosts.set('10.0.0.5', [PC]);
  await silentFor(0, 60);
  assert.deepEqual(world.swept, []);
  assert.deepEqual(world.events, []);
});

test('another in his place: one event, the owner is looked for at once', async () => {
  const record = { name: 'pc', mac: PC, address: '10.0.0.5' };
  const { world, whereabouts, sought, second } = lan([record]);
  world.hosts.set('10.0.0.5', [THIEF]);
  world.hosts.set('10.0.0.6', [PC]);
  for (let k = 0; k < 3; k += 1) whereabouts.foreign(sought(0), THIEF);
  await second();
  assert.deepEqual(world.events, ['mac_conflict 0', 'address_moved 0', 'address 0 10.0.0.6']);
});

test('two at one address: address_duplicate once, over when one is left', async () => {
  const { world, whereabouts, sought, second } = lan([
    { name: 'pc', mac: PC, address: '10.0.0.5' },
  ]);
  world.hosts.set('10.0.0.5', [THIEF, PC]);
  whereabouts.foreign(sought(0), THIEF);
  for (let k = 0; k < 30; k += 1) await second();
  assert.deepEqual(world.events, ['mac_conflict 0', 'address_duplicate 0']);
  assert.equal(sought(0).doubledNow, true);
  assert.deepEqual(world.swept, []);
  world.hosts.set('10.0.0.5', [PC]);
  for (let k = 0; k < 12; k += 1) await second();
  assert.equal(sought(0).doubledNow, false);
  assert.equal(sought(0).foreign, undefined);
});

test('a quiet second owner is found by the regular question within minutes', async () => {
  const { world, second } = lan([{ name: 'pc', mac: PC, address: '10.0.0.5' }]);
  world.hosts.set('10.0.0.5', [PC, THIEF]);
  for (let k = 0; k < 301; k += 1) await second();
  assert.deepEqual(world.events, ['address_duplicate 0']);
});

test('a name is followed inside allow only, a MAC is asked for before a name is believed', async () => {
  const byName = { name: 'prn', hostname: 'prn.example.vn' };
  const both = { name: 'pc', hostname: 'pc.example.vn', mac: PRINTER, address: '10.0.0.9' };
  const { world, whereabouts, second, silentFor } = lan([byName, both]);
  world.names.set('prn.example.vn', ['203.0.113.7', '10.0.0.40']);
  world.names.set('pc.example.vn', ['10.0.0.41']);
  await second();
  assert.equal(whereabouts.addressOf(byName), '10.0.0.40');
  assert.equal(whereabouts.addressOf(both), '10.0.0.9');
  world.hosts.set('10.0.0.41', [THIEF]);
  await silentFor(1, 45);
  assert.equal(whereabouts.addressOf(both), '10.0.0.9', 'another machine has that name now');
  world.hosts.set('10.0.0.41', [PRINTER]);
  await silentFor(1, 45);
  assert.equal(whereabouts.addressOf(both), '10.0.0.41');
  world.names.set('prn.example.vn', ['10.0.0.50']);
  for (let k = 0; k < 301; k += 1) await second();
  assert.equal(whereabouts.addressOf(byName), '10.0.0.50');
  assert.ok(world.asked.every((address) => address.startsWith('10.0.0.')));
});

test('while a list changes nothing moves', async () => {
  const { world, second } = lan([{ name: 'pc', mac: PC }]);
  world.hosts.set('10.0.0.9', [PC]);
  world.changing = true;
  await second();
  assert.deepEqual(world.events, []);
  assert.deepEqual(world.swept, []);
});

test('an address of the list outside allow is not asked who answers there', async () => {
  const inside = { name: 'pc', mac: PC, address: '10.0.0.5' };
  const outside = { name: 'printer', mac: PRINTER, address: '10.0.0.99' };
  const { world, second } = lan([inside, outside], ['10.0.0.0/26']);
  for (let k = 0; k < 400; k += 1) await second();
  assert.deepEqual([...new Set(world.asked)], ['10.0.0.5']);
});
