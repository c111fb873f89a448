/** What an honest collector's agents may do without making its bundles false. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { loadKeys } from '../../../../collector/keys.ts';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  measureTogether,
  openHarness,
  START_MS,
} from '../../../collector/harness.ts';
import { enrolAnew } from '../../../support/agent-life.ts';
import type { TestAgent } from '../../../support/batches.ts';
import { askFor, build, bundleDeps, SITE } from '../../../support/bundle-kit.ts';
import { editBatches, editLines, resign, takeApart } from '../../../support/tamper.ts';
import { failedChecks, findings, told, verified } from '../../../support/verify-kit.ts';

const MINUTE_MS = 60_000;
const MINUTES = 30;
const PERIOD = { from_ms: START_MS, to_ms: START_MS + MINUTES * MINUTE_MS };

async function office(t: TestContext): Promise<{ harness: Harness; agent: TestAgent }> {
  const harness = await openHarness();
  t.after(() => harness.close());
  await importSite(harness, SITE, 'xa-soc-son');
  return { harness, agent: await enrolTestAgent(harness, SITE) };
}

async function bundleOf(t: TestContext, harness: Harness): Promise<Uint8Array> {
  return (await build(t, bundleDeps(harness), await askFor(harness, PERIOD))).zip;
}

test('an agent that was enrolled twice before its first batch begins with that batch', async (t) => {
  const { harness, agent } = await office(t);
  const again = await enrolAnew(harness, agent, START_MS);
  await measureTogether(harness, again, MINUTES + 70);
  const verdict = await verified(await bundleOf(t, harness));
  assert.equal(verdict.outcome, 'pass', told(verdict).join('\n'));
  assert.equal(verdict.exposure.batches, MINUTES + 70);
});

test('an epoch that did have batches cannot be left out as one that had none', async (t) => {
  const { harness, agent } = await office(t);
  await measureTogether(harness, agent, 10);
  const again = await enrolAnew(harness, agent, agent.at_ms);
  await measureTogether(harness, again, MINUTES + 70);
  const whole = await bundleOf(t, harness);
  const good = await verified(whole);
  assert.notEqual(good.outcome, 'fail', told(good).join('\n'));
  const parts = await takeApart(whole);
  editBatches(parts, (batches) => batches.slice(10));
  editLines(parts, 'logs/1/leaves.txt', (lines) => {
    const of = (line: string) => line.includes(' batch ') && line.includes(' do-1 1 ');
    return lines.filter((line) => !of(line));
  });
  const { document } = loadKeys(harness.data_dir, { may_create: false });
  const cut = resign(parts, document, (manifest) => {
    const agents = manifest.agents.map((one) => ({ ...one, epoch: 2 }));
    return { ...manifest, agents };
  });
  const verdict = await verified(cut);
  assert.ok(failedChecks(verdict).includes('completeness'), told(verdict).join('\n'));
  assert.ok(findings(verdict, 'DAILY_COUNT').length > 0);
});

test('what an agent alone signed wrongly is a gap of its bundle, not a failure', async (t) => {
  const { harness, agent } = await office(t);
  const { origin, size, note } = harness.deps.ledger.checkpoint();
  const forged = note.replace(/— .*/, `— ${origin} ${Buffer.alloc(68, 5).toString('base64')}`);
  const elsewhere = forged
    .replaceAll(origin, 'other/log-7')
    .replace(/\n[^\n]+\n\n/, (root) => root);
  const seen = new Map([
    [3, note],
    [4, 'x'],
    [5, forged.replace(/^(.*\n.*\n)(.*)/, `$1${Buffer.alloc(32, 5).toString('base64')}`)],
    [6, elsewhere],
  ]);
  const sample = { mono_ms: 5, wall_ms: START_MS + 8 * MINUTE_MS, sync: true, error_ms: 1 };
  const clock = [{ ...sample, source: 'collector' as const }];
  await measureTogether(harness, agent, MINUTES + 70, (batch) => {
    const checkpoint = seen.get(batch);
    if (batch === 7) return { header: { clock } };
    // More leaves than the log has, without anybody's word for it.
    if (batch === 8) return { header: { seen: { log: origin, size: 999_999 } } };
    return checkpoint === undefined ? {} : { header: { seen: { log: origin, size, checkpoint } } };
  });
  const verdict = await verified(await bundleOf(t, harness));
  assert.equal(verdict.outcome, 'pass_with_gaps', told(verdict).join('\n'));
  const problems = findings(verdict, 'SEEN_UNSIGNED').map(({ detail }) => detail.problem);
  assert.deepEqual(problems, ['CHECKPOINT_FORMAT', 'SIGNATURE', 'SIGNATURE', 'SIZE']);
  assert.ok(findings(verdict, 'MONO_BACK').length > 0);
});

test('an agent whose first statement is a hole: the hole is told, and nothing is false', async (t) => {
  const { harness, agent } = await office(t);
  for (const count of [3, 2]) {
    const answer = await harness.deps.ingest.submitHole(agent.hole(count), { insecure: false });
    assert.equal(answer.kind, 'accepted');
  }
  await measureTogether(harness, agent, MINUTES + 70);
  const verdict = await verified(await bundleOf(t, harness));
  assert.equal(verdict.outcome, 'pass_with_gaps', told(verdict).join('\n'));
  assert.deepEqual(
    findings(verdict, 'HOLE').map(({ detail }) => [detail.from_seq, detail.to_seq]),
    [
      [1, 3],
      [4, 5],
    ],
  );
});
