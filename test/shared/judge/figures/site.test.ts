import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deviceFigures } from '../../../../shared/judge/figures/device.ts';
import { ratiosOf } from '../../../../shared/judge/figures/ratios.ts';
import {
  type SiteTrack,
  siteFigures,
  siteTimeline,
  windowsOf,
} from '../../../../shared/judge/figures/site.ts';
import type { FinalInterval } from '../../../../shared/judge/final.ts';
import { HOUR, interval, intervals, moment, S, WORLD_S, windows } from './world.ts';

type Says = FinalInterval['state'];

/** A device in one state after the other, an hour each. */
function track(device: string, states: readonly Says[], entry = false): SiteTrack {
  return {
    device,
    entry,
    intervals: states.map((state, i) =>
      interval(i * HOUR, (i + 1) * HOUR, state, { device, cause: causeOf(state) }),
    ),
    windows: [{ from_ms: 0, to_ms: null }],
    known_to_ms: states.length * HOUR,
  };
}

const causeOf = (state: Says) => (state === 'down' ? 'lan_switch' : null);

/** The state of the site in each hour. */
function hours(tracks: readonly SiteTrack[], length: number): (Says | undefined)[] {
  const line = siteTimeline('S', tracks, length * HOUR);
  return Array.from({ length }, (_, i) => {
    const at = i * HOUR;
    return line.find((one) => one.from_ms <= at && at < (one.to_ms ?? Infinity))?.state;
  });
}

test('a site is up while an entry is up and at least half of what is known is up', () => {
  const tracks = [
    track('GW', ['up', 'down', 'up', 'up', 'unknown', 'up', 'unreachable'], true),
    track('SW1', ['up', 'up', 'down', 'down', 'up', 'unknown', 'up']),
    track('SW2', ['up', 'up', 'down', 'unknown', 'up', 'unknown', 'up']),
    track('GROUP', ['up', 'up', 'up', 'unreachable', 'up', 'unknown', 'degraded']),
  ];
  assert.deepEqual(hours(tracks, 7), [
    'up', // all
    'down', // the gateway is down
    'up', // two of four
    'down', // one of three known
    'unknown', // nobody saw the gateway
    'unknown', // three of four unknown
    'down', // an unreachable gateway is not up
  ]);
});

test('a core that is up stands in for the gateway', () => {
  const tracks = [
    track('GW', ['down', 'unknown', 'down', 'down'], true),
    track('CORE', ['up', 'up', 'unknown', 'down'], true),
    track('SW', ['up', 'up', 'up', 'up']),
  ];
  assert.deepEqual(hours(tracks, 4), ['up', 'up', 'unknown', 'down']);
});

test('planned work is left out of the halves; of every entry it is the site’s', () => {
  const tracks = [
    track('GW', ['up', 'maintenance', 'maintenance', 'up'], true),
    track('SW1', ['maintenance', 'up', 'unreachable', 'down']),
    track('SW2', ['up', 'up', 'unreachable', 'maintenance']),
  ];
  assert.deepEqual(hours(tracks, 4), ['up', 'maintenance', 'maintenance', 'up']);
});

test('without a gateway in the inventory nobody vouches for the site', () => {
  assert.deepEqual(hours([track('SW', ['up', 'down'])], 2), ['unknown', 'down']);
});

test('the site’s outage has the gateway’s cause, and is open while it lasts', () => {
  const gateway = track('GW', ['up', 'down', 'down'], true);
  const ask = {
    site: 'S',
    tracks: [gateway, track('SW', ['up', 'up', 'up'])],
    hours: [{ from_ms: 0, to_ms: 4 * HOUR }],
    as_of_to_ms: 3 * HOUR,
  };
  const f = siteFigures(ask);
  assert.deepEqual(f.down_by_cause_ms, {
    lan_switch: { down_ms: 2 * HOUR, unreachable_ms: 0, unknown_ms: 0 },
  });
  assert.deepEqual([f.expected_ms, f.outages, f.outages_ms, f.ended], [3 * HOUR, 1, 2 * HOUR, 0]);
  assert.equal(ratiosOf(f).availability_lan, 1 / 3);
  const line = siteTimeline('S', ask.tracks, ask.as_of_to_ms);
  assert.deepEqual(line.at(-1)?.to_ms, null);
  assert.deepEqual(line.length, 2);
});

test('unknown time of a site keeps the reason that most have', () => {
  const dark = track('GW', ['unknown'], true);
  const off = ['A', 'B'].map((device) => ({
    ...track(device, []),
    late_reason: 'agent_off' as const,
  }));
  const f = siteFigures({
    site: 'S',
    tracks: [dark, ...off],
    hours: [{ from_ms: 0, to_ms: HOUR }],
    as_of_to_ms: HOUR,
  });
  assert.deepEqual(f.unknown_by, { agent_off: HOUR });
});

const tracks = fc.array(
  fc.record({ intervals, windows, entry: fc.boolean(), known: fc.option(moment) }),
  { minLength: 1, maxLength: 5 },
);

test('a random site agrees with asking every second', () => {
  fc.assert(
    fc.property(tracks, moment, (raw, as_of_to_ms) => {
      const site = raw.map(({ known, ...rest }, i): SiteTrack => {
        return { ...rest, device: `D${i}`, known_to_ms: known };
      });
      const line = siteTimeline('S', site, as_of_to_ms);
      for (let t = 0; t < as_of_to_ms; t += S) {
        const now = site.flatMap((one) => {
          const isExpected = one.windows.some(
            (window) => window.from_ms <= t && t < (window.to_ms ?? Infinity),
          );
          if (!isExpected) return [];
          const said = one.intervals.find(
            (span) => span.from_ms <= t && t < (span.to_ms ?? one.known_to_ms ?? 0),
          );
          return [{ state: said?.state ?? 'unknown', entry: one.entry }];
        });
        const at = line.find((one) => one.from_ms <= t && t < (one.to_ms ?? Infinity));
        assert.equal(at?.state, now.length === 0 ? undefined : naive(now));
      }
      const period = [{ from_ms: 0, to_ms: WORLD_S * S }];
      const f = siteFigures({ site: 'S', tracks: site, hours: period, as_of_to_ms });
      const covered = deviceFigures({
        intervals: [],
        windows: windowsOf(site),
        hours: period,
        as_of_to_ms,
        known_to_ms: null,
      });
      assert.equal(f.expected_ms, covered.expected_ms);
      assert.equal(f.unknown_by.not_received ?? 0, f.unknown_ms - otherReasons(f.unknown_by));
    }),
    { numRuns: 400 },
  );
});

function otherReasons(by: Readonly<Record<string, number>>): number {
  return Object.entries(by).reduce((sum, [why, ms]) => sum + (why === 'not_received' ? 0 : ms), 0);
}

function naive(now: readonly { state: Says; entry: boolean }[]): Says {
  const count = (among: typeof now, ...states: Says[]) =>
    among.filter((one) => states.includes(one.state)).length;
  const entries = now.filter((one) => one.entry);
  const doors = entries.length - count(entries, 'maintenance', 'off');
  const up = count(now, 'up', 'degraded');
  const known = up + count(now, 'down', 'unreachable');
  const unknown = count(now, 'unknown');
  if (doors === 0 && count(entries, 'maintenance') > 0) return 'maintenance';
  if (known + unknown === 0) return count(now, 'maintenance') > 0 ? 'maintenance' : 'off';
  if (unknown > (known + unknown) / 2) return 'unknown';
  if (doors > 0 && count(entries, 'down', 'unreachable') === doors) return 'down';
  if (up < known / 2) return 'down';
  return count(entries, 'up', 'degraded') > 0 ? 'up' : 'unknown';
}
