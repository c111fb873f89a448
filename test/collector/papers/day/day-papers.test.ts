import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as afterIo, setTimeout as wait } from 'node:timers/promises';
import { unpackCarry } from '../../../../collector/judge/day/row.ts';
import {
  AGAIN_AFTER_MS,
  createDayKeeper,
  type DayKeeper,
} from '../../../../collector/papers/day/keeper.ts';
import { startDayTurns } from '../../../../collector/papers/day/turns.ts';
import type { OwedDay } from '../../../../collector/store/store-day-leaves.ts';
import { documentType } from '../../../../shared/evidence/documents.ts';
import { openEnvelope } from '../../../../shared/evidence/dsse.ts';
import { parsePaper } from '../../../../shared/papers/parse.ts';
import type { DayPaper } from '../../../../shared/papers/types.ts';
import { createTestAgent, type TestAgent } from '../../../support/batches.ts';
import {
  type Core,
  enrolAgent,
  newFolder,
  openCore,
  removeFolder,
  shortTurns,
  T0,
} from '../../../support/collector-core.ts';
import {
  deliver,
  everySecond,
  HOUR_MS,
  judgeOver,
  lateJudge,
  leafPaper,
  nextHour,
  SITE,
  type Site,
  silentIn,
  withSite,
} from '../../judge/days-kit.ts';

/** Local midnight of Vietnam, the first one behind T0. */
const MIDNIGHT_MS = Date.UTC(2026, 10, 23, 17);
const DAY_MS = 24 * HOUR_MS;
/** A machine that is busy with other tests, too. */
const WITHIN_MS = 20_000;

interface Options {
  readonly judge?: Site['judge'];
  readonly holder?: string;
}

function keeperOf(site: Site, { judge = site.judge, holder = 'this' }: Options = {}): DayKeeper {
  return createDayKeeper({
    ...{ store: site.store, ledger: site.ledger, crypto: site.crypto, judge, holder },
    document_key: site.documentSigner,
    now_ms: () => site.clock.now_ms,
    log: { warn: (fields, message) => void site.warned.push({ ...fields, message }) },
  });
}

/** Looks at all that is owed; returns how many documents were leafed. */
async function keepAll(keeper: DayKeeper): Promise<number> {
  let leaves = 0;
  for (let after: OwedDay | null = null; ; ) {
    const found = await keeper.next(after);
    leaves += found.leaves;
    if (found.last === null) return leaves;
    after = found.last;
  }
}

/** The day documents in leaf order, each verified under the document key. */
async function dayPapers(core: Core): Promise<DayPaper[]> {
  const rows = await core.store.documents(SITE, 'day');
  return rows.map(({ text }) => {
    const key = core.documentSigner.publicKey;
    return parsePaper('day', openEnvelope(core.crypto, text, documentType('day'), key));
  });
}

const judgeAll = (site: Site, agent: TestAgent) =>
  site.reader.judged(SITE, T0, agent.at_ms - (agent.at_ms % 60_000));

async function hours(site: Site, agent: TestAgent, count: number): Promise<void> {
  for (let hour = 0; hour < count; hour++) {
    const codes: Record<number, string> = {};
    if (hour % 9 === 4) codes[1] = silentIn(600, 1_500);
    if (hour === 10) codes[3] = silentIn(1_800, 3_600);
    if (hour === 11) codes[3] = silentIn(0, 2_700);
    await deliver(site, nextHour(agent, codes));
  }
}

test('one verified document per day, which says what the day carries on', () =>
  withSite(async (site, agent) => {
    const keeper = keeperOf(site);
    await hours(site, agent, 11);
    await judgeAll(site, agent);
    assert.equal(await keepAll(keeper), 0, 'the day is not over for an hour');
    await hours(site, agent, 51);
    await judgeAll(site, agent);
    const before = await everySecond(site, site.reader);
    const { size } = site.ledger.checkpoint();
    assert.equal(await keepAll(keeper), 3);
    assert.equal(site.ledger.checkpoint().size, size + 3);
    assert.equal(await keepAll(keeper), 0);

    const papers = (await dayPapers(site)).toSorted((a, b) => a.from_ms - b.from_ms);
    const rows = await site.store.days(SITE, 0, Number.MAX_SAFE_INTEGER);
    assert.deepEqual(
      papers.map(({ day, from_ms, to_ms }) => [day, from_ms, to_ms]),
      [
        ['2026-11-23', MIDNIGHT_MS - DAY_MS, MIDNIGHT_MS],
        ['2026-11-24', MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS],
        ['2026-11-25', MIDNIGHT_MS + DAY_MS, MIDNIGHT_MS + 2 * DAY_MS],
      ],
    );
    for (const [at, row] of rows.entries()) {
      const { carry, as_of, author, log } = papers[at] ?? assert.fail();
      const kept = unpackCarry(row);
      assert.deepEqual([carry.at_ms, carry.warm_ms], [kept.at_ms, kept.warm_ms]);
      assert.deepEqual(carry.incidents, kept.incidents);
      assert.deepEqual(Object.keys(carry.devices), Object.keys(kept.devices).sort());
      for (const [code, device] of Object.entries(kept.devices)) {
        const { last_reply_ms: _, ever_answered, ...said } = carry.devices[code] ?? assert.fail();
        assert.equal(ever_answered, true);
        for (const [name, value] of Object.entries(said)) {
          assert.deepEqual(value, device[name as keyof typeof device], `${code} ${name}`);
        }
      }
      assert.deepEqual(as_of, { size: row.leaf + 1, to_ms: row.end_ms + HOUR_MS });
      assert.deepEqual([author, log], ['judge', agent.origin]);
    }
    // switch-3 fell silent half an hour before the first midnight; the others answered to its end.
    const first = papers[0]?.carry.devices ?? {};
    assert.equal(first['switch-3']?.last_reply_ms, MIDNIGHT_MS - HOUR_MS / 2 - 1_000);
    assert.equal(first['gateway-0']?.last_reply_ms, MIDNIGHT_MS - 1_000);
    assert.equal(first['camera-4']?.last_reply_ms, MIDNIGHT_MS - 5_000);

    const after = await everySecond(site, site.reader);
    assert.deepEqual(after, before, 'no figure, state or kept day changed');
    await site.judge.rebuildSite(SITE);
    assert.deepEqual(await everySecond(site, site.reader), before);
    assert.equal(await keepAll(keeper), 0, 'found again in the ledger after a rebuild');
    assert.equal((await site.store.dayLeaf(SITE, MIDNIGHT_MS))?.day_ms, MIDNIGHT_MS);
  }));

test('a late backlog gives a second document that differs, an hour after the first', () =>
  withSite(async (site, agent) => {
    const keeper = keeperOf(site);
    await hours(site, agent, 9);
    const backlog = Array.from({ length: 50 }, () => nextHour(agent));
    site.clock.now_ms = agent.at_ms;
    await judgeAll(site, agent);
    assert.equal(await keepAll(keeper), 1, 'the day was judged without the agent’s word');
    for (const batch of backlog) await deliver(site, batch);
    await judgeAll(site, agent);
    assert.equal(await keepAll(keeper), 1, 'only the day that had no document');
    site.clock.now_ms += AGAIN_AFTER_MS;
    assert.equal(await keepAll(keeper), 1);
    assert.equal(await keepAll(keeper), 0);
    const said = (await dayPapers(site)).filter(({ to_ms }) => to_ms === MIDNIGHT_MS);
    const states = said.map(({ carry }) => carry.devices['gateway-0']?.state);
    assert.deepEqual(states, ['unknown', 'up']);
    assert.equal(said[0]?.carry.devices['gateway-0']?.last_reply_ms, T0 + 9 * HOUR_MS - 1_000);
    assert.equal(said[0]?.as_of.to_ms, T0 + 9 * HOUR_MS);
    assert.equal(said[1]?.carry.devices['gateway-0']?.last_reply_ms, MIDNIGHT_MS - 1_000);
    assert.ok((said[1]?.issued_ms ?? 0) - (said[0]?.issued_ms ?? 0) >= AGAIN_AFTER_MS);
  }));

test('days that are judged again without another word are not said again', () =>
  withSite(async (site, agent) => {
    const keeper = keeperOf(site);
    await hours(site, agent, 40);
    await judgeAll(site, agent);
    assert.equal(await keepAll(keeper), 2);
    // A document that touches all days: they are dropped, judged again, and say the same.
    await leafPaper(site, 'settings', { version: 1, settings: { settle_ms: 900_000 } });
    await judgeAll(site, agent);
    assert.equal((await site.store.owedDays(null, 10)).length, 2);
    site.clock.now_ms += 2 * AGAIN_AFTER_MS;
    assert.equal(await keepAll(keeper), 0);
    assert.equal((await site.store.owedDays(null, 10)).length, 0);
  }));

test('two instances at once, and a new one, write each day once', () =>
  withSite(async (site, agent) => {
    await hours(site, agent, 62);
    await judgeAll(site, agent);
    const other = lateJudge(site);
    const keepers = [keeperOf(site), keeperOf(site, { judge: other.judge, holder: 'other' })];
    const leaves = await Promise.all(keepers.map((keeper) => keepAll(keeper)));
    assert.deepEqual(leaves.toSorted(), [0, 3]);
    await Promise.all(keepers.map((keeper) => keeper.close()));
    // Whoever takes over after the lease has ended finds nothing to do, owed again or not.
    await site.store.write((tx) => tx.dropDays(SITE, 0));
    await site.reader.judged(SITE, T0, agent.at_ms);
    assert.equal((await site.store.owedDays(null, 10)).length, 3);
    assert.equal(await keepAll(keeperOf(site, { holder: 'third' })), 0);
    assert.equal((await dayPapers(site)).length, 3);
    await other.judge.close();
  }));

test('a day that was over before anything was known has no document', () =>
  withSite(async (site, agent) => {
    // The list holds from T0 on, the first batch comes two days later.
    agent.skip(2 * DAY_MS);
    await hours(site, agent, 30);
    await judgeAll(site, agent);
    const rows = await site.store.days(SITE, 0, Number.MAX_SAFE_INTEGER);
    const known = rows.filter(({ end_ms }) => end_ms > T0 + 2 * DAY_MS);
    assert.deepEqual([rows.length, known.length], [3, 1]);
    const leaves = await keepAll(keeperOf(site));
    assert.equal(leaves, known.length);
    assert.ok((await dayPapers(site)).every(({ to_ms }) => to_ms > T0 + 2 * DAY_MS));
    assert.equal((await site.store.owedDays(null, 10)).length, 0);
  }));

test('a day document wakes no tail and moves only the cursor', () =>
  withSite(async (site, agent) => {
    await hours(site, agent, 40);
    await deliver(site, agent.next({ codes: { 1: 'n60' } }));
    await site.reader.current(SITE);
    await judgeAll(site, agent);
    const judge = await site.judge.withSite(SITE, (held) => held);
    const tail = await site.judge.days.tail(judge, agent.at_ms);
    const at = judge.position.leaf;
    assert.equal(await keepAll(keeperOf(site)), 2);
    const again = await site.judge.withSite(SITE, (held) => held);
    assert.equal(again.position.leaf, at + 2);
    assert.equal(await site.judge.days.tail(again, agent.at_ms), tail, 'the very same object');
    assert.ok(site.judge.nows.isFresh(again));
  }));

test('what is owed survives a restart, and what is done stays done', async (t) => {
  const data_dir = newFolder();
  t.after(() => removeFolder(data_dir));
  const clock = { now_ms: T0 };
  const inRun = async <T>(work: (site: Site) => Promise<T>): Promise<T> => {
    const core = await openCore({ data_dir, clock, wait: shortTurns });
    const site = { ...core, ...judgeOver(core, core.handover) };
    try {
      return await work(site);
    } finally {
      await site.judge.close();
      await core.close();
    }
  };
  const agent = createTestAgent({ site: SITE, agent: 'do-1', start_ms: T0 });
  await inRun(async (site) => {
    await enrolAgent(site, agent);
    await hours(site, agent, 40);
    await judgeAll(site, agent);
  });
  const looks = () => inRun((site) => keepAll(keeperOf(site, { holder: `at ${clock.now_ms}` })));
  assert.equal(await looks(), 2);
  // Its lease was not given back: a kill. The next run waits for its end, and has nothing to do.
  clock.now_ms += HOUR_MS;
  assert.equal(await looks(), 0);
  assert.equal((await inRun(dayPapers)).length, 2);
});

test('turns write in the background, and stop', () =>
  withSite(async (site, agent) => {
    await hours(site, agent, 62);
    await judgeAll(site, agent);
    const turns = startDayTurns({
      ...{ keeper: keeperOf(site), busy: () => false },
      wait: (_, signal) => afterIo(undefined, { signal }),
      log: { warn: (fields, message) => void site.warned.push({ ...fields, message }) },
    });
    const begun_ms = performance.now();
    while ((await dayPapers(site)).length < 3 && performance.now() - begun_ms < WITHIN_MS) {
      await wait(20);
    }
    await turns.stop();
    assert.equal((await dayPapers(site)).length, 3);
  }));
