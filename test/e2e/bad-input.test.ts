import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ENROLMENT_FILE, KEY_FILE, saveEnrolment } from '../../agent/identity.ts';
import { writeHeadHint } from '../../agent/spool/loss.ts';
import { toBase64 } from '../../shared/bytes.ts';
import { officeInventory } from '../support/office.ts';
import { type EnrolledAgent, prepareCollector } from '../support/prepared-collector.ts';
import { type CollectorProcess, freePort, startCollector } from '../support/programs.ts';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'lanproof.mjs');
const EXAMPLE = join(ROOT, 'deploy/examples/inventory.yml');
/** A command that neither ends nor is ended by then has failed, ms. */
const RUN_MS_MAX = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'lanproof-bad-input-'));
let collector: CollectorProcess;
let admin = '';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface RunOptions {
  readonly path?: string;
  /** SIGTERM when the output says this: for programs that go on. */
  readonly enough?: RegExp;
}

/** Runs `lanproof` to its end. */
async function lanproof(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const env = { ...process.env, ...(options.path === undefined ? {} : { PATH: options.path }) };
  const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, env });
  const text = { out: '', err: '' };
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS_MAX);
  let asked = false;
  const look = (): void => {
    // Once only: a second signal would end a program that is stopping cleanly.
    if (asked || options.enough?.test(text.out + text.err) !== true) return;
    asked = true;
    child.kill('SIGTERM');
  };
  child.stdout.on('data', (bytes: Buffer) => {
    text.out += bytes.toString();
    look();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    text.err += bytes.toString();
    look();
  });
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  return { code, ...text };
}

/** The one form of every failure: code, what, and a line with the fix; never a stack. */
function assertFailed(ended: Ended, exit: number, code: string, fix: RegExp): void {
  assert.equal(ended.code, exit, ended.err + ended.out);
  assert.match(ended.err, new RegExp(`\\b${code}\\b`));
  assert.match(ended.err, fix);
  assert.doesNotMatch(ended.err, /^\s+at .*\.ts:\d+/m, 'a stack is no answer');
}

function file(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function get<T>(path: string): Promise<T> {
  const headers = { authorization: `Bearer ${admin}` };
  const answer = await fetch(collector.url + path, { headers });
  assert.equal(answer.status, 200, path);
  return (await answer.json()) as T;
}

/** Agents of a collector's data directory that this makes, one of each name. */
async function enrolledAgents(data_dir: string, names: readonly string[]) {
  const offices = names.map((name) => officeInventory(name, 'small'));
  const agents = await prepareCollector(join(folder, data_dir), offices);
  return agents.map((agent, at) => ({ agent, name: names[at] ?? '' }));
}

/** The state that `lanproof enrol` would have left, and a configuration for it. */
function agentConfig(
  { agent, name }: { readonly agent: EnrolledAgent; readonly name: string },
  url: string,
  lines: readonly string[],
): string {
  const state_dir = join(folder, name);
  mkdirSync(state_dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(state_dir, KEY_FILE), agent.pem, { mode: 0o600 });
  saveEnrolment(state_dir, agent.identity.enrolment);
  writeHeadHint(state_dir, agent.identity.origin);
  const all = [`collector: ${url}`, `state_dir: ${state_dir}`, `secrets_dir: ${state_dir}`];
  return file(`${name}.yml`, `${[...all, ...lines].join('\n')}\n`);
}

/** An agent that was enrolled with a collector which does not run. */
async function aloneAgent(name: string, url: string, lines: readonly string[]): Promise<string> {
  const [made] = await enrolledAgents(`${name}-collector`, [name]);
  assert.ok(made !== undefined);
  return agentConfig(made, url, lines);
}

function lastLine({ out }: Ended): string {
  return out.trim().split('\n').at(-1) ?? '';
}

before(async () => {
  collector = await startCollector(join(folder, 'data'));
  const made = await lanproof(['token', 'create', '--role', 'admin', '--config', collector.config]);
  assert.equal(made.code, 0, made.err);
  admin = lastLine(made);
});
after(async () => {
  await collector.stop();
  rmSync(folder, { recursive: true, force: true });
});

const BAD_FILES: readonly [string, string, string | Uint8Array, string, RegExp][] = [
  ['agent', 'misspelt.yml', 'colector: http://127.0.0.1:1\n', 'CONFIG_UNKNOWN_KEY', /`collector`/],
  ['agent', 'type.yml', 'collector: http://127.0.0.1:1\ninsecure: 7\n', 'CONFIG_TYPE', /2:11/],
  [
    'agent',
    'utf16.yml',
    Buffer.from('\uFEFFcollector: x\n', 'utf16le'),
    'CONFIG_ENCODING',
    /UTF-8/,
  ],
  ['collector', 'listen.yml', '# x\r\nlisten: 8080x\r\n', 'CONFIG_RANGE', /2:9[\s\S]*host:port/],
  ['collector', 'unknown.yml', 'data_dirr: /tmp/x\n', 'CONFIG_UNKNOWN_KEY', /1:1[\s\S]*`data_dir`/],
];

for (const [program, name, text, code, fix] of BAD_FILES) {
  test(`${program} with ${name} ends with 1, ${code}, the place and the fix`, async () => {
    const ended = await lanproof([program, '--config', file(name, text)]);
    assertFailed(ended, 1, code, fix);
    assert.match(ended.err, new RegExp(`${name}:\\d+:\\d+`));
  });
}

test('an inventory with mistakes is refused whole, by the file and by the collector', async () => {
  const remote = ['--collector', collector.url, '--token', admin];
  const before = await get<{ items: unknown[] }>('/api/v1/sites');
  const bad = join(ROOT, 'test/fixtures/bad/cycle.yml');
  const ended = await lanproof(['import', bad, ...remote]);
  assertFailed(ended, 1, 'INVENTORY_CYCLE', /cycle\.yml:7:70[\s\S]*towards the gateway/);
  const site = '/api/v1/sites/nowhere/inventory';
  const answer = await fetch(collector.url + site, {
    method: 'PUT',
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/yaml' },
    body: 'unit: { code: a/../b, name: x }\n',
  });
  assert.equal(answer.status, 400);
  const { error } = (await answer.json()) as { error: { code: string; hint: string } };
  assert.ok(error.code.length > 0 && error.hint.length > 5);
  assert.deepEqual(await get('/api/v1/sites'), before);
});

test('tokens: malformed, used by another key, with wrong pins', async () => {
  const remote = ['--collector', collector.url, '--token', admin];
  const imported = await lanproof(['import', EXAMPLE, ...remote]);
  assert.equal(imported.code, 0, imported.err);
  const { items } = await get<{ items: { site: string }[] }>('/api/v1/sites');
  const site = items[0]?.site ?? '';
  const make = ['token', 'create', '--site', site, '--approve', '--config', collector.config];
  const fresh = async (): Promise<string> => {
    const made = await lanproof(make);
    assert.equal(made.code, 0, made.err);
    return lastLine(made);
  };
  const enrol = (given: string, state: string, url = collector.url) =>
    lanproof(['enrol', '--collector', url, '--token', given, '--state', join(folder, state)]);

  assertFailed(await enrol('lpt1_nonsense', 'a'), 1, 'TOKEN_MALFORMED', /fix: .{10}/);
  for (const pin of ['log_key', 'document_key']) {
    const body = JSON.parse(Buffer.from((await fresh()).slice(5), 'base64url').toString());
    const other = JSON.stringify({ ...body, [pin]: toBase64(new Uint8Array(32)) });
    const wrong = `lpt1_${Buffer.from(other).toString('base64url')}`;
    const state = `pin-${pin}`;
    assertFailed(await enrol(wrong, state), 1, 'ENROL_PIN', /fix: .{10}/);
    assert.equal(existsSync(join(folder, state, ENROLMENT_FILE)), false, 'nothing was pinned');
  }
  const token = await fresh();
  assert.equal((await enrol(token, 'good')).code, 0);
  assertFailed(await enrol(token, 'reused'), 1, 'TOKEN_USED', /fix: make a new token/);
  assert.equal(existsSync(join(folder, 'reused', ENROLMENT_FILE)), false);
  const nobody = `http://127.0.0.1:${await freePort()}`;
  assertFailed(await enrol(token, 'b', nobody), 1, 'COLLECTOR_UNREACHABLE', /fix: .{10}/);
  const plain = await enrol(token, 'c', 'http://192.0.2.1:8080');
  assertFailed(plain, 1, 'COLLECTOR_INSECURE', /--insecure|https/);
});

test('an agent that was never enrolled ends with 2 and says how to enrol', async () => {
  const config = file('fresh.yml', `collector: ${collector.url}\nstate_dir: ${folder}/fresh\n`);
  const ended = await lanproof(['agent', '--config', config]);
  assertFailed(ended, 2, 'AGENT_NOT_ENROLLED', /lanproof enrol/);
});

test('a port in use: the collector ends with 1, an agent with 3, and both name the port', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { port } = address;
  try {
    const lines = [`listen: 127.0.0.1:${port}`, `data_dir: ${folder}/other`];
    const config = file('taken.yml', `${lines.join('\n')}\n`);
    const ended = await lanproof(['collector', '--config', config]);
    assertFailed(ended, 1, 'PORT_IN_USE', new RegExp(`${port}[\\s\\S]*fix: .{10}`));
    const agent = await aloneAgent('metrics', collector.url, [
      `metrics: { listen: "127.0.0.1:${port}" }`,
    ]);
    const refused = await lanproof(['agent', '--config', agent]);
    assertFailed(refused, 3, 'METRICS_LISTEN', new RegExp(`${port}[\\s\\S]*fix: .{10}`));
  } finally {
    server.close();
  }
});

test('an unreachable collector: the agent says so, goes on, and stops cleanly', async () => {
  const port = await freePort();
  const config = await aloneAgent('alone', `http://127.0.0.1:${port}`, []);
  const ended = await lanproof(['agent', '--config', config], { enough: /COLLECTOR_UNREACHABLE/ });
  assert.equal(ended.code, 0, ended.err);
  assert.match(ended.out + ended.err, /COLLECTOR_UNREACHABLE.*"hint":"[^"]{10,}/);
});

interface BadFping {
  readonly name: string;
  /** The shell script that stands for fping; undefined: there is none. */
  readonly body: string | undefined;
  readonly code: string;
  readonly exit: number;
}

const CHECKED = `case "$1" in -v) echo "fping: Version 9.9"; exit 0;;
-c) echo "127.0.0.1 : xmt/rcv/%loss = 1/1/0%"; exit 0;; esac`;
const RIGHTS = `[ "$1" = -v ] && exit 0; echo "can't create socket (must run as root?)" >&2; exit 4`;
const GARBAGE = `${CHECKED}\nwhile :; do echo "%%% [[[ garbage"; sleep 0.2; done`;
const BAD_FPINGS: readonly BadFping[] = [
  { name: 'missing', body: undefined, code: 'FPING_MISSING', exit: 1 },
  { name: 'no-right', body: RIGHTS, code: 'FPING_NO_RIGHT', exit: 1 },
  { name: 'garbage', body: GARBAGE, code: 'ENGINE_GARBAGE', exit: 0 },
  { name: 'dies', body: `${CHECKED}\nexit 3`, code: 'ENGINE_DIED', exit: 0 },
];

test('fping missing, without rights, with garbage, dying: the agent says code and fix', async (t) => {
  const agents = await enrolledAgents(
    'fping-data',
    BAD_FPINGS.map(({ name }) => `fping-${name}`),
  );
  const running = await startCollector(join(folder, 'fping-data'));
  t.after(() => running.stop());
  for (const [at, { name, body, code, exit }] of BAD_FPINGS.entries()) {
    await t.test(name, async () => {
      const path = join(folder, `bin-${name}`);
      mkdirSync(path);
      if (body !== undefined) {
        writeFileSync(join(path, 'fping'), `#!/bin/sh\nPATH=/usr/bin:/bin\n${body}\n`);
        chmodSync(join(path, 'fping'), 0o755);
      }
      const made = agents[at];
      assert.ok(made !== undefined);
      const lines = ['icmp: { engine: fping }', 'allow: ["10.77.0.0/24"]'];
      const config = agentConfig(made, running.url, lines);
      const enough = exit === 0 ? { enough: new RegExp(code) } : {};
      // mkfifo and what else the engine needs; fping is looked for in the first folder first.
      const search = body === undefined ? path : `${path}:/usr/bin:/bin`;
      const args = ['agent', '--config', config];
      const ended = await lanproof(args, { path: search, ...enough });
      assert.equal(ended.code, exit, ended.err + ended.out.slice(-1_500));
      const said = ended.out + ended.err;
      assert.match(said, new RegExp(code));
      assert.match(said, /fix: .{10}|"hint":"[^"]{5,}/);
    });
  }
});
