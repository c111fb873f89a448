import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { setImmediate as afterIo, setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { createSeriesKeeper } from '../../collector/series/keeper.ts';
import { createSeriesReader, type SeriesAsk } from '../../collector/series/series.ts';
import { startSeriesTurns } from '../../collector/series/turns.ts';
import { DATABASE_FILE } from '../../collector/store/sqlite/sqlite-store.ts';
import { SERIES_METRICS } from '../../shared/judge/series/types.ts';
import type { BatchOptions, TestAgent } from '../support/batches.ts';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  measure,
  measureTogether,
  openHarness,
  START_MS,
} from './harness.ts';

const SITE = 'socson-hq';
const AGENT = 'do-1';
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DAY = Date.UTC(2026, 10, 23);
/** 01:00 of the day is the agents' first minute. */
const FIRST_MINUTE = (START_MS - DAY) / MINUTE_MS;
const HOUR = { ticks: 3_600 };
/** A machine that is busy with other tests, too. */
const KEPT_WITHIN_MS = 30_000;
const nothing = async (): Promise<void> => undefined;

/** A key poll of one port a minute: 60,000 octets in each, an error in every fourth. */
function withPoll(agent: TestAgent, target: number): BatchOptions {
  const into_ms = agent.at_ms - agent.start_ms;
  const minute = into_ms / MINUTE_MS;
  const columns = ['ifType', 'ifHighSpeed', 'ifHCInOctets', 'ifInErrors'];
  const counts = [6, 1_000, 5_000_000_000 + minute * 60_000, Math.floor(minute / 4)];
  const key = { if_index: [3], columns, values: counts.map((count) => [count]) };
  const poll = [1_000_000 + into_ms + 20_000, 12, 50_000 + into_ms / 10, 'ok', 0, key];
  return { infra: (section) => ({ ...section, snmp: [{ target, polls: [poll] }] }) };
}

/** 40 minutes of round trips and polls, then hours without, until midnight. */
async function measuredSite(harness: Harness): Promise<TestAgent> {
  await importSite(harness, SITE, 'xa-soc-son');
  const agent = await enrolTestAgent(harness, SITE);
  const target = agent.list.targets.findIndex(({ code }) => code === 'sw-core');
  const gw = agent.list.targets.findIndex(({ code }) => code === 'gw');
  await measureTogether(harness, agent, 40, (minute) => {
    const lost = minute === 7 ? { codes: { [gw]: 'r30n10r20' } } : {};
    return { ...withPoll(agent, target), ...lost };
  });
  await measureTogether(harness, agent, 20);
  await measureTogether(harness, agent, 22, () => HOUR);
  return agent;
}

async function closeNextHour(harness: Harness, agent: TestAgent): Promise<void> {
  await measure(harness, agent, 2, HOUR);
}

function path(query: Readonly<Record<string, string | number>>): string {
  const text = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return `/api/v1/sites/${SITE}/series?${text.join('&')}`;
}

const at = (ms: number): string => new Date(ms).toISOString();
const first = { from: at(START_MS), to: at(START_MS + 45 * MINUTE_MS), step: 1 };

test('series over HTTP: values, nulls, limits, who may look', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  await measuredSite(harness);
  const viewer = await harness.token('viewer');
  const operator = await harness.token('operator');
  const get = (query: Readonly<Record<string, string | number>>, token = viewer) =>
    harness.get(path({ ...first, ...query }), token);

  const rtt = await get({ device: 'gw', metric: 'rtt' });
  assert.equal(rtt.status, 200, rtt.text);
  assert.equal(rtt.body.points, 45);
  assert.equal(rtt.body.unit, 'us');
  const { min, med, p95, max } = rtt.body.columns;
  assert.deepEqual(
    [min[0], med[0], p95[0], max[0]].map((us) => us - min[0]),
    [0, 100, 700, 1_300],
  );
  assert.ok(med.every((us: number | null) => us === med[0]));

  const loss = await get({ device: 'gw', metric: 'loss' });
  assert.deepEqual(loss.body.columns.slots, new Array(45).fill(60));
  assert.deepEqual(
    loss.body.columns.lost,
    Array.from({ length: 45 }, (_, minute) => (minute === 7 ? 10 : 0)),
  );
  const sums = await get({ device: 'gw', metric: 'loss', step: 9 });
  assert.equal(sums.body.columns.loss[0], 10 / 540);

  const rate = (await get({ device: 'sw-core', metric: 'in_octets', port: 3 })).body.columns.rate;
  assert.equal(rate.length, 45);
  // Polls stand at 20 s of minutes 0 to 39: before the first and after the last nothing is known.
  for (const [minute, value] of rate.entries()) {
    if (minute > 39) assert.equal(value, null);
    else assert.ok(Math.abs(value - 1_000) < 1e-6, `${minute}: ${value}`);
  }
  const errors = await get({ device: 'sw-core', metric: 'in_errors', port: 3, step: 45 });
  assert.ok(Math.abs(errors.body.columns.rate[0] * 39 * 60 - 9) < 1e-6);
  const other = await get({ device: 'sw-core', metric: 'in_octets', port: 4 });
  assert.ok(other.body.columns.rate.every((value: null) => value === null));

  const long = { from: at(START_MS), to: at(START_MS + 5_001 * MINUTE_MS) };
  const refused: [Record<string, string | number>, string][] = [
    [{ device: 'gw', metric: 'rtt', ...long, step: 1 }, 'SERIES_POINTS'],
    [{ device: 'gw', metric: 'rtt', ...long, to: at(START_MS + 367 * DAY_MS) }, 'TIME_PERIOD'],
    [{ device: 'gw', metric: 'in_octets' }, 'SERIES_PORT'],
    [{ device: 'gw', metric: 'rtt', port: 3 }, 'SERIES_PORT'],
    [{ device: 'gw', metric: 'rtt', from: at(START_MS + 1_000) }, 'TIME_MINUTE'],
  ];
  for (const [query, code] of refused) {
    const answer = await get(query);
    assert.deepEqual([answer.status, answer.body.error.code], [400, code]);
    assert.notEqual(answer.body.error.hint, '');
  }
  assert.equal((await get({ device: 'no-such', metric: 'rtt' })).status, 404);

  assert.equal((await get({ device: 'pc-1', metric: 'loss' })).status, 403);
  const looked = await get({ device: 'pc-1', metric: 'loss' }, operator);
  assert.equal(looked.body.columns.slots[0], 6);
  const db = new Database(join(harness.data_dir, DATABASE_FILE), { readonly: true });
  const audits = db.prepare("SELECT detail FROM audit WHERE action = 'series.read'").all();
  db.close();
  assert.equal(audits.length, 1);

  const csv = await get({ device: 'gw', metric: 'rtt', format: 'csv' });
  assert.match(csv.text, /at_ms,at,min,med,p95,max/);
});

test('a kept day says what its batches say; dropped and made again it has the same bytes', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  const { store, judge } = harness.deps;
  const agent = await measuredSite(harness);
  const keeper = createSeriesKeeper(store);
  const keep = () => keeper.keepNext(SITE, AGENT, nothing);
  await judge.slots(SITE, 'gw', DAY, DAY + DAY_MS);
  assert.equal(await keep(), false, 'the day is not over');
  await closeNextHour(harness, agent);
  await judge.slots(SITE, 'gw', DAY, DAY + DAY_MS);

  const ask: fc.Arbitrary<SeriesAsk> = fc
    .record({
      device: fc.constantFrom('gw', 'sw-core', 'may-in', 'pc-1'),
      metric: fc.constantFrom(...SERIES_METRICS),
      begin: fc.nat(90),
      length: fc.integer({ min: 1, max: 1_500 }),
      step: fc.integer({ min: 1, max: 70 }),
      arp_is_lost: fc.boolean(),
    })
    .map(({ begin, length, step, ...rest }) => {
      const from_ms = DAY + (FIRST_MINUTE - 10 + begin) * MINUTE_MS;
      const to_ms = from_ms + length * MINUTE_MS;
      return { ...rest, site: SITE, port: 3, from_ms, to_ms, step_ms: step * MINUTE_MS };
    });
  const asks = fc.sample(ask, { numRuns: 60, seed: 11 });
  const answers = async (): Promise<unknown[]> => {
    const reader = createSeriesReader({ store, judge, wanted: () => undefined });
    const found: unknown[] = [];
    for (const one of asks) found.push((await reader.read(one)).columns);
    return found;
  };
  const direct = await answers();
  assert.equal(await keep(), true);
  assert.equal(await keep(), false, 'the next day is not over');
  assert.deepEqual(await answers(), direct);

  const rows = async (): Promise<unknown[]> => {
    const kept: unknown[] = [await store.seriesKept(SITE, 0, DAY + DAY_MS)];
    for (const { code } of agent.list.targets) {
      kept.push(await store.seriesDays(SITE, code, 0, DAY + DAY_MS));
    }
    return kept;
  };
  const before = await rows();
  const db = new Database(join(harness.data_dir, DATABASE_FILE));
  db.exec('DELETE FROM series_kept; DELETE FROM series_day');
  db.close();
  assert.equal(await keep(), true);
  assert.deepEqual(await rows(), before);

  await store.write((tx) => tx.dropJudgement(SITE));
  assert.deepEqual(await store.seriesKept(SITE, 0, DAY + DAY_MS), []);
});

test('a day whose batches come late is kept when they have come, with what they say', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  const { store, judge } = harness.deps;
  await importSite(harness, SITE, 'xa-soc-son');
  const agent = await enrolTestAgent(harness, SITE);
  const reader = createSeriesReader({ store, judge, wanted: () => undefined });
  const keeper = createSeriesKeeper(store);
  const keep = () => keeper.keepNext(SITE, AGENT, nothing);
  const seen = async () => {
    const one = { site: SITE, device: 'gw', metric: 'rtt', port: 0, arp_is_lost: true } as const;
    const from_ms = START_MS;
    const grid = { from_ms, to_ms: from_ms + 4 * DAY_MS, step_ms: DAY_MS };
    const { columns, pending_days } = await reader.read({ ...one, ...grid });
    return { known: columns.med?.map((us) => us !== null), pending_days };
  };
  await measure(harness, agent, 5);
  harness.clock.now_ms += 3 * DAY_MS;
  assert.equal(await keep(), false);
  assert.deepEqual(await seen(), { known: [true, false, false, false], pending_days: 0 });
  // The backlog: each day a few minutes with round trips, then hours.
  for (let day = 0; day < 3; day++) {
    await measure(harness, agent, 5);
    await measure(harness, agent, 1, { ticks: 3_300 });
    await measure(harness, agent, 23, HOUR);
    const odd_s = (agent.at_ms % (60 * MINUTE_MS)) / 1_000;
    if (odd_s > 0) await measure(harness, agent, 1, { ticks: 3_600 - odd_s });
  }
  await judge.slots(SITE, 'gw', DAY, DAY + DAY_MS);
  const turns = startSeriesTurns({
    ...{ store, keeper, log: harness.deps.logger },
    wait: (_, signal) => afterIo(undefined, { signal }),
  });
  turns.wanted(SITE);
  const keptDays = () => store.seriesKept(SITE, 0, DAY + 9 * DAY_MS);
  const begun_ms = performance.now();
  while ((await keptDays()).length < 3 && performance.now() - begun_ms < KEPT_WITHIN_MS) {
    await wait(20);
  }
  await turns.stop();
  assert.equal(await keep(), false, 'the last day is not over');
  const kept = await keptDays();
  assert.deepEqual(
    kept.map(({ day_ms }) => (day_ms - DAY) / DAY_MS),
    [0, 1, 2],
  );
  assert.deepEqual((await seen()).known?.slice(0, 3), [true, true, true]);
});

test('what a revoked key measured is not drawn, neither of a kept day nor of a held one', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  const { store, judge } = harness.deps;
  const agent = await measuredSite(harness);
  await closeNextHour(harness, agent);
  await judge.slots(SITE, 'gw', DAY, DAY + DAY_MS);
  const reader = createSeriesReader({ store, judge, wanted: () => undefined });
  const keeper = createSeriesKeeper(store);
  const ask = { site: SITE, device: 'sw-core', port: 3, arp_is_lost: true } as const;
  const grid = { from_ms: START_MS, to_ms: START_MS + 38 * MINUTE_MS, step_ms: MINUTE_MS };
  const drawn = async (metric: SeriesAsk['metric'], column: string): Promise<boolean[]> => {
    const { columns } = await reader.read({ ...ask, ...grid, metric });
    return (columns[column] ?? []).map((value) => value !== null);
  };
  const first_ones = (count: number): boolean[] =>
    Array.from({ length: 38 }, (_, at) => at < count);
  const all = first_ones(38);
  // Direct: the day stays in memory. Then kept.
  assert.deepEqual([await drawn('in_octets', 'rate'), await drawn('rtt', 'med')], [all, all]);
  assert.equal(await keeper.keepNext(SITE, AGENT, nothing), true);
  assert.deepEqual(await drawn('in_octets', 'rate'), all);

  const batch = await store.batch(SITE, AGENT, 1, 21);
  const admin = await harness.token('admin');
  const url = `/api/v1/sites/${SITE}/agents/${AGENT}/revoke`;
  const payload = { reason: 'stolen', from_leaf: batch?.leaf };
  const revoked = await harness.send({ method: 'POST', url, payload }, admin);
  assert.equal(revoked.status, 200, revoked.text);
  await judge.slots(SITE, 'gw', DAY, DAY + DAY_MS);
  assert.deepEqual(await store.seriesKept(SITE, 0, DAY + DAY_MS), [], 'the judge dropped it');
  // A poll stands at 20 s of its minute: the last rate that is known ends in minute 19.
  assert.deepEqual(await drawn('in_octets', 'rate'), first_ones(20));
  assert.deepEqual(await drawn('rtt', 'med'), first_ones(20));
});
