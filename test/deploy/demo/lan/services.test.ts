import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { probeDns } from '../../../../agent/probe/dns.ts';
import { probeHttp } from '../../../../agent/probe/http.ts';
import { probeTcp } from '../../../../agent/probe/tcp.ts';
import { answerName, DEMO_DNS_PORT, startServices } from '../../../../deploy/demo/lan/services.ts';
import { type DemoDevice, sitesIn } from '../../../../deploy/demo/sites.ts';

const NET = 108;
const PATIENCE_MS = 3_000;
const within = () => AbortSignal.timeout(PATIENCE_MS);

function serving(): (DemoDevice & { readonly address: string })[] {
  return sitesIn(NET).flatMap(({ devices }) =>
    devices.flatMap((device) =>
      device.address !== null && device.services !== undefined
        ? [{ ...device, address: device.address }]
        : [],
    ),
  );
}

test('the services of the offices answer the probes of the agent', async (t) => {
  for (const site of sitesIn(NET)) {
    const services = await startServices(site);
    t.after(() => services.close());
  }
  const seen: string[] = [];
  for (const { code, address, services } of serving()) {
    for (const { port, open } of services?.tcp ?? []) {
      const { outcome } = await probeTcp({ address, port }, within());
      assert.equal(outcome, open ? 'accepted' : 'refused', `${code}:${port}`);
      seen.push('tcp');
    }
    for (const name of services?.dns ?? []) {
      const found = await probeDns({ address, port: DEMO_DNS_PORT, name }, within());
      assert.equal(found.outcome, 'answered');
      const none = await probeDns({ address, port: DEMO_DNS_PORT, name: `x.${name}` }, within());
      assert.equal(none.outcome, 'nxdomain');
      seen.push('dns');
    }
    for (const { port, path } of services?.http ?? []) {
      const page = await probeHttp({ url: `http://${address}:${port}${path}` }, within());
      assert.equal(page.outcome, 'ok');
      assert.equal(page.status, 200);
      seen.push('http');
    }
  }
  assert.deepEqual([...new Set(seen)].sort(), ['dns', 'http', 'tcp']);
});

test('a second demo on the same addresses is told the way out', async () => {
  const [site] = sitesIn(NET);
  assert.ok(site !== undefined);
  const first = await startServices(site);
  await assert.rejects(startServices(site), { code: 'DEMO_ADDRESS' });
  await first.close();
});

test('the name server makes an answer or nothing of any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const answer = answerName(bytes, ['a.example']);
      assert.ok(answer === null || answer.length >= 17);
    }),
  );
});
