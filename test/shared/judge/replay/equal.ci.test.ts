import assert from 'node:assert/strict';
import test from 'node:test';
import { LATE_MS } from '../../../../shared/judge/as-of.ts';
import type { AsOf } from '../../../../shared/judge/period/judged.ts';
import { dayDifference } from '../../../../shared/judge/replay/day-check.ts';
import type { Span } from '../../../../shared/judge/spans.ts';
import { HOUR_MS, SITE, withSite } from '../../../collector/judge/days-kit.ts';
import { T0 } from '../../../support/collector-core.ts';
import { collectorSays, fileOf, replayBundle } from './replay-kit.ts';
import { FIRST_HOURS, midnight, week, withComputers } from './story.ts';

const asIs = <T>(store: T): T => store;

test('a bundle in the middle of a history says what the collector said as its hour was over', () =>
  withSite(
    async (site, agent) => {
      const said = new Map<string, { period: Span; as_of: AsOf; says: unknown }>();
      const history = await week(site, agent, async (hour) => {
        const last = (hour - FIRST_HOURS) / 24;
        if (last < 2 || !Number.isInteger(last)) return;
        // An hour behind a midnight: as far as a bundle of a period that ends there judges.
        site.clock.now_ms = midnight(last) + HOUR_MS + LATE_MS;
        for (let first = 1; first < last; first++) {
          const period = { from_ms: midnight(first), to_ms: midnight(last) };
          const { as_of } = await site.reader.judged(SITE, period.from_ms, period.to_ms);
          assert.equal(as_of.to_ms, period.to_ms + HOUR_MS);
          const says = await collectorSays(site.reader, SITE, period);
          said.set(`days ${first} to ${last}`, { period, as_of, says });
        }
      });
      assert.equal(said.size, 21);
      for (const [name, { period, as_of, says }] of said) {
        for (const begin_ms of history.days.keys()) {
          if (begin_ms > period.from_ms) continue;
          const file = fileOf(history, { period, as_of, begin_ms });
          const { hours, incidents, findings } = file;
          const from = (begin_ms - midnight(0)) / (24 * HOUR_MS);
          assert.deepEqual({ hours, incidents, findings }, says, `${name}, begun at ${from}`);
        }
      }
    },
    asIs,
    withComputers,
  ));

test('each day of a bundle is the ledgered one', () =>
  withSite(
    async (site, agent) => {
      const history = await week(site, agent);
      const { as_of } = await site.reader.judged(SITE, T0, agent.at_ms);
      const period = { from_ms: midnight(1), to_ms: midnight(6) };
      for (const begin_ms of [midnight(0), midnight(2), midnight(3), midnight(4)]) {
        const { days } = replayBundle(history, { period, as_of, begin_ms });
        assert.ok(days.length > 1);
        for (const day of days) {
          const paper = history.days.get(day.end_ms);
          assert.ok(paper);
          assert.deepEqual(dayDifference(paper, day), null);
        }
      }
    },
    asIs,
    withComputers,
  ));
