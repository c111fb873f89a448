import type { Varbind } from 'net-snmp';
import { failure, type SnmpFailure } from './failure.ts';
import type { Answer, SnmpSession } from './session.ts';
import { type DeviceText, isMissing, numberOf, textOf } from './value.ts';

/** When a poll ran; part of every result, failed ones included. */
export interface PollTimes {
  /** Monotonic ms at which the first request left. */
  readonly requested_mono_ms: number;
  /** ms from then until the last answer (or until it was given up), ≥ 0. */
  readonly response_ms: number;
}

export type PollFailure = SnmpFailure & PollTimes;

/** The clocks of a device. Figures may use it: it holds no text. */
export interface SystemPoll extends PollTimes {
  readonly ok: true;
  /** sysUpTime, hundredths of a second, wraps after 497 days; null where it is not readable. */
  readonly sys_uptime_ticks: number | null;
  /**
   * Those of the names in SYSTEM_SCALARS that the device has, sysUpTime left out, as it gave them:
   * some say snmpEngineTime in another unit. Only a negative one is no time at all and left out.
   */
  readonly scalars: Readonly<Record<string, number>>;
}

const SYS_UPTIME = '1.3.6.1.2.1.1.3.0';

/**
 * SNMPv2-MIB, SNMP-FRAMEWORK-MIB (seconds), HOST-RESOURCES-MIB and IF-MIB (hundredths of a
 * second). They confirm or refute a restart together; each one alone is wrong on some device.
 */
export const SYSTEM_SCALARS: Readonly<Record<string, string>> = {
  sysUpTime: SYS_UPTIME,
  snmpEngineBoots: '1.3.6.1.6.3.10.2.1.2.0',
  snmpEngineTime: '1.3.6.1.6.3.10.2.1.3.0',
  hrSystemUptime: '1.3.6.1.2.1.25.1.1.0',
  ifTableLastChange: '1.3.6.1.2.1.31.1.5.0',
};

const IDENTITY_OIDS = {
  sysDescr: '1.3.6.1.2.1.1.1.0',
  sysName: '1.3.6.1.2.1.1.5.0',
} as const;

/** Text that names a device; kept apart from figures. */
export interface SystemIdentity {
  readonly sys_name?: DeviceText;
  readonly sys_descr?: DeviceText;
}

/** Runs one step of a poll and puts its times beside whatever came out. */
export async function timed<T extends { readonly ok: true }>(
  session: SnmpSession,
  step: () => Promise<T | SnmpFailure>,
): Promise<(T & PollTimes) | PollFailure> {
  const requested_mono_ms = session.now_ms();
  const result = await step();
  return { ...result, requested_mono_ms, response_ms: session.now_ms() - requested_mono_ms };
}

/** GET of single objects. SNMPv1 refuses all for one that is missing: it is then left out. */
async function getThose(
  session: SnmpSession,
  oids: readonly string[],
  deadline: AbortSignal,
): Promise<Answer<Varbind[]> | SnmpFailure> {
  let asked = [...oids];
  while (asked.length > 0) {
    const answer = await session.get(asked, deadline);
    if (answer.ok) {
      const fits = asked.every((oid, i) => answer.value[i]?.oid === oid);
      return fits ? answer : failure('garbage', 'an answer does not fit the request');
    }
    const absent = asked.length === 1 ? asked[0] : answer.no_such_oid;
    if (answer.no_such_oid === undefined || !asked.some((oid) => oid === absent)) return answer;
    asked = asked.filter((oid) => oid !== absent);
  }
  return { ok: true, value: [] };
}

async function scalars(
  session: SnmpSession,
  names: Readonly<Record<string, string>>,
  deadline: AbortSignal,
): Promise<Answer<Map<string, number>> | SnmpFailure> {
  const answer = await getThose(session, Object.values(names), deadline);
  if (!answer.ok) return answer;
  const values = new Map<string, number>();
  for (const [name, oid] of Object.entries(names)) {
    const varbind = answer.value.find((one) => one.oid === oid);
    const value = varbind === undefined || isMissing(varbind) ? undefined : numberOf(varbind);
    if (typeof value === 'number') values.set(name, value);
  }
  return { ok: true, value: values };
}

/** sysUpTime alone; null where the device answers without it. */
export interface Uptime {
  readonly ok: true;
  readonly sys_uptime_ticks: number | null;
}

/** Reads sysUpTime, for values whose own instant matters. */
export async function readUptime(
  session: SnmpSession,
  deadline: AbortSignal,
): Promise<Uptime | SnmpFailure> {
  const values = await scalars(session, { sysUpTime: SYS_UPTIME }, deadline);
  if (!values.ok) return values;
  return { ok: true, sys_uptime_ticks: ticksOf(values.value.get('sysUpTime')) };
}

/** Some devices say it as INTEGER; a negative one is no clock. */
function ticksOf(value: number | undefined): number | null {
  return value === undefined || value < 0 ? null : value;
}

/** Reads the clocks of a device in one GET; where the device refuses that, sysUpTime alone. */
export function pollSystem(
  session: SnmpSession,
  deadline: AbortSignal,
): Promise<SystemPoll | PollFailure> {
  return timed(session, async () => {
    let values = await scalars(session, SYSTEM_SCALARS, deadline);
    if (!values.ok && (values.failed === 'snmp_error' || values.failed === 'too_big')) {
      values = await scalars(session, { sysUpTime: SYS_UPTIME }, deadline);
    }
    if (!values.ok) return values;
    const { sysUpTime, ...others } = Object.fromEntries(values.value);
    // A 32-bit count of milliseconds or ticks that passed its sign bit (Planet, FiberHome).
    if ((others.snmpEngineTime ?? 0) < 0) delete others.snmpEngineTime;
    return { ok: true, sys_uptime_ticks: ticksOf(sysUpTime), scalars: others } as const;
  });
}

/** Reads sysName and sysDescr. */
export async function readSystemIdentity(
  session: SnmpSession,
  deadline: AbortSignal,
): Promise<Answer<SystemIdentity> | SnmpFailure> {
  const answer = await getThose(session, Object.values(IDENTITY_OIDS), deadline);
  if (!answer.ok) return answer;
  const text = (oid: string): DeviceText | undefined => {
    const varbind = answer.value.find((one) => one.oid === oid);
    return varbind === undefined ? undefined : textOf(varbind);
  };
  const sys_descr = text(IDENTITY_OIDS.sysDescr);
  const sys_name = text(IDENTITY_OIDS.sysName);
  return {
    ok: true,
    value: {
      ...(sys_name === undefined ? {} : { sys_name }),
      ...(sys_descr === undefined ? {} : { sys_descr }),
    },
  };
}
