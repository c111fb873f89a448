import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  createLiveHub,
  HEARTBEAT_INTERVAL_MS,
  STREAM_LIFETIME_MS,
} from '../../../collector/live/hub.ts';
import { createLivePump, LINGER_MS } from '../../../collector/live/pump.ts';
import { createEventRing, type LiveEvent } from '../../../collector/live/ring.ts';
import { enrolTestAgent, type Harness, importSite, measure, openHarness } from '../harness.ts';

let harness: Harness;
let base: string;

before(async () => {
  harness = await openHarness();
  await importSite(harness, 'socson-hq', 'xa-soc-son', 'ha-noi');
  await importSite(harness, 'dongphu-hq', 'xa-dong-phu', 'bac-ninh');
  await harness.app.listen({ host: '127.0.0.1', port: 0 });
  const address = harness.app.server.address();
  assert.ok(typeof address === 'object' && address !== null);
  base = `http://127.0.0.1:${address.port}`;
});
after(() => harness.close());

interface Reader {
  /** Waits until the stream has this text. */
  until(text: RegExp, limit_ms?: number): Promise<string>;
  readonly response: Response;
  readonly text: string;
  close(): void;
}

async function open(token: string, headers: Record<string, string> = {}): Promise<Reader> {
  const abort = new AbortController();
  const response = await fetch(`${base}/api/v1/live`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    signal: abort.signal,
  });
  let text = '';
  let wake = () => {};
  const pump = async () => {
    if (response.body === null) return;
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true });
      wake();
    }
  };
  pump().catch(() => undefined);
  return {
    response,
    get text() {
      return text;
    },
    async until(pattern, limit_ms = 10_000) {
      const end = performance.now() + limit_ms;
      while (!pattern.test(text)) {
        const left = end - performance.now();
        assert.ok(left > 0, `never saw ${pattern} in ${text}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return text;
    },
    close: () => abort.abort(),
  };
}

test('changes arrive live, each by what its reader may see, and are replayed', async () => {
  const [operator, viewer, foreign] = await Promise.all([
    harness.token('operator').then((token) => open(token)),
    harness.token('viewer').then((token) => open(token)),
    harness.token('viewer', 'bac-ninh').then((token) => open(token)),
  ]);
  assert.match(String(operator.response.headers.get('content-type')), /^text\/event-stream/);
  assert.equal(operator.response.headers.get('content-encoding'), null);
  assert.ok(operator.response.headers.get('content-security-policy'));
  await operator.until(/event: hello/);
  const agent = await enrolTestAgent(harness, 'socson-hq');
  await measure(harness, agent, 1);
  await operator.until(/"device":"pc-1"[^}]*"state":"up"/);
  await operator.until(/"device":"gw"[^}]*"state":"up"/);
  await viewer.until(/"device":"gw"/);
  const seen = await viewer.until(/"type":"computers"/);
  assert.ok(!seen.includes('"device":"pc-'), 'computers only as counts');
  assert.ok(!foreign.text.includes('socson'), 'another unit sees nothing');
  const id = /id: (\S+)\nevent: hello/.exec(operator.text)?.[1] ?? '';
  operator.close();

  const back = await open(await harness.token('operator'), { 'last-event-id': id });
  await back.until(/"device":"gw"/);
  back.close();
  const lost = await open(await harness.token('operator'), { 'last-event-id': 'bm9uc2Vuc2U' });
  await lost.until(/event: reset/);
  lost.close();
  viewer.close();
  foreign.close();
});

test('a stream needs a right', async () => {
  const metrics = await open(await harness.token('metrics'));
  assert.equal(metrics.response.status, 403);
  assert.equal((await fetch(`${base}/api/v1/live`)).status, 401);
});

function client() {
  const written: string[] = [];
  const state = { blocked: false, ended: false };
  return {
    written,
    state,
    write: (text: string) => written.push(text) > 0,
    blocked: () => state.blocked,
    end: () => {
      state.ended = true;
    },
    sees: (event: LiveEvent) => event.site !== 'hidden',
  };
}

const event = (site: string, device: string, since_ms: number): LiveEvent => ({
  type: 'device',
  site,
  device,
  kind: 'switch',
  state: 'up',
  reason: null,
  cause: null,
  confidence: null,
  incident: null,
  since_ms,
});

test('a frame holds the newest of each subject; a slow reader gets one later', () => {
  let now = 0;
  const hub = createLiveHub(createEventRing('ring', 10), () => now);
  const slow = client();
  hub.connect(slow, undefined);
  slow.written.length = 0;
  slow.state.blocked = true;
  hub.publish(event('a', 'x', 1));
  hub.publish(event('hidden', 'x', 1));
  hub.tick();
  assert.deepEqual(slow.written, []);
  slow.state.blocked = false;
  hub.publish(event('a', 'x', 2));
  hub.tick();
  assert.deepEqual(slow.written.length, 1);
  const data = JSON.parse(/data: (.*)\n/.exec(slow.written[0] ?? '')?.[1] ?? '{}');
  assert.deepEqual(
    data.events.map((e: { since_ms: number }) => e.since_ms),
    [2],
  );
  hub.tick();
  assert.equal(slow.written.length, 1, 'nothing new, no frame');
  now += HEARTBEAT_INTERVAL_MS;
  hub.tick();
  assert.match(slow.written.at(-1) ?? '', /^:/);
  // Too far behind: told to load anew.
  slow.state.blocked = true;
  for (let i = 0; i < 50; i++) hub.publish(event('a', `d${i}`, i));
  slow.state.blocked = false;
  hub.tick();
  assert.match(slow.written.at(-1) ?? '', /event: reset/);
  now += STREAM_LIFETIME_MS + 1;
  hub.tick();
  assert.deepEqual([slow.state.ended, hub.clients], [true, 0]);
});

test('while nobody watches nothing is read, and who comes back loads anew', async () => {
  let now = 0;
  const ring = createEventRing('ring');
  const hub = createLiveHub(ring, () => now);
  const pump = createLivePump({ ...harness.deps, mono_ms: () => now }, hub);
  await pump();
  assert.equal(ring.head, 0, 'the changes of the tests before were not read');
  const first = client();
  const leave = hub.connect(first, undefined);
  await pump();
  hub.tick();
  assert.match(first.written.join(''), /"device":"gw"/, 'it hears of what was just before');
  leave();
  now += LINGER_MS;
  await pump();
  const soon = client();
  hub.connect(soon, ring.id(ring.head))();
  assert.match(soon.written[0] ?? '', /resumed/);
  const id = ring.id(ring.head);
  now += 1;
  await pump();
  const late = client();
  hub.connect(late, id)();
  assert.match(late.written[0] ?? '', /event: reset/);
});

test('ids are opaque and belong to one ring', () => {
  const ring = createEventRing('one');
  assert.equal(ring.position(ring.id(5)), 5);
  assert.equal(ring.position(createEventRing('two').id(5)), undefined);
  for (const id of ['', '5', 'bm9uZS4xLjI', '🙂']) assert.equal(ring.position(id), undefined);
  assert.equal(ring.since(1), undefined, 'a position of the future');
});
