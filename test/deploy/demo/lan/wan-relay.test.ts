import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { startWanRelay } from '../../../../deploy/demo/lan/wan-relay.ts';
import { until } from '../../../support/demo-process.ts';

async function collector(hang: () => boolean) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (!hang()) response.end('taken');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { url: `http://127.0.0.1:${port}`, asked, close };
}

test('a WAN relay passes requests, drops them while the line is cut, and passes them again', async (t) => {
  let up = true;
  let hang = false;
  const beyond = await collector(() => hang);
  const relay = await startWanRelay(beyond.url, () => up);
  t.after(async () => {
    await relay.close();
    await beyond.close();
  });
  assert.equal(await (await fetch(`${relay.url}/one`)).text(), 'taken');
  // A request under way is torn by the cut.
  hang = true;
  const torn = assert.rejects(fetch(`${relay.url}/two`));
  await until('the request to arrive', 5_000, () => beyond.asked.includes('/two') || undefined);
  up = false;
  await torn;
  hang = false;
  await assert.rejects(fetch(`${relay.url}/three`));
  up = true;
  assert.equal(await (await fetch(`${relay.url}/four`)).text(), 'taken');
  assert.deepEqual(beyond.asked, ['/one', '/two', '/four']);
});

test('a closed relay leaves nothing open', async () => {
  const beyond = await collector(() => false);
  const relay = await startWanRelay(beyond.url, () => true);
  await (await fetch(`${relay.url}/one`)).text();
  await relay.close();
  await assert.rejects(fetch(`${relay.url}/two`));
  await beyond.close();
});
