import assert from 'node:assert/strict';
import test from 'node:test';
import type { Store } from '../../../collector/store/store.ts';
import type { TestAgent } from '../../support/batches.ts';
import { T0 } from '../../support/collector-core.ts';
import {
  dayRows,
  deliver,
  everySecond,
  HOUR_MS,
  lateJudge,
  leafPaper,
  MINUTE_MS,
  nextHour,
  SITE,
  type Site,
  silentIn,
  withSite,
} from './days-kit.ts';

/** Local midnight of Vietnam, the first one behind T0. */
const MIDNIGHT_MS = Date.UTC(2026, 10, 23, 17);
const DAY_MS = 24 * HOUR_MS;

/** Two and a half days: losses, short and long outages, one over a midnight. */
async function story(site: Site, agent: TestAgent, each?: (hour: number) => Promise<unknown>) {
  for (let hour = 0; hour < 62; hour++) {
    const codes: Record<number, string> = {};
    if (hour % 9 === 4) codes[1] = silentIn(600, 1_500);
    if (hour % 7 === 2) codes[2] = 'r1000n2r100n2r2496';
    if (hour === 10) codes[3] = silentIn(1_800, 3_600);
    if (hour === 11) codes[3] = silentIn(0, 2_700);
    if (hour === 30) for (const at of [0, 1, 2, 3]) codes[at] = silentIn(100, 400);
    await deliver(site, nextHour(agent, codes));
    await each?.(hour);
  }
}

test('days judged as they pass are byte for byte those judged anew', () =>
  withSite(async (site, agent) => {
    await story(site, agent, async (hour) => {
      // Some days are judged when somebody asks, others in quiet moments or all at the end.
      if (hour % 13 === 5) await site.reader.current(SITE);
      if (hour % 17 === 3) await site.reader.judged(SITE, T0, T0 + HOUR_MS);
    });
    const passing = await everySecond(site, site.reader);
    assert.equal((await dayRows(site)).length, 3);
    await site.store.write((unit) => unit.dropDays(SITE, 0));
    assert.equal((await dayRows(site)).length, 0);
    assert.deepEqual(await everySecond(site, site.reader), passing);

    await site.judge.rebuildSite(SITE);
    assert.deepEqual(await everySecond(site, site.reader), passing);

    const other = lateJudge(site);
    assert.deepEqual(await everySecond(site, other.reader), passing);
    await other.judge.close();
  }));

test('an outage over midnight is one, whole, and its incident too', () =>
  withSite(async (site, agent) => {
    await story(site, agent);
    const { intervals, incidents, days } = await site.reader.judged(
      SITE,
      MIDNIGHT_MS,
      MIDNIGHT_MS + DAY_MS,
    );
    const down = intervals.filter(({ device, state }) => device === 'switch-3' && state === 'down');
    const [first] = down;
    assert.equal(first?.from_ms, T0 + 10 * HOUR_MS + 30 * MINUTE_MS);
    assert.equal(first?.to_ms, T0 + 11 * HOUR_MS + 45 * MINUTE_MS);
    assert.ok(incidents.some(({ id, phase }) => id === first?.incident && phase === 'settled'));
    assert.deepEqual(
      days.map(({ day_ms, end_ms }) => [day_ms, end_ms]),
      [[MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS]],
    );
    const { rows, sites } = await site.reader.dayRows([SITE], T0, MIDNIGHT_MS + DAY_MS, 'all');
    assert.equal(rows.length, 1);
    assert.equal(sites.get(SITE)?.to_ms, MIDNIGHT_MS + 2 * DAY_MS);
  }));

test('what is delivered late drops the days that it touches, and they are judged again', () =>
  withSite(async (site, agent) => {
    for (let hour = 0; hour < 8; hour++) await deliver(site, nextHour(agent));
    const backlog = Array.from({ length: 50 }, (_, hour) =>
      nextHour(agent, hour % 10 === 6 ? { 1: silentIn(60, 600) } : {}),
    );
    site.clock.now_ms = agent.at_ms;
    const before = await site.reader.judged(SITE, T0, agent.at_ms);
    assert.equal((await dayRows(site)).length, 1, 'nobody waits for a day for ever');
    assert.ok(before.intervals.some(({ state }) => state === 'unknown'));
    for (const batch of backlog) await deliver(site, batch);
    const after = await site.reader.judged(SITE, T0, agent.at_ms);
    assert.equal(after.intervals.filter(({ state }) => state === 'unknown').length, 0);
    assert.equal(after.intervals.filter(({ state }) => state === 'down').length, 5);
    assert.equal((await dayRows(site)).length, 2);
    const seen = await everySecond(site, site.reader);
    await site.judge.rebuildSite(SITE);
    assert.deepEqual(await everySecond(site, site.reader), seen);
  }));

test('maintenance counts where it was seen before; one that came late does not', () =>
  withSite(async (site, agent) => {
    for (let hour = 0; hour < 14; hour++) await deliver(site, nextHour(agent));
    await site.reader.judged(SITE, T0, agent.at_ms);
    assert.equal((await dayRows(site)).length, 1);
    const plan = (id: string, from_ms: number) => ({
      ...{ id, devices: ['switch-1'], reason: 'new cables' },
      windows: [{ from_ms, to_ms: from_ms + HOUR_MS }],
    });
    const leaf = await leafPaper(site, 'maintenance', plan('m-1', agent.at_ms + 2 * HOUR_MS));
    await leafPaper(site, 'maintenance', plan('m-2', T0 + 2 * HOUR_MS));
    const seen = { log: agent.origin, size: leaf + 2 };
    for (let hour = 0; hour < 32; hour++) {
      await deliver(site, agent.next({ ticks: 3_600, header: { seen } }));
    }
    const { intervals } = await site.reader.judged(SITE, T0, agent.at_ms);
    const under = intervals.filter(({ state }) => state === 'maintenance');
    assert.deepEqual(
      under.map(({ device, from_ms, to_ms }) => [device, from_ms - T0, (to_ms ?? 0) - T0]),
      [['switch-1', 16 * HOUR_MS, 17 * HOUR_MS]],
    );
    const now = await everySecond(site, site.reader);
    await site.judge.rebuildSite(SITE);
    assert.deepEqual(await everySecond(site, site.reader), now);
  }));

test('two judges that alternate over one store agree, and use each other’s days', () =>
  withSite(async (site, agent) => {
    const other = lateJudge(site);
    await story(site, agent, async (hour) => {
      const turn = hour % 2 === 0 ? site.reader : other.reader;
      if (hour % 3 === 0) await turn.judged(SITE, T0, T0 + HOUR_MS);
      else await turn.current(SITE);
    });
    const seen = await everySecond(site, site.reader);
    assert.deepEqual(await everySecond(site, other.reader), seen);
    await other.judge.close();
    await site.judge.rebuildSite(SITE);
    assert.deepEqual(await everySecond(site, site.reader), seen);
  }));

test('a calm site is not judged again with every batch', () => {
  let reads = 0;
  const wrap = (store: Store): Store => ({
    ...store,
    seen: (...ask) => {
      reads += 1;
      return store.seen(...ask);
    },
  });
  return withSite(async (site, agent) => {
    await deliver(site, nextHour(agent));
    for (let minute = 0; minute < 30; minute++) await deliver(site, agent.next());
    await site.reader.current(SITE);
    reads = 0;
    for (let minute = 0; minute < 5; minute++) {
      await deliver(site, agent.next());
      assert.ok((await site.reader.current(SITE)).every(({ state }) => state === 'up'));
    }
    assert.equal(reads, 0);
    await deliver(site, agent.next({ codes: { 1: 'r20n30r10' } }));
    await site.reader.current(SITE);
    assert.ok(reads > 0);
  }, wrap);
});

test('causes and incidents come to current states, and changes to the outbox', () =>
  withSite(async (site, agent) => {
    for (let minute = 0; minute < 3; minute++) await deliver(site, agent.next());
    await deliver(site, agent.next({ codes: { 1: 'r20n40' } }));
    await deliver(site, agent.next({ codes: { 1: 'n60' } }));
    const shown = await site.reader.current(SITE);
    const down = shown.find(({ device }) => device === 'switch-1');
    assert.deepEqual(
      [down?.state, down?.cause !== null, down?.incident !== null],
      ['down', true, true],
    );
    assert.equal((await site.reader.incidentsNow(SITE)).incidents.length, 1);
    await site.judge.close();
    const rows = await site.store.outbox(0, 100);
    const incident = rows.filter(({ kind }) => kind === 'incident');
    assert.ok(incident.some(({ detail }) => detail.includes('"phase":"open"')));
  }));
