import type { SnmpFailure } from './failure.ts';
import {
  type PortIdentity,
  type PortPoll,
  pollStatus,
  pollTraffic,
  readPortIdentity,
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
}

export interface DeviceIdentity extends PollTimes {
  readonly ok: true;
  readonly system: SystemIdentity;
  readonly ports: ReadonlyMap<number, PortIdentity>;
  readonly truncated: boolean;
}

/** Every part stands for itself: one that failed does not cost the others. */
export interface DevicePoll {
  readonly system: SystemPoll | PollFailure;
  readonly status?: PortPoll | PollFailure;
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
  const system = await pollSystem(session, deadline);
  if (!system.ok) return { system };
  const poll: { -readonly [K in keyof DevicePoll]: DevicePoll[K] } = { system };
  if (wants.status) {
    poll.status = await pollStatus(session, deadline, system);
    if (silent(poll.status)) return poll;
  }
  if (wants.traffic !== false) {
    const ports = wants.traffic === 'all' ? null : wants.traffic;
    poll.traffic = await pollTraffic(session, ports, deadline, system);
    if (silent(poll.traffic)) return poll;
  }
  if (wants.identity) poll.identity = await pollIdentity(session, deadline);
  return poll;
}
