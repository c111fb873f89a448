import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { loadKeys } from '../../../../collector/keys.ts';
import { disagreements, readShown } from '../../../../collector/report/issue/agree.ts';
import { toBase64 } from '../../../../shared/bytes.ts';
import { signBatch } from '../../../../shared/evidence/chain.ts';
import { parseHeader } from '../../../../shared/measure/header.ts';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  measureTogether,
  openHarness,
  START_MS,
} from '../../../collector/harness.ts';
import { enrolAnew, revokeFrom, rotateKeyOf } from '../../../support/agent-life.ts';
import type { TestAgent } from '../../../support/batches.ts';
import { askFor, build, bundleDeps, type ReadBundle, SITE } from '../../../support/bundle-kit.ts';
import { editBatches, resign, takeApart } from '../../../support/tamper.ts';
import { failedChecks, findings, told, verified } from '../../../support/verify-kit.ts';

const MINUTE_MS = 60_000;
const MINUTES = 120;
const PERIOD = { from_ms: START_MS, to_ms: START_MS + MINUTES * MINUTE_MS };

async function office(t: TestContext): Promise<{ harness: Harness; agent: TestAgent }> {
  const harness = await openHarness();
  t.after(() => harness.close());
  await importSite(harness, SITE, 'xa-soc-son');
  return { harness, agent: await enrolTestAgent(harness, SITE) };
}

async function bundle(t: TestContext, harness: Harness): Promise<ReadBundle> {
  return await build(t, bundleDeps(harness), await askFor(harness, PERIOD));
}

/** The bundle's figures are those of the pages, and the verifier's. */
async function agreed(harness: Harness, { whole_figures }: ReadBundle): Promise<void> {
  const shown = await readShown(harness.deps.judge, SITE, PERIOD);
  assert.deepEqual(disagreements(whole_figures, shown, PERIOD), []);
}

test('behind a leaf from which the key was revoked there is no data', async (t) => {
  const { harness, agent } = await office(t);
  await measureTogether(harness, agent, MINUTES + 70);
  const clean = await bundle(t, harness);
  const from = (await harness.deps.store.batch(SITE, agent.agent, 1, 61))?.leaf ?? 0;
  await revokeFrom(harness, agent, from);
  const revoked = await bundle(t, harness);
  await agreed(harness, revoked);
  const up = ({ whole_figures }: ReadBundle): number =>
    whole_figures.hours.all.devices.find(({ device }) => device === 'gw')?.up_ms ?? 0;
  assert.ok(up(clean) >= (MINUTES - 1) * MINUTE_MS, String(up(clean)));
  assert.equal(up(revoked), 60 * MINUTE_MS);

  const verdict = await verified(revoked.zip);
  assert.equal(verdict.outcome, 'pass_with_gaps', told(verdict).join('\n'));
  const [stretch, ...more] = findings(verdict, 'SIGNED_DOUBTFUL');
  assert.equal(more.length, 0);
  assert.deepEqual(stretch?.detail, {
    agent: 'do-1',
    epoch: 1,
    from_seq: 61,
    to_seq: MINUTES + 70,
  });

  // Enrolled anew it is believed again.
  const renewed = await enrolAnew(harness, agent, agent.at_ms + 10 * MINUTE_MS);
  await measureTogether(harness, renewed, 5);
  const again = await verified((await bundle(t, harness)).zip);
  assert.equal(again.outcome, 'pass_with_gaps', told(again).join('\n'));
});

test('a rotated key holds behind its document, the former one up to it', async (t) => {
  const { harness, agent } = await office(t);
  const keys = [agent.signer];
  for (const minutes of [40, 30]) {
    await measureTogether(harness, agent, minutes);
    await rotateKeyOf(harness, agent);
    keys.push(agent.signer);
  }
  await measureTogether(harness, agent, MINUTES);
  const { zip } = await bundle(t, harness);
  for (const every of [false, true]) {
    const verdict = await verified(zip, { every });
    assert.equal(verdict.outcome, 'pass', told(verdict).join('\n'));
    const counted = verdict.checks.find(({ id }) => id === 'keys')?.counted.documents ?? 0;
    assert.ok(counted >= 4, 'log-open, enrol and two rotations');
  }

  const { document } = loadKeys(harness.data_dir, { may_create: false });
  const [old] = keys;
  assert.ok(old !== undefined);
  const forged = async (seq: number): Promise<Uint8Array> => {
    const parts = await takeApart(zip);
    editBatches(parts, (batches) =>
      batches.map((batch) =>
        parseHeader(batch.header).seq === seq
          ? { ...batch, signature: signBatch(old, batch.header) }
          : batch,
      ),
    );
    return resign(parts, document);
  };
  const first = await verified(await forged(41));
  assert.deepEqual(failedChecks(first), ['signatures'], told(first).join('\n'));
  const between = await verified(await forged(60), { every: true });
  assert.deepEqual(failedChecks(between), ['signatures'], told(between).join('\n'));
});

test('a key that was rotated is revoked with its whole epoch', async (t) => {
  const { harness, agent } = await office(t);
  await measureTogether(harness, agent, 30);
  await rotateKeyOf(harness, agent);
  await measureTogether(harness, agent, MINUTES + 40);
  const from = (await harness.deps.store.batch(SITE, agent.agent, 1, 21))?.leaf ?? 0;
  await revokeFrom(harness, agent, from);
  const made = await bundle(t, harness);
  await agreed(harness, made);
  const verdict = await verified(made.zip);
  assert.equal(verdict.outcome, 'pass_with_gaps', told(verdict).join('\n'));
  assert.equal(findings(verdict, 'SIGNED_DOUBTFUL')[0]?.detail.from_seq, 21);
});

test('a batch that its agent linked to nothing is a gap, proved on both sides', async (t) => {
  const { harness, agent } = await office(t);
  const wrong = toBase64(new Uint8Array(32).fill(4));
  const broken = new Set([1, 30, 31]);
  await measureTogether(harness, agent, MINUTES + 70, (batch) =>
    broken.has(batch) ? { header: { prev: wrong } } : {},
  );
  const made = await bundle(t, harness);
  await agreed(harness, made);
  const verdict = await verified(made.zip);
  assert.equal(verdict.outcome, 'pass_with_gaps', told(verdict).join('\n'));
  const breaks = findings(verdict, 'CHAIN_BREAK_LOGGED').map(({ detail }) => detail.seq);
  assert.deepEqual(breaks, [2, 31, 32]);
});
