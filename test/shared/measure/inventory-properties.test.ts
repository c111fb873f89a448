import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { INTERVALS_S } from '../../../shared/measure/codes.ts';
import { checkInventory } from '../../../shared/measure/inventory.ts';
import { toRaw } from '../../../shared/measure/inventory-raw.ts';
import { readInventory } from '../../../shared/node/inventory-file.ts';

const head = {
  unit: { code: 'u', name: 'U' },
  site: { code: 's', name: 'S' },
  agents: [{ code: 'do-1' }],
};
const gw = { code: 'gw', kind: 'gateway', address: '10.0.0.1' };
const check = (devices: unknown) => checkInventory({ ...head, devices });

test('property: a cycle of any length is found once, at any rotation', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(), fc.nat(5), (length, seed, tail) => {
      const ring = Array.from({ length }, (_, i) => ({
        code: `n${i}`,
        kind: 'switch',
        address: `10.0.1.${i + 1}`,
        attached: { device: `n${(i + 1) % length}` },
      }));
      const hair = Array.from({ length: tail }, (_, i) => ({
        code: `t${i}`,
        kind: 'pc',
        address: `10.0.2.${i + 1}`,
        attached: { device: i === 0 ? 'n0' : `t${i - 1}` },
      }));
      const turn = seed % length;
      const devices = [...ring.slice(turn), ...hair.reverse(), gw, ...ring.slice(0, turn)];
      const found = check(devices);
      assert.equal(found.inventory, undefined);
      assert.deepEqual(
        found.problems.map((p) => p.code),
        ['INVENTORY_CYCLE'],
      );
    }),
  );
});

test('property: arbitrary JSON never makes it throw', () => {
  const key = fc.constantFrom(
    'unit',
    'site',
    'agents',
    'devices',
    'code',
    'kind',
    'probes',
    'icmp',
  );
  const more = fc.constantFrom('snmp', 'tcp', 'attached', 'device', 'witnesses', 'asset', 'mac');
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('gw', 'pc', '10.0.0.1', '', 0, 1, -1, null, true, 'switch', 1e308),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(key, more, fc.string()), tie('tree'), { maxKeys: 6 }),
    ),
  }));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        tree,
        tree.map((d) => ({ ...head, devices: [d] })),
      ),
      (raw) => {
        const found = checkInventory(raw);
        assert.equal(
          found.inventory === undefined,
          found.problems.some((p) => p.severity === 'error'),
        );
        for (const p of found.problems) assert.ok(p.code && p.place && p.message && p.fix);
      },
    ),
    { numRuns: 500 },
  );
});

const timing = fc.constantFrom(...INTERVALS_S).chain((interval_s) =>
  fc.record(
    {
      interval_s: fc.constant(interval_s),
      timeout_ms: fc.integer({ min: 50, max: interval_s * 1_000 - 100 }),
    },
    { requiredKeys: [] },
  ),
);
const probes = fc.record(
  {
    icmp: timing,
    arp: timing,
    snmp: timing.map((t) => ({
      ...t,
      interval_s: 600,
      version: 3,
      user: 'lp',
      level: 'authNoPriv',
      auth: 'sha256',
      auth_secret: 'a',
      context: 'vlan-1',
    })),
    tcp: fc.array(
      timing.map((t) => ({ ...t, port: 443 })),
      { maxLength: 3 },
    ),
    dns: fc.array(
      timing.map((t) => ({ ...t, name: 'dichvucong.gov.vn' })),
      { maxLength: 3 },
    ),
    http: fc.array(
      timing.map((t) => ({ ...t, url: 'https://dichvucong.gov.vn/' })),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
);

test('property: what is accepted is accepted again, unchanged', () => {
  const entry = fc.record(
    {
      kind: fc.constantFrom('gateway', 'switch', 'pc', 'printer', 'server'),
      probes,
      powered_by: fc.constantFrom('mains', 'poe'),
      rtt_limit_ms: fc.integer({ min: 1, max: 10_000 }),
      asset: fc.record({ serial: fc.constant('x'), fixed_asset: fc.boolean() }),
    },
    { requiredKeys: ['kind'] },
  );
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
      const devices = entries.map((e, i) => ({
        ...e,
        code: `d${i}`,
        address: `10.1.0.${i + 1}`,
        ...(i === 0
          ? {}
          : { attached: { device: `d${i >> 1}` === `d${i}` ? 'd0' : `d${i >> 1}` } }),
      }));
      const { inventory, problems } = check(devices);
      if (inventory === undefined) {
        assert.ok(
          problems.every((p) => p.severity === 'warning' || p.code === 'INVENTORY_TIMEOUT'),
        );
        return;
      }
      const again = checkInventory(JSON.parse(JSON.stringify(toRaw(inventory))));
      assert.deepEqual(again.inventory, inventory);
      assert.deepEqual(readInventory(toRaw(inventory)).inventory, inventory);
    }),
  );
});
