import { feedReading } from '../../../../shared/judge/counters/counters.ts';
import { type CountersState, createCounters } from '../../../../shared/judge/counters/state.ts';
import type { CountersOutput, PlacedReading } from '../../../../shared/judge/counters/types.ts';

/** Monday, 2026-11-23 00:00 UTC: the begin of a window of 5 minutes. */
export const T0_MS = Date.UTC(2026, 10, 23);
export const DAY_TICKS = 8_640_000;

export type Values = Readonly<Record<string, number | bigint | null>>;

/** What a port of a switch says in each status poll, as far as a test does not say otherwise. */
export const UP_1G: Values = {
  ifType: 6,
  ifConnectorPresent: 1,
  ifSpeed: 1_000_000_000,
  ifHighSpeed: 1_000,
  ifAdminStatus: 1,
  ifOperStatus: 1,
  dot3StatsDuplexStatus: 3,
};
export const UP_100M: Values = { ...UP_1G, ifSpeed: 100_000_000, ifHighSpeed: 100 };

/** A poll `s` seconds after T0; `ports` by ifIndex. */
export function poll(
  s: number,
  ticks: number | null,
  ports: Readonly<Record<number, Values>> | null = null,
  scalars: PlacedReading['scalars'] = null,
  response_ms = 20,
): PlacedReading {
  const rows = Object.entries(ports ?? {}).map(
    ([index, values]) =>
      [
        Number(index),
        new Map(
          Object.entries(values).map(([name, value]) => [
            name,
            value === null ? null : BigInt(value),
          ]),
        ),
      ] as const,
  );
  return {
    at_ms: T0_MS + s * 1_000,
    response_ms,
    sys_uptime_ticks: ticks,
    outcome: 'ok',
    ports: ports === null ? undefined : new Map(rows),
    scalars,
  };
}

export function feed(
  readings: readonly PlacedReading[],
  state: CountersState = createCounters(),
): CountersOutput {
  const out: CountersOutput = {
    restarts: [],
    deltas: [],
    ratios: [],
    changes: [],
    flaps: [],
    findings: [],
  };
  for (const reading of readings) {
    const one = feedReading(state, reading);
    out.restarts.push(...one.restarts);
    out.deltas.push(...one.deltas);
    out.ratios.push(...one.ratios);
    out.changes.push(...one.changes);
    out.flaps.push(...one.flaps);
    out.findings.push(...one.findings);
  }
  return out;
}
