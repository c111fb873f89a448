/** What every engine of the store must do; each engine's test file runs the same cases. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import test from 'node:test';
import type {
  AgentRow,
  CredentialRow,
  EnrolmentRow,
  EnrolTokenRow,
  LeafRow,
} from '../../collector/store/rows.ts';
import type { IntervalRow } from '../../collector/store/rows-judgement.ts';
import type { Store, WriteUnit } from '../../collector/store/store.ts';
import { LanProofError } from '../../shared/errors.ts';

const T0 = Date.UTC(2026, 10, 23);
const HOUR_MS = 3_600_000;

export interface Engine {
  readonly name: string;
  /** A new, empty store; `reopen` closes it and opens it again. */
  open(): Promise<{ store: Store; reopen(): Promise<Store>; remove(): Promise<void> }>;
}

export function bytes(fill: number, length = 32): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

function leaf(index: number, more: Partial<LeafRow> = {}): LeafRow {
  const place = { log: 1, index, kind: 'batch' as const, site: 'a', agent: 'do-1' };
  return { ...place, epoch: 1, seq: index + 1, hash: bytes(index), recv_ms: T0 + index, ...more };
}

const AGENT: AgentRow = {
  ...{ site: 'a', agent: 'do-1', epoch: 1, key: bytes(9), short_code: 'ABCD-EFGH', seq: 0 },
  ...{ hash: bytes(1), revoked_ms: null, quarantined_ms: null, last_seen_ms: null },
  ...{ closed_to_ms: null, list_version: 0, seen_size: 0, seen_at_ms: null },
  ...{ software: 'x', insecure: true, enrolled_ms: T0 },
  ...{ history_lost_ms: T0 + 1, history_rewritten_ms: null },
};

async function withLog(tx: WriteUnit): Promise<void> {
  await tx.addLog({ log: 1, origin: 'test/log-1', opened_ms: T0 });
}

async function addBatch(tx: WriteUnit, index: number, site = 'a'): Promise<void> {
  const row = leaf(index, { site });
  await tx.addLeaf(row);
  const ref = await tx.putBody('infra', T0, Uint8Array.of(1, 2, index));
  await tx.addBatch({
    ...{ site, agent: 'do-1', epoch: 1, seq: row.seq, hash: row.hash, recv_ms: row.recv_ms },
    ...{ log: 1, leaf: index, header: bytes(3, 700), signature: bytes(4, 64), fault: null },
    sections: [{ name: 'infra', ...ref }],
  });
}

const CASES: Record<
  string,
  (store: Store, t: TestContext, reopen: () => Promise<Store>) => Promise<void>
> = {
  'leaves come in order or not at all': async (store) => {
    await store.write(async (tx) => {
      await withLog(tx);
      await tx.addLeaf(leaf(0));
      await assert.rejects(
        tx.attempt(() => tx.addLeaf(leaf(2))),
        { code: 'LEAF_ORDER' },
      );
      await assert.rejects(
        tx.attempt(() => tx.addLeaf(leaf(0))),
        { code: 'LEAF_ORDER' },
      );
      await tx.addLeaf(leaf(1, { kind: 'log-open', site: null, agent: null, epoch: 0, seq: 0 }));
    });
    assert.equal((await store.logs())[0]?.size, 2);
    assert.deepEqual(await store.leaf(1, 0), leaf(0));
    const both = await store.leaves(1, 0, 9);
    assert.deepEqual([both[1]?.site, both[1]?.agent], [null, null]);
    assert.equal(await store.leaf(1, 2), null);
    const { recv_ms } = leaf(0);
    const found = (from: number, at_ms: number) => store.receivedFrom(1, from, 2, at_ms);
    assert.deepEqual([await found(0, recv_ms), await found(0, 2 ** 50)], [0, null]);
    assert.equal(await found(1, both[1]?.recv_ms ?? 0), 1);
  },

  'a unit of work that throws leaves nothing': async (store) => {
    await assert.rejects(
      store.write(async (tx) => {
        await withLog(tx);
        await addBatch(tx, 0);
        throw new Error('stop');
      }),
      /stop/,
    );
    assert.deepEqual(await store.logs(), []);
    assert.equal(await store.batch('a', 'do-1', 1, 1), null);
  },

  'a part that fails alone is undone, its neighbours stay': async (store) => {
    await store.write(async (tx) => {
      await withLog(tx);
      await addBatch(tx, 0);
      const failing = tx.attempt(async () => {
        await addBatch(tx, 1);
        throw new Error('part');
      });
      await assert.rejects(failing, /part/);
      await tx.attempt(() => addBatch(tx, 1));
    });
    assert.equal((await store.logs())[0]?.size, 2);
    const row = await store.batch('a', 'do-1', 1, 2);
    const [section] = row?.sections ?? [];
    assert.ok(section !== undefined);
    assert.deepEqual(await store.readBody(section), Uint8Array.of(1, 2, 1));
  },

  'reads beside a unit see only what is committed': async (store) => {
    await store.write(async (tx) => {
      await withLog(tx);
      assert.equal((await tx.logs()).length, 1);
      assert.equal((await store.logs()).length, 0);
    });
    assert.equal((await store.logs()).length, 1);
  },

  'units run one after another': async (store) => {
    const order: string[] = [];
    await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        store.write(async () => {
          order.push(`${name}+`);
          await new Promise((resolve) => setImmediate(resolve));
          order.push(`${name}-`);
        }),
      ),
    );
    assert.deepEqual(order, ['a+', 'a-', 'b+', 'b-', 'c+', 'c-']);
  },

  'batches and bodies survive reopening': async (store, _, reopen) => {
    await store.write(async (tx) => {
      await withLog(tx);
      await addBatch(tx, 0);
    });
    const before = await store.batch('a', 'do-1', 1, 1);
    const again = await reopen();
    assert.deepEqual(await again.batch('a', 'do-1', 1, 1), before);
    assert.deepEqual(await again.batchByLeaf(1, 0), before);
    const [section] = before?.sections ?? [];
    assert.ok(section !== undefined);
    assert.deepEqual(await again.readBody(section), Uint8Array.of(1, 2, 0));
    await assert.rejects(again.readBody({ ...section, offset: 999 }), { code: 'BODY_MISSING' });
    await assert.rejects(again.readBody({ ...section, file: '../x' }), { code: 'BODY_MISSING' });
    await again.write((tx) => addBatch(tx, 1));
    const next = await again.batch('a', 'do-1', 1, 2);
    assert.equal(next?.sections[0]?.offset, 3);
  },

  'a site is read in leaf order, batches and documents together': async (store) => {
    await store.write(async (tx) => {
      await withLog(tx);
      await addBatch(tx, 0);
      await addBatch(tx, 1, 'b');
      const kind = 'enrol' as const;
      await tx.addLeaf(leaf(2, { kind, seq: 0, hash: bytes(50) }));
      const document = { site: 'a', kind, agent: 'do-1', hash: bytes(50), text: '{}' };
      await tx.addDocument({ ...document, log: 1, leaf: 2, recv_ms: T0 });
    });
    const found = await store.siteLeaves('a', { log: 0, leaf: -1 }, 10);
    assert.deepEqual(
      found.map((row) => [row.leaf.index, row.batch?.seq, row.document?.text]),
      [
        [0, 1, undefined],
        [2, undefined, '{}'],
      ],
    );
    assert.equal((await store.siteLeaves('a', { log: 1, leaf: 0 }, 10)).length, 1);
    assert.equal((await store.siteLeaves('a', { log: 0, leaf: -1 }, 1)).length, 1);
    assert.deepEqual(await store.siteLeafCount('a', 1, 0, 3), { batches: 1, documents: 1 });
    assert.deepEqual(await store.siteLeafCount('a', 1, 1, 2), { batches: 0, documents: 0 });
    assert.deepEqual(await store.newestSiteLeaf('a'), { log: 1, leaf: 2 });
    assert.equal(await store.newestSiteLeaf('c'), null);
    assert.equal((await store.documentByHash('a', bytes(50)))?.leaf, 2);
    assert.equal(await store.documentByHash('b', bytes(50)), null);
    assert.equal((await store.documents('a', 'enrol', 'do-1')).length, 1);
    assert.equal((await store.documents('a', 'enrol', 'do-2')).length, 0);
    const several = await store.documentsOf('a', ['calendar', 'enrol']);
    assert.deepEqual(
      several.map(({ leaf: at, recv_ms }) => [at, recv_ms]),
      [[2, T0 + 2]],
    );
    assert.deepEqual(await store.documentsOf('a', ['site']), []);
  },

  'sites with leaves are found once each': async (store) => {
    assert.deepEqual(await store.judgeableSites(), []);
    await store.write(async (tx) => {
      await withLog(tx);
      await tx.addLeaf(leaf(0, { kind: 'log-open', site: null, agent: null, epoch: 0, seq: 0 }));
      for (const [at, site] of ['b', 'a', 'b', 'c', 'a'].entries()) {
        await tx.addLeaf(leaf(at + 1, { site }));
      }
    });
    assert.deepEqual(await store.judgeableSites(), ['a', 'b', 'c']);
  },

  'tiles and checkpoints: the newest stays': async (store) => {
    await store.write(async (tx) => {
      await withLog(tx);
      await tx.putTile(1, 0, 0, bytes(1));
      await tx.putTile(1, 0, 0, bytes(2, 64));
      for (const [size, at_ms] of [
        [1, T0],
        [2, T0 + 1],
        [3, T0 + HOUR_MS],
      ] as const) {
        await tx.saveCheckpoint({ log: 1, size, note: `n${size}`, at_ms });
      }
      await tx.closeLog(1, T0, 'lost');
    });
    assert.deepEqual(await store.tile(1, 0, 0), bytes(2, 64));
    assert.equal(await store.tile(1, 1, 0), null);
    assert.equal((await store.newestCheckpoint(1))?.note, 'n3');
    const [log] = await store.logs();
    assert.deepEqual([log?.closed_ms, log?.closed_reason], [T0, 'lost']);
  },

  'agents: a key is one agent': async (store) => {
    await store.write((tx) => tx.putAgent(AGENT));
    await store.write((tx) => tx.putAgent({ ...AGENT, seq: 5, closed_to_ms: T0 }));
    assert.deepEqual(await store.agent('a', 'do-1'), { ...AGENT, seq: 5, closed_to_ms: T0 });
    assert.equal((await store.agentByKey(AGENT.key))?.seq, 5);
    await assert.rejects(store.write((tx) => tx.putAgent({ ...AGENT, site: 'b' })));
    assert.equal((await store.agents()).length, 1);
    assert.equal((await store.agents('b')).length, 0);
  },

  'inventory, lists and salts': async (store) => {
    const unit = { code: 'xa', name: 'Xã', parent: null, aliases: ['Thị trấn'] };
    const site = { site: 'a', unit: 'xa', name: 'A', version: 1, inventory: '{}', updated_ms: T0 };
    const list = { site: 'a', agent: 'do-1', version: 1, hash: bytes(1), envelope: 'e' };
    const rest = { private: 'p', log: 1, leaf: 0 };
    await store.write(async (tx) => {
      await tx.putUnit({ ...unit, name: 'old' });
      await tx.putUnit(unit);
      await tx.putSite(site);
      await tx.addTargets({ ...list, ...rest });
      await tx.addTargets({ ...list, ...rest, version: 2, hash: bytes(2) });
      await tx.putSalt('a', 'gw', bytes(7, 16));
    });
    assert.deepEqual(await store.units(), [unit]);
    assert.deepEqual(await store.site('a'), site);
    assert.equal((await store.targets('a', 'do-1'))?.version, 2);
    assert.equal((await store.targetsByHash('a', bytes(1)))?.version, 1);
    assert.deepEqual(
      [await store.targetsVersion('a', 'do-1'), await store.targetsVersion('a', 'do-2')],
      [2, 0],
    );
    assert.deepEqual(await store.salt('a', 'gw'), bytes(7, 16));
    assert.equal(await store.salt('b', 'gw'), null);
  },

  'people: tokens, credentials, audit': async (store) => {
    const token: EnrolTokenRow = {
      ...{ site: 'a', id: 't1', agent: 'do-1', secret_hash: bytes(1), approve: true },
      ...{ created_ms: T0, created_by: 'x', expires_ms: T0 + 1, used_ms: null, used_by_key: null },
    };
    const enrolment: EnrolmentRow = {
      ...{ site: 'a', agent: 'do-1', token_id: 't1', key: bytes(2), short_code: 'A' },
      ...{ software: 's', state: 'pending', requested_ms: T0, decided_ms: null, decided_by: null },
    };
    const credential: CredentialRow = {
      ...{ id: 'c1', kind: 'session', hash: bytes(3), label: 'l', role: 'viewer', unit: null },
      ...{ created_ms: T0, created_by: 'x', expires_ms: T0 + 5, last_used_ms: null },
      revoked_ms: null,
    };
    await store.write(async (tx) => {
      await tx.putEnrolToken(token);
      await tx.putEnrolToken({ ...token, used_ms: T0, used_by_key: bytes(2) });
      await tx.putEnrolment(enrolment);
      await tx.putEnrolment({ ...enrolment, state: 'approved' });
      await tx.putCredential(credential);
      await tx.putCredential({ ...credential, id: 'c2', kind: 'api', hash: bytes(4) });
      for (const action of ['one', 'two', 'three']) {
        await tx.addAudit({ at_ms: T0, actor: 'x', action, site: null, detail: '{}' });
      }
    });
    assert.deepEqual((await store.enrolToken('t1'))?.used_by_key, bytes(2));
    assert.equal((await store.enrolment('t1', bytes(2)))?.state, 'approved');
    assert.equal((await store.enrolments('a')).length, 1);
    assert.deepEqual(await store.credentialByHash(bytes(3)), credential);
    assert.equal(await store.write((tx) => tx.dropExpiredCredentials(T0 + 6)), 1);
    assert.equal((await store.credentials('session')).length, 0);
    assert.equal((await store.credentials('api')).length, 1);
    const [newest, second] = await store.audit(2);
    assert.deepEqual(
      await store.auditOf(newest?.action ?? ''),
      newest === undefined ? [] : [newest],
    );
    assert.deepEqual(await store.auditOf('nothing'), []);
    assert.deepEqual([newest?.action, second?.action], ['three', 'two']);
    assert.deepEqual(
      (await store.audit(9, second?.id)).map(({ action }) => action),
      ['one'],
    );
  },

  'judgement: replaced, read by period, dropped for one site': async (store) => {
    const interval = (from: number, to: number | null, state: 'up' | 'down'): IntervalRow => ({
      ...{ site: 'a', device: 'gw', agent: 'do-1' },
      ...{ from_ms: T0 + from, to_ms: to === null ? null : T0 + to },
      ...{ state, reason: null, earliest_ms: null },
    });
    await store.write(async (tx) => {
      await tx.putIntervals([interval(0, 10, 'up'), interval(10, null, 'down')]);
      await tx.putIntervals([interval(10, 20, 'down'), interval(20, null, 'up')]);
      for (const hour of [0, 1]) {
        const hour_ms = T0 + hour * HOUR_MS;
        await tx.putChunk({ site: 'a', agent: 'do-1', hour_ms, body: bytes(hour) });
      }
      await tx.putJudgeState({ site: 'a', log: 1, leaf: 3, version: 1, state: '{}', saved_ms: T0 });
      await tx.putJudgeProgress('a', { log: 1, leaf: 4 });
      await tx.putJudgeFault({ site: 'a', log: 1, leaf: 2, code: 'X', message: 'm', at_ms: T0 });
      for (const site of ['a', 'b']) {
        const window = { site, device: 'gw', agent: 'do-1', from_ms: T0, interval_ms: 1000 };
        await tx.putWindow({ ...window, to_ms: null });
        await tx.putWindow({ ...window, to_ms: T0 + 5 });
      }
    });
    await store.write((tx) => tx.putIntervals([interval(30, 40, 'down')]));
    assert.equal((await store.intervals('a', T0 + 30, T0 + 50)).length, 1);
    await store.write((tx) => tx.putIntervals([interval(20, null, 'up')]));
    const all = await store.intervals('a', T0, T0 + 100);
    assert.deepEqual(
      all.map(({ from_ms, to_ms }) => [from_ms - T0, to_ms && to_ms - T0]),
      [
        [0, 10],
        [10, 20],
        [20, null],
      ],
    );
    assert.equal((await store.intervals('a', T0 + 10, T0 + 20)).length, 1);
    const other = { ...interval(15, null, 'down'), agent: 'do-2' };
    await store.write((tx) => tx.putIntervals([other]));
    assert.equal((await store.intervals('a', T0, T0 + 100)).length, 4, 'agents stand apart');
    assert.equal((await store.intervals('a', T0, T0 + 100, 'other')).length, 0);
    assert.equal((await store.chunks('a', T0 + 1, T0 + HOUR_MS)).length, 1);
    assert.equal((await store.chunks('a', T0 + 1, T0 + HOUR_MS + 1)).length, 2);
    assert.deepEqual((await store.chunk('a', 'do-1', T0))?.body, bytes(0));
    assert.equal((await store.judgeState('a'))?.leaf, 3);
    assert.deepEqual(await store.judgeProgress('a'), { log: 1, leaf: 4 });
    assert.equal((await store.judgeFaults('a')).length, 1);
    await store.write((tx) => tx.dropJudgement('a'));
    assert.equal(await store.judgeState('a'), null);
    assert.deepEqual(await store.intervals('a', 0, T0 * 2), []);
    assert.deepEqual(await store.windows('a'), []);
    assert.equal((await store.windows('b', 'gw'))[0]?.to_ms, T0 + 5);
  },

  'writing judgement says from when on something changed': async (store) => {
    const row = (from: number, to: number | null, state: 'up' | 'down', agent = 'do-1') => ({
      ...{ site: 'a', device: 'gw', agent, from_ms: T0 + from, state, reason: null },
      ...{ to_ms: to === null ? null : T0 + to, earliest_ms: null },
    });
    const put = async (...rows: IntervalRow[]) => {
      const changed = await store.write((tx) => tx.putIntervals(rows));
      return changed === null ? null : changed - T0;
    };
    assert.equal(await put(row(0, null, 'up')), 0);
    assert.equal(await put(row(0, null, 'up')), null);
    assert.equal(await put(row(0, 40, 'up'), row(40, null, 'down')), 40);
    assert.equal(await put(row(40, 50, 'down'), row(50, null, 'up')), 50);
    assert.equal(await put(row(40, 60, 'down'), row(60, null, 'up')), 50);
    assert.equal(await put(row(0, 40, 'up'), row(40, null, 'down')), 60);
    assert.equal(await put(row(10, 20, 'down')), 10);
    assert.equal(await put(row(5, null, 'up', 'do-2')), 5, 'agents stand apart');
    const window = { site: 'a', device: 'gw', agent: 'do-1', from_ms: T0, interval_ms: 1000 };
    const open = (to_ms: number | null) => store.write((tx) => tx.putWindow({ ...window, to_ms }));
    assert.deepEqual(
      [await open(null), await open(null), await open(T0 + 7), await open(T0 + 9)],
      [T0, null, T0 + 7, T0 + 7],
    );
    const seen = (to: number, body = '{}', key = 'k') =>
      store.write((tx) => tx.putSeen({ site: 'a', key, from_ms: T0, to_ms: T0 + to, body }));
    assert.deepEqual(
      [await seen(5), await seen(5), await seen(9), await seen(9, '[]')],
      [T0, null, T0 + 5, T0],
    );
  },

  'intervals of a period, whatever lies before it and behind it': async (store) => {
    const owners = ['d-1/a', 'd-1/b', 'd-2/a', 'd-22/c'];
    const rows = owners.flatMap((owner, at) =>
      [0, 10, 25, 40, 41, 90].map((from, k, all): IntervalRow => {
        const [device = '', agent = ''] = owner.split('/');
        const next = all[k + 1];
        // The third one ends before the next one begins; only one owner's last one is open.
        const to = k === 2 ? 30 : (next ?? (at === 1 ? null : 95));
        return {
          ...{ site: 'a', device, agent, from_ms: T0 + from + at, state: 'up', reason: null },
          ...{ to_ms: to === null ? null : T0 + to + at, earliest_ms: null },
        };
      }),
    );
    await store.write(async (tx) => {
      for (const row of rows) await tx.putIntervals([row]);
      for (const row of rows) await tx.putIntervals([{ ...row, site: 'b' }]);
    });
    for (let from = -1; from < 110; from += 3) {
      for (const length of [1, 7, 60]) {
        const [from_ms, to_ms] = [T0 + from, T0 + from + length];
        const touching = rows
          .filter((row) => row.from_ms < to_ms && (row.to_ms ?? Infinity) > from_ms)
          .sort((a, b) => compare(a.device, b.device) || a.from_ms - b.from_ms);
        assert.deepEqual(await store.intervals('a', from_ms, to_ms), touching);
        const own = touching.filter(({ device }) => device === 'd-2');
        assert.deepEqual(await store.intervals('a', from_ms, to_ms, 'd-2'), own);
      }
    }
    assert.deepEqual(await store.intervals('c', 0, T0 * 2), []);
  },

  'seen rows and days: by time, replaced, dropped from a moment on': async (store) => {
    const seen = { site: 'a', key: 'paper/1', from_ms: T0, to_ms: T0 + 5, body: '{}' };
    const day = (at: number, sums: string, site = 'a') => ({
      ...{ site, day_ms: T0 + at * 24 * HOUR_MS, end_ms: T0 + (at + 1) * 24 * HOUR_MS },
      ...{ log: 1, leaf: 7, rules: 1, later_word: at === 1, sums_all: sums, sums_working: 'w' },
      ...{ intervals: bytes(1), incidents: bytes(2), findings: bytes(3), carry: bytes(4) },
    });
    await store.write(async (tx) => {
      await tx.putSeen(seen);
      await tx.putSeen({ ...seen, key: 'link/1', from_ms: T0 + 20, to_ms: T0 + 30 });
      await tx.putSeen({ ...seen, site: 'b' });
      for (const at of [2, 0, 1]) await tx.putDay(day(at, 'old'));
      for (const at of [0, 1]) await tx.putDay(day(at, `${at}`));
      await tx.putDay(day(0, 'other', 'b'));
    });
    const keys = async (from: number, to: number, prefix?: string) =>
      (await store.seen('a', T0 + from, T0 + to, prefix)).map(({ key }) => key);
    assert.deepEqual(await keys(5, 20), ['link/1', 'paper/1']);
    assert.deepEqual([await keys(6, 19), await keys(31, 99)], [[], []]);
    assert.deepEqual(await keys(31, 99, 'paper'), ['paper/1']);
    assert.deepEqual(await keys(0, 99, 'pap'), ['link/1', 'paper/1'], 'once each');
    const end_ms = T0 + 48 * HOUR_MS;
    assert.deepEqual(await store.days('a', T0 + 1, end_ms), [day(0, '0'), day(1, '1')]);
    assert.deepEqual(await store.newestDay('a'), day(2, 'old'));
    assert.equal(await store.newestDay('c'), null);
    const { day_ms, end_ms: over_ms, log, leaf, rules } = day(2, 'old');
    const mark = { site: 'a', day_ms, end_ms: over_ms, log, leaf, rules };
    assert.deepEqual(await store.newestDayMark('a'), mark);
    assert.equal(await store.newestDayMark('c'), null);
    const sums = await store.daySums(['b', 'a', 'c'], T0, end_ms + 1, 'all');
    assert.deepEqual(
      sums.map((row) => [row.site, row.sums]),
      [
        ['a', '0'],
        ['a', '1'],
        ['b', 'other'],
      ],
    );
    assert.equal((await store.daySums(['a'], T0 + 1, end_ms, 'working'))[0]?.sums, 'w');
    const dropped = await store.write((tx) => tx.dropDays('a', T0 + 24 * HOUR_MS));
    assert.equal(dropped, 2);
    assert.equal((await store.newestDay('a'))?.day_ms, T0);
    await store.write((tx) => tx.dropJudgement('a'));
    assert.deepEqual([await store.newestDay('a'), await keys(0, 99)], [null, []]);
    assert.equal((await store.days('b', 0, end_ms)).length, 1);
  },

  'day documents: days are owed until they are noted, and again when judged again': async (
    store,
  ) => {
    const day = (site: string, at: number) => ({
      ...{ site, day_ms: T0 + at, end_ms: T0 + at + 1, log: 1, leaf: 7, rules: 1 },
      ...{ later_word: false, sums_all: 's', sums_working: 'w', intervals: bytes(1) },
      ...{ incidents: bytes(2), findings: bytes(3), carry: bytes(4) },
    });
    const leaf = { site: 'a', day_ms: T0, log: 1, leaf: 2, hash: bytes(9), recv_ms: T0 + 5 };
    const up = (from: number, to: number | null, state: 'up' | 'down' = 'up') => ({
      ...{ site: 'a', device: 'gw', agent: 'do-1', from_ms: T0 + from, state, reason: null },
      ...{ to_ms: to === null ? null : T0 + to, earliest_ms: null },
    });
    await store.write(async (tx) => {
      for (const at of [0, 1]) for (const site of ['b', 'a']) await tx.putDay(day(site, at));
      await tx.putDayLeaf({ ...leaf, leaf: 1, hash: bytes(1) });
      await tx.putDayLeaf(leaf);
      await tx.putDayLeaf({ ...leaf, day_ms: T0 + 1, leaf: 4 });
      await tx.putIntervals([up(0, 10), up(10, 20, 'down'), up(20, null)]);
    });
    const owed = async (after: { site: string; day_ms: number } | null, limit = 9) =>
      (await store.owedDays(after, limit)).map(({ site, day_ms }) => `${site}${day_ms - T0}`);
    assert.deepEqual(await owed(null), ['b1', 'a1', 'b0', 'a0']);
    assert.deepEqual(await owed({ site: 'a', day_ms: T0 + 1 }, 1), ['b0']);
    await store.write((tx) => tx.dayIsLedgered('a', T0 + 1));
    // Sums that a later day settles change nothing that is ledgered.
    await store.write((tx) => tx.putDay({ ...day('a', 1), sums_all: 'later' }));
    assert.deepEqual(await owed(null), ['b1', 'b0', 'a0']);
    await store.write(async (tx) => {
      await tx.dropDays('a', T0 + 1);
      await tx.putDay(day('a', 1));
    });
    assert.deepEqual(await owed(null), ['b1', 'a1', 'b0', 'a0']);

    assert.deepEqual(await store.dayLeaf('a', T0), leaf);
    assert.deepEqual(await store.newestDayLeaf('a'), { log: 1, leaf: 4 });
    assert.deepEqual([await store.dayLeaf('b', T0), await store.newestDayLeaf('b')], [null, null]);
    const newest = async (before: number) =>
      (await store.newestUp('a', 'gw', 'do-1', T0 + before))?.from_ms;
    assert.deepEqual(
      [await newest(0), await newest(20), await newest(21)],
      [undefined, T0, T0 + 20],
    );
    await store.write((tx) => tx.dropJudgement('a'));
    assert.deepEqual([await store.dayLeaf('a', T0), await owed(null)], [null, ['b1', 'b0']]);
  },

  'the outbox counts on': async (store) => {
    const event = { site: 'a', at_ms: T0, kind: 'state', detail: '{}' };
    const ids = await store.write(async (tx) => [
      await tx.addOutbox(event),
      await tx.addOutbox(event),
    ]);
    assert.deepEqual(
      (await store.outbox(ids[0] ?? 0, 10)).map(({ id }) => id),
      [ids[1]],
    );
    await store.write((tx) => tx.dropOutbox(ids[1] ?? 0));
    assert.deepEqual(await store.outbox(0, 10), []);
    const next = await store.write((tx) => tx.addOutbox(event));
    assert.ok(next > (ids[1] ?? 0), 'an id is never used again');
    assert.equal(await store.newestOutboxId(), next);
  },

  'leases: one holder, renewed, run out, given back': async (store) => {
    const take = (holder: string, now: number) =>
      store.write((tx) => tx.takeLease('job', holder, now, now + 10));
    assert.equal(await take('a', 0), true);
    assert.equal(await take('b', 5), false);
    assert.equal(await take('a', 5), true);
    assert.equal(await take('b', 14), false);
    assert.equal(await take('b', 15), true);
    await store.write((tx) => tx.releaseLease('job', 'a'));
    assert.equal(await take('a', 16), false);
    await store.write((tx) => tx.releaseLease('job', 'b'));
    assert.equal(await take('a', 16), true);
  },

  'a closed store refuses with its code': async (store) => {
    await store.close();
    await assert.rejects(
      store.write(async () => undefined),
      (error) => error instanceof LanProofError && error.code === 'STORE_CLOSED',
    );
  },
};

export function storeContract(engine: Engine): void {
  for (const [name, run] of Object.entries(CASES)) {
    test(`${engine.name}: ${name}`, async (t) => {
      const { store, reopen, remove } = await engine.open();
      try {
        await run(store, t, reopen);
      } finally {
        await remove();
      }
    });
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
