import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type KeyName, replaceKey } from '../../../../collector/key-replacement.ts';
import { DOCUMENT_KEY_FILE, LOG_KEY_FILE, loadKeys } from '../../../../collector/keys.ts';
import { HEAD_FOLDER } from '../../../../collector/ledger/open-ledger.ts';
import type { SignedCheckpoint } from '../../../../collector/ledger/types.ts';
import { disagreements, readShown } from '../../../../collector/report/issue/agree.ts';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  measureTogether,
  openHarness,
  START_MS,
} from '../../../collector/harness.ts';
import { secondReaderSkip } from '../../../fixtures/second-reader.ts';
import { enrolAnew } from '../../../support/agent-life.ts';
import type { TestAgent } from '../../../support/batches.ts';
import {
  askFor,
  build,
  bundleDeps,
  newFolder,
  type ReadBundle,
  SITE,
} from '../../../support/bundle-kit.ts';
import { editLines, resign, takeApart } from '../../../support/tamper.ts';
import { findings, told, verified } from '../../../support/verify-kit.ts';

const MINUTE_MS = 60_000;
/** Short batches: several leaves between two heads that the store keeps. */
const TICKS = 15;
/** The collector is lost in the middle of it. */
const PERIOD = { from_ms: START_MS, to_ms: START_MS + 10 * MINUTE_MS };
const FILES = { log: LOG_KEY_FILE, document: DOCUMENT_KEY_FILE } as const;
const skip = { skip: secondReaderSkip };
const reader = fileURLToPath(new URL('../../../second_reader/read_bundle.py', import.meta.url));

/** What a disk leaves of the head sentinel; `stale`: a crash came before its last write. */
type Head = 'gone' | 'stale' | 'newer';

const run = (harness: Harness, agent: TestAgent, batches: number): Promise<void> =>
  measureTogether(harness, agent, batches, () => ({ ticks: TICKS }));

interface Lost {
  readonly harness: Harness;
  readonly agent: TestAgent;
  /** Leaves of log 1 in the database. */
  readonly closed: number;
  /** Heads that log 1 showed: the one before its last, its last, and one that was lost. */
  readonly shown: readonly SignedCheckpoint[];
}

/**
 * Five minutes of a collector whose folder is copied while it runs, so that its last heads are not
 * in the store; then a collector on that copy, without the keys that are lost.
 */
async function lose(t: TestContext, keys: readonly KeyName[], head: Head): Promise<Lost> {
  const live = await openHarness();
  t.after(() => live.close());
  await importSite(live, SITE, 'xa-soc-son');
  const agent = await enrolTestAgent(live, SITE);
  const data_dir = join(newFolder(t), 'copy');
  const [heads, copied] = [join(live.data_dir, HEAD_FOLDER), join(data_dir, HEAD_FOLDER)];
  const stale = join(newFolder(t), 'stale');
  const shown: SignedCheckpoint[] = [];
  const deliver = async (): Promise<void> => {
    await run(live, agent, 1);
    shown.push(live.deps.ledger.checkpoint());
  };
  await run(live, agent, 16);
  await deliver();
  cpSync(heads, stale, { recursive: true });
  await deliver();
  await deliver();
  cpSync(live.data_dir, data_dir, { recursive: true });
  const { size: closed } = live.deps.ledger.checkpoint();
  const { seq, prev, at_ms } = agent;
  await deliver();
  // What the copy does not hold is sent to it again.
  Object.assign(agent, { seq, prev, at_ms });
  rmSync(copied, { recursive: true });
  if (head !== 'gone') cpSync(head === 'stale' ? stale : heads, copied, { recursive: true });
  for (const name of keys) {
    rmSync(join(data_dir, FILES[name]));
    replaceKey(data_dir, name, 'the disk died');
  }
  const harness = await openHarness({ copy_of: { data_dir, now_ms: at_ms + MINUTE_MS } });
  t.after(() => harness.close());
  const { ledger } = harness.deps;
  assert.equal(ledger.checkpoint().log, 2);
  agent.origin = ledger.checkpoint().origin;
  return { harness, agent, closed, shown: shown.slice(1) };
}

async function bundle(t: TestContext, harness: Harness, masked = false): Promise<ReadBundle> {
  const made = await build(t, bundleDeps(harness), await askFor(harness, PERIOD, masked));
  const shown = await readShown(harness.deps.judge, SITE, PERIOD);
  assert.deepEqual(disagreements(made.whole_figures, shown, PERIOD), []);
  return made;
}

/** No failure, and the end of log 1 is told as what it is. */
async function assertTail(
  t: TestContext,
  { harness, closed }: Lost,
  reason: RegExp,
  others: readonly string[] = [],
): Promise<void> {
  const signed = (await harness.deps.ledger.checkpointOf(1))?.size ?? 0;
  assert.ok(signed > 1 && signed < closed, `${signed} of ${closed}`);
  for (const masked of [false, true]) {
    const made = await bundle(t, harness, masked);
    assert.match(made.text('logs/1/checkpoint.txt'), new RegExp(`^.*\n${signed}\n`));
    for (const name of ['leaves', 'consistency', 'daily']) {
      assert.match(made.text(`logs/1/${name}.txt`), new RegExp(`^.* ${closed}\n`), name);
    }
    const verdict = await verified(made.zip, { every: true });
    assert.equal(verdict.outcome, 'pass_with_gaps', told(verdict).join('\n'));
    const gaps = verdict.gaps.map(({ code }) => code);
    assert.deepEqual(gaps, ['LOG_TAIL_UNSIGNED', ...others], told(verdict).join('\n'));
    const log = made.text('logs/1/checkpoint.txt').split('\n')[0] ?? '';
    const [tail] = findings(verdict, 'LOG_TAIL_UNSIGNED');
    assert.deepEqual(tail?.detail, { log, signed, closed });
    const [reopened] = findings(verdict, 'LOG_REOPENED');
    assert.match(String(reopened?.detail.reason), reason);
  }
}

test('a disk that died: database from a copy, no sentinel, another log key', async (t) => {
  const lost = await lose(t, ['log'], 'gone');
  await run(lost.harness, lost.agent, 24);
  await assertTail(t, lost, /^sentinel_missing$/);

  // The figures are those of a collector that had the same disk and kept its key.
  const kept = await lose(t, [], 'gone');
  await run(kept.harness, kept.agent, 24);
  const [one, other] = [await bundle(t, lost.harness), await bundle(t, kept.harness)];
  assert.deepEqual(one.figures.hours, other.figures.hours);
  const whole = await verified(other.zip);
  assert.equal(whole.outcome, 'pass', told(whole).join('\n'));
  assert.equal(findings(whole, 'LOG_REOPENED').length, 1);
});

test('a lost key and a sentinel that a crash left behind: its head is the last signed', async (t) => {
  const lost = await lose(t, ['log'], 'stale');
  await run(lost.harness, lost.agent, 24);
  assert.equal((await lost.harness.deps.ledger.checkpointOf(1))?.size, lost.closed - 2);
  await assertTail(t, lost, /^log_key_lost: the disk died$/);
});

test('a lost key and a database that is older than the sentinel', async (t) => {
  const lost = await lose(t, ['log'], 'newer');
  await run(lost.harness, lost.agent, 24);
  await assertTail(t, lost, /^sentinel_newer: /);
});

test('both keys lost: agents are enrolled anew, and the former time is still proved', async (t) => {
  const lost = await lose(t, ['log', 'document'], 'stale');
  const agent = await enrolAnew(lost.harness, lost.agent, lost.agent.at_ms + MINUTE_MS);
  await run(lost.harness, agent, 24);
  await assertTail(t, lost, /^document_key_lost: the disk died$/);
});

test('heads that agents saw are proved up to the closed one, what lies behind is lost', async (t) => {
  const lost = await lose(t, ['log'], 'gone');
  const { harness, agent, shown } = lost;
  await measureTogether(harness, agent, 24, (batch) => {
    const head = batch % 8 === 0 ? shown[batch / 8] : undefined;
    if (head === undefined) return { ticks: TICKS };
    const { origin, size, note } = head;
    return { ticks: TICKS, header: { seen: { log: origin, size, checkpoint: note } } };
  });
  await assertTail(t, lost, /^sentinel_missing$/, ['SEEN_LOST']);
});

test('the second reader reads such a bundle, and no other', skip, async (t) => {
  const { harness, agent, closed } = await lose(t, ['log'], 'gone');
  await run(harness, agent, 24);
  const { zip } = await bundle(t, harness);
  const path = join(newFolder(t), 'a.zip');
  const read = (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    return spawnSync('python3', [reader, path], { encoding: 'utf8' });
  };
  const { status, stdout, stderr } = read(zip);
  assert.equal(status, 0, stdout + stderr);
  const { tails, heads } = JSON.parse(stdout);
  const signed = (await harness.deps.ledger.checkpointOf(1))?.size;
  assert.deepEqual(tails, [{ log: heads[0].log, signed, closed }]);

  const { document } = loadKeys(harness.data_dir, { may_create: false });
  const parts = await takeApart(zip);
  editLines(parts, 'logs/1/consistency.txt', (lines) => lines.slice(0, -1));
  const bare = read(resign(parts, document));
  assert.equal(bare.status, 1);
  assert.match(bare.stdout, new RegExp(`^MISMATCH .*no consistency proof from size ${signed}`));
});
