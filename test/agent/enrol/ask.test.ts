import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { BACKOFF_MS_MAX } from '../../../agent/deliver/backoff.ts';
import { APPROVAL_POLL_MS } from '../../../agent/enrol/ask.ts';
import { enrol } from '../../../agent/enrol/enrol.ts';
import { crypto, temporaryDir } from '../../support/agent-kit.ts';
import { type Reply, refuse, StandInCollector } from '../../support/stand-in-collector.ts';

const PENDING: Reply = { status: 200, body: { status: 'pending', short_code: '' } };
const MAIN = join(import.meta.dirname, '../../../lanproof.mjs');

/** A machine whose waits take no time; `waits` is how long each would have been, ms. */
async function machine(t: TestContext, collector = new StandInCollector()) {
  const url = await collector.listen();
  t.after(() => collector.close());
  const waits: number[] = [];
  const said: string[] = [];
  const run = (onWait: (count: number) => unknown = () => undefined, signal?: AbortSignal) =>
    enrol(
      {
        ...{ collector: url, token: collector.token(), insecure: false, software: '0.1.0' },
        state_dir: join(temporaryDir(t), 'state'),
      },
      {
        ...{ crypto, monotonic_ms: () => performance.now(), random: () => 0 },
        say: (line) => said.push(line),
        sleep: async (ms) => {
          waits.push(ms);
          await onWait(waits.length);
        },
        ...(signal === undefined ? {} : { signal }),
      },
    );
  return { collector, url, waits, said, run };
}

test('a collector that is busy, fails or is gone is asked again until a person decided', async (t) => {
  const { collector, waits, said, run } = await machine(t);
  collector.next.push(
    PENDING,
    refuse(429, 'TOO_MANY_REQUESTS', { 'retry-after': '42' }),
    refuse(503, 'BUSY'),
    { status: 502, body: '<html>' },
    PENDING,
    refuse(500, 'INTERNAL'),
  );
  const identity = await run();
  assert.equal(identity.agent, 'do-1');
  const poll = APPROVAL_POLL_MS;
  assert.deepEqual(waits, [poll, 42_000, poll, poll, poll, poll]);
  const told = said.filter((line) => line.startsWith('no answer'));
  assert.deepEqual(told, [
    'no answer (TOO_MANY_REQUESTS); asking again in 42 s',
    'no answer (BUSY); asking again in 10 s',
    'no answer (HTTP_502); asking again in 10 s',
    'no answer (INTERNAL); asking again in 10 s',
  ]);
});

test('a line that falls while a person decides is waited for, later each time', async (t) => {
  const collector = new StandInCollector();
  collector.approved = false;
  const { waits, said, run, url } = await machine(t, collector);
  const identity = await run(async (count) => {
    if (count === 1) await collector.close();
    if (count !== 9) return;
    collector.approved = true;
    await collector.listen(undefined, Number(new URL(url).port));
  });
  assert.equal(identity.epoch, 1);
  assert.ok(said.some((line) => line.includes('no answer (COLLECTOR_UNREACHABLE)')));
  assert.ok(waits.every((ms) => ms >= APPROVAL_POLL_MS && ms <= BACKOFF_MS_MAX));
  assert.ok((waits.at(-1) ?? 0) > APPROVAL_POLL_MS, waits.join());
});

test('before the first answer a failure ends it; only too many at once are waited for', async (t) => {
  const { collector, waits, run } = await machine(t);
  collector.next.push(refuse(503, 'BUSY'));
  await assert.rejects(() => run(), { code: 'BUSY' });
  assert.deepEqual(waits, []);
  collector.next.push(refuse(429, 'TOO_MANY_REQUESTS', { 'retry-after': '60' }));
  await run();
  assert.deepEqual(waits, [60_000]);
});

test('a refusal ends the waiting, and what answers wrongly is not believed', async (t) => {
  for (const [reply, code] of [
    [refuse(403, 'ENROLMENT_REFUSED'), 'ENROLMENT_REFUSED'],
    [refuse(403, 'KEY_REVOKED'), 'KEY_REVOKED'],
    [refuse(401, 'TOKEN_UNKNOWN'), 'TOKEN_UNKNOWN'],
    [{ status: 200, body: { status: 'welcome' } }, 'ANSWER_GARBAGE'],
  ] as const) {
    const { collector, run } = await machine(t);
    collector.next.push(PENDING, reply);
    await assert.rejects(() => run(), { code });
  }
});

for (const scheme of ['http', 'https']) {
  test(`Ctrl-C ends at once, also while a collector is silent (${scheme})`, async (t) => {
    const peers: (() => void)[] = [];
    const server = createServer((peer) => {
      peers.push(() => peer.destroy());
      peer.on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      for (const end of peers) end();
      server.close();
    });
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const pin = scheme === 'http' ? null : 'AAAA';
    const token = new StandInCollector().token(pin);
    const asked = once(server, 'connection');
    const process_ = spawn(process.execPath, [
      ...[MAIN, 'enrol', '--collector', `${scheme}://127.0.0.1:${address.port}`],
      ...['--token', token, '--state', join(temporaryDir(t), 'state')],
    ]);
    let err = '';
    process_.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    await asked;
    const begin = performance.now();
    process_.kill('SIGINT');
    const [code] = await once(process_, 'exit');
    assert.equal(code, 1);
    assert.match(err, /^stopped; the same command continues/m);
    assert.ok(performance.now() - begin < 5_000, 'far below the limits of 15 and 30 s');
  });
}
