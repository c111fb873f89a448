import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { APPROVAL_POLL_MS } from '../../../agent/enrol/ask.ts';
import { ENROL_BODY_BYTES_MAX, ENROL_PER_MINUTE_MAX } from '../../../collector/api/agents.ts';
import { SESSION_BODY_BYTES_MAX, SIGN_IN_PER_MINUTE_MAX } from '../../../collector/api/session.ts';
import { TOKEN_BODY_BYTES_MAX } from '../../../collector/api/tokens.ts';
import { APPROVE_VALID_MAX_MS, ENROL_VALID_MAX_MS } from '../../../collector/auth/enrol-tokens.ts';
import { isWithin, UNIT_DEPTH_MAX } from '../../../collector/auth/roles.ts';
import { toBase64 } from '../../../shared/bytes.ts';
import { encodeEnrolToken, TOKEN_CHARS_MAX } from '../../../shared/measure/enrol-token.ts';
import { generateSigner } from '../../../shared/node/crypto.ts';
import { type Answer, type Harness, importSite, openHarness } from '../harness.ts';

const ENROL = '/api/v1/agents/enrol';
const TOKENS = '/api/v1/sites/socson-hq/enrol-tokens';
let harness: Harness;
let admin: string;

before(async () => {
  harness = await openHarness();
  await importSite(harness, 'socson-hq', 'xa-soc-son');
  admin = await harness.token('admin');
});
after(() => harness.close());

const code = ({ status, body }: Answer) => [status, body.error?.code];

function post(url: string, payload: object | string, remoteAddress = '127.0.0.1'): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'x-lanproof': 'page' };
  const authorization = url === ENROL ? undefined : admin;
  return harness.send({ method: 'POST', url, headers, payload, remoteAddress }, authorization);
}

test('a token is valid from a minute to 30 days, one that approves itself for a day', async () => {
  for (const [valid_ms, approve, status] of [
    [60_000 - 1, false, 400],
    [60_000, false, 200],
    [ENROL_VALID_MAX_MS, false, 200],
    [ENROL_VALID_MAX_MS + 1, false, 400],
    [APPROVE_VALID_MAX_MS, true, 200],
    [APPROVE_VALID_MAX_MS + 1, true, 400],
    [APPROVE_VALID_MAX_MS + 1, false, 200],
  ] as const) {
    const answer = await post(TOKENS, { valid_ms, approve });
    const wanted = status === 200 ? [200, undefined] : [400, 'TOKEN_VALIDITY'];
    assert.deepEqual(code(answer), wanted, `${valid_ms} ms ${approve}`);
    if (status === 200) assert.equal(answer.body.expires_ms - harness.clock.now_ms, valid_ms);
  }
  assert.deepEqual([ENROL_VALID_MAX_MS, APPROVE_VALID_MAX_MS], [30 * 86_400_000, 86_400_000]);
});

test('a token works until the millisecond at which it expires', async () => {
  const key = toBase64(generateSigner().signer.publicKey);
  const made = (await post(TOKENS, { valid_ms: ENROL_VALID_MAX_MS })).body;
  const late = (await post(TOKENS, { valid_ms: ENROL_VALID_MAX_MS })).body;
  const ask = (token: string) => post(ENROL, { token, public_key: key, software: '0.1.0' });
  harness.clock.now_ms = made.expires_ms - 1;
  assert.equal((await ask(made.token)).body.status, 'pending');
  harness.clock.now_ms = late.expires_ms;
  assert.deepEqual(code(await ask(late.token)), [410, 'TOKEN_EXPIRED']);
});

test('a text of TOKEN_CHARS_MAX characters is looked at, a longer one is not', async () => {
  const token = { v: 1, id: 'x', tls: null, log_key: 'l', document_key: 'd' } as const;
  let text = '';
  for (let length = 1; text.length < TOKEN_CHARS_MAX; length++) {
    text = encodeEnrolToken({ ...token, secret: 'x'.repeat(length) });
  }
  const rest = { public_key: toBase64(new Uint8Array(32)), software: '0.1.0' };
  const longest = await post(ENROL, { token: text, ...rest });
  assert.deepEqual([text.length, ...code(longest)], [TOKEN_CHARS_MAX, 401, 'TOKEN_UNKNOWN']);
  const beyond = await post(ENROL, { token: `${text}x`, ...rest });
  assert.deepEqual(code(beyond), [400, 'REQUEST_INVALID']);
});

test('bodies have their limit to the byte', async () => {
  for (const [url, bytes_max] of [
    [ENROL, ENROL_BODY_BYTES_MAX],
    ['/api/v1/session', SESSION_BODY_BYTES_MAX],
    ['/api/v1/tokens', TOKEN_BODY_BYTES_MAX],
    [TOKENS, TOKEN_BODY_BYTES_MAX],
    ['/api/v1/sites/socson-hq/agents/do-1/approve', TOKEN_BODY_BYTES_MAX],
    ['/api/v1/sites/socson-hq/agents/do-1/refuse', TOKEN_BODY_BYTES_MAX],
  ] as const) {
    const fits = await post(url, JSON.stringify('x'.repeat(bytes_max - 2)));
    assert.deepEqual(code(fits), [400, 'REQUEST_INVALID'], url);
    const beyond = await post(url, JSON.stringify('x'.repeat(bytes_max - 1)));
    assert.deepEqual(code(beyond), [413, 'BODY_TOO_LARGE'], url);
  }
});

test('enrolling and signing in have their limits per address and minute', async () => {
  for (const [url, max] of [
    [ENROL, ENROL_PER_MINUTE_MAX],
    ['/api/v1/session', SIGN_IN_PER_MINUTE_MAX],
  ] as const) {
    for (let i = 0; i < max; i++) assert.equal((await post(url, {}, '192.0.2.1')).status, 400);
    const limited = await post(url, {}, '192.0.2.1');
    assert.deepEqual(code(limited), [429, 'TOO_MANY_REQUESTS'], url);
    assert.ok(Number(limited.headers['retry-after']) > 0);
    assert.equal((await post(url, {}, '192.0.2.2')).status, 400, 'another address');
  }
});

test('four machines that wait behind one address leave room for a person', async () => {
  const machines = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const key = toBase64(generateSigner().signer.publicKey);
      const { token } = (await post(TOKENS, {})).body;
      return { token, public_key: key, software: '0.1.0' };
    }),
  );
  for (let at_ms = 0; at_ms < 60_000; at_ms += APPROVAL_POLL_MS) {
    for (const machine of machines) {
      assert.equal((await post(ENROL, machine, '192.0.2.3')).body.status, 'pending');
    }
  }
  assert.equal((await post(ENROL, {}, '192.0.2.3')).status, 400, 'not 429');
});

test('a unit is found below its root through UNIT_DEPTH_MAX levels, not one more', () => {
  const codes = Array.from({ length: UNIT_DEPTH_MAX + 1 }, (_, level) => `u${level}`);
  const parents = new Map(codes.map((unit, level) => [unit, codes[level - 1] ?? null]));
  assert.equal(isWithin(`u${UNIT_DEPTH_MAX - 1}`, 'u0', parents), true);
  assert.equal(isWithin(`u${UNIT_DEPTH_MAX}`, 'u0', parents), false);
  assert.equal(isWithin(`u${UNIT_DEPTH_MAX}`, 'u1', parents), true);
  assert.equal(isWithin('u1', 'u2', new Map(parents).set('u0', 'u1')), false, 'a cycle ends');
});
