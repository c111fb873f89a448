import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import Database from 'better-sqlite3';
import { NODE_LANPROOF } from './collector-side.ts';
import { AGENT, SITE } from './inventory.ts';
import { assertNothingLost } from './ledger-truth.ts';
import { Session } from './session.ts';
import { labSkip, run } from './shell.ts';
import { addressOf } from './topology.ts';
import { until } from './wait.ts';

/** A batch comes each minute; a back-off may be in between. */
const REFILL_MS_MAX = 240_000;
const MORE = 2;
/** What a person carries over beside the backup; agents pin all three. */
const KEYS = ['log.key', 'document.key', 'tls.pem', 'tls.crt'] as const;

test('restored on a second machine: same address, agents refill', {
  skip: labSkip(),
}, async (t) => {
  const s = await Session.open(t, 'r');
  const { lan, collector, agent } = s;
  await s.steady();
  const [node = '', ...program] = NODE_LANPROOF;
  const lanproof = (...args: string[]): string => lan.exec('col', node, [...program, ...args]);
  const [first, backup, second] = ['collector', 'backup', 'second'].map((name) =>
    join(lan.dir, name),
  ) as [string, string, string];
  lanproof('backup', backup, '--data', first);
  const had = collector.keptBatches().length;
  await until('more batches than the backup has', REFILL_MS_MAX, () => {
    return collector.keptBatches().length >= had + MORE;
  });
  const lost = collector.keptBatches();
  assert.deepEqual(await collector.stop('SIGKILL'), { code: null, signal: 'SIGKILL' });
  lanproof('restore', backup, '--data', second);
  for (const key of KEYS) cpSync(join(first, key), join(second, key));

  // The cable is pulled out of one machine and plugged into the other, which has its address.
  // Its name begins as all of this lab's do: they are swept at the end.
  const machine = `${lan.ns('col')}2`;
  run('ip', ['netns', 'add', machine]);
  run('ip', ['-n', lan.ns('col'), 'link', 'set', 'wan', 'netns', machine]);
  const lines = [
    'link set lo up',
    'link set wan address 00:23:24:0b:00:01',
    'link set wan up',
    `addr add ${addressOf('col')}/30 dev wan`,
  ];
  run('ip', ['-n', machine, '-batch', '-'], `${lines.join('\n')}\n`);
  const config = join(lan.dir, 'second.yml');
  writeFileSync(
    config,
    readFileSync(join(lan.dir, 'collector.yml'), 'utf8').replace(first, second),
  );
  const log = join(lan.dir, 'second.log');
  const started = lan.processes.start(
    'ip',
    ['netns', 'exec', machine, ...NODE_LANPROOF, 'collector', '--config', config],
    { log },
  );
  await until('the agent refilled the restored collector', REFILL_MS_MAX, () => {
    assert.ok(started.running, readFileSync(log, 'utf8').slice(-2_000));
    return keptIn(second).length > lost.length;
  });
  assert.deepEqual(await agent.stop('SIGTERM'), { code: 0, signal: null });
  await started.stop('SIGTERM');

  const kept = keptIn(second);
  assert.deepEqual(kept.slice(0, lost.length), lost, 'each batch once, in its place');
  assertNothingLost(agent.spool(), kept);
  const db = new Database(join(second, 'lanproof.db'), { readonly: true });
  const logs = db.prepare('SELECT closed_reason FROM log ORDER BY log').pluck().all();
  const bad = db.prepare("SELECT kind FROM leaf WHERE kind IN ('hole', 'conflict')").all();
  db.close();
  assert.deepEqual(logs, ['sentinel_missing', null]);
  assert.deepEqual(bad, []);
  assert.match(lanproof('ledger', 'verify', '--every', '--data', second), /: no difference/);
  assert.match(lanproof('rebuild', '--check', '--data', second), /no difference/);
});

function keptIn(data_dir: string): { epoch: number; seq: number; hash: string }[] {
  const db = new Database(join(data_dir, 'lanproof.db'), { readonly: true, timeout: 5_000 });
  try {
    return db
      .prepare<[string, string], { epoch: number; seq: number; hash: string }>(
        `SELECT epoch, seq, lower(hex(hash)) AS hash FROM leaf
         WHERE site = ? AND agent = ? AND kind = 'batch' ORDER BY log, idx`,
      )
      .all(SITE, AGENT);
  } finally {
    db.close();
  }
}
