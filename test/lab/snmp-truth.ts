import assert from 'node:assert/strict';
import type { SnmpReading } from '../../shared/measure/snmp-columns.ts';
import type { ReadBatch } from './kept.ts';
import type { Period, ToldSlot } from './session.ts';
import type { Served } from './switch-side.ts';

/** Entries hold whole ms. */
const SAME_MS = 2;

/** Values of one port over the readings that have them, by column. */
export function column(readings: readonly SnmpReading[], port: number): (name: string) => bigint[] {
  return (name) => readings.flatMap(({ ports }) => ports?.get(port)?.get(name) ?? []);
}

/** Throws where a value is none that was served within the poll; gives how many were compared. */
export function compare(readings: readonly SnmpReading[], served: readonly Served[]): number {
  let compared = 0;
  for (const { requested_mono_ms, response_ms, ports } of readings) {
    const from_ms = requested_mono_ms - SAME_MS;
    const to_ms = requested_mono_ms + response_ms + SAME_MS;
    const then = served.filter(({ at_mono_ms: at }) => at >= from_ms && at <= to_ms);
    for (const [port, values] of ports ?? []) {
      for (const [name, value] of values) {
        const held = then.flatMap((one) => one.ports[port - 1]?.[name] ?? []);
        if (held.length === 0) continue;
        assert.ok(held.includes(String(value)), `port ${port} ${name}: ${value}, not ${held}`);
        compared += 1;
      }
    }
  }
  return compared;
}

/** Restarts by sysUpTime, and tables at the end; throws where one begins with differences. */
export function acrossRestarts(batches: readonly ReadBatch[], target: number) {
  let uptime_ticks = 0;
  let restarts = 0;
  const begun = new Set<number>();
  const parts = batches.flatMap(({ snmp }) => snmp).filter((part) => part.target === target);
  for (const [, , ticks, outcome, table, held] of parts.flatMap(({ polls }) => polls)) {
    if (ticks !== null && ticks < uptime_ticks) {
      restarts += 1;
      begun.clear();
    }
    uptime_ticks = ticks ?? uptime_ticks;
    // After a failure, too, a table begins anew.
    if (outcome !== 'ok') begun.clear();
    if (table === undefined || held === undefined) continue;
    assert.ok('columns' in held || begun.has(table), `table ${table} begins with differences`);
    begun.add(table);
  }
  return { restarts, tables: begun.size };
}

const CLASSES: Readonly<Record<string, string>> = { r: 'reply', n: 'no_reply', x: 'not_sent' };

/** Ticks of a second as slots of the period, the last one of a slot standing for it. */
export function toldSlots(
  ticks: readonly { at_ms: number; code: string }[],
  period: Period,
): ToldSlot[] {
  const slots: ToldSlot[] = [];
  for (let from_ms = period.from_ms; from_ms < period.to_ms; from_ms += 1000) {
    const tick = ticks.find(({ at_ms }) => at_ms >= from_ms && at_ms < from_ms + 1000);
    const code = tick?.code ?? null;
    slots.push({ from_ms, code, class: CLASSES[code ?? 'x'] ?? 'other' });
  }
  return slots;
}
