import { ETHERLIKE_MINUTE, ETHERLIKE_REST } from '../../../agent/snmp/etherlike.ts';
import { STATUS_COLUMNS, TRAFFIC_64 } from '../../../agent/snmp/if-mib.ts';
import type { DevicePoll } from '../../../agent/snmp/poll.ts';
import { snapshotColumns, snapshotScalars } from '../switch/switch-mib.ts';
import type { SwitchModel } from '../switch/switch-model.ts';

/** What a small switch takes to answer one part of a poll, ms. */
const RESPONSE_MS = 14;
const STATUS_NAMES = [...STATUS_COLUMNS, ...ETHERLIKE_MINUTE].map(({ name }) => name);
const REST_NAMES = ETHERLIKE_REST.map(({ name }) => name);
const TRAFFIC_NAMES = TRAFFIC_64.map(({ name }) => name);

/** Octets and packets are read this often, aligned to UTC, as the agent's schedule does. */
const TRAFFIC_MINUTES = 5;
const MINUTE_MS = 60_000;

/**
 * The poll that an agent would have made of a modelled switch at `at_ms` (UTC), without UDP;
 * `mono_ms` is the same moment on the agent's monotonic clock.
 */
export function modelledPoll(model: SwitchModel, at_ms: number, mono_ms: number): DevicePoll {
  const times = { requested_mono_ms: mono_ms, response_ms: RESPONSE_MS };
  const snapshot = model.snapshot(at_ms);
  const { sys_uptime_ticks } = snapshot;
  const columns = (names: readonly string[]) => snapshotColumns(snapshot, names);
  const part = { ok: true, truncated: false, sys_uptime_ticks } as const;
  const clocks = { ok: true, ...times, sys_uptime_ticks } as const;
  const polled = {
    system: { ...clocks, scalars: snapshotScalars(snapshot) },
    status: { ...part, ...times, columns: columns(STATUS_NAMES) },
  };
  if (Math.floor(at_ms / MINUTE_MS) % TRAFFIC_MINUTES !== 0) return polled;
  const after = (parts: number, names: readonly string[]) => ({
    ...part,
    requested_mono_ms: mono_ms + parts * RESPONSE_MS,
    response_ms: RESPONSE_MS,
    columns: columns(names),
  });
  return { ...polled, etherlike: after(1, REST_NAMES), traffic: after(2, TRAFFIC_NAMES) };
}

/** The poll of a switch that answers nothing. */
export function silentPoll(mono_ms: number): DevicePoll {
  const detail = 'no answer';
  const response_ms = 3_000;
  return {
    system: { ok: false, failed: 'timeout', detail, requested_mono_ms: mono_ms, response_ms },
  };
}
