import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createTimeAuthority,
  missingOpenssl,
  serveAuthority,
} from '../../support/time-authority.ts';
import { openHarness } from '../harness.ts';

const POST = { method: 'POST', url: '/api/v1/ledger/anchor' } as const;
const skip = missingOpenssl();

test('an administrator anchors now; metrics tell how old the newest one is', {
  skip,
}, async (t) => {
  const authority = createTimeAuthority();
  let refusing = false;
  const server = await serveAuthority((query) =>
    refusing ? { status: 500, body: query } : { body: authority.reply(query) },
  );
  const one = { name: 'tsa', url: server.url, ca_file: authority.ca_file, at: undefined };
  const harness = await openHarness({ anchors: { rfc3161: [one], witnesses: [] } });
  // The authority stamps the true time.
  harness.clock.now_ms = Date.now();
  t.after(async () => {
    await harness.close();
    await server.close();
    authority.remove();
  });
  const admin = await harness.token('admin');
  const metrics = async () => (await harness.get('/metrics', await harness.token('metrics'))).text;
  assert.match(await metrics(), /lanproof_anchor_age_seconds\{by="tsa",kind="rfc3161"\} \+?Inf/);
  assert.equal((await harness.send(POST)).status, 401);
  assert.equal((await harness.send(POST, await harness.token('operator'))).status, 403);
  const { status, body } = await harness.send(POST, admin);
  assert.equal(status, 200, JSON.stringify(body));
  const [item] = body.items;
  assert.deepEqual([item.by, item.kind, item.ok, item.size], ['tsa', 'rfc3161', true, 1]);
  assert.match(item.at, /^\d{4}-\d\d-\d\dT/);
  assert.equal(harness.deps.ledger.checkpoint().size, item.leaf + 1);
  harness.clock.now_ms += 90_000;
  assert.match(await metrics(), /lanproof_anchor_age_seconds\{by="tsa",kind="rfc3161"\} 90\n/);
  refusing = true;
  const failed = await harness.send(POST, admin);
  assert.equal(failed.status, 200);
  assert.equal(failed.body.items[0].error.code, 'TIMESTAMP_REFUSED');
  assert.match(
    await metrics(),
    /lanproof_anchor_failures_total\{by="tsa",reason="TIMESTAMP_REFUSED"\} 1\n/,
  );
  assert.match(harness.log(), /a checkpoint was not anchored/);
});

test('without a source the answer says what to configure', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  const { status, body } = await harness.send(POST, await harness.token('admin'));
  assert.equal(status, 409);
  assert.equal(body.error.code, 'NO_ANCHORS');
});

test('a certificate that cannot be read stops the start', { skip }, async () => {
  const one = { name: 'tsa', url: 'http://127.0.0.1:9/', at: undefined };
  for (const [ca_file, code] of [
    ['/nowhere/ca.pem', 'ANCHOR_CA_UNREADABLE'],
    [import.meta.filename, 'CERTIFICATE_FORMAT'],
  ] as const) {
    const anchors = { rfc3161: [{ ...one, ca_file }], witnesses: [] };
    await assert.rejects(openHarness({ anchors }), { code });
  }
});
