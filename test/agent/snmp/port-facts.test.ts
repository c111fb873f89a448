import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Columns } from '../../../agent/snmp/interfaces.ts';
import { type PortFacts, polledColumns, portFacts } from '../../../agent/snmp/port-facts.ts';

type Cells = Readonly<Record<string, number | bigint>>;

/** Columns of one port, 7. */
function columnsOf(cells: Cells): Columns {
  return Object.fromEntries(
    Object.entries(cells).map(([name, value]) => [name, new Map([[7, value]])]),
  );
}

function factsOf(cells: Cells): PortFacts {
  const facts = portFacts(columnsOf(cells)).get(7);
  assert.ok(facts);
  return facts;
}

test('a port that says everything', () => {
  const facts = factsOf({
    ...{ ifType: 6, ifOperStatus: 1, ifAdminStatus: 1, ifSpeed: 1e9, ifHighSpeed: 1_000 },
    ...{ ifInErrors: 3, ifOutErrors: 0, ifInDiscards: 1, ifOutDiscards: 2, ifConnectorPresent: 1 },
    ...{ dot3StatsDuplexStatus: 3, dot3StatsFCSErrors: 96, dot3StatsAlignmentErrors: 4 },
    ...{ dot3StatsLateCollisions: 0, dot3StatsExcessiveCollisions: 5, ifHCInOctets: 2n ** 60n },
  });
  assert.deepEqual(facts, {
    ...{ physical: true, oper: 'up', admin: 'up', speed_mbps: 1_000, duplex: 'full' },
    ...{ has_64_bit: true, in_errors: 3, out_errors: 0, in_discards: 1, out_discards: 2 },
    ...{ fcs_errors: 96, alignment_errors: 4, late_collisions: 0, excessive_collisions: 5 },
  });
});

test('a port that says nothing but its type: unknown is null, never 0', () => {
  assert.deepEqual(factsOf({ ifType: 117 }), {
    ...{ physical: true, oper: 'other', admin: 'other', speed_mbps: null, duplex: null },
    ...{ has_64_bit: false, in_errors: null, out_errors: null, in_discards: null },
    ...{ out_discards: null, fcs_errors: null, alignment_errors: null, late_collisions: null },
    excessive_collisions: null,
  });
});

test('EtherLike of a VLAN or of a port without a connector is chance memory', () => {
  const garbage = { dot3StatsLateCollisions: 0x65860, dot3StatsDuplexStatus: 2 };
  for (const type of [24, 53, 131, 135, 136, 161]) {
    const facts = factsOf({ ifType: type, ...garbage });
    assert.deepEqual([facts.physical, facts.late_collisions, facts.duplex], [false, null, null]);
  }
  const filter_row = factsOf({ ifType: 6, ifConnectorPresent: 2, ...garbage });
  assert.deepEqual([filter_row.physical, filter_row.late_collisions], [false, null]);
  for (const type of [6, 62, 69, 117]) assert.ok(factsOf({ ifType: type }).physical);
  assert.equal(factsOf({ ifOperStatus: 1 }).physical, false);
});

test('status 3 to 7 is neither up nor down', () => {
  const of = (ifOperStatus: number) => factsOf({ ifOperStatus }).oper;
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(of), [
    ...['up', 'down', 'other', 'other', 'other', 'other', 'other'],
  ]);
});

test('speed: ifSpeed where it can say it, ifHighSpeed where not, 0 is unknown', () => {
  const cases: [Cells, number | null][] = [
    [{ ifSpeed: 0, ifHighSpeed: 0 }, null],
    [{ ifSpeed: 0 }, null],
    [{}, null],
    [{ ifSpeed: 100_000_000 }, 100],
    [{ ifSpeed: 4_294_967_295, ifHighSpeed: 10_000 }, 10_000],
    [{ ifSpeed: 4_294_967_295 }, null],
    // ifSpeed of 10 Gb/s modulo 2^32.
    [{ ifSpeed: 1_410_065_408, ifHighSpeed: 10_000 }, 10_000],
    // H3C E528 leaves ifHighSpeed 0, D-Link DES-3028 gives it in bit/s.
    [{ ifSpeed: 1_000_000_000, ifHighSpeed: 0 }, 1_000],
    [{ ifSpeed: 100_000_000, ifHighSpeed: 100_000_000 }, 100],
    [{ ifSpeed: 64_000, ifHighSpeed: 0 }, 0.064],
  ];
  for (const [cells, mbps] of cases) {
    assert.equal(factsOf({ ifType: 6, ...cells }).speed_mbps, mbps, JSON.stringify(cells));
  }
});

test('duplex: 2 half, 3 full, anything else is the device saying that it does not know', () => {
  const of = (dot3StatsDuplexStatus: number) =>
    factsOf({ ifType: 6, dot3StatsDuplexStatus }).duplex;
  assert.deepEqual([1, 2, 3, 9].map(of), ['unknown', 'half', 'full', 'unknown']);
});

test('each port is judged by its own rows, whatever ports the columns hold', () => {
  const names = ['ifType', 'ifOperStatus', 'ifHCInOctets', 'dot3StatsFCSErrors', 'ifSpeed'];
  const cells = fc.dictionary(fc.constantFrom(...names), fc.nat(200), { noNullPrototype: true });
  const ports = fc.dictionary(fc.nat(50).map(String), cells, { noNullPrototype: true });
  fc.assert(
    fc.property(ports, (given) => {
      const columns: Record<string, Map<number, number>> = {};
      for (const [port, own] of Object.entries(given)) {
        for (const [name, value] of Object.entries(own)) {
          columns[name] ??= new Map();
          columns[name].set(Number(port), value);
        }
      }
      const all = portFacts(columns);
      const told = Object.entries(given).filter(([, own]) => Object.keys(own).length > 0);
      assert.equal(all.size, told.length);
      for (const [port, own] of told) assert.deepEqual(all.get(Number(port)), factsOf(own));
    }),
  );
});

test('the columns of one poll stand side by side; failed parts bring none', () => {
  const times = { requested_mono_ms: 0, response_ms: 1 };
  const part = { ...times, ok: true, sys_uptime_ticks: 1, truncated: false } as const;
  const columns = polledColumns({
    system: { ...times, ok: true, sys_uptime_ticks: 1, scalars: {} },
    status: { ...part, columns: columnsOf({ ifType: 6, ifCounterDiscontinuityTime: 1 }) },
    etherlike: { ...times, ok: false, failed: 'timeout', detail: '' },
    traffic: {
      ...part,
      columns: { ifCounterDiscontinuityTime: new Map([[8, 2]]), ifHCInOctets: new Map([[8, 5n]]) },
    },
  });
  assert.deepEqual(columns, {
    ifType: new Map([[7, 6]]),
    ifCounterDiscontinuityTime: new Map([
      [7, 1],
      [8, 2],
    ]),
    ifHCInOctets: new Map([[8, 5n]]),
  });
});
