import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Demo, startDemo } from '../../deploy/demo/demo.ts';
import { type Fault, QUIET, type SiteWindow } from '../../deploy/demo/story/script.ts';
import { once } from '../../deploy/demo/story/windows.ts';
import { REBOOT_MS } from '../../deploy/demo/switch/switch-model.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { client, demoFolder, until } from '../support/demo-process.ts';

const NET = 24;
const MINUTE_MS = 60_000;
const SEEN_WITHIN_MS = 15_000;
/** A batch under way, a first wait of the agent, and a busy machine. */
const FILLED_WITHIN_MS = 75_000;

interface Run {
  readonly from_ms: number;
  readonly interval_ms: number;
  readonly slots: number;
  readonly class: string;
}

interface Received {
  readonly closed_to_ms: number | null;
}

describe('the live run of the demo', () => {
  const folder = demoFolder();
  const start_ms = Date.now();
  const fault: Fault = {
    ...once(start_ms + 22_000, 20_000),
    ...{ site: 'dongphu-hq', device: 'sw-tang2' },
  };
  const wan: SiteWindow = { ...once(start_ms + 25_000, 68_000), site: 'tanlap-hq' };
  /** sw-2 fails while its office cannot deliver. */
  const unseen: Fault = {
    ...once(start_ms + 35_000, 15_000),
    ...{ site: 'tanlap-hq', device: 'sw-2' },
  };
  const mains: SiteWindow = { ...once(start_ms + 55_000, 3_000), site: 'dongphu-hq' };
  let demo: Demo;
  let get: ReturnType<typeof client>;

  before(async () => {
    demo = await startDemo(
      { port: 0, days: 0, fresh: true, data_dir: folder.data, net: NET },
      {
        software: 'lanproof 0.0.0',
        crypto: createNodeCrypto(),
        now_ms: () => Date.now(),
        mono_ms: () => performance.now(),
        random: (bytes) => new Uint8Array(randomBytes(bytes)),
        terminal: { write: () => undefined, live: false },
        often: { ...QUIET, faults: [fault, unseen], mains: [mains], wan: [wan] },
      },
    );
    await demo.ready;
    get = client(demo.access);
  });
  after(async () => {
    await demo.stop();
    folder.remove();
  });

  /** Slots of each class in [from_ms, to_ms) once all of them are known; fails at a gap. */
  const classes = (place: string, from_ms: number, to_ms: number, within_ms: number) =>
    until(`slots of ${place}`, within_ms, async () => {
      const [site, device] = place.split('/');
      const minutes = [Math.floor(from_ms / MINUTE_MS), Math.ceil(to_ms / MINUTE_MS)];
      const [from, to] = minutes.map((minute) => new Date(minute * MINUTE_MS).toISOString());
      const path = `/sites/${site}/slots?device=${device}&from=${from}&to=${to}`;
      const { runs } = await get<{ runs: Run[] }>(path);
      const count: Record<string, number> = {};
      let slots = 0;
      for (const run of runs) {
        const { interval_ms } = run;
        const first = Math.max(0, Math.ceil((from_ms - run.from_ms) / interval_ms));
        const end = Math.min(run.slots, Math.ceil((to_ms - run.from_ms) / interval_ms));
        if (end <= first) continue;
        slots += (end - first) * interval_ms;
        count[run.class] = (count[run.class] ?? 0) + end - first;
      }
      const known = count['not_received'] === undefined && count['clock_pending'] === undefined;
      return slots === to_ms - from_ms && known ? count : undefined;
    });
  const floor = (ms: number) => Math.floor(ms / 5_000) * 5_000;

  test('a scripted fault of a switch and its end are seen within 15 s', async () => {
    const seen = (state: string, within_ms: number) =>
      until(`sw-tang2 ${state}`, within_ms, async () => {
        const path = '/sites/dongphu-hq/devices/sw-tang2';
        const device = await get<{ state: string; since_ms: number }>(path);
        return device.state === state ? device : undefined;
      });
    const { at_ms, for_ms } = fault;
    const { since_ms } = await seen('down', at_ms - Date.now() + SEEN_WITHIN_MS);
    assert.ok(Math.abs(since_ms - at_ms) <= 2_000, `down since ${since_ms - at_ms} ms after`);
    await seen('up', at_ms + for_ms - Date.now() + SEEN_WITHIN_MS);
  });

  test('a WAN cut delays what was measured and loses nothing of it', async () => {
    const end_ms = wan.at_ms + wan.for_ms;
    const received = async () => {
      const path = '/sites';
      const { items } = await get<{ items: { site: string; agents: Received[] }[] }>(path);
      return items.find(({ site }) => site === 'tanlap-hq')?.agents[0]?.closed_to_ms ?? null;
    };
    // A minute ends within the cut, and its batch does not come.
    const minute_ms = Math.ceil((wan.at_ms + 1_000) / MINUTE_MS) * MINUTE_MS;
    await until('the minute to end', end_ms - Date.now(), () =>
      Date.now() > Math.min(minute_ms + 4_000, end_ms - 500) ? true : undefined,
    );
    assert.ok(((await received()) ?? 0) <= wan.at_ms + 1_000, 'nothing arrives while it is cut');
    const [from_ms, to_ms] = [floor(wan.at_ms), floor(end_ms)];
    const wait_ms = Math.max(0, end_ms - Date.now()) + FILLED_WITHIN_MS;
    const gateway = await classes('tanlap-hq/gw', from_ms, to_ms, wait_ms);
    assert.ok(
      (gateway['reply'] ?? 0) >= 0.9 * ((to_ms - from_ms) / 1_000),
      JSON.stringify(gateway),
    );
    // The outage of sw-2, of which nobody could hear, is found afterwards.
    const [lost_ms, back_ms] = [floor(unseen.at_ms) + 5_000, floor(unseen.at_ms + 15_000)];
    const behind = await classes('tanlap-hq/camera-3', lost_ms, back_ms, SEEN_WITHIN_MS);
    assert.deepEqual(Object.keys(behind), ['no_reply']);
    // What lies beyond the WAN was not reached, and said so.
    const tens = [from_ms + 10_000, to_ms].map((ms) => Math.floor(ms / 10_000) * 10_000);
    const [first_ms = 0, last_ms = 0] = tens;
    const beyond = await classes('tanlap-hq/cong-dvc', first_ms, last_ms, SEEN_WITHIN_MS);
    assert.ok((beyond['no_reply'] ?? 0) > 0, JSON.stringify(beyond));
  });

  test('a short power cut: no carrier at the agent, then every switch has started anew', async () => {
    const [from_ms, to_ms] = [floor(mains.at_ms) + 5_000, floor(mains.at_ms + REBOOT_MS)];
    const wait_ms = Math.max(0, to_ms - Date.now()) + FILLED_WITHIN_MS;
    for (const device of ['gw', 'sw-core', 'ap-1']) {
      const seen = await classes(`dongphu-hq/${device}`, from_ms, to_ms, wait_ms);
      assert.deepEqual(Object.keys(seen), ['agent_link_down'], device);
    }
    await until('sw-core to be up again', FILLED_WITHIN_MS, async () => {
      const path = '/sites/dongphu-hq/devices/sw-core';
      return (await get<{ state: string }>(path)).state === 'up' || undefined;
    });
  });
});
