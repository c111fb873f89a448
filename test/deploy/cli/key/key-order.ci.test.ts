import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { inspectTls } from '../../../../agent/connect.ts';
import { KEY_FILE, saveEnrolment } from '../../../../agent/identity.ts';
import { writeHeadHint } from '../../../../agent/spool/loss.ts';
import { readInventory } from '../../../../shared/node/inventory-file.ts';
import { temporaryDir } from '../../../support/agent-kit.ts';
import { NOBODY } from '../../../support/as-nobody.ts';
import { until } from '../../../support/demo-process.ts';
import { type EnrolledAgent, prepareCollector } from '../../../support/prepared-collector.ts';
import { BIN, freePort, type Program, startProgram } from '../../../support/programs.ts';

const PASSPHRASE = 'bốn con vịt xiêm lội qua sông';
const SITE = 'khoa-hq';
/** Part of 127.77.x that no other test uses; nobody answers there. */
const NET = 79;
const START_MS_MAX = 60_000;
const BATCH_MS_MAX = 90_000;
const FOUND_SERVICE = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
/** As `sudo -u lanproof`, where this process may become another user. */
const SERVICE =
  spawnSync('setpriv', [...FOUND_SERVICE.slice(1), process.execPath, BIN, 'version']).status === 0
    ? FOUND_SERVICE
    : [];

interface Machine {
  readonly folder: string;
  readonly port: number;
  /** Runs a command to its end, by default as this user. */
  lanproof(words: readonly string[], under?: readonly string[]): { code: number; said: string };
  /** Makes a directory that belongs to the user of the service. */
  directory(name: string): string;
  /** Starts the collector as that user; its pin once it answers, or why it ended. */
  start(data_dir: string): Promise<{ readonly pin: string } | { readonly ended: string }>;
  stop(name?: NodeJS.Signals): Promise<void>;
}

async function machine(t: TestContext): Promise<Machine> {
  const folder = temporaryDir(t);
  chmodSync(folder, 0o755);
  const port = await freePort();
  let collector: Program | undefined;
  t.after(() => collector?.stop('SIGKILL'));
  const own = (path: string): void => {
    if (SERVICE.length > 0) chownSync(path, NOBODY, NOBODY);
  };
  return {
    ...{ folder, port },
    lanproof(words, under = []) {
      const [first = '', ...rest] = [...under, process.execPath, BIN, ...words];
      const { status, stdout, stderr } = spawnSync(first, rest, { encoding: 'utf8' });
      return { code: status ?? -1, said: stdout + stderr };
    },
    directory(name) {
      const path = join(folder, name);
      mkdirSync(path, { mode: 0o700 });
      own(path);
      return path;
    },
    async start(data_dir) {
      const [config, log] = [`${data_dir}.yml`, `${data_dir}.log`];
      writeFileSync(
        config,
        `listen: 127.0.0.1:${port}\ndata_dir: ${data_dir}\ntls: self-signed\nlog: { level: warn }\n`,
      );
      const program = startProgram(['collector', '--config', config], log, SERVICE);
      collector = program;
      return await until('the collector answers or ends', START_MS_MAX, async () => {
        if (!program.running) return { ended: program.output() };
        const peer = { host: '127.0.0.1', port, secure: true };
        const { spki } = await inspectTls(peer, undefined).catch(() => ({ spki: undefined }));
        return spki === undefined ? undefined : { pin: spki };
      });
    },
    async stop(name = 'SIGTERM') {
      await collector?.stop(name);
    },
  };
}

/** A real agent that trusts this collector's documents and this certificate, and nothing else. */
function startAgent(m: Machine, { identity, pem }: EnrolledAgent, pin: string): Program {
  const state_dir = join(m.folder, 'agent');
  mkdirSync(state_dir, { mode: 0o700 });
  writeFileSync(join(state_dir, KEY_FILE), pem, { mode: 0o600 });
  saveEnrolment(state_dir, { ...identity.enrolment, tls: { spki: pin, self_signed: true } });
  writeHeadHint(state_dir, identity.origin);
  const config = join(m.folder, 'agent.yml');
  const lines = [
    `collector: https://127.0.0.1:${m.port}`,
    `state_dir: ${state_dir}`,
    `secrets_dir: ${state_dir}`,
    `allow: ["127.77.${NET}.0/24"]`,
    'icmp: { engine: udp-echo }',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return startProgram(['agent', '--config', config], join(m.folder, 'agent.log'));
}

function inventory() {
  const raw = {
    unit: { code: 'xa-khoa', name: 'UBND xã Khoa' },
    site: { code: SITE, name: 'Trụ sở' },
    agents: [{ code: 'do-1', attached: { device: 'gw', port: '1' } }],
    devices: [
      {
        ...{ code: 'gw', name: 'gw', kind: 'gateway', address: `127.77.${NET}.1` },
        // Nobody answers: the third loss in a row seals a batch at once.
        probes: { icmp: { interval_s: 1, timeout_ms: 300 } },
      },
    ],
  };
  return readInventory(raw, { allow_loopback: true }).inventory;
}

function batches(data_dir: string): number {
  const db = new Database(join(data_dir, 'lanproof.db'), { readonly: true, timeout: 5_000 });
  try {
    return db.prepare<[], number>('SELECT count(*) FROM batch').pluck().get() ?? 0;
  } finally {
    db.close();
  }
}

test('export, restore, import, start: the collector goes on as itself', async (t) => {
  const m = await machine(t);
  const data_dir = join(m.folder, 'data');
  const [enrolled] = await prepareCollector(data_dir, [inventory()], 'demo/keys.test');
  assert.ok(enrolled !== undefined);
  if (SERVICE.length > 0) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, data_dir]);
  const first = await m.start(data_dir);
  assert.ok('pin' in first, JSON.stringify(first));
  const agent = startAgent(m, enrolled, first.pin);
  t.after(() => agent.stop('SIGKILL'));
  const delivered = async (dir: string, count: number): Promise<void> => {
    await until(`batch ${count}`, BATCH_MS_MAX, async () =>
      !agent.running || batches(dir) >= count ? true : undefined,
    );
    assert.ok(agent.running, agent.output().slice(-1_500));
  };
  await delivered(data_dir, 1);

  const pass = join(m.folder, 'pass');
  writeFileSync(pass, `${PASSPHRASE}\n`, { mode: 0o600 });
  const [keys, backup] = [join(m.folder, 'keys.txt'), join(m.folder, 'backup')];
  const ok = (words: readonly string[], under?: readonly string[]): string => {
    const { code, said } = m.lanproof(words, under);
    assert.equal(code, 0, said);
    return said;
  };
  const secret = ['--passphrase-file', pass];
  ok(['key', 'export', '--out', keys, '--data', data_dir, ...secret]);
  ok(['backup', backup, '--data', data_dir]);
  if (SERVICE.length > 0) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, backup]);
  const had = ['log.key', 'document.key', 'tls.pem'].map((name) =>
    readFileSync(join(data_dir, name), 'utf8'),
  );
  await m.stop('SIGKILL');
  rmSync(data_dir, { recursive: true });

  const restored = m.directory('restored');
  assert.match(ok(['restore', backup, '--data', restored], SERVICE), /lanproof key import/);
  const early = await m.start(restored);
  assert.match('ended' in early ? early.ended : 'it runs', /KEY_MISSING/);
  // As root, where this is root: what it writes is the service's all the same.
  assert.equal(
    ok(['key', 'import', keys, '--data', restored, ...secret]).match(/^written: /gm)?.length,
    3,
  );
  const again = await m.start(restored);
  assert.deepEqual(again, first, 'the certificate that agents pin');
  const back = ['log.key', 'document.key', 'tls.pem'].map((name) =>
    readFileSync(join(restored, name), 'utf8'),
  );
  assert.deepEqual(back, had);
  await delivered(restored, batches(restored) + 1);
  await m.stop();
  assert.doesNotMatch(agent.output(), /TLS_PIN|DSSE_SIGNATURE|LOG_UNKNOWN/);
  ok(['ledger', 'verify', '--every', '--data', restored], SERVICE);

  // Keys alone, in a directory that does not exist yet: a new history, signed by the same keys.
  const fresh = join(m.directory('service'), 'data');
  ok(['key', 'import', keys, '--data', fresh, ...secret]);
  assert.deepEqual(await m.start(fresh), first);
  await m.stop();
});
