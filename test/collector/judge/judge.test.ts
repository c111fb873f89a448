import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Handover } from '../../../collector/judge/handover.ts';
import { createHandover } from '../../../collector/judge/handover.ts';
import { createJudgeReader } from '../../../collector/judge/read.ts';
import type { JudgeReader } from '../../../collector/judge/read-types.ts';
import type { SiteChange } from '../../../collector/judge/round.ts';
import { createJudge, type Judge } from '../../../collector/judge/runner.ts';
import { availabilityFigures } from '../../../collector/report/figures.ts';
import type { Store } from '../../../collector/store/store.ts';
import { createTestAgent, type TestAgent, type TestBatch } from '../../support/batches.ts';
import {
  type Core,
  enrolAgent,
  openCore,
  removeFolder,
  shortTurns,
  T0,
} from '../../support/collector-core.ts';

const SITE = 'a-site';
const MINUTE_MS = 60_000;

interface Judged extends Core {
  readonly judge: Judge;
  readonly reader: JudgeReader;
  readonly changes: SiteChange[];
  readonly warned: unknown[];
}

function judgeOver(
  core: Core,
  handover: Handover,
  store: Store = core.store,
): Omit<Judged, keyof Core> {
  const warned: unknown[] = [];
  const judge = createJudge({
    store,
    ledger: core.ledger,
    handover,
    findList: core.findList,
    now_ms: () => core.clock.now_ms,
    wait: (ms) => wait(Math.min(ms, 30)),
    log: { warn: (fields, message) => void warned.push({ ...fields, message }) },
  });
  const changes: SiteChange[] = [];
  judge.onChange((change) => void changes.push(change));
  const now_ms = (): number => core.clock.now_ms;
  const reader = createJudgeReader({ store: core.store, ledger: core.ledger, judge, now_ms });
  return { judge, reader, changes, warned };
}

async function withJudge(
  work: (judged: Judged, agent: TestAgent) => Promise<void>,
  targets = 6,
  change: (agent: TestAgent) => void = () => {},
): Promise<void> {
  const core = await openCore({ wait: shortTurns });
  const judged = { ...core, ...judgeOver(core, core.handover) };
  try {
    const agent = createTestAgent({ site: SITE, agent: 'do-1', start_ms: T0, targets });
    change(agent);
    await enrolAgent(core, agent);
    await work(judged, agent);
  } finally {
    await judged.judge.close();
    await core.close();
    removeFolder(core.data_dir);
  }
}

async function send(core: Core, batch: TestBatch): Promise<void> {
  core.clock.now_ms = Math.max(core.clock.now_ms, batch.header.sealed_ms + 100);
  const result = await core.ingest.submitBatch(batch.body, { insecure: false });
  assert.equal(result.kind, 'accepted', JSON.stringify(result));
}

/** Everything that is stored of a site's judgement, and what its reader says. */
async function everything(core: Core, reader: JudgeReader): Promise<unknown> {
  const to = core.clock.now_ms - (core.clock.now_ms % MINUTE_MS);
  const devices = (await reader.current(SITE)).map(({ device }) => device);
  const slots = await Promise.all(devices.map((device) => reader.slots(SITE, device, T0, to)));
  return {
    intervals: await core.store.intervals(SITE, 0, to),
    chunks: await core.store.chunks(SITE, 0, to),
    windows: await core.store.windows(SITE),
    slots: slots.map(({ runs }) => runs),
    current: (await reader.current(SITE)).map((state) => ({ ...state, rtt_us: 0 })),
    covered: (await reader.intervals(SITE, T0, to)).intervals,
  };
}

test('an outage is found, published and ends; slots and states cover the time', () =>
  withJudge(async (judged, agent) => {
    await send(judged, agent.next());
    await send(judged, agent.next({ codes: { 1: 'r20n30r10' } }));
    await send(judged, agent.next());
    const { runs, as_of } = await judged.reader.slots(SITE, 'switch-1', T0, T0 + 3 * MINUTE_MS);
    assert.equal(
      runs.reduce((sum, { slots }) => sum + slots, 0),
      180,
    );
    assert.deepEqual(
      runs.map(({ class: name, slots }) => [name, slots]),
      [
        ['reply', 80],
        ['no_reply', 30],
        ['reply', 70],
      ],
    );
    assert.equal(as_of.to_ms, T0 + 3 * MINUTE_MS);
    const { intervals } = await judged.reader.intervals(SITE, T0, T0 + 3 * MINUTE_MS, 'switch-1');
    assert.deepEqual(
      intervals.map(({ state, from_ms, to_ms }) => [state, from_ms - T0, (to_ms ?? 0) - T0]),
      [
        ['up', 0, 80_000],
        ['down', 80_000, 110_000],
        ['up', 110_000, 180_000],
      ],
    );
    const current = await judged.reader.current(SITE);
    assert.equal(current.length, 6);
    assert.ok(current.every(({ state, rtt_us }) => state === 'up' && rtt_us !== null));
    const states = judged.changes.flatMap(({ changes }) => changes);
    const mine = states.filter(({ device }) => device === 'switch-1').map(({ state }) => state);
    assert.deepEqual([mine[0], mine.at(-1)], ['up', 'up']);
    assert.ok((await judged.store.outbox(0, 100)).length > 0);
  }));

test('round trips shown are those of the probe that carries the state', () =>
  withJudge(
    async (judged, agent) => {
      const rtt = { min: [9], med: [99_999], p95: [99_999], max: [99_999] };
      const grid = { t0: 1_000_000, n: 6, n0: 0, i: 10_000, targets: [1], s: ['r6'], rtt };
      const batch = agent.next({
        infra: ({ series, ...rest }) => ({
          ...rest,
          series: [
            ...series,
            { ...grid, probe: 'echo_large' },
            { ...grid, probe: 'tcp' },
            { ...grid, probe: 'tcp', check: 1 },
            { ...grid, probe: 'http' },
          ],
          checks: [{ target: 1, probe: 'tcp', check: 1, ticks: [[1_000_000, 'accepted', [9]]] }],
        }),
      });
      await send(judged, batch);
      const { runs } = await judged.reader.slots(SITE, 'switch-1', T0, T0 + MINUTE_MS);
      assert.deepEqual(
        runs.map(({ class: name, slots }) => [name, slots]),
        [['reply', 60]],
      );
      const current = await judged.reader.current(SITE);
      assert.equal(current.find(({ device }) => device === 'switch-1')?.rtt_us, 301);
    },
    6,
    (agent) => {
      const times = { interval_ms: 10_000, timeout_ms: 1_000 };
      const more = { echo_large: { ...times, bytes: 1_400 }, tcp: [times, times], http: [times] };
      const targets = agent.list.targets.map((target) => ({
        ...target,
        probes: { ...target.probes, ...more },
      }));
      agent.list = { ...agent.list, targets };
    },
  ));

test('a late agent is unknown now, and unreceived time is filled up to as_of', () =>
  withJudge(async (judged, agent) => {
    await send(judged, agent.next());
    judged.clock.now_ms = T0 + 10 * MINUTE_MS;
    const [gateway] = await judged.reader.current(SITE);
    assert.deepEqual([gateway?.state, gateway?.reason], ['unknown', 'not_received']);
    const { runs, as_of } = await judged.reader.slots(SITE, 'gateway-0', T0, T0 + 10 * MINUTE_MS);
    assert.equal(as_of.to_ms, T0 + 7 * MINUTE_MS);
    assert.deepEqual(
      runs.map(({ class: name, slots }) => [name, slots]),
      [
        ['reply', 60],
        ['not_received', 360],
      ],
    );
    const { intervals } = await judged.reader.intervals(SITE, T0, T0 + 10 * MINUTE_MS, 'gateway-0');
    assert.deepEqual(
      intervals.map(({ state, to_ms }) => [state, (to_ms ?? 0) - T0]),
      [
        ['up', MINUTE_MS],
        ['unknown', 7 * MINUTE_MS],
      ],
    );
    await assert.rejects(judged.reader.slots(SITE, 'gateway-0', T0 + 1, T0 + 60_000), RangeError);
  }));

async function story(core: Core, agent: TestAgent): Promise<void> {
  for (let minute = 0; minute < 70; minute++) {
    if (minute === 20) agent.skip(5 * MINUTE_MS);
    if (minute === 30) {
      const done = await core.ingest.submitHole(agent.hole(2), { insecure: false });
      assert.equal(done.kind, 'accepted');
      agent.skip(2 * MINUTE_MS);
    }
    const codes = minute % 7 === 3 ? { 1: 'r5n40r15', 2: 'n60' } : {};
    const prev = minute === 40 ? { header: { prev: btoa('y'.repeat(32)) } } : {};
    await send(core, agent.next({ codes, ...prev }));
  }
}

test('rebuild equals incremental, and so does a judge that started late', () =>
  withJudge(async (judged, agent) => {
    await story(judged, agent);
    const incremental = await everything(judged, judged.reader);
    await judged.judge.rebuildSite(SITE);
    assert.deepEqual(await everything(judged, judged.reader), incremental);

    const other = judgeOver(judged, createHandover());
    try {
      assert.deepEqual(await everything(judged, other.reader), incremental);
    } finally {
      await other.judge.close();
    }
  }, 12));

test('two judges that alternate over one store agree', () =>
  withJudge(async (judged, agent) => {
    const other = judgeOver(judged, createHandover());
    for (let minute = 0; minute < 40; minute++) {
      await send(judged, agent.next({ codes: minute % 5 === 0 ? { 1: 'r10n45r5' } : {} }));
      const turn = minute % 2 === 0 ? judged.judge : other.judge;
      await turn.withSite(SITE, () => undefined);
    }
    const seen = await everything(judged, judged.reader);
    assert.deepEqual(await everything(judged, other.reader), seen);
    await other.judge.close();
    await judged.judge.rebuildSite(SITE);
    assert.deepEqual(await everything(judged, judged.reader), seen);
  }));

test('a restart goes on behind its cursor and says nothing twice', () =>
  withJudge(async (judged, agent) => {
    for (let minute = 0; minute < 5; minute++) await send(judged, agent.next());
    await judged.judge.withSite(SITE, () => undefined);
    const before = await judged.store.newestOutboxId();
    assert.equal(await judged.store.judgeState(SITE), null);
    const other = judgeOver(judged, createHandover());
    await other.judge.catchUp();
    await other.judge.withSite(SITE, () => undefined);
    await other.judge.close();
    assert.equal(await judged.store.newestOutboxId(), before);
    const newest = await judged.store.newestSiteLeaf(SITE);
    const saved = await judged.store.judgeState(SITE);
    assert.deepEqual({ log: saved?.log, leaf: saved?.leaf }, newest);
  }));

test('a clean end stores how far it came, also behind a batch that says nothing', () =>
  withJudge(async (judged, agent) => {
    await send(judged, agent.next());
    await send(judged, agent.next());
    await send(judged, agent.next());
    await judged.reader.current(SITE);
    await judged.judge.close();
    const newest = await judged.store.newestSiteLeaf(SITE);
    assert.ok(newest !== null);
    assert.deepEqual(await judged.store.judgeProgress(SITE), {
      log: newest.log,
      leaf: newest.leaf,
    });
  }));

test('an input that breaks the judge is on record, and neither site nor neighbour stops', () =>
  withJudge(async (judged, agent) => {
    await send(judged, agent.next());
    await send(judged, agent.next());
    await judged.judge.close();
    const second = await judged.store.batch(SITE, 'do-1', 1, 2);
    const broken: Store = {
      ...judged.store,
      read: (work) =>
        judged.store.read((unit) =>
          work({
            ...unit,
            siteLeaves: async (site, after, limit) =>
              (await unit.siteLeaves(site, after, limit)).map((found) =>
                found.leaf.index === second?.leaf && found.batch !== null
                  ? {
                      ...found,
                      batch: { ...found.batch, sections: JSON.parse('[{"name":"infra"}]') },
                    }
                  : found,
              ),
          }),
        ),
    };
    await judged.store.write((tx) => tx.dropJudgement(SITE));
    const other = judgeOver(judged, createHandover(), broken);
    await send(judged, agent.next());
    await other.judge.withSite(SITE, () => undefined);
    const faults = await judged.store.judgeFaults(SITE);
    assert.deepEqual(
      faults.map(({ leaf }) => leaf),
      [second?.leaf],
    );
    assert.equal(other.judge.stats().faults, 1);
    const { runs } = await other.reader.slots(SITE, 'gateway-0', T0, T0 + 3 * MINUTE_MS);
    assert.deepEqual(
      runs.map(({ class: name, slots }) => [name, slots]),
      [
        ['reply', 60],
        ['not_received', 60],
        ['reply', 60],
      ],
    );
    await other.judge.close();
  }));

test('when a commit fails the memory is dropped and nothing is lost', () =>
  withJudge(async (judged, agent) => {
    await judged.judge.close();
    let failing = true;
    const shaky: Store = {
      ...judged.store,
      write: (work) =>
        judged.store.write(async (tx) => {
          const value = await work(tx);
          if (failing) throw new Error('the disk is gone for a moment');
          return value;
        }),
    };
    const other = judgeOver(judged, createHandover(), shaky);
    await send(judged, agent.next({ codes: { 1: 'r10n45r5' } }));
    await assert.rejects(() => other.judge.withSite(SITE, () => undefined), {
      code: 'JUDGE_BEHIND',
    });
    failing = false;
    await other.judge.withSite(SITE, () => undefined);
    const seen = await everything(judged, other.reader);
    await other.judge.rebuildSite(SITE);
    assert.deepEqual(await everything(judged, other.reader), seen);
    assert.ok(other.warned.length > 0);
    await other.judge.close();
  }));

test('a conflict makes the time behind it conflict until the agent is enrolled again', () =>
  withJudge(async (judged, agent) => {
    await send(judged, agent.next());
    const clone = await judged.ingest.submitBatch(agent.fork().body, { insecure: false });
    assert.equal(clone.kind === 'refused' && clone.code, 'CONFLICT');
    await send(judged, agent.next());
    const { runs } = await judged.reader.slots(SITE, 'gateway-0', T0, T0 + 2 * MINUTE_MS);
    assert.deepEqual(
      runs.map(({ class: name }) => name),
      ['reply', 'conflict'],
    );
  }));

/** Like the device's agent, but from `start_ms` on and under another code. */
function successor(agent: TestAgent, start_ms: number): TestAgent {
  const next = createTestAgent({ site: agent.site, agent: 'do-2', start_ms, targets: 6 });
  next.at_ms = start_ms;
  return next;
}

const DEVICE = 'gateway-0';

async function figuresOf(judged: Judged, minutes: number) {
  const period = { from_ms: T0, to_ms: T0 + minutes * MINUTE_MS };
  const { items } = await availabilityFigures(
    { judge: judged.reader },
    SITE,
    { ...period, hours: 'all', profile: null },
    { by: 'device', device: null, hide_computers: false },
  );
  const { runs } = await judged.reader.slots(SITE, DEVICE, period.from_ms, period.to_ms);
  const current = await judged.reader.current(SITE);
  const shown = current.filter(({ device }) => device === DEVICE);
  return { row: items.find(({ device }) => device === DEVICE), runs, shown };
}

test('a dead agent gives way to the one that has its devices now', () =>
  withJudge(async (judged, agent) => {
    for (let minute = 0; minute < 3; minute++) await send(judged, agent.next());
    const next = successor(agent, T0 + 10 * MINUTE_MS);
    judged.clock.now_ms = T0 + 10 * MINUTE_MS;
    await enrolAgent(judged, next);
    for (let minute = 0; minute < 5; minute++) await send(judged, next.next());
    judged.clock.now_ms = T0 + 15 * MINUTE_MS + 500;
    const { row, runs, shown } = await figuresOf(judged, 15);
    assert.equal(row?.expected_ms, 15 * MINUTE_MS);
    assert.equal(row?.up_ms, 8 * MINUTE_MS);
    assert.deepEqual(row?.unknown_by, { not_received: 7 * MINUTE_MS });
    assert.deepEqual(
      runs.map(({ agent: code, class: name, slots }) => [code, name, slots]),
      [
        ['do-1', 'reply', 180],
        ['do-1', 'not_received', 420],
        ['do-2', 'reply', 300],
      ],
    );
    assert.deepEqual(
      shown.map(({ agent: code, state }) => [code, state]),
      [['do-2', 'up']],
    );
  }));

test('what a former agent delivers late takes nothing from the next one', () =>
  withJudge(async (judged, agent) => {
    await send(judged, agent.next());
    const next = successor(agent, T0 + 2 * MINUTE_MS);
    judged.clock.now_ms = T0 + 2 * MINUTE_MS;
    await enrolAgent(judged, next);
    for (let minute = 0; minute < 6; minute++) await send(judged, next.next());
    // The first one was cut off meanwhile: for it the device fell silent.
    await send(judged, agent.next());
    for (let minute = 0; minute < 4; minute++) {
      await send(judged, agent.next({ codes: { 0: 'n60' } }));
    }
    judged.clock.now_ms = T0 + 8 * MINUTE_MS + 500;
    const { row, runs } = await figuresOf(judged, 8);
    assert.deepEqual([row?.expected_ms, row?.up_ms], [8 * MINUTE_MS, 8 * MINUTE_MS]);
    assert.deepEqual([row?.down_ms, row?.outages], [0, 0]);
    assert.ok(runs.every(({ class: name }) => name === 'reply'));
    const seen = await everything(judged, judged.reader);
    await judged.judge.rebuildSite(SITE);
    assert.deepEqual(await everything(judged, judged.reader), seen);
  }));
