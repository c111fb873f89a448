import assert from 'node:assert/strict';
import test from 'node:test';
import { loadKeys } from '../../../../collector/keys.ts';
import { signCheckpoint } from '../../../../shared/evidence/checkpoint.ts';
import { createNodeCrypto } from '../../../../shared/node/crypto.ts';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  measureTogether,
  openHarness,
  START_MS,
} from '../../../collector/harness.ts';
import { editLines, resign, takeApart } from '../../../support/tamper.ts';
import { bundleOf, failedChecks, findings, told, verified } from '../../../support/verify-kit.ts';

const SITE = 'socson-hq';
const PERIOD = { from_ms: START_MS, to_ms: START_MS + 20 * 60_000 };
const crypto = createNodeCrypto();

/** Twenty-five minutes, in the middle of which the agent shows a head that it says it saw. */
async function afterSeen(
  t: { after(work: () => Promise<void>): void },
  beyond: number,
): Promise<{ harness: Harness; bundle: Uint8Array }> {
  const harness = await openHarness();
  t.after(() => harness.close());
  await importSite(harness, SITE, 'xa-soc-son');
  const agent = await enrolTestAgent(harness, SITE);
  await measureTogether(harness, agent, 12);
  const { ledger } = harness.deps;
  const { origin, size } = ledger.checkpoint();
  const { log } = loadKeys(harness.data_dir, { may_create: false });
  const root = new Uint8Array(32).fill(3);
  const head = { origin, size: size + beyond, root };
  const checkpoint = signCheckpoint(crypto, log, head);
  const seen = { log: origin, size: head.size, checkpoint };
  await measureTogether(harness, agent, 1, () => ({ header: { seen } }));
  assert.equal(ledger.checkpoint().log, 2, 'the collector closed the log');
  agent.origin = ledger.checkpoint().origin;
  await measureTogether(harness, agent, 12);
  return { harness, bundle: await bundleOf(harness, SITE, PERIOD) };
}

test('history that was lost, and is on record as lost, is a gap of two proved logs', async (t) => {
  const { bundle } = await afterSeen(t, 100);
  const verdict = await verified(bundle);
  assert.deepEqual(
    failedChecks(verdict).filter((id) => id !== 'seen'),
    [],
    told(verdict).join('\n'),
  );
  assert.equal(findings(verdict, 'SEEN_LOST').length, 1, told(verdict).join('\n'));
  assert.equal(findings(verdict, 'LOG_REOPENED').length, 1);
  assert.equal(verdict.checks.find(({ id }) => id === 'checkpoint')?.counted.logs, 2);
});

test('a log that was rewritten below what an agent saw fails, even if it was closed', async (t) => {
  const { harness, bundle } = await afterSeen(t, -3);
  const { document } = loadKeys(harness.data_dir, { may_create: false });
  const verdict = await verified(bundle);
  assert.deepEqual(failedChecks(verdict), ['seen'], told(verdict).join('\n'));
  assert.equal(findings(verdict, 'SEEN_INCONSISTENT').length, 1, told(verdict).join('\n'));

  // The second log without the leaf that says which one it follows.
  const parts = await takeApart(bundle);
  editLines(parts, 'logs/2/leaves.txt', (lines) => lines.slice(1));
  const cut = await verified(resign(parts, document));
  assert.ok(failedChecks(cut).includes('consistency'), told(cut).join('\n'));
  assert.equal(findings(cut, 'LOG_OPEN_MISSING').length, 1);
});
