import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../shared/node/config-error.ts';
import { parseInventory } from '../../../shared/node/inventory-file.ts';

const HEAD = 'unit: { code: u, name: U }\nsite: { code: s, name: S }\nagents: [{ code: do-1 }]\n';

/** Code and place of each problem. */
function problems(devices: readonly string[], head = HEAD): string[] {
  const text = `${head}devices:\n${devices.map((device) => `  - ${device}\n`).join('')}`;
  try {
    parseInventory(text, 'i.yml');
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ code, at }) => `${code} ${at.join('.')}`);
  }
  return [];
}

test('a broken code hides no duplicate, unknown parent or cycle elsewhere', () => {
  const found = problems([
    '{ code: SW 1, kind: switch, address: 10.0.0.1 }',
    '{ code: a, kind: pc, address: 10.0.0.2, attached: { device: gone } }',
    '{ code: a, kind: pc, address: 10.0.0.2 }',
    '{ code: b, kind: pc, address: 10.0.0.4, agent: do-9 }',
  ]);
  assert.deepEqual(found, [
    'CONFIG_RANGE devices.0.code',
    'INVENTORY_DUPLICATE_CODE devices.2.code',
    'INVENTORY_PARENT_UNKNOWN devices.1.attached.device',
    'INVENTORY_AGENT_UNKNOWN devices.3.agent',
    'INVENTORY_DUPLICATE_ADDRESS devices.2.address',
  ]);
});

test('a mistake in the unit hides none of the devices', () => {
  const head = HEAD.replace('code: u, name: U', 'code: U');
  const twice = '{ code: a, kind: pc, address: 10.0.0.2 }';
  assert.deepEqual(problems([twice, twice], head), [
    'CONFIG_RANGE unit.code',
    'CONFIG_MISSING unit',
    'INVENTORY_DUPLICATE_CODE devices.1.code',
    'INVENTORY_DUPLICATE_ADDRESS devices.1.address',
  ]);
});

test('what a mistake of form brings about has no line of its own', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['{ code: a, kind: pc, adress: 10.0.0.1, probes: { icmp: {} } }', 'CONFIG_UNKNOWN_KEY'],
    ['{ code: a, kind: pc, address: 1, probes: { icmp: {} } }', 'CONFIG_TYPE'],
    ['{ kind: pc, address: 10.0.0.1 }', 'CONFIG_MISSING'],
    ['{ code: a, kind: unmanaged-swich }', 'CONFIG_RANGE'],
    ['{ code: a, kind: pc, address: 10.0.0.1, reachability: snmp, probes: { snpm: {} } }', ''],
    [
      '{ code: a, kind: pc, address: 10.0.0.1, probes: { snmp: { version: "4", secret: c } } }',
      'CONFIG_RANGE',
    ],
    ['{ code: a, kind: pc, address: 10.0.0.1, probes: { icmp: { interval_s: 7 } } }', ''],
    ['a', 'CONFIG_TYPE'],
  ];
  for (const [device, code] of cases) {
    const found = problems([device]);
    assert.equal(found.length, 1, `${device}: ${found}`);
    assert.ok(found[0]?.startsWith(code), `${device}: ${found}`);
  }
});

test('where agents or devices cannot be read, nobody is said to be unknown', () => {
  const attached = ['{ code: a, kind: pc, address: 10.0.0.1, agent: do-1 }'];
  const head = HEAD.replace('[{ code: do-1 }]', '{ code: do-1 }');
  assert.deepEqual(problems(attached, head), ['CONFIG_TYPE agents']);
  const none = HEAD.replace(/agents.*/, '');
  assert.deepEqual(problems(attached, none), ['CONFIG_MISSING ']);
});
