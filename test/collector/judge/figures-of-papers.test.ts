import assert from 'node:assert/strict';
import test from 'node:test';
import { availabilityFigures } from '../../../collector/report/figures.ts';
import { overviewFigures } from '../../../collector/report/figures-unit.ts';
import { hanhChinh } from '../../../shared/calendar/hanh-chinh.ts';
import { decodeSums } from '../../../shared/judge/day/sums.ts';
import type { TestAgent } from '../../support/batches.ts';
import { T0 } from '../../support/collector-core.ts';
import {
  deliver,
  everySecond,
  HOUR_MS,
  leafPaper,
  MINUTE_MS,
  nextHour,
  SITE,
  type Site,
  silentIn,
  withSite,
} from './days-kit.ts';

/** Local midnight of Vietnam behind T0, which is a Monday, 13:00. */
const MIDNIGHT_MS = Date.UTC(2026, 10, 23, 17);
const DAY = { from_ms: T0, to_ms: MIDNIGHT_MS, profile: null } as const;

/** switch-2 and switch-3 hang on an unmanaged switch; all is known from the first slot on. */
async function leafSite(site: Site, printer?: string): Promise<void> {
  const device = (code: string, kind: string, over: string | null) => ({
    ...{ code, kind, agent: 'do-1', reachability: kind === 'unmanaged-switch' ? 'none' : 'icmp' },
    ...{ groups: [], powered_by: 'mains', rtt_limit_ms: 50, generation: 1 },
    witnesses: kind === 'unmanaged-switch' ? ['switch-2', 'switch-3'] : [],
    ...(over === null ? {} : { attached: { device: over } }),
    probes: { icmp: { interval_ms: 1000, timeout_ms: 800 }, tcp: [], dns: [], http: [] },
  });
  await leafPaper(site, 'site', {
    ...{ unit: 'a-unit', version: 1, calendar: 'hanh-chinh', workplaces: {} },
    agents: [{ code: 'do-1', attached: { device: 'switch-1' } }],
    devices: [
      device('gateway-0', 'gateway', 'switch-1'),
      device('switch-1', 'switch', null),
      device('hub', 'unmanaged-switch', 'switch-1'),
      ...['switch-2', 'switch-3'].map((code) =>
        device(code, code === printer ? 'printer' : 'switch', 'hub'),
      ),
      ...['camera-4', 'camera-5'].map((code) => device(code, 'camera', 'switch-1')),
    ],
  });
}

async function hours(
  site: Site,
  agent: TestAgent,
  count: number,
  codes: Record<number, Record<number, string>>,
): Promise<void> {
  for (let hour = 0; hour < count; hour++) {
    await deliver(site, nextHour(agent, codes[(agent.at_ms - T0) / HOUR_MS]));
  }
}

function figures(site: Site, counted: 'all' | 'working' = 'all') {
  return availabilityFigures(
    { judge: site.reader },
    SITE,
    { ...DAY, hours: counted },
    { by: 'device', device: null, hide_computers: false },
  );
}

type Table = Pick<Awaited<ReturnType<typeof figures>>, 'items'>;

function rowOf({ items }: Table, device: string) {
  const row = items.find((one) => one.device === device);
  assert.ok(row);
  return row;
}

test('the newest calendar counts for all time, and stands beside the figures', () =>
  withSite(async (site, agent) => {
    await leafSite(site);
    await hours(site, agent, 13, { 5: { 1: silentIn(600, 1_500) } });
    const before = await figures(site, 'working');
    assert.equal(before.calendar.version, null);
    const { expected_ms, down_ms } = rowOf(before, 'switch-1');
    assert.deepEqual([expected_ms, down_ms], [4 * HOUR_MS, 0]);

    const mon = [{ from_min: 13 * 60, to_min: 19 * 60 }];
    const built = hanhChinh('2026c');
    const calendar = { ...built, weekly: { ...built.weekly, mon } };
    await leafPaper(site, 'calendar', { version: 7, calendar });
    const after = await figures(site, 'working');
    assert.equal(after.calendar.version, 7);
    assert.equal(typeof after.calendar.hash, 'string');
    const row = rowOf(after, 'switch-1');
    assert.deepEqual([row.expected_ms, row.down_ms, row.outages], [6 * HOUR_MS, 900_000, 1]);
    assert.deepEqual(rowOf(await figures(site), 'switch-1').expected_ms, 11 * HOUR_MS);
    const { rows } = await site.reader.dayRows([SITE], T0, MIDNIGHT_MS, 'working');
    assert.equal(rows.length, 0, 'the day began before the period');
  }));

test('the newest settings count for all time; what they do not name is as built in', () =>
  withSite(async (site, agent) => {
    await leafSite(site);
    await hours(site, agent, 13, { 2: { 1: 'r1000n2r100n2r2496' } });
    assert.equal(rowOf(await figures(site), 'switch-1').degraded_ms, 0);
    const settings = { degraded_lost_min: 4, degraded_loss_share: 0.01 };
    await leafPaper(site, 'settings', { version: 1, settings });
    const row = rowOf(await figures(site), 'switch-1');
    assert.ok(row.degraded_ms >= 5 * MINUTE_MS);
    assert.equal(row.up_ms + row.degraded_ms, row.expected_ms);
    await leafPaper(site, 'settings', { version: 2, settings: { degraded_lost_min: 4 } });
    assert.equal(rowOf(await figures(site), 'switch-1').degraded_ms, 0);
    const kept = await everySecond(site, site.reader);
    await site.judge.rebuildSite(SITE);
    assert.deepEqual(await everySecond(site, site.reader), kept);
  }));

test('a reclassified outage changes the corrected figures only', () =>
  withSite(async (site, agent) => {
    await leafSite(site);
    await hours(site, agent, 13, { 5: { 1: silentIn(600, 1_500) } });
    const before = await figures(site);
    assert.equal(before.corrected, null);
    const key = { device: 'switch-1', from_ms: T0 + 5 * HOUR_MS + 600_000 };
    await leafPaper(site, 'reclassify', { key, cause: 'power', reason: 'the fuse' });
    const { corrected, as_of, ...after } = await figures(site);
    assert.ok(corrected !== null);
    const { corrected: none, as_of: earlier, ...original } = before;
    assert.deepEqual(after, original);
    const row = rowOf(corrected, 'switch-1');
    assert.equal(row.down_by_cause_ms.power?.down_ms, 900_000);
    assert.equal(rowOf(after, 'switch-1').down_by_cause_ms.power, undefined);
    assert.equal(row.down_ms, 900_000);
    const better = { ...key, from_ms: key.from_ms + 1_000 };
    await leafPaper(site, 'reclassify', { key: better, cause: 'wan', reason: 'nobody’s' });
    assert.deepEqual((await figures(site)).corrected, corrected, 'a key of no outage says nothing');
  }));

test('a word on an outage of one day holds for its incident on the next day, too', () =>
  withSite(async (site, agent) => {
    await leafSite(site);
    const codes = { 10: { 3: silentIn(1_800, 3_600) }, 11: { 3: silentIn(0, 1_800) } };
    await hours(site, agent, 40, codes);
    const key = { device: 'switch-3', from_ms: T0 + 10 * HOUR_MS + 1_800_000 };
    const next_ms = MIDNIGHT_MS + 24 * HOUR_MS;
    const idsIn = async (from_ms: number, to_ms: number) => {
      const { reclassified } = await site.reader.judged(SITE, from_ms, to_ms);
      return [...reclassified.keys()];
    };
    const before = await site.reader.judged(SITE, MIDNIGHT_MS, next_ms);
    assert.equal(before.reclassified.size, 0);
    await leafPaper(site, 'reclassify', { key, cause: 'power', reason: 'the fuse' });
    const power = async (from_ms: number, to_ms: number) => {
      const ask = { from_ms, to_ms, hours: 'all', profile: null } as const;
      const { corrected } = await availabilityFigures({ judge: site.reader }, SITE, ask, {
        ...({ by: 'device', device: null, hide_computers: false } as const),
      });
      assert.ok(corrected !== null);
      const { power: said } = rowOf(corrected, 'switch-3').down_by_cause_ms;
      return (said?.down_ms ?? 0) + (said?.unreachable_ms ?? 0);
    };
    const first = await idsIn(T0, MIDNIGHT_MS);
    const second = await idsIn(MIDNIGHT_MS, next_ms);
    assert.deepEqual(second, first);
    assert.equal(first.length, 1);
    const both = await power(T0, next_ms);
    assert.equal(both, HOUR_MS);
    assert.equal((await power(T0, MIDNIGHT_MS)) + (await power(MIDNIGHT_MS, next_ms)), both);
    assert.equal(await power(MIDNIGHT_MS + 4 * MINUTE_MS, MIDNIGHT_MS + 5 * MINUTE_MS), MINUTE_MS);
    const id = first[0] ?? '';
    const found = await site.reader.incident(SITE, id, T0, agent.at_ms);
    assert.equal(found?.started_at_ms, key.from_ms);
    assert.equal(await site.reader.incident(SITE, 'none', T0, agent.at_ms), null);
  }));

test('unmanaged switches are told of now and in intervals', () => {
  const listHub = (agent: TestAgent): void => {
    const [any] = agent.list.targets;
    assert.ok(any);
    const hub = { ...any, code: 'hub', kind: 'unmanaged-switch', probes: {} } as const;
    const targets = [...agent.list.targets, { ...hub, reachability: 'none' as const }];
    agent.list = { ...agent.list, targets };
  };
  return withSite(
    async (site, agent) => {
      await leafSite(site);
      await hours(site, agent, 1, {});
      const hubNow = async () =>
        (await site.reader.current(SITE)).find(({ device }) => device === 'hub');
      assert.equal((await hubNow())?.state, 'up');
      const from_ms = agent.at_ms;
      const silent = { 2: 'n60', 3: 'n60' };
      for (let minute = 0; minute < 8; minute++) await deliver(site, agent.next({ codes: silent }));
      const now = await hubNow();
      assert.deepEqual([now?.state, now?.agent, now?.since_ms], ['down', 'do-1', from_ms]);
      assert.ok(now?.incident !== null);
      for (let minute = 0; minute < 52; minute++) await deliver(site, agent.next());
      assert.equal((await hubNow())?.state, 'up');
      const { intervals } = await site.reader.judged(SITE, T0, agent.at_ms);
      const hub = intervals.filter(({ device }) => device === 'hub');
      assert.deepEqual(
        hub.map(({ state, from_ms: begin_ms }) => [state, begin_ms - from_ms]),
        [
          ['up', T0 - from_ms],
          ['down', 0],
          ['up', 8 * MINUTE_MS],
        ],
      );
    },
    undefined,
    listHub,
  );
});

test('an ARP answer alone is a lost slot to a switch and a reply to a printer', () =>
  withSite(async (site, agent) => {
    await leafSite(site, 'switch-2');
    await deliver(site, agent.next());
    const codes = { 1: 'r20a20r20', 2: 'r20a20r20' };
    await deliver(site, agent.next({ codes }));
    for (let minute = 0; minute < 8; minute++) await deliver(site, agent.next());
    const { intervals } = await site.reader.judged(SITE, T0, agent.at_ms);
    const degraded = intervals.filter(({ state }) => state === 'degraded');
    assert.deepEqual([...new Set(degraded.map(({ device }) => device))], ['switch-1']);
    assert.equal(intervals.filter(({ state }) => state === 'down').length, 0);
  }));

test('a day whose outage went on past its margin is told with the word of what follows', () =>
  withSite(async (site, agent) => {
    await leafSite(site);
    const long = {
      10: { 3: silentIn(1_800, 3_600) },
      ...{ 11: { 3: 'n3600' }, 12: { 3: 'n3600' }, 13: { 3: silentIn(0, 1_800) } },
    };
    // A day before, so that the one with the outage is whole.
    for (let hour = 0; hour < 11; hour++) await deliver(site, nextHour(agent));
    const over = Object.fromEntries(
      Object.entries(long).map(([hour, codes]) => [Number(hour) + 24, codes]),
    );
    await hours(site, agent, 26, over);
    const ask = { from_ms: MIDNIGHT_MS, to_ms: MIDNIGHT_MS + 24 * HOUR_MS, hours: 'all' } as const;
    const sumsOf = async () => {
      const { rows } = await site.reader.dayRows([SITE], ask.from_ms, ask.to_ms, 'all');
      const { days } = await site.reader.judged(SITE, ask.from_ms, ask.to_ms);
      assert.equal(rows.length, 1);
      assert.equal(rows[0]?.sums, days[0]?.sums_all, 'both readers say the same');
      const sums = decodeSums(rows[0]?.sums ?? '').devices['switch-3'];
      return [sums?.down_ms, sums?.undetermined_ms, sums?.lan_excluded_ms];
    };
    const half_ms = HOUR_MS / 2;
    assert.deepEqual(await sumsOf(), [half_ms, half_ms, half_ms], 'it goes on');
    await hours(site, agent, 2, over);
    assert.deepEqual(await sumsOf(), [half_ms, 0, 0], 'it has ended and settled');
    const [stored] = await site.store.days(SITE, ask.from_ms, ask.to_ms);
    const own = decodeSums(stored?.sums_all ?? '').devices['switch-3'];
    assert.equal(own?.undetermined_ms, half_ms, 'the next day is not judged yet');
    const { items } = await overviewFigures(site.reader, [SITE], { ...ask, hide_computers: false });
    assert.equal(items[0]?.totals.devices.lan_excluded_ms, 0);
    await hours(site, agent, 24, {});
    assert.deepEqual(await sumsOf(), [half_ms, 0, 0]);
  }));

test('days of other rules are dropped and judged again', () =>
  withSite(async (site, agent) => {
    await leafSite(site);
    await hours(site, agent, 40, { 5: { 1: silentIn(600, 1_500) }, 20: { 2: silentIn(0, 50) } });
    const kept = await everySecond(site, site.reader);
    const days = await site.store.days(SITE, 0, Number.MAX_SAFE_INTEGER);
    assert.equal(days.length, 2);
    await site.store.write(async (unit) => {
      for (const day of days) await unit.putDay({ ...day, rules: 0, sums_all: '[{},0,0]' });
    });
    const { rows } = await site.reader.dayRows([SITE], MIDNIGHT_MS, agent.at_ms, 'all');
    assert.deepEqual(
      rows.map(({ rules, sums }) => [rules, sums]),
      days.slice(1).map(({ rules, sums_all }) => [rules, sums_all]),
    );
    assert.deepEqual(await everySecond(site, site.reader), kept);
  }));
