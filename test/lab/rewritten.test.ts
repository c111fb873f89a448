import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ALARMS_DIR, type Contradiction } from '../../agent/deliver/alarms.ts';
import { issueCredential } from '../../collector/auth/credentials.ts';
import { openBeside } from '../../collector/beside.ts';
import { openCheckpoint } from '../../shared/evidence/checkpoint.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { ran } from '../deploy/cli/cli-kit.ts';
import { until } from '../support/demo-process.ts';
import { type LiveSite, ORIGIN_PREFIX, SITE, startLiveSite } from '../support/live-site.ts';
import { BATCH_MS, copyAndGoOn } from '../support/live-waits.ts';
import { openLedgerOf } from '../support/prepared-collector.ts';

const MORE_LEAVES = 20;
/** Part of 127.77.x that no other test uses. */
const NET = 72;

test('a collector whose history was exchanged raises an alarm that only a person ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-rewritten-'));
  const copy = join(folder, 'copy');
  try {
    const site = await startLiveSite(folder, NET);
    try {
      await copyAndGoOn(site, copy);
      // A stopping agent proves what it sent.
      await site.agentProgram.stop();
      await site.collector.stop();
      await growOtherwise(copy);
      rmSync(site.data_dir, { recursive: true });
      cpSync(copy, site.data_dir, { recursive: true, preserveTimestamps: true });
      await site.restartCollector();
      site.restartAgent();
      await assertAlarm(site);
    } finally {
      await site.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Another history under the same log key, longer than what the agent saw. */
async function growOtherwise(data_dir: string): Promise<void> {
  const opened = await openLedgerOf(data_dir, () => Date.now(), ORIGIN_PREFIX);
  try {
    for (let at = 0; at < MORE_LEAVES; at++) {
      await opened.ledger.commit(async (unit) => {
        const hash = new Uint8Array(32).fill(at);
        const nobody = { site: null, agent: null, epoch: 0, seq: 0 };
        await unit.append({ kind: 'note', ...nobody, hash, recv_ms: Date.now() });
      });
    }
  } finally {
    await opened.close();
  }
}

async function assertAlarm(site: LiveSite): Promise<void> {
  const status = (...more: string[]) =>
    ran(['agent', 'status', '--state', site.state_dir, ...more]);
  const told = await until('the alarm in the status', BATCH_MS, async () => {
    const { code, out } = await status('--json');
    const answer = JSON.parse(out);
    if (
      !answer.troubles.some((trouble: { code: string }) => trouble.code === 'HISTORY_REWRITTEN')
    ) {
      return undefined;
    }
    assert.equal(code, 1);
    return answer;
  });
  const [file, ...others] = told.alarms;
  assert.ok(file.startsWith(join(site.state_dir, ALARMS_DIR)));
  assert.deepEqual(others, []);
  const found = JSON.parse(readFileSync(file, 'utf8')) as Contradiction;
  const opened = await openBeside(site.collector.config);
  const { log } = found;
  const crypto = createNodeCrypto();
  try {
    const [open] = [...site.agent.identity.logs.values()];
    const key = Uint8Array.from(Buffer.from(open?.log_key ?? '', 'base64'));
    for (const note of [found.seen, found.shown ?? '']) openCheckpoint(crypto, note, log, key);
    assert.match(site.agentProgram.output(), /HISTORY_REWRITTEN/);
    const wanted = { kind: 'api', role: 'operator', unit: null, label: '', by: 'test' } as const;
    const { secret } = await issueCredential(opened, wanted);
    await until('the signed event at the collector', BATCH_MS, async () => {
      const headers = { authorization: `Bearer ${secret}` };
      const answer = await fetch(`${site.collector.url}/api/v1/sites/${SITE}/agents`, { headers });
      const { items } = (await answer.json()) as {
        items: { history_rewritten_ms: number | null }[];
      };
      return items[0]?.history_rewritten_ms === null ? undefined : true;
    });
    assert.match(site.collector.output(), /AGENT_SAW_REWRITTEN/);
  } finally {
    await opened.close();
  }
  // A restart does not end it; a person does.
  await site.agentProgram.stop();
  site.restartAgent();
  assert.match(
    (await status()).out,
    /HISTORY_REWRITTEN: .*\n {2}fix: .*history-[0-9a-f]{16}\.json/,
  );
  const done = await status('--acknowledge');
  assert.match(done.err, /history-[0-9a-f]{16}\.acknowledged\.json/);
  assert.doesNotMatch(done.out, /HISTORY_REWRITTEN:/);
}
