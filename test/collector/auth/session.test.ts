import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isFirstRun, issueCredential } from '../../../collector/auth/credentials.ts';
import { createNonceStore, NONCE_VALID_MS, NONCES_MAX } from '../../../collector/auth/nonces.ts';
import { type Harness, openHarness } from '../harness.ts';

let harness: Harness;

before(async () => {
  harness = await openHarness();
});
after(() => harness.close());

function link() {
  const wanted = { kind: 'sign_in', role: 'admin', unit: null, label: '', by: 'system' } as const;
  return issueCredential(harness.deps, wanted);
}

function cookieOf(answer: { headers: Readonly<Record<string, unknown>> }): string {
  return String(answer.headers['set-cookie']).split(';')[0] ?? '';
}

test('the first-run link works once and for 15 minutes', async () => {
  assert.equal(await isFirstRun(harness.deps.store), true);
  const { secret } = await link();
  assert.equal(
    (await harness.send({ method: 'HEAD', url: `/sign-in?code=${secret}` })).status,
    404,
  );
  const first = await harness.get(`/sign-in?code=${secret}`);
  assert.deepEqual([first.status, first.headers.location], [303, '/']);
  const set = String(first.headers['set-cookie']);
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/']) assert.ok(set.includes(part), part);
  assert.equal(await isFirstRun(harness.deps.store), false);
  const again = await harness.get(`/sign-in?code=${secret}`);
  assert.deepEqual([again.status, again.body.error.code], [401, 'LINK_INVALID']);
  // A browser gets the sign-in page, which says why, and the code leaves the address bar.
  const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
  const url = `/sign-in?code=${secret}`;
  const seen = await harness.send({ method: 'GET', url, headers: { accept } });
  assert.deepEqual([seen.status, seen.headers.location], [303, '/?link=invalid']);
  assert.equal(seen.headers['set-cookie'], undefined);
  const me = await harness.send({
    method: 'GET',
    url: '/api/v1/me',
    headers: { cookie: cookieOf(first), 'accept-language': 'en-GB,vi;q=0.5' },
  });
  assert.deepEqual([me.body.role, me.body.lang, me.body.demo], ['admin', 'en', false]);
  const late = await link();
  harness.clock.now_ms += 15 * 60_000;
  assert.equal((await harness.get(`/sign-in?code=${late.secret}`)).status, 401);
  // Nothing but its hash is kept.
  const rows = JSON.stringify(await harness.deps.store.credentials('session'));
  assert.ok(!rows.includes(cookieOf(first).split('=')[1] ?? '?'));
});

test('a session changes things only from the own page, and can be ended', async () => {
  const token = await harness.token('admin');
  const post = (headers: Record<string, string>, body: object, url = '/api/v1/session') =>
    harness.send({ method: 'POST', url, headers, payload: body });
  const page = { 'x-lanproof': 'page' };
  assert.equal((await post({}, { token })).body.error.code, 'CROSS_SITE');
  assert.equal((await post(page, { token: 'lpa1_wrong' })).status, 401);
  const signed = await post(page, { token });
  assert.equal(signed.status, 200);
  const cookie = cookieOf(signed);
  const tokens = '/api/v1/tokens';
  const wish = { role: 'viewer' };
  const cases: [Record<string, string>, number][] = [
    [{ cookie }, 403],
    [{ cookie, ...page, origin: 'https://evil.example' }, 403],
    [{ cookie, ...page, origin: 'null' }, 403],
    [{ cookie, ...page, 'sec-fetch-site': 'cross-site' }, 403],
    [{ cookie, ...page, 'sec-fetch-site': 'same-site' }, 403],
    [{ cookie, ...page, origin: 'http://localhost:8080', host: 'localhost:8080' }, 200],
    [{ cookie, ...page, 'sec-fetch-site': 'same-origin' }, 200],
  ];
  for (const [headers, status] of cases) {
    const answer = await post(headers, wish, tokens);
    assert.equal(answer.status, status, JSON.stringify(headers));
  }
  // A session is no Bearer token, a token no cookie.
  const swapped = { authorization: `Bearer ${cookie.split('=')[1]}` };
  assert.equal(
    (await harness.send({ method: 'GET', url: '/api/v1/me', headers: swapped })).status,
    401,
  );
  const asCookie = { cookie: `lanproof_session=${token}` };
  assert.equal(
    (await harness.send({ method: 'GET', url: '/api/v1/me', headers: asCookie })).status,
    401,
  );
  const out = await harness.send({
    method: 'DELETE',
    url: '/api/v1/session',
    headers: { cookie, ...page },
  });
  assert.equal(out.status, 204);
  assert.equal(
    (await harness.send({ method: 'GET', url: '/api/v1/me', headers: { cookie } })).status,
    401,
  );
  const metrics = await harness.token('metrics');
  assert.equal((await post(page, { token: metrics })).status, 401, 'nothing to look at');
});

test('guessing is slowed down by address', async () => {
  const answers = [];
  for (let i = 0; i < 12; i++) answers.push((await harness.get('/sign-in?code=guess')).status);
  assert.ok(answers.includes(429));
  const limited = await harness.get('/sign-in?code=guess');
  assert.equal(limited.body.error.code, 'TOO_MANY_REQUESTS');
  assert.ok(Number(limited.headers['retry-after']) > 0);
});

test('nonces are single-use, live a minute and stay few', () => {
  let now = 0;
  let made = 0;
  const nonces = createNonceStore(
    () => now,
    () => Uint8Array.from(String(made++).padStart(24, '0'), (c) => c.charCodeAt(0)),
  );
  const first = nonces.issue();
  assert.equal(nonces.take(first), true);
  assert.equal(nonces.take(first), false);
  assert.equal(nonces.take('never issued'), false);
  const old = nonces.issue();
  now += NONCE_VALID_MS + 1;
  assert.equal(nonces.take(old), false);
  for (let i = 0; i < NONCES_MAX + 10; i++) nonces.issue();
  assert.ok(nonces.size <= NONCES_MAX);
});
