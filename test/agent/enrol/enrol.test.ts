import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import selfsigned from 'selfsigned';
import { spkiOf } from '../../../agent/connect.ts';
import { enrol } from '../../../agent/enrol/enrol.ts';
import { createCollectorHttp } from '../../../agent/http.ts';
import { loadIdentity } from '../../../agent/identity.ts';
import { toBase64 } from '../../../shared/bytes.ts';
import { crypto, temporaryDir } from '../../support/agent-kit.ts';
import { refuse, StandInCollector } from '../../support/stand-in-collector.ts';

async function started(t: TestContext, tls?: { key: string; cert: string }) {
  const collector = new StandInCollector();
  const url = await collector.listen(tls);
  t.after(() => collector.close());
  return { collector, url, state_dir: join(temporaryDir(t), 'state') };
}

function run(
  options: { collector: string; token: string; state_dir: string; insecure?: boolean },
  said: string[] = [],
  sleep: () => Promise<void> = async () => undefined,
) {
  const deps = { crypto, monotonic_ms: () => performance.now(), random: () => 0, sleep };
  return enrol(
    { insecure: false, software: '0.1.0', ...options },
    { ...deps, say: (line) => said.push(line) },
  );
}

test('an approved key is kept with everything that was pinned', async (t) => {
  const { collector, url, state_dir } = await started(t);
  const identity = await run({ collector: `${url}/`, token: collector.token(), state_dir });
  assert.deepEqual([identity.site, identity.agent, identity.epoch], ['hq', 'do-1', 1]);
  assert.equal(statSync(join(state_dir, 'agent.key')).mode & 0o777, 0o600);
  const loaded = loadIdentity(state_dir, crypto);
  assert.deepEqual(loaded.origin, identity.origin);
  assert.equal(loaded.logs.size, 1);
  const again = run({ collector: url, token: collector.token(), state_dir });
  await assert.rejects(() => again, { code: 'ALREADY_ENROLLED' });
});

test('while a person decides, the short code is shown; later the same key goes on', async (t) => {
  const { collector, url, state_dir } = await started(t);
  collector.approved = false;
  const said: string[] = [];
  let asked = 0;
  const options = { collector: url, token: collector.token(), state_dir };
  const stopped = run(options, said, async () => {
    asked += 1;
    if (asked === 2) throw new Error('Ctrl-C');
  });
  await assert.rejects(() => stopped, /Ctrl-C/);
  assert.match(said[0] ?? '', /Mã nhận diện máy đo .*: [0-9A-Z]{4}-[0-9A-Z]{4}/);
  assert.equal(existsSync(join(state_dir, 'enrolment.json')), false);
  collector.approved = true;
  const identity = await run(options);
  assert.match(said[0] ?? '', new RegExp(`${identity.epoch === 1 ? ': ' : '-'}`));
  assert.equal(toBase64(identity.signer.publicKey), toBase64(collector.agentKey));
});

test('expired, used and foreign tokens are told with the fix of the collector', async (t) => {
  const { collector, url, state_dir } = await started(t);
  const options = { collector: url, token: collector.token(), state_dir };
  for (const [status, code] of [
    [410, 'TOKEN_EXPIRED'],
    [409, 'TOKEN_USED'],
    [401, 'TOKEN_UNKNOWN'],
  ] as const) {
    collector.next.push(refuse(status, code));
    await assert.rejects(() => run(options), { code, hint: 'as the test wants' });
  }
  await assert.rejects(() => run({ ...options, token: 'lpt1_nonsense' }), {
    code: 'TOKEN_MALFORMED',
  });
});

test('a collector with other keys than the token names is refused', async (t) => {
  const { collector, url, state_dir } = await started(t);
  const wrong = (member: string) => {
    const token = JSON.parse(Buffer.from(collector.token().slice(5), 'base64url').toString());
    const text = JSON.stringify({ ...token, [member]: toBase64(new Uint8Array(32)) });
    return `lpt1_${Buffer.from(text).toString('base64url')}`;
  };
  for (const member of ['log_key', 'document_key']) {
    const options = { collector: url, token: wrong(member), state_dir };
    await assert.rejects(() => run(options), { code: 'ENROL_PIN' });
  }
  const plain = { collector: url, token: wrong('tls'), state_dir };
  await assert.rejects(() => run(plain), { code: 'ENROL_TLS' });
  assert.equal(existsSync(join(state_dir, 'enrolment.json')), false);
});

test('plain http beyond this machine and an unreachable collector are told', async (t) => {
  const { collector, url, state_dir } = await started(t);
  const token = collector.token();
  await assert.rejects(() => run({ collector: 'http://192.0.2.1:8080', token, state_dir }), {
    code: 'COLLECTOR_INSECURE',
  });
  await assert.rejects(() => run({ collector: 'collector', token, state_dir }), {
    code: 'COLLECTOR_URL',
  });
  await collector.close();
  await assert.rejects(() => run({ collector: url, token, state_dir }), {
    code: 'COLLECTOR_UNREACHABLE',
  });
});

test('a self-signed TLS key is known by its pin alone', async (t) => {
  const { private: key, cert } = await selfsigned.generate([{ name: 'commonName', value: 'x' }]);
  const { collector, url, state_dir } = await started(t, { key, cert });
  const der = Buffer.from(cert.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const pin = spkiOf(der);
  const other = toBase64(new Uint8Array(32).fill(1));
  const bad = run({ collector: url, token: collector.token(other), state_dir });
  await assert.rejects(() => bad, { code: 'ENROL_TLS' });
  const unpinned = run({ collector: url, token: collector.token(null), state_dir });
  await assert.rejects(() => unpinned, { code: 'TLS_UNTRUSTED' });
  const identity = await run({ collector: url, token: collector.token(pin), state_dir });
  assert.deepEqual(identity.tls, { spki: pin, self_signed: true });
  const http = createCollectorHttp({
    ...{ urls: [url], insecure: false, proxy: undefined, monotonic_ms: () => 0 },
    tls: { spki: other, self_signed: true },
  });
  t.after(() => http.close());
  const sent = http.send({ method: 'GET', path: '/api/v1/agents/nonce' });
  await assert.rejects(() => sent, { code: 'TLS_PIN' });
});
