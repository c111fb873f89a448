import { DeviceMemory } from './device-memory.ts';
import { physicalPorts, pollEtherlike } from './etherlike.ts';
import type { SnmpFailure } from './failure.ts';
import {
  type PortIdentity,
  type PortPoll,
  pollStatus,
  pollTraffic,
  readPortIdentity,
  spanning,
} from './interfaces.ts';
import type { SnmpSession } from './session.ts';
import {
  type PollFailure,
  type PollTimes,
  pollSystem,
  readSystemIdentity,
  type SystemIdentity,
  type SystemPoll,
  timed,
} from './system.ts';

/** What one poll of a device shall read besides its clocks. */
export interface PollWants {
  readonly status: boolean;
  /** `all` ports, some ports (uplinks), or none. */
  readonly traffic: 'all' | readonly number[] | false;
  readonly identity: boolean;
  /** Of the polls before of this device; without it nothing is known and everything is asked. */
  readonly memory?: DeviceMemory;
}

export interface DeviceIdentity extends PollTimes {
  readonly ok: true;
  readonly system: SystemIdentity;
  readonly ports: ReadonlyMap<number, PortIdentity>;
  readonly truncated: boolean;
}

/** Every part stands for itself: one that failed does not cost the others. */
export interface DevicePoll {
  /** The device began anew since the poll before: its port numbers may mean other ports. */
  readonly restarted?: true;
  readonly system: SystemPoll | PollFailure;
  readonly status?: PortPoll | PollFailure;
  /** EtherLike counters that only explain; also what failed of those in `status`. */
  readonly etherlike?: PortPoll | PollFailure;
  readonly traffic?: PortPoll | PollFailure;
  readonly identity?: DeviceIdentity | PollFailure;
}

/** Reads the text that names a device and its ports. */
export function pollIdentity(
  session: SnmpSession,
  deadline: AbortSignal,
): Promise<DeviceIdentity | PollFailure> {
  return timed(session, async () => {
    const system = await readSystemIdentity(session, deadline);
    if (!system.ok) return system;
    const read = await readPortIdentity(session, deadline);
    if (!read.ok) return read;
    return {
      ok: true,
      system: system.value,
      ports: read.ports,
      truncated: read.truncated,
    } as const;
  });
}

/** A device that just fell silent would cost every further part its full timeouts. */
function silent(result: { readonly ok: true } | SnmpFailure | undefined): boolean {
  return result !== undefined && !result.ok && !ANSWERED.has(result.failed);
}
const ANSWERED: ReadonlySet<string> = new Set([
  'too_big',
  'snmp_error',
  'not_increasing',
  'empty',
  'garbage',
]);

/**
 * One poll of one device: clocks first, then what is wanted, one request after the other. Parts
 * after a silence are left out, so a dead device costs one round of timeouts.
 */
export async function pollDevice(
  session: SnmpSession,
  wants: PollWants,
  deadline: AbortSignal,
): Promise<DevicePoll> {
  const { memory = new DeviceMemory() } = wants;
  const system = await pollSystem(session, deadline);
  if (!system.ok) return { system };
  const poll: Draft = { system };
  if (memory.restarted(system)) poll.restarted = true;
  if (wants.status && !(await pollPorts(session, wants, memory, poll, system, deadline))) {
    return poll;
  }
  if (wants.traffic !== false) {
    // Port numbers from before a restart may mean other ports now.
    const all = wants.traffic === 'all' || poll.restarted === true;
    poll.traffic = await pollTraffic(session, all ? null : [...wants.traffic], deadline);
    if (silent(poll.traffic)) return poll;
  }
  if (wants.identity || memory.names_due) {
    poll.identity = await pollIdentity(session, deadline);
    if (poll.identity.ok) memory.named(session.now_ms());
  }
  return poll;
}

type Draft = { -readonly [K in keyof DevicePoll]: DevicePoll[K] };

/**
 * State of the ports and what EtherLike-MIB says of the physical ones. Its minute columns stand
 * beside the others, so that a poll is one entry; where they fail the others still stand. False
 * where the device fell silent.
 */
async function pollPorts(
  session: SnmpSession,
  wants: PollWants,
  memory: DeviceMemory,
  poll: Draft,
  system: SystemPoll,
  deadline: AbortSignal,
): Promise<boolean> {
  const status = await pollStatus(session, deadline, system);
  poll.status = status;
  if (!status.ok) return !silent(status);
  const physical = physicalPorts(status.columns);
  const { sys_uptime_ticks } = status;
  const minute = await pollEtherlike(session, memory.minute, physical, deadline, sys_uptime_ticks);
  if (minute?.ok === false) {
    poll.etherlike = minute;
    return !silent(minute);
  }
  if (minute === undefined) return true;
  poll.status = {
    ...spanning(status, minute),
    columns: { ...status.columns, ...minute.columns },
    truncated: status.truncated || minute.truncated,
  };
  if (wants.traffic !== 'all') return true;
  const rest = await pollEtherlike(session, memory.rest, physical, deadline);
  if (rest !== undefined) poll.etherlike = rest;
  return !silent(rest);
}
