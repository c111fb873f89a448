import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SESSION_WAITING_MAX } from '../../../agent/snmp/session.ts';
import { probeSnmp, reachabilityOf } from '../../../agent/snmp/snmp-reachability.ts';
import { deadline, lab, model, sessionTo } from './lab.ts';

const SYS_UPTIME = ['1.3.6.1.2.1.1.3.0'];

test('one PDU at a time, however many callers', async (t) => {
  const { session } = await lab(t, model(), { faults: { delay_ms: 20 } });
  const started = performance.now();
  const all = await Promise.all(
    Array.from({ length: 5 }, () => session.get(SYS_UPTIME, deadline())),
  );
  assert.ok(all.every((one) => one.ok));
  assert.ok(performance.now() - started >= 5 * 20 - 5);
  const many = Array.from({ length: SESSION_WAITING_MAX + 2 }, () =>
    session.get(SYS_UPTIME, deadline()),
  );
  const busy = (await Promise.all(many)).filter((one) => !one.ok && one.failed === 'busy');
  assert.equal(busy.length, 2);
});

test('a lost datagram is asked again once, and counted', async (t) => {
  const { session, device } = await lab(t, model(), { faults: { lose_every: 2 } });
  assert.ok((await session.get(SYS_UPTIME, deadline())).ok);
  assert.ok((await session.get(SYS_UPTIME, deadline())).ok);
  assert.equal(session.counts.retries, 1);
  assert.equal(session.counts.answers, 2);
  assert.equal(device.requests, 3);
});

test('answers of another address are dropped and counted', async (t) => {
  const { session } = await lab(
    t,
    model(),
    { faults: { source_address: '127.0.31.78' } },
    { retries: 0 },
  );
  const result = await session.get(SYS_UPTIME, deadline());
  assert.equal(result.ok ? '' : result.failed, 'timeout');
  assert.equal(session.counts.foreign, 1);
});

test('a wrong community is silence, and does not show in the failure', async (t) => {
  const { device } = await lab(t);
  const target = { version: '2c', community: 'secret-of-someone' } as const;
  const session = sessionTo(t, device, {}, target);
  const result = await session.get(SYS_UPTIME, deadline());
  assert.equal(result.ok ? '' : result.failed, 'timeout');
  assert.doesNotMatch(JSON.stringify(result), /secret-of-someone/);
});

test('the packet budget and a closed session send nothing', async (t) => {
  const { device } = await lab(t);
  const refused = sessionTo(t, device, { permit: () => false });
  const result = await refused.get(SYS_UPTIME, deadline());
  assert.equal(result.ok ? '' : result.failed, 'not_sent');
  const closed = sessionTo(t, device);
  closed.close();
  closed.close();
  const after = await closed.get(SYS_UPTIME, deadline());
  assert.equal(after.ok ? '' : after.failed, 'closed');
  assert.equal(device.requests, 0);
});

test('closing ends a request under way', async (t) => {
  const { session } = await lab(t, model(), { faults: { silent: true } }, { timeout_ms: 5_000 });
  const pending = session.get(SYS_UPTIME, deadline());
  await new Promise((done) => setImmediate(done));
  session.close();
  const result = await pending;
  assert.equal(result.ok ? '' : result.failed, 'closed');
});

test('no route is "not sent"', async (t) => {
  const session = sessionTo(t, { address: '255.255.255.255', port: 9 });
  const result = await session.get(SYS_UPTIME, deadline());
  assert.equal(result.ok ? '' : result.failed, 'not_sent');
  assert.equal(reachabilityOf(result), 'x');
});

test('a probe gives r with a time, n on silence, r on an SNMP error', async (t) => {
  const { session, device } = await lab(t);
  const up = await probeSnmp(session, deadline());
  assert.equal(up.code, 'r');
  assert.ok(up.code === 'r' && up.rtt_us > 0 && (up.detail.sys_uptime_ticks ?? 0) > 0);
  device.setFaults({ too_big_above: 0 });
  assert.equal((await probeSnmp(session, deadline())).code, 'r');
  device.setFaults({ silent: true });
  assert.equal((await probeSnmp(session, deadline())).code, 'n');
  device.setFaults({ garbage: true });
  assert.equal((await probeSnmp(session, deadline())).code, 'n');
  session.close();
  assert.equal((await probeSnmp(session, deadline())).code, 'x');
});
