import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { toBase64 } from '../../../shared/bytes.ts';
import { openDocument } from '../../../shared/evidence/document-reading.ts';
import { documentHash } from '../../../shared/evidence/documents.ts';
import { signRequest } from '../../../shared/evidence/request-auth.ts';
import { ran } from '../../deploy/cli/cli-kit.ts';
import { createTestAgent, type TestAgent } from '../../support/batches.ts';
import {
  deliver,
  enrolTestAgent,
  type Harness,
  importSite,
  measureTogether,
  openHarness,
  START_MS,
} from '../harness.ts';

const SITE = 'socson-hq';
const MINUTE_MS = 60_000;
let harness: Harness;
let where: string[];
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lanproof-revoke-'));
  harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son');
  const url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
  where = ['--collector', url, '--token', await harness.token('admin')];
});
after(async () => {
  await harness.close();
  rmSync(folder, { recursive: true, force: true });
});

async function classes(from_ms: number, to_ms: number): Promise<string[]> {
  const operator = await harness.token('operator');
  const query = `device=gw&from=${new Date(from_ms).toISOString()}&to=${new Date(to_ms).toISOString()}`;
  const answer = await harness.get(`/api/v1/sites/${SITE}/slots?${query}`, operator);
  assert.equal(answer.status, 200, answer.text);
  return answer.body.runs.map((run: { class: string }) => run.class);
}

const revoke = (...more: string[]) =>
  ran(['agent', 'revoke', '--site', SITE, '--agent', 'do-1', ...where, ...more]);

test('a revocation that reaches back makes judged time unknown, and --check agrees', async () => {
  const { store, crypto, document_key } = harness.deps;
  const agent: TestAgent = await enrolTestAgent(harness, SITE);
  // More than a day: a whole local day was judged before.
  await measureTogether(harness, agent, 27 * 60);
  const end_ms = agent.at_ms;
  const half_ms = START_MS + 10 * 60 * MINUTE_MS;
  assert.deepEqual([...new Set(await classes(START_MS, end_ms - 5 * MINUTE_MS))], ['reply']);
  const from = (await store.batch(SITE, 'do-1', 1, 601))?.leaf ?? 0;
  const before = await store.newestDay(SITE);
  assert.ok(before !== null, 'a day was judged');
  const done = await revoke('--reason', 'máy bị mất', '--from-leaf', String(from));
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /^revoked: [0-9A-Z-]{9}, agent do-1 .*\n.* before \d+$/);
  const [row] = await store.documents(SITE, 'revoke', 'do-1');
  const said = openDocument(crypto, row?.text ?? '', 'revoke', document_key.publicKey);
  assert.deepEqual([said.from_leaf, said.epoch, said.reason], [from, 1, 'máy bị mất']);
  assert.deepEqual(await classes(START_MS, half_ms - MINUTE_MS), ['reply']);
  const after = await classes(half_ms + MINUTE_MS, end_ms - 5 * MINUTE_MS);
  assert.deepEqual([...new Set(after)], ['conflict']);
  const rows = await store.intervals(SITE, half_ms + 5 * MINUTE_MS, end_ms - 5 * MINUTE_MS, 'gw');
  assert.deepEqual([...new Set(rows.map(({ reason }) => reason))], ['conflict']);

  // The key is refused, whatever it signs.
  const late = await deliver(harness, agent.next().body);
  assert.deepEqual([late.status, late.body.error.code], [403, 'KEY_REVOKED']);
  const { nonce } = (await harness.get('/api/v1/agents/nonce')).body;
  const url = '/api/v1/agents/self/logs';
  const authorization = signRequest(crypto, agent.signer, 'GET', url, nonce);
  const asked = await harness.send({ method: 'GET', url, headers: { authorization } });
  assert.deepEqual([asked.status, asked.body.error.code], [403, 'KEY_REVOKED']);

  // Enrolled anew it goes on in the next epoch; the time between stays unknown.
  const renewed = await enrolAgain(agent);
  await measureTogether(harness, renewed, 5);
  const now = await store.agent(SITE, 'do-1');
  assert.deepEqual([now?.epoch, now?.seq, now?.revoked_ms], [2, 5, null]);
  const since = await classes(renewed.start_ms + MINUTE_MS, renewed.start_ms + 3 * MINUTE_MS);
  assert.deepEqual(since, ['reply']);
  const gap = await classes(half_ms + MINUTE_MS, renewed.start_ms);
  assert.ok(!gap.includes('reply'), gap.join());
  const checked = await ran(['rebuild', '--check', '--data', harness.data_dir]);
  assert.equal(checked.code, 0, `${checked.out}\n${checked.err}`);
});

test('what cannot be revoked is refused with its code', async () => {
  assert.equal((await revoke('--reason', 'the second key')).code, 0);
  const twice = await revoke('--reason', 'again');
  assert.match(twice.err, /^KEY_REVOKED/);
  const nobody = await ran([
    ...['agent', 'revoke', '--site', SITE, '--agent', 'do-9', '--reason', 'x', ...where],
  ]);
  assert.match(nobody.err, /^AGENT_UNKNOWN/);
  assert.equal((await revoke()).code, 2);
  const operator = await harness.token('operator');
  const may = await ran([
    ...['agent', 'revoke', '--site', SITE, '--agent', 'do-1', '--reason', 'x'],
    ...[...where.slice(0, 3), operator],
  ]);
  assert.match(may.err, /^FORBIDDEN/);
});

async function enrolAgain(former: TestAgent): Promise<TestAgent> {
  const url = `/api/v1/sites/${SITE}/enrol-tokens`;
  const wanted = { agent: 'do-1', approve: true };
  const made = await harness.send({ method: 'POST', url, payload: wanted }, where[3]);
  const start_ms = former.at_ms + 10 * MINUTE_MS;
  harness.clock.now_ms = start_ms;
  const agent = createTestAgent({ site: SITE, agent: 'do-1', start_ms, epoch: 2 });
  const public_key = toBase64(agent.signer.publicKey);
  const payload = { token: made.body.token, public_key, software: '0.1.0' };
  const answer = await harness.send({ method: 'POST', url: '/api/v1/agents/enrol', payload });
  agent.prev = documentHash(harness.deps.crypto, answer.body.enrol);
  agent.origin = former.origin;
  agent.list = former.list;
  agent.listHash = former.listHash;
  return agent;
}
