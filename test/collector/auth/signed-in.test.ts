import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { issueCredential, SESSION_VALID_MS } from '../../../collector/auth/credentials.ts';
import { ROLES, type Role } from '../../../collector/store/rows.ts';
import { type Answer, type Harness, importSite, openHarness } from '../harness.ts';

const PAGE = { 'x-lanproof': 'page' };
let harness: Harness;

before(async () => {
  harness = await openHarness();
  await importSite(harness, 'socson-hq', 'xa-soc-son', 'ha-noi');
  await importSite(harness, 'dongphu-hq', 'xa-dong-phu', 'bac-ninh');
});
after(() => harness.close());

function token(role: Role, unit: string | null = null, by = 'test') {
  return issueCredential(harness.deps, { kind: 'api', role, unit, label: `${role} of a test`, by });
}

const revoke = (id: string, by: string) =>
  harness.send({ method: 'POST', url: `/api/v1/tokens/${id}/revoke` }, by);

/** The cookie of a browser that signed in. */
function cookieOf(answer: Answer): string {
  return String(answer.headers['set-cookie']).split(';')[0] ?? '';
}

function signIn(secret: string): Promise<Answer> {
  const payload = { token: secret };
  return harness.send({ method: 'POST', url: '/api/v1/session', headers: PAGE, payload });
}

const me = (cookie: string) =>
  harness.send({ method: 'GET', url: '/api/v1/me', headers: { cookie } });

/** Status and code of an answer. */
const said = ({ status, body }: Answer) => [status, body?.error?.code];

test('a revoked token ends at once, with its sessions and nothing else', async () => {
  const admin = await harness.token('admin');
  const lost = await token('admin');
  const [stolen, other] = [cookieOf(await signIn(lost.secret)), cookieOf(await signIn(admin))];
  assert.equal((await me(stolen)).status, 200);
  const payload = { role: 'viewer' };
  const headers = { cookie: stolen, ...PAGE };
  const url = '/api/v1/tokens';
  const hidden = (await harness.send({ method: 'POST', url, headers, payload })).body;
  const direct = (await harness.send({ method: 'POST', url, payload }, lost.secret)).body;

  const ended = await revoke(lost.id, admin);
  assert.equal(ended.status, 200, ended.text);
  const made = [`api:${hidden.id}`, `api:${direct.id}`].sort();
  assert.deepEqual(
    { ...ended.body, made: [...ended.body.made].sort() },
    { name: `api:${lost.id}`, sessions: 1, made },
  );
  assert.deepEqual(said(await harness.get('/api/v1/me', lost.secret)), [401, 'UNAUTHORIZED']);
  assert.deepEqual(said(await me(stolen)), [401, 'UNAUTHORIZED']);
  assert.deepEqual(said(await signIn(lost.secret)), [401, 'TOKEN_INVALID']);
  assert.equal((await me(other)).status, 200, 'the session of another token stays');
  assert.equal((await harness.get('/api/v1/me', hidden.token)).status, 200, 'until it is revoked');
  assert.deepEqual(said(await revoke(lost.id, admin)), [409, 'TOKEN_REVOKED']);
  assert.deepEqual(said(await revoke('aaaaaaaaaaaa', admin)), [404, 'TOKEN_UNKNOWN']);

  const audited = await harness.deps.store.audit(20);
  const rows = audited.filter(({ action }) => action.endsWith('.revoke'));
  assert.deepEqual(rows.map(({ action }) => action).sort(), ['api.revoke', 'session.revoke']);
  assert.ok(rows.every(({ actor }) => /^api:/.test(actor) && actor !== `api:${lost.id}`));
});

test('a live view that is open ends with its token, that of another one goes on', async () => {
  const url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
  const [lost, kept] = [await token('viewer'), await token('viewer')];
  const open = async ({ secret }: { secret: string }) => {
    const authorization = `Bearer ${secret}`;
    const answer = await fetch(`${url}/api/v1/live`, { headers: { authorization } });
    assert.equal(answer.status, 200);
    return answer;
  };
  const [ends, goes_on] = [await open(lost), await open(kept)];
  let other_ended = false;
  const other = goes_on.text().then(
    () => {
      other_ended = true;
    },
    () => undefined,
  );
  await revoke(lost.id, await harness.token('admin'));
  assert.match(await ends.text(), /^retry: /);
  assert.equal(other_ended, false);
  assert.equal((await revoke(kept.id, await harness.token('admin'))).status, 200);
  await other;
  assert.equal(other_ended, true);
});

test('the list names every token and holds no secret and no hash', async () => {
  const admin = await harness.token('admin');
  const made = await token('auditor');
  const link = { kind: 'sign_in', role: 'admin', unit: null, label: '', by: 'system' } as const;
  const { secret } = await issueCredential(harness.deps, link);
  const cookie = cookieOf(await harness.get(`/sign-in?code=${secret}`));
  await signIn(made.secret);
  const listed = await harness.get('/api/v1/tokens', admin);
  const [session] = await harness.deps.store.credentials('session').then((rows) => {
    return rows.filter(({ created_by }) => created_by.startsWith('sign_in:'));
  });
  const item = (id: string | undefined) =>
    listed.body.items.find((one: { id: string }) => one.id === id);
  const { state, role, sessions, label, kind } = item(made.id);
  assert.deepEqual(
    [kind, state, role, sessions, label],
    ['api', 'valid', 'auditor', 1, 'auditor of a test'],
  );
  assert.deepEqual([item(session?.id).kind, item(session?.id).role], ['session', 'admin']);
  const rows = await harness.deps.store.credentials('api');
  const hashes = rows.map(({ hash }) => Buffer.from(hash).toString('base64'));
  for (const text of [admin, made.secret, cookie.split('=')[1] ?? '?', 'hash', ...hashes]) {
    assert.ok(!listed.text.includes(text), text.slice(0, 5));
  }
  // The session of a link ends by its own ID.
  assert.equal((await revoke(session?.id ?? '', admin)).status, 200);
  assert.deepEqual(said(await me(cookie)), [401, 'UNAUTHORIZED']);
});

test('a session that has expired is refused as a revoked one, and counts no more', async () => {
  const made = await token('viewer');
  const cookie = cookieOf(await signIn(made.secret));
  harness.clock.now_ms += SESSION_VALID_MS - 1;
  assert.equal((await me(cookie)).status, 200);
  harness.clock.now_ms += 1;
  assert.deepEqual(said(await me(cookie)), [401, 'UNAUTHORIZED']);
  const ended = await revoke(made.id, await harness.token('admin'));
  assert.equal(ended.body.sessions, 0);
});

test('only administrators see and end tokens, those of a part only of that part', async () => {
  const [mine, foreign, whole] = await Promise.all([
    token('viewer', 'xa-soc-son'),
    token('viewer', 'bac-ninh'),
    token('viewer'),
  ]);
  for (const role of ROLES) {
    if (role === 'admin') continue;
    const asker = await harness.token(role);
    assert.deepEqual(said(await harness.get('/api/v1/tokens', asker)), [403, 'FORBIDDEN']);
    assert.deepEqual(said(await revoke(mine.id, asker)), [403, 'FORBIDDEN']);
  }
  const local = await harness.token('admin', 'ha-noi');
  const listed = (await harness.get('/api/v1/tokens', local)).text;
  assert.ok(listed.includes(mine.id));
  for (const { id } of [foreign, whole]) {
    assert.ok(!listed.includes(id));
    assert.deepEqual(said(await revoke(id, local)), [404, 'TOKEN_UNKNOWN']);
  }
  assert.equal((await revoke(mine.id, local)).status, 200);
});
