import assert from 'node:assert/strict';
import test from 'node:test';
import { deliver, HOUR_MS, SITE, silentIn, withSite } from '../../../collector/judge/days-kit.ts';
import { createTestAgent, type TestAgent } from '../../../support/batches.ts';
import { enrolAgent, T0 } from '../../../support/collector-core.ts';
import { collectorSays, fileOf } from './replay-kit.ts';
import { historyOf, leafSite, midnight } from './story.ts';

/** The second agent takes the same devices over. */
const TAKEN_HOUR = 10;
const HOURS = 5 * 24;

/** `first` measures up to hour `dies`, `second` from TAKEN_HOUR on; each sees other outages. */
async function takenOver(first: string, second: string, dies: number): Promise<void> {
  await withSite(async (site) => {
    const open = async (code: string): Promise<TestAgent> => {
      const start_ms = site.clock.now_ms;
      const agent = createTestAgent({ site: SITE, agent: code, start_ms });
      await enrolAgent(site, agent);
      return agent;
    };
    await leafSite(site, first);
    const old = await open(first);
    let young: TestAgent | null = null;
    for (let hour = 0; hour < HOURS; hour++) {
      site.clock.now_ms = Math.max(site.clock.now_ms, T0 + hour * HOUR_MS);
      if (hour === TAKEN_HOUR) young = await open(second);
      const codes = hour % 5 === 2 ? { 1: silentIn(0, 1_200) } : {};
      if (hour < dies) await deliver(site, old.next({ ticks: 3_600, codes }));
      const others = hour % 7 === 3 ? { 2: silentIn(600, 1_800) } : {};
      if (young !== null) await deliver(site, young.next({ ticks: 3_600, codes: others }));
    }
    const history = await historyOf(site);
    const period = { from_ms: midnight(2), to_ms: midnight(4) };
    const { as_of } = await site.reader.judged(SITE, period.from_ms, period.to_ms);
    const says = await collectorSays(site.reader, SITE, period);
    const [row] = says.hours.all.devices.filter(({ device }) => device === 'switch-1');
    assert.deepEqual(
      [row?.down_ms, row?.expected_ms],
      [0, 2 * 24 * HOUR_MS],
      'it is the young one’s',
    );
    for (const begin_ms of [midnight(1), midnight(2)]) {
      const { hours, incidents, findings } = fileOf(history, { period, as_of, begin_ms });
      assert.deepEqual({ hours, incidents, findings }, says);
    }
  });
}

test('a device that two agents name is the one’s whose list came last', () =>
  takenOver('do-8', 'do-2', HOURS));

test('an agent that died long before the bundle takes nothing', () =>
  takenOver('do-8', 'do-2', 20));
