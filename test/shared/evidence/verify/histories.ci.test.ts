import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { DOCUMENT_KEY_FILE, LOG_KEY_FILE } from '../../../../collector/keys.ts';
import { pruneBodies } from '../../../../collector/ledger/retention.ts';
import { disagreements, readShown } from '../../../../collector/report/issue/agree.ts';
import type { Span } from '../../../../shared/judge/spans.ts';
import {
  enrolTestAgent,
  type Harness,
  type HarnessOptions,
  importSite,
  inventoryYaml,
  measureTogether,
  openHarness,
  START_MS,
} from '../../../collector/harness.ts';
import { ran } from '../../../deploy/cli/cli-kit.ts';
import { enrolAnew, rotateKeyOf } from '../../../support/agent-life.ts';
import type { TestAgent } from '../../../support/batches.ts';
import {
  askFor,
  build,
  bundleDeps,
  keepDays,
  newFolder,
  OTHER_SITE,
  type ReadBundle,
  SITE,
} from '../../../support/bundle-kit.ts';
import { findings, told, verified } from '../../../support/verify-kit.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Batches of ten minutes: days are long. */
const TICKS = 600;
const PER_HOUR = 6;

async function collector(t: TestContext, options: HarnessOptions = {}): Promise<Harness> {
  const harness = await openHarness(options);
  t.after(() => harness.close());
  return harness;
}

const hours = (from: number, to: number): Span => {
  return { from_ms: START_MS + from * HOUR_MS, to_ms: START_MS + to * HOUR_MS };
};

const run = (harness: Harness, agent: TestAgent, batches: number): Promise<void> =>
  measureTogether(harness, agent, batches, () => ({ ticks: TICKS }));

async function bundle(
  t: TestContext,
  harness: Harness,
  period: Span,
  masked = false,
): Promise<ReadBundle> {
  const made = await build(t, bundleDeps(harness), await askFor(harness, period, masked));
  const shown = await readShown(harness.deps.judge, SITE, period);
  assert.deepEqual(disagreements(made.whole_figures, shown, period), []);
  return made;
}

test('what an agent told before or behind its stretch is passed over', async (t) => {
  const harness = await collector(t);
  await importSite(harness, SITE, 'xa-soc-son');
  const first = await enrolTestAgent(harness, SITE);
  await run(harness, first, 5 * PER_HOUR);
  const twice = await harness.deps.ingest.submitBatch(first.fork().body, { insecure: false });
  assert.equal(twice.kind === 'refused' && twice.code, 'CONFLICT');
  await run(harness, first, 3);
  const agent = await enrolAnew(harness, first, START_MS + 6 * HOUR_MS);
  await run(harness, agent, 2 * PER_HOUR);
  await rotateKeyOf(harness, agent);
  await run(harness, agent, 2 * PER_HOUR);
  await harness.deps.ingest.submitHole(agent.hole(2), { insecure: false });
  agent.skip(20 * MINUTE_MS);
  await run(harness, agent, 36 * PER_HOUR);
  await keepDays(harness);

  for (const masked of [false, true]) {
    const behind = await verified((await bundle(t, harness, hours(0, 1), masked)).zip);
    assert.equal(behind.outcome, 'pass', told(behind).join('\n'));
    const made = await bundle(t, harness, hours(41, 43), masked);
    assert.equal(made.manifest.agents[0]?.epoch, 2);
    const before = await verified(made.zip);
    assert.equal(before.outcome, 'pass', told(before).join('\n'));
    assert.notEqual(before.carried_in, null);
  }
  // All of it is inside here.
  const whole = await verified((await bundle(t, harness, hours(0, 12))).zip);
  assert.equal(whole.outcome, 'pass_with_gaps', told(whole).join('\n'));
  for (const code of ['CONFLICT', 'HOLE', 'EPOCH_NEW'] as const) {
    assert.equal(findings(whole, code).length, 1, `${code}\n${told(whole).join('\n')}`);
  }
});

test('two agents of one site, one of them set up anew', async (t) => {
  const harness = await collector(t);
  const two = 'agents: [{ code: do-2, attached: { device: sw-core, port: "5" } }, { code: do-1,';
  const payload = inventoryYaml(SITE, 'xa-soc-son')
    .replace('agents: [{ code: do-1,', two)
    .replace('kind: printer,', 'kind: printer, agent: do-1,');
  const headers = { 'content-type': 'application/yaml' };
  const url = `/api/v1/sites/${SITE}/inventory`;
  const admin = await harness.token('admin');
  const imported = await harness.send({ method: 'PUT', url, headers, payload }, admin);
  assert.equal(imported.status, 200, imported.text);
  const agents = [await enrolTestAgent(harness, SITE), await enrolTestAgent(harness, SITE)];
  const [one, other] = agents;
  assert.ok(one !== undefined && other !== undefined && one.agent !== other.agent);
  const both = async (batches: number, ...pair: readonly TestAgent[]): Promise<void> => {
    for (let batch = 0; batch < batches; batch++) {
      for (const agent of pair) await run(harness, agent, 1);
    }
  };
  await both(12, one, other);
  const anew = await enrolAnew(harness, one, one.at_ms + 10 * MINUTE_MS);
  other.skip(10 * MINUTE_MS);
  await both(18, anew, other);
  for (const masked of [false, true]) {
    const made = await bundle(t, harness, hours(0, 3), masked);
    assert.equal(made.manifest.agents.length, 2);
    const verdict = await verified(made.zip, { every: true });
    assert.equal(verdict.outcome, 'pass_with_gaps', told(verdict).join('\n'));
    assert.equal(findings(verdict, 'EPOCH_NEW').length, 1);
    // Both waited for ten minutes.
    const silent = findings(verdict, 'AGENT_SILENT').map(({ detail }) => detail.agent);
    assert.deepEqual(silent, ['do-2', 'do-1'], told(verdict).join('\n'));
  }
});

test('a restored collector: the period spans two logs', async (t) => {
  const folder = newFolder(t);
  const [copy, restored] = [join(folder, 'copy'), join(folder, 'restored')];
  const lost = await collector(t);
  await importSite(lost, SITE, 'xa-soc-son');
  const agent = await enrolTestAgent(lost, SITE);
  await run(lost, agent, 12);
  const saved = await ran(['backup', copy, '--data', lost.data_dir]);
  assert.equal(saved.code, 0, saved.err);
  // What the copy does not have: the agent keeps it in its spool, with the head that it saw.
  const bodies: Uint8Array[] = [];
  const spooled = { ...lost.deps.ingest };
  for (let batch = 0; batch < 6; batch++) {
    const { origin, size, note } = lost.deps.ledger.checkpoint();
    const seen = { log: origin, size, ...(batch === 3 ? { checkpoint: note } : {}) };
    const { body } = agent.next({ ticks: TICKS, header: { seen } });
    lost.clock.now_ms = agent.at_ms + 500;
    const taken = await spooled.submitBatch(body, { insecure: false });
    assert.equal(taken.kind, 'accepted');
    bodies.push(body);
  }
  const put = await ran(['restore', copy, '--data', restored]);
  assert.equal(put.code, 0, put.err);
  for (const key of [LOG_KEY_FILE, DOCUMENT_KEY_FILE]) {
    cpSync(join(lost.data_dir, key), join(restored, key));
  }
  const now_ms = agent.at_ms + MINUTE_MS;
  const harness = await collector(t, { copy_of: { data_dir: restored, now_ms } });
  const { ledger, ingest } = harness.deps;
  assert.equal(ledger.checkpoint().log, 2);
  for (const body of bodies) {
    const taken = await ingest.submitBatch(body, { insecure: false });
    assert.equal(taken.kind, 'accepted');
  }
  agent.origin = ledger.checkpoint().origin;
  await run(harness, agent, 18);
  for (const masked of [false, true]) {
    const made = await bundle(t, harness, hours(0, 4), masked);
    for (const log of [1, 2]) assert.ok(made.text(`logs/${log}/leaves.txt`).includes(' batch '));
    const verdict = await verified(made.zip, { every: true });
    assert.equal(verdict.outcome, 'pass_with_gaps', told(verdict).join('\n'));
    assert.equal(findings(verdict, 'LOG_REOPENED').length, 1);
    assert.equal(findings(verdict, 'SEEN_LOST').length, 1, told(verdict).join('\n'));
    assert.equal(findings(verdict, 'AGENT_SILENT').length, 0, told(verdict).join('\n'));
    assert.equal(verdict.exposure.batches, 36);
  }
});

test('bodies that were deleted by the retention rule are gaps, each month named', async (t) => {
  const harness = await collector(t);
  await importSite(harness, SITE, 'xa-soc-son');
  await importSite(harness, OTHER_SITE, 'xa-dong-anh');
  const agent = await enrolTestAgent(harness, SITE);
  const other = await enrolTestAgent(harness, OTHER_SITE);
  await run(harness, agent, 3 * PER_HOUR);
  await run(harness, other, 3);
  await run(harness, agent, 2 * PER_HOUR);
  const period = hours(0, 2);
  const full = await bundle(t, harness, period);
  const prune = (rule: { bodies_months: number; endpoints_days: number }) =>
    pruneBodies({ ...harness.deps, holder: 'test', rule });
  harness.clock.now_ms = START_MS + 200 * DAY_MS;
  assert.equal((await prune({ bodies_months: 36, endpoints_days: 180 })).length, 1);
  const made = await build(t, bundleDeps(harness), await askFor(harness, period));
  const verdict = await verified(made.zip);
  assert.equal(verdict.outcome, 'pass_with_gaps', told(verdict).join('\n'));
  const pruned = findings(verdict, 'SECTION_PRUNED').map(({ detail }) => detail);
  assert.deepEqual(pruned, [{ section: 'endpoints', month: '2026-11' }]);
  assert.equal(findings(verdict, 'FIGURES_LEFT_OUT').length, 1);
  const { hours: shown, not_recomputable } = made.figures;
  const pcs = (not_recomputable ?? []).map(({ code }) => code).filter((code) => /^pc-/.test(code));
  assert.ok(pcs.includes('pc-1') && pcs.includes('pc-2'), pcs.join());
  const row = (code: string, rows: typeof shown.all.devices) =>
    rows.find(({ device }) => device === code);
  assert.equal(row('pc-1', shown.all.devices), undefined);
  assert.deepEqual(row('gw', shown.all.devices), row('gw', full.figures.hours.all.devices));

  // With the public results gone, too, nothing of the time is known from this bundle.
  assert.equal((await prune({ bodies_months: 1, endpoints_days: 180 })).length, 1);
  const bare = await verified(
    (await build(t, bundleDeps(harness), await askFor(harness, period))).zip,
  );
  assert.equal(bare.outcome, 'pass_with_gaps', told(bare).join('\n'));
  const months = findings(bare, 'SECTION_PRUNED').map(({ detail }) => detail.section);
  assert.deepEqual(months.sort(), ['endpoints', 'infra']);
});

test('heads that an earlier report or a sheet prints are proved in every later bundle', async (t) => {
  const harness = await collector(t);
  await importSite(harness, SITE, 'xa-soc-son');
  const agent = await enrolTestAgent(harness, SITE);
  await run(harness, agent, 2 * PER_HOUR);
  const admin = await harness.token('admin');
  const { note } = harness.deps.ledger.checkpoint();
  const payload = {
    ...{ site: SITE, from: new Date(START_MS).toISOString(), formats: ['json'] },
    to: new Date(START_MS + HOUR_MS).toISOString(),
  };
  const asked = await harness.send({ method: 'POST', url: '/api/v1/reports', payload }, admin);
  assert.equal(asked.status, 202, asked.text);
  const deadline = Date.now() + 20_000;
  for (let state = ''; state !== 'done'; await pause(20)) {
    assert.ok(Date.now() < deadline, state);
    state = (await harness.get(`/api/v1/reports/${asked.body.id}`, admin)).body.state;
    assert.notEqual(state, 'failed');
  }
  await run(harness, agent, 1);
  const printed = await harness.get('/api/v1/ledger/current/print', admin);
  assert.equal(printed.status, 200);
  const sheet = /<pre>([^<]*)<\/pre>/.exec(printed.text)?.[1] ?? '';
  await run(harness, agent, 3 * PER_HOUR);
  const { zip } = await bundle(t, harness, hours(2, 3));
  const verdict = await verified(zip, { checkpoints: [note, sheet] });
  assert.equal(verdict.outcome, 'pass', told(verdict).join('\n'));
  assert.equal(verdict.exposure.printed, 2);
});
