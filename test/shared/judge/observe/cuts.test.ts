import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createJudgeState, foldInput } from '../../../../shared/judge/judge.ts';
import type { JudgeState } from '../../../../shared/judge/state.ts';
import type { CheckPart } from '../../../../shared/measure/batch.ts';
import { createSnmpReader } from '../../../../shared/measure/snmp-columns.ts';
import type { Poll } from './snmp-writer.ts';
import { BOOT_MONO_MS, Ledger, type Life, seenOf, siteOf, T0, told } from './world.ts';

const RUNS = Number(process.env.JUDGE_RUNS ?? 200);
const KINDS = { 'sw-1': 'switch', 'pc-1': 'pc', 'cam-1': 'camera', 'gw-1': 'gateway' } as const;
const SITE = siteOf(KINDS, {
  'pc-1': { device: 'sw-1', port: '3' },
  'do-1': { device: 'sw-1', port: '4' },
});
const SECONDS = 1_800;

interface Minute {
  readonly outcome: string;
  readonly boot: boolean;
  readonly oper: number;
  readonly moved: boolean;
  readonly mbps: number;
  readonly duplex: number;
  readonly errors: number;
  readonly late: number;
  readonly packets: number;
  readonly page: string;
  readonly host: boolean;
}
const minute: fc.Arbitrary<Minute> = fc.record({
  outcome: fc.constantFrom('ok', 'ok', 'ok', 'ok', 'timeout', 'not_sent'),
  boot: fc.constantFrom(false, false, false, false, true),
  oper: fc.constantFrom(1, 1, 1, 2, 6),
  moved: fc.boolean(),
  mbps: fc.constantFrom(1_000, 1_000, 100),
  duplex: fc.constantFrom(3, 3, 2),
  errors: fc.constantFrom(0, 0, 1, 40),
  late: fc.constantFrom(0, 0, 3),
  packets: fc.constantFrom(0, 1_000, 1_000_000),
  page: fc.constantFrom('ok', 'timeout', 'name_failed', 'server_error', 'not_sent'),
  host: fc.boolean(),
});
const letters = fc
  .array(fc.tuple(fc.constantFrom('r', 'r', 'n'), fc.integer({ min: 1, max: 60 })), {
    maxLength: 12,
  })
  .map((runs) => `${runs.map(([code, n]) => code.repeat(n)).join('')}r`);
const history = fc.record({
  minutes: fc.array(minute, { minLength: 30, maxLength: 30 }),
  small: fc.record({ 'pc-1': letters, 'cam-1': letters }),
  large: fc.record({ 'cam-1': letters }),
  p95: fc.array(fc.constantFrom(1_000, 90_000), { minLength: 1, maxLength: 5 }),
});
type History = typeof history extends fc.Arbitrary<infer H> ? H : never;

function lifeOf({ minutes, small, large, p95 }: History): Life {
  const sum = { errors: 0, late: 0, packets: 0, booted_s: -3_600, change: 50 };
  const polls = minutes.flatMap((one, m): Poll[] => {
    const s = m * 60 + 5;
    if (one.boot)
      Object.assign(sum, { errors: 0, late: 0, packets: 0, booted_s: s - 9, change: 3 });
    sum.errors += one.errors;
    sum.late += one.late;
    sum.packets += one.packets;
    if (one.moved) sum.change = (s - sum.booted_s) * 100 - 400;
    const up_s = s - sum.booted_s;
    const { outcome } = one;
    const port = {
      ...{ ifType: 6, ifConnectorPresent: 1, ifSpeed: one.mbps * 1e6, ifHighSpeed: one.mbps },
      ...{ ifAdminStatus: 1, ifOperStatus: one.oper, ifLastChange: sum.change },
      ...{ dot3StatsDuplexStatus: one.duplex, ifInErrors: sum.errors },
      dot3StatsLateCollisions: sum.late,
    };
    const traffic = { ifHCInUcastPkts: sum.packets, ifHCInOctets: sum.packets * 100 };
    const more = { ifHCInBroadcastPkts: sum.packets };
    const status = { s, up_s, outcome, table: 0, ports: { 3: port, 4: port } };
    if (m % 5 !== 2) return [status];
    const ports = { 3: { ...traffic, ...more }, 4: traffic };
    return [status, { s: s + 1, up_s: up_s + 1, outcome, table: 2, ports }];
  });
  const ticks = minutes.map(({ page }, m) => [m * 60 + 11, page, []]);
  const check = { code: 'gw-1', target: 0, probe: 'http', check: 0, ticks } as unknown;
  const events = minutes.flatMap(({ host }, m) => {
    const up = minutes[m - 1]?.host ?? true;
    const code = host ? ('link_up' as const) : ('link_down' as const);
    return host === up ? [] : [{ s: m * 60 + 20, code, mono_ms: 0 }];
  });
  return {
    ...{ kinds: KINDS, seconds: SECONDS, small, large, p95: { 'cam-1': p95 }, events },
    ...{ polls: { 'sw-1': polls }, checks: [check as CheckPart & { code: string }] },
  };
}

/** Cuts on whole minutes: round trips are told a minute at a time. */
const cuts = fc.array(
  fc.integer({ min: 1, max: 29 }).map((m) => m * 60),
  { maxLength: 20 },
);

test('property: where batches are cut changes no fact', () => {
  fc.assert(
    fc.property(history, cuts, cuts, (one, a, b) => {
      const life = lifeOf(one);
      // Round trips stand in the batch that ends their minute: where none does, nothing is said.
      const rows = (where: readonly number[]) =>
        told(seenOf(new Ledger(KINDS, SITE).live({ ...life, p95: {} }, 0, where).inputs));
      assert.deepEqual(rows(a), rows(b));
    }),
    { numRuns: RUNS },
  );
});

test('property: going on from a serialised state, and replays, say the same rows', () => {
  fc.assert(
    fc.property(history, cuts, fc.nat(20), (one, where, at) => {
      const { inputs } = new Ledger(KINDS, SITE).live(lifeOf(one), 0, where);
      const fold = (state: JudgeState, from: number, to: number) =>
        inputs.slice(from, to).map((input) => JSON.stringify(foldInput(state, input).seen));
      const straight = createJudgeState();
      const all = fold(straight, 0, inputs.length);
      const first = createJudgeState();
      fold(first, 0, at);
      const stored: JudgeState = JSON.parse(JSON.stringify(first));
      assert.deepEqual(fold(stored, at, inputs.length), all.slice(at));
      assert.deepEqual(stored, straight);
      // Old inputs are passed over.
      assert.ok(fold(stored, 0, inputs.length).every((text) => text === '[]'));
    }),
    { numRuns: RUNS / 2 },
  );
});

test('property: rows are spans within what was measured, and keys are one to one', () => {
  fc.assert(
    fc.property(history, cuts, (one, where) => {
      const { inputs } = new Ledger(KINDS, SITE).live(lifeOf(one), 0, where);
      for (const [key, row] of seenOf(inputs)) {
        assert.equal(key, row.key);
        assert.ok(Number.isSafeInteger(row.from_ms) && row.from_ms <= row.to_ms, key);
        if ('from_ms' in row.seen) {
          assert.deepEqual([row.seen.from_ms, row.seen.to_ms], [row.from_ms, row.to_ms]);
        }
      }
    }),
    { numRuns: RUNS / 2 },
  );
});

test('property: tables are what the reader of docs/formats/batch.md makes of the polls', () => {
  fc.assert(
    fc.property(history, cuts, fc.integer({ min: 1, max: 8 }), (one, where, lost) => {
      const { inputs } = new Ledger(KINDS, SITE).live(lifeOf(one), 0, where);
      const state = createJudgeState();
      const reader = createSnmpReader();
      let batches = 0;
      for (const input of inputs) {
        // A batch may be lacking (not the first: the clock is in it): nobody knows its differences.
        if (input.kind === 'batch' && batches++ === lost) continue;
        foldInput(state, input);
        if (input.kind !== 'batch' || input.header === null) continue;
        const parts = input.sections.flatMap(({ snmp = [] }) => snmp);
        const known = reader.feed(input.header, parts).findLast(({ ports }) => ports !== undefined);
        if (known?.ports === undefined) continue;
        const at_ms = T0 - BOOT_MONO_MS + known.requested_mono_ms;
        const tables = Object.values(state.agents['do-1']?.observe.polled['sw-1']?.tables ?? {});
        const table = tables.find((it) => it.at_ms === at_ms);
        for (const [place, port] of (table?.if_index ?? []).entries()) {
          for (const [c, name] of (table?.names ?? []).entries()) {
            const cell = table?.values[c]?.[place] ?? null;
            const expected: bigint | null = known.ports.get(port)?.get(name) ?? null;
            assert.equal(cell === null ? null : BigInt(cell), expected);
          }
        }
        assert.deepEqual(table?.if_index, [...known.ports.keys()]);
      }
    }),
    { numRuns: RUNS / 2 },
  );
});
