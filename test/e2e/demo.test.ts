import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MARKER_FILE } from '../../deploy/demo/folder.ts';
import { DEMO_SITES } from '../../deploy/demo/sites.ts';
import { stretchAt } from '../../deploy/demo/story/scenario.ts';
import { createStory } from '../../deploy/demo/story/script.ts';
import { ran } from '../deploy/cli/cli-kit.ts';
import { type Access, client, DemoProcess, demoFolder, until } from '../support/demo-process.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NET = 21;
const SLOT_MS = 1_000;
/** A scripted power or WAN cut may be under way: 130 s, and what comes after it. */
const LIVE_WITHIN_MS = 180_000;
/** Send phase, timeout and one interval: how far an edge may lie from the script's. */
const EDGE_MS = 2 * SLOT_MS;

interface Run {
  readonly from_ms: number;
  readonly interval_ms: number;
  readonly slots: number;
  readonly class: string;
}
interface Row extends Record<string, number | null | string | object> {
  readonly device: string;
}

const folder = demoFolder();
let demo: DemoProcess;
let access: Access;
let get: ReturnType<typeof client>;
let started_ms = 0;
let anchor_ms = 0;

const period = (from_ms: number, to_ms: number) =>
  `from=${new Date(from_ms).toISOString()}&to=${new Date(to_ms).toISOString()}`;

async function slots(site: string, device: string, from_ms: number, to_ms: number) {
  const path = `/sites/${site}/slots?device=${device}&${period(from_ms, to_ms)}`;
  const { runs } = await get<{ runs: Run[] }>(path);
  return runs;
}

/** Ms of each class; fails where the runs leave a gap or do not fill the period. */
function sums(runs: readonly Run[], from_ms: number, to_ms: number): Record<string, number> {
  const total: Record<string, number> = {};
  let at_ms = from_ms;
  for (const run of runs) {
    assert.equal(run.from_ms, at_ms, 'no gap between runs');
    const length_ms = run.slots * run.interval_ms;
    total[run.class] = (total[run.class] ?? 0) + length_ms;
    at_ms += length_ms;
  }
  assert.equal(at_ms, to_ms, 'the runs fill the period');
  return total;
}

function readAnchor(): number {
  const { anchor_ms: read } = JSON.parse(readFileSync(join(folder.data, MARKER_FILE), 'utf8'));
  return read;
}

/** Whole minutes in which the script lets a PC rest that had been in use before. */
function longestRest(): { device: string; from_ms: number; to_ms: number } | undefined {
  const [, site] = DEMO_SITES;
  assert.ok(site !== undefined);
  const story = createStory(anchor_ms);
  let longest: { device: string; from_ms: number; to_ms: number } | undefined;
  for (const pc of site.devices.filter(({ kind }) => kind === 'pc')) {
    let used = false;
    let at_ms = anchor_ms - 23 * HOUR_MS;
    while (at_ms < anchor_ms - 10 * MINUTE_MS) {
      const { reply, until_ms } = stretchAt(story, site, pc, at_ms);
      const from_ms = Math.ceil(at_ms / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
      const end_ms = Math.min(until_ms, anchor_ms - 10 * MINUTE_MS);
      const to_ms = Math.floor(end_ms / MINUTE_MS) * MINUTE_MS;
      const length_ms = to_ms - from_ms;
      const before_ms = longest === undefined ? MINUTE_MS : longest.to_ms - longest.from_ms;
      if (reply === 'n' && used && length_ms > before_ms) {
        longest = { device: pc.code, from_ms, to_ms };
      }
      used ||= reply === 'r' || reply === 'a';
      at_ms = until_ms;
    }
  }
  return longest;
}

describe('the demo', () => {
  before(async () => {
    started_ms = performance.now();
    demo = new DemoProcess(folder.data, NET, ['--days', '2', '--fresh']);
    access = await demo.ready(20_000);
    get = client(access);
    anchor_ms = readAnchor();
  });
  after(async () => {
    await demo.stop();
    folder.remove();
  });

  test('the dashboard is reachable within 20 s, before the history is there', async () => {
    const page = await fetch(access.url);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<div id="app">/);
    assert.ok(performance.now() - started_ms < 20_000);
    const { items } = await get<{ items: { site: string }[] }>('/sites');
    assert.deepEqual(items.map(({ site }) => site).sort(), [...access.sites].sort());
    assert.equal(items.length, 2);
    assert.equal((await get<{ demo: boolean }>('/me')).demo, true);
    assert.equal((await get<{ role: string }>('/me', access.viewer_token)).role, 'viewer');
    assert.equal(statSync(join(folder.data, 'access.json')).mode & 0o777, 0o600);
  });

  test('the history fills in with progress and the live run begins', async () => {
    await demo.said('Live: both agents measure', 120_000);
    assert.match(demo.output, /history .* batches\/s/);
    assert.match(demo.output, /history: 2\.0 days, 57\d\d batches/);
  });

  test('the log says that it is a demo', async () => {
    const answer = await fetch(`${access.url}/api/v1/ledger/1/checkpoint`, {
      headers: { authorization: `Bearer ${access.admin_token}` },
    });
    assert.match(await answer.text(), /^demo\//);
  });

  test('slots of a past hour are gap-free, and a scripted fault has the right edges', async () => {
    // Half past the hour before the first start: frequent faults, the power was never cut.
    const from_ms = anchor_ms - HOUR_MS;
    const [site] = DEMO_SITES;
    const device = site?.devices.find(({ code }) => code === 'sw-tang2');
    assert.ok(site !== undefined && device !== undefined);
    const runs = await slots(site.code, device.code, from_ms, anchor_ms);
    const total = sums(runs, from_ms, anchor_ms);
    assert.equal(
      Object.values(total).reduce((sum, ms) => sum + ms, 0),
      3_600_000,
    );
    const story = createStory(anchor_ms);
    const faults: [number, number][] = [];
    for (let at_ms = from_ms; at_ms < anchor_ms; ) {
      const { reply, until_ms } = stretchAt(story, site, device, at_ms);
      if (reply === 'n') faults.push([at_ms, until_ms]);
      at_ms = until_ms;
    }
    assert.equal(faults.length, 4);
    const silent = runs.filter((run) => run.class === 'no_reply' && run.slots >= 4);
    assert.equal(silent.length, faults.length);
    for (const [i, run] of silent.entries()) {
      const [begin_ms = 0, end_ms = 0] = faults[i] ?? [];
      assert.ok(Math.abs(run.from_ms - begin_ms) <= EDGE_MS, `begins at ${run.from_ms - begin_ms}`);
      const ended_ms = run.from_ms + run.slots * run.interval_ms;
      assert.ok(Math.abs(ended_ms - end_ms) <= EDGE_MS, `ends at ${ended_ms - end_ms}`);
    }
  });

  test('a power cut is unknown because the agent was off, and nothing is down', async () => {
    // Its UPS kept the agent alive for four minutes.
    const from_ms = anchor_ms - 7.5 * HOUR_MS + 5 * MINUTE_MS;
    const to_ms = from_ms + 30 * MINUTE_MS;
    for (const device of ['gw', 'sw-core', 'may-chu']) {
      const total = sums(await slots('dongphu-hq', device, from_ms, to_ms), from_ms, to_ms);
      assert.deepEqual(total, { agent_off: 30 * MINUTE_MS });
    }
    const path = `/sites/dongphu-hq/availability?hours=all&${period(from_ms, to_ms)}`;
    const { items } = await get<{ items: Row[] }>(path);
    for (const row of items) assert.equal(row['down_ms'], 0, row.device);
  });

  test('PCs that people switch off are off, not down', async (t) => {
    const from_ms = anchor_ms - 23 * HOUR_MS;
    for (const site of DEMO_SITES) {
      const path = `/sites/${site.code}/availability?hours=all&${period(from_ms, anchor_ms)}`;
      const { items } = await get<{ items: Row[] }>(path);
      const pcs = items.filter(({ device }) => device.startsWith('pc-'));
      assert.ok(pcs.length >= 7);
      for (const row of pcs) assert.equal(row['down_ms'], 0, row.device);
    }
    const rest = longestRest();
    if (rest === undefined) return t.skip('the script lets no PC rest after it was used');
    const path = `/sites/tanlap-hq/availability?hours=all&${period(rest.from_ms, rest.to_ms)}`;
    const { items } = await get<{ items: Row[] }>(path);
    const row = items.find(({ device }) => device === rest.device);
    assert.equal(row?.['off_ms'], rest.to_ms - rest.from_ms, JSON.stringify(row));
  });

  test('availability adds up and lies between worst and best', async () => {
    for (const site of access.sites) {
      const to_ms = anchor_ms - 5 * MINUTE_MS;
      const path = `/sites/${site}/availability?hours=all&${period(to_ms - 47 * HOUR_MS, to_ms)}`;
      const { items } = await get<{ items: Row[] }>(path);
      assert.ok(items.length > 10);
      for (const row of items) {
        const parts = ['up', 'degraded', 'down', 'unreachable', 'off', 'unknown', 'maintenance'];
        const sum = parts.reduce((ms, part) => ms + Number(row[`${part}_ms`]), 0);
        assert.equal(sum, row['expected_ms'], `${site}/${row.device}`);
        assert.equal(sum, 47 * HOUR_MS, 'expected from the first minute of the history on');
        if (row['availability'] === null) continue;
        assert.ok(Number(row['worst']) <= Number(row['availability']), row.device);
        assert.ok(Number(row['availability']) <= Number(row['best']), row.device);
      }
    }
  });

  test('after a minute both agents are live and most devices are up', async () => {
    await until('live states', LIVE_WITHIN_MS, async () => {
      const { items } = await get<{ items: { states: Record<string, number> }[] }>('/sites');
      const up = items.map(({ states }) => states['up'] ?? 0);
      return items.length === 2 && up.every((count) => count >= 4) ? true : undefined;
    });
  });

  test('a port that is taken is an error with the way out', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await new Promise((done) => server.once('listening', done));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const other = demoFolder();
    t.after(() => other.remove());
    const port = ['--port', String(address.port), '--days', '0'];
    const second = new DemoProcess(other.data, NET + 1, port);
    await until('the second demo to end', 15_000, () => second.child.exitCode ?? undefined);
    assert.equal(second.child.exitCode, 1);
    assert.match(second.output, /PORT_IN_USE.*\n\s+fix: .*--port/);
  });

  test('Ctrl-C ends it with exit code 0, and a second start goes on', async () => {
    const asked_ms = performance.now();
    assert.equal(await demo.stop(), 0, demo.output);
    assert.ok(performance.now() - asked_ms < 5_000);
    demo = new DemoProcess(folder.data, NET, []);
    const again = await demo.ready(20_000);
    assert.equal(again.admin_token, access.admin_token);
    access = again;
    get = client(access);
    assert.equal(readAnchor(), anchor_ms);
    await demo.said('Live: both agents measure', 20_000);
    assert.doesNotMatch(demo.output, /history/);
    const from_ms = anchor_ms - HOUR_MS;
    const runs = await slots('dongphu-hq', 'gw', from_ms, anchor_ms);
    assert.ok((sums(runs, from_ms, anchor_ms)['reply'] ?? 0) > 0.9 * HOUR_MS);
    assert.equal(await demo.stop(), 0, demo.output);
  });

  test('all that was judged follows from the ledger', async (t) => {
    const { code, out, err } = await ran([
      'rebuild',
      '--check',
      '--data',
      join(folder.data, 'collector'),
    ]);
    t.diagnostic(out);
    assert.equal(code, 0, `${out}\n${err}`);
    assert.match(out, /2 sites: \d{3,} rows compared, no difference/);
  });
});
