import assert from 'node:assert/strict';
import test from 'node:test';
import { findInDays } from '../../../collector/judge/day/find-incident.ts';
import { REACH_BACK_MS, reachBack, reachOn } from '../../../collector/judge/day/reach.ts';
import { packDay } from '../../../collector/judge/day/row.ts';
import { saidOfPeriod } from '../../../collector/judge/day/said.ts';
import type { DayStoreRow } from '../../../collector/store/rows-judgement.ts';
import type { JudgedWindow } from '../../../shared/judge/day/types.ts';
import { at, type Code, DAY, HOUR, idOf, incident, MONDAY } from '../report/judged.ts';

const MINUTE = 60_000;
const DAYS = 60;

/** Days of a site as they stand in the store: `bad` gives what is bad in the hours of a day. */
function daysOf(bad: (day: number) => JudgedWindow['intervals'], ids: (day: number) => string[]) {
  const asked: number[] = [];
  const rows = Array.from({ length: DAYS }, (_, day): DayStoreRow => {
    const from_ms = MONDAY + day * DAY;
    const incidents = ids(day).map((name) =>
      incident(name, ['srv'], { started_at_ms: MONDAY, ended_at_ms: null, phase: 'open' }),
    );
    const kept = { from_ms, to_ms: from_ms + DAY, intervals: bad(day), incidents, findings: [] };
    return {
      ...{ site: 's', day_ms: from_ms, end_ms: from_ms + DAY, log: 1, leaf: 1, rules: 1 },
      ...{ later_word: false, sums_all: '', sums_working: '' },
      ...packDay(kept, { at_ms: from_ms + DAY, warm_ms: from_ms, devices: {}, incidents: [] }),
    };
  });
  const days = async (_: string, from_ms: number, to_ms: number) => {
    asked.push(from_ms);
    return rows.filter((row) => row.day_ms < to_ms && row.end_ms > from_ms);
  };
  return { asked, store: { days } };
}

const dead = (device: Code) => (day: number) => [
  at(device, day * 24, day * 24 + 24, 'down', { incident: idOf(device) }),
];

async function partsOf(stored: ReturnType<typeof daysOf>, from_ms: number, end_ms: number) {
  const reach = {
    ...{ store: stored.store, site: 's', newest_end_ms: MONDAY + DAYS * DAY, from_ms, end_ms },
  };
  const parts: JudgedWindow[] = [];
  const rows = await stored.store.days('s', from_ms, end_ms);
  for (const row of rows) {
    const day = (row.day_ms - MONDAY) / DAY;
    const intervals = dead('srv')(day);
    parts.push({ from_ms: row.day_ms, to_ms: row.end_ms, intervals, incidents: [], findings: [] });
  }
  await reachOn(reach, parts, async () => null);
  await reachBack(reach, parts);
  return [parts[0]?.from_ms, parts.at(-1)?.to_ms];
}

test('what has been bad for long is followed back 40 days, and on to its end', async () => {
  const stored = daysOf(dead('srv'), () => []);
  const from_ms = MONDAY + 55 * DAY;
  const [first_ms, end_ms] = await partsOf(stored, from_ms, from_ms + MINUTE);
  assert.deepEqual([first_ms, end_ms], [from_ms - REACH_BACK_MS, MONDAY + DAYS * DAY]);
});

test('what is bad on other days only is not followed', async () => {
  const stored = daysOf(dead('gw'), () => []);
  const from_ms = MONDAY + 55 * DAY;
  const [first_ms, end_ms] = await partsOf(stored, from_ms, from_ms + MINUTE);
  assert.deepEqual([first_ms, end_ms], [from_ms - DAY, from_ms + 2 * DAY]);
});

test('a word on an outage far from the period is a word on the incident of the period', async () => {
  const outage = at('sw-1', 30, 31, 'down', { incident: idOf('a') });
  const stored = daysOf(
    (day) => (day === 1 ? [outage] : []),
    () => ['a'],
  );
  const from_ms = MONDAY + 50 * DAY;
  const said = (from: number) => {
    const word = { key: { device: 'sw-1', from_ms: from }, author: 'a', issued_ms: MONDAY };
    return saidOfPeriod({
      ...{ store: stored.store, site: 's', tail: async () => null },
      documents: {
        remarks: [{ ...word, kind: 'note', text: 'fan' }],
        reclassifications: [{ ...word, cause: 'power', reason: 'letter' }],
      },
      joined: { from_ms, to_ms: from_ms + DAY, intervals: [], incidents: [], findings: [] },
      incidents: [incident('a', ['srv'], { started_at_ms: MONDAY, ended_at_ms: null })],
    });
  };
  const { reclassified, remarked } = await said(outage.from_ms);
  assert.equal(reclassified.get(idOf('a'))?.cause, 'power');
  assert.equal(remarked.get(idOf('a'))?.[0]?.text, 'fan');
  assert.equal((await said(outage.from_ms + HOUR)).reclassified.size, 0);
  const reads = stored.asked.length;
  await said(MONDAY - DAY);
  assert.equal(stored.asked.length, reads, 'before every incident nothing is looked for');
});

test('an incident is searched for from the newest day back, and no further than it is', async () => {
  const stored = daysOf(
    () => [],
    (day) => (day < 45 ? ['a'] : []),
  );
  const end_ms = MONDAY + DAYS * DAY;
  const find = (id: string) => findInDays(stored.store, 's', id, MONDAY, end_ms);
  assert.equal((await find(idOf('a')))?.id, idOf('a'));
  assert.equal(stored.asked.length, 1);
  assert.equal(await find(idOf('none')), null);
  assert.equal(stored.asked.length, 4);
});
