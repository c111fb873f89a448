import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { buildCollector } from '../../../collector/app.ts';
import { issueCredential } from '../../../collector/auth/credentials.ts';
import { makeBackup } from '../../../collector/backup/backup.ts';
import { checkBackup } from '../../../collector/backup/check-backup.ts';
import { restoreBackup } from '../../../collector/backup/restore.ts';
import type { Engine } from '../../../collector/engine.ts';
import { pruneBodies } from '../../../collector/ledger/retention.ts';
import { rebuildAll } from '../../../deploy/cli/rebuild/rebuild-all.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { ran } from '../../deploy/cli/cli-kit.ts';
import { enrolledTestAgent, type TestAgent } from '../../support/batches.ts';
import { newFolder, removeFolder } from '../../support/collector-core.ts';
import { openAt } from '../../support/judged-data.ts';
import { officeInventory } from '../../support/office.ts';
import { prepareCollector } from '../../support/prepared-collector.ts';

const SITE = 'xa-cu';
const HOUR_MS = 3_600_000;
const HOUR_TICKS = 3_600;
/** Three days before a UTC month ends, six days behind. */
const BEGIN_MS = Date.UTC(2025, 1, 26, 6);
const HOURS = 9 * 24;
const END_MS = BEGIN_MS + HOURS * HOUR_MS;
const MONTH_MS = Date.UTC(2025, 2, 1);
/** `endpoints` of February are 180 days old, `infra` are not. */
const AUTUMN_MS = Date.UTC(2025, 8, 1);
/** `infra` of February is a month old, that of March is not. */
const SPRING_MS = Date.UTC(2025, 3, 15);
const RULE = { bodies_months: 36, endpoints_days: 180 };
const crypto = createNodeCrypto();
const signal = new AbortController().signal;
const onProgress = (): void => undefined;

const prune = ({ deps }: Engine, now_ms: number, rule = RULE): Promise<readonly string[]> =>
  pruneBodies({ ...deps, now_ms: () => now_ms, holder: 'test', rule });

describe('what is older than the retention', () => {
  const folder = newFolder('lanproof-retention-');
  const data = join(folder, 'data');
  const backup = join(folder, 'backup');
  let token = '';
  let figures: Record<string, unknown> = {};

  before(async () => {
    const clock = { now_ms: BEGIN_MS };
    const offices = [officeInventory(SITE, 'small')];
    const [enrolled] = await prepareCollector(data, offices, undefined, () => clock.now_ms);
    assert.ok(enrolled !== undefined);
    const engine = await openAt(data, () => clock.now_ms);
    const agent = enrolledTestAgent(enrolled, BEGIN_MS);
    for (let hour = 0; hour < HOURS; hour++) {
      const { body } = agent.next({ ticks: HOUR_TICKS, codes: troubles(agent, hour) });
      clock.now_ms = agent.at_ms + 5_000;
      const result = await engine.deps.ingest.submitBatch(body, { insecure: false });
      assert.equal(result.kind, 'accepted');
    }
    clock.now_ms = END_MS + 60_000;
    await engine.deps.judge.judged(SITE, BEGIN_MS, END_MS);
    const wanted = { kind: 'api', role: 'admin', unit: null, label: '' } as const;
    token = (await issueCredential(engine.deps, { ...wanted, by: 'test' })).secret;
    await engine.close();
    figures = await figuresOf(data, token);
    await makeBackup(backupOf(data, backup, false));
  });
  after(() => removeFolder(folder));

  test('nothing goes a moment too early', async () => {
    const engine = await openAt(data, () => AUTUMN_MS);
    try {
      assert.deepEqual(await prune(engine, MONTH_MS + 180 * 24 * HOUR_MS - 1), []);
      assert.deepEqual((await engine.deps.store.documents(null, 'prune')).length, 0);
    } finally {
      await engine.close();
    }
  });

  test('endpoints go first, with a leaf that says so; what was judged stays', async () => {
    const engine = await openAt(data, () => AUTUMN_MS);
    try {
      const { store } = engine.deps;
      const [gone] = await store
        .siteLeaves(SITE, { log: 0, leaf: -1 }, 10)
        .then((rows) => rows.flatMap(({ batch }) => (batch === null ? [] : [batch])));
      const section = gone?.sections.find(({ name }) => name === 'endpoints');
      assert.ok(section !== undefined);
      await store.readBody(section);
      assert.deepEqual(await prune(engine, AUTUMN_MS), ['2025-02.endpoints']);
      await assert.rejects(store.readBody(section), { code: 'BODY_PRUNED' });
      assert.deepEqual(await prune(engine, AUTUMN_MS), [], 'once');
      assert.equal((await store.documents(null, 'prune')).length, 1);
      assert.equal(await store.archivedBefore(), MONTH_MS);
    } finally {
      await engine.close();
    }
    await assertUnchanged();
  });

  test('a kill between leaf and deletion is made up for', async () => {
    const engine = await openAt(data, () => SPRING_MS);
    const rule = { ...RULE, bodies_months: 1 };
    try {
      const { store } = engine.deps;
      const broken = { ...store, deleteBodies: () => Promise.reject(new Error('killed')) };
      const options = { ...engine.deps, now_ms: () => SPRING_MS, holder: 'test', rule };
      await assert.rejects(pruneBodies({ ...options, store: broken }), { message: 'killed' });
      const month = readdirSync(join(data, 'bodies')).filter((name) => name.startsWith('2025-02'));
      assert.ok(month.includes('2025-02.infra'), 'leafed, not deleted');
      const leafed = (await store.documents(null, 'prune')).length;
      assert.deepEqual([...(await prune(engine, SPRING_MS, rule))].sort(), month);
      assert.equal((await store.documents(null, 'prune')).length, leafed);
      assert.ok(!existsSync(join(data, 'bodies', '2025-02.infra')));
    } finally {
      await engine.close();
    }
    await assertUnchanged();
  });

  test('the ledger verifies, and says how much is gone', async () => {
    const { code, out } = await ran(['ledger', 'verify', '--every', '--data', data]);
    assert.equal(code, 0, out);
    assert.match(out, /\d+ sections deleted by the retention/);
    const status = await ran(['ledger', 'status', '--data', data]);
    assert.match(status.out, /deleted by the retention: .*infra up to 2025-02/);
    const copy = join(folder, 'tampered');
    cpSync(data, copy, { recursive: true });
    const db = new Database(join(copy, 'lanproof.db'));
    const changed = db.prepare(
      "UPDATE document SET text = replace(text, 'c', 'C') WHERE kind = 'prune'",
    );
    assert.ok(changed.run().changes > 0);
    db.close();
    const tampered = await ran(['ledger', 'verify', '--data', copy]);
    assert.equal(tampered.code, 1);
  });

  test('a backup keeps what the store deleted, until it is told not to', async () => {
    const again = await makeBackup(backupOf(data, backup, false));
    assert.deepEqual(again.missing, []);
    const gone = again.manifest.bodies.filter((one) => one.gone).map(({ file }) => file);
    assert.ok(gone.includes('2025-02.infra') && gone.includes('2025-02.endpoints'));
    const whole = { folder: backup, crypto, signal, onProgress };
    assert.deepEqual((await checkBackup(whole)).faults, []);
    const restored = join(folder, 'restored');
    await restoreBackup({ folder: backup, data_dir: restored, signal, onProgress });
    assert.deepEqual(readdirSync(join(restored, 'bodies')), readdirSync(join(data, 'bodies')));
    const cleaned = await makeBackup(backupOf(data, backup, true));
    assert.ok(cleaned.manifest.bodies.every((one) => !one.gone));
    assert.ok(!existsSync(join(backup, 'bodies', '2025-02.infra')));
    assert.deepEqual((await checkBackup(whole)).faults, []);
    // Cut off between the new list and the deletion, with a file that was copied before its time.
    const kept = again.manifest.bodies.map((one) => ({ ...one, gone: false }));
    const progress = JSON.stringify({ v: 1, logs: cleaned.manifest.logs, bodies: kept });
    writeFileSync(join(backup, 'backup.partial.json'), progress);
    writeFileSync(join(backup, 'bodies', '2025-02.infra'), 'deleted by law');
    const later = await makeBackup(backupOf(data, backup, true));
    assert.deepEqual(later.manifest.bodies, cleaned.manifest.bodies);
    assert.ok(!existsSync(join(backup, 'bodies', '2025-02.infra')));
    const fresh = await makeBackup(backupOf(data, join(folder, 'fresh'), false));
    assert.deepEqual(fresh.missing, []);
  });

  /** Figures stand, before and after a rebuild, and the check compares what can be compared. */
  async function assertUnchanged(): Promise<void> {
    assert.deepEqual(await figuresOf(data, token), figures);
    const checked = await ran(['rebuild', '--check', '--data', data]);
    assert.equal(checked.code, 0, checked.out);
    assert.match(checked.out, /day [1-9]/);
    assert.match(checked.err, /before 2025-03-01T00:00:00\.000Z bodies were deleted/);
    const lines: string[] = [];
    const io = { out: () => undefined, err: (line: string) => void lines.push(line), env: {} };
    const now_ms = (): number => END_MS + 60_000;
    assert.equal(await rebuildAll({ data_dir: data, site: undefined, io, signal, now_ms }), 0);
    assert.match(lines.join('\n'), /stays as archived/);
    assert.deepEqual(await figuresOf(data, token), figures);
    const again = await ran(['rebuild', '--check', '--data', data]);
    assert.equal(again.code, 0, again.out);
    // A judge of another version begins anew by itself.
    const db = new Database(join(data, 'lanproof.db'));
    db.exec('UPDATE judge_state SET version = 0');
    db.close();
    assert.deepEqual(await figuresOf(data, token), figures);
    const body = await figuresOf(data, token, true);
    assert.ok(Object.values(body).every((one) => Object(one).archived_before_ms === MONTH_MS));
  }
});

function backupOf(data_dir: string, folder: string, pruning: boolean) {
  return {
    ...{ data_dir, folder, crypto, signal, onProgress },
    ...{ prune: pruning, repair: false },
    ...{ software: 'test', now_ms: () => Date.now() },
  };
}

/** Outages, and one of a day and a half over the end of the month. */
function troubles(agent: TestAgent, hour: number): Record<number, string> {
  const fast = agent.list.targets.flatMap(({ probes }, index) =>
    probes.icmp?.interval_ms === 1_000 ? [index] : [],
  );
  const [a = 0, b = 0] = fast.slice(-2);
  const codes: Record<number, string> = {};
  if (hour % 9 === 4) codes[a] = 'r600n900r2100';
  if (hour >= 50 && hour < 86) codes[b] = 'n3600';
  return codes;
}

/** Judged anew, only the bound of its end is not known of an outage over the horizon. */
function withoutBound(body: { items: { started_at_ms?: number }[] }): object {
  const over = ({ started_at_ms = MONTH_MS }: { started_at_ms?: number }) =>
    started_at_ms < MONTH_MS;
  const items = body.items.map((one) => (over(one) ? { ...one, ended_latest_ms: null } : one));
  return { ...body, items };
}

/** Figures of each day; without what only says where the ledger and its archive stand. */
async function figuresOf(
  data_dir: string,
  token: string,
  whole = false,
): Promise<Record<string, unknown>> {
  const engine = await openAt(data_dir, () => END_MS + 60_000);
  const deps = { ...engine.deps, tls_spki: null, software: 'test', demo: false };
  const built = await buildCollector(deps, { tls: undefined, trust_proxy: false });
  const found: Record<string, unknown> = {};
  const time = (ms: number): string => new Date(ms).toISOString();
  // Local midnights.
  const first_ms = BEGIN_MS + 11 * HOUR_MS;
  try {
    const days = whole ? 2 : 8;
    for (let day = 0; day < days; day++) {
      const from_ms = first_ms + day * 24 * HOUR_MS;
      const period = `from=${time(from_ms)}&to=${time(from_ms + 24 * HOUR_MS)}`;
      for (const path of [`availability?hours=all&${period}`, `incidents?${period}`]) {
        if (whole && path.startsWith('incidents')) continue;
        const url = `/api/v1/sites/${SITE}/${path}`;
        const headers = { authorization: `Bearer ${token}` };
        const answer = await built.app.inject({ url, headers });
        assert.equal(answer.statusCode, 200, answer.body);
        const { as_of: _as_of, archived_before_ms, ...rest } = answer.json();
        found[path] = whole ? { archived_before_ms } : withoutBound(rest);
      }
    }
  } finally {
    built.drain();
    await built.app.close();
    await engine.close();
  }
  return found;
}
