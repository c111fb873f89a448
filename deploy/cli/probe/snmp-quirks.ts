import type { DevicePoll } from '../../../agent/snmp/poll.ts';
import type { PortFacts } from '../../../agent/snmp/port-facts.ts';
import type { SnmpSession } from '../../../agent/snmp/session.ts';
import type { SnmpTarget } from '../../../agent/snmp/target.ts';

/** Ports that one sentence names before it only counts. */
const NAMED_MAX = 8;
/** sysUpTime and the other clocks of a device agree within this where nothing is odd, s. */
const CLOCKS_APART_S = 120;
const TICKS_PER_S = 100;
/** TimeTicks wrap after 497 days. */
const WRAP_S = 2 ** 32 / TICKS_PER_S;

/** What is odd about a device, one sentence each, with what it means for the measuring. */
export function quirksOf(
  facts: ReadonlyMap<number, PortFacts>,
  poll: DevicePoll,
  session: Pick<SnmpSession, 'walk_step'>,
  version: SnmpTarget['version'],
): string[] {
  return [...portQuirks(facts, poll, version), ...clockQuirks(poll), ...walkQuirks(poll, session)];
}

function portQuirks(
  facts: ReadonlyMap<number, PortFacts>,
  poll: DevicePoll,
  version: SnmpTarget['version'],
): string[] {
  const ports = [...facts].filter(([, port]) => port.physical);
  const up = ports.filter(([, port]) => port.oper === 'up');
  const name = namer(poll);
  const list = (which: readonly (readonly [number, PortFacts])[]): string =>
    which.length > NAMED_MAX
      ? `${which.length} ports`
      : which.map(([index]) => name(index)).join(', ');
  const out = [
    `Ports: ${facts.size} rows, ${ports.length} with a socket, ${up.length} of those up.`,
  ];
  const wide = [...facts.values()].filter((port) => port.has_64_bit).length;
  if (version === '1') {
    out.push('64-bit counters: SNMPv1 has none, whatever the device; 2c or 3 would show them.');
  } else if (wide < facts.size) {
    out.push(`64-bit counters: ${wide} of ${facts.size} ports; the others are read in 32 bits.`);
  }
  const half = up.filter(([, port]) => port.duplex === 'half');
  if (half.length > 0) out.push(`Half duplex while up: ${list(half)}. Check both ends.`);
  const silent = up.filter(([, port]) => port.duplex === null || port.duplex === 'unknown');
  if (silent.length > 0) out.push(`Duplex is not told while up: ${list(silent)}.`);
  const slow = up.filter(([, port]) => port.speed_mbps === null);
  if (slow.length > 0) out.push(`Speed is not told while up: ${list(slow)}: unknown, not slow.`);
  const faulty = ports.filter(([, port]) => errorsOf(port) > 0);
  if (faulty.length > 0) {
    out.push(`Errors have been counted since the last reset on: ${list(faulty)}.`);
  }
  const same = repeated(poll);
  if (same > 0) out.push(`ifDescr: ${same} rows share a text; ports are told apart by ifIndex.`);
  return out;
}

function errorsOf(port: PortFacts): number {
  const { in_errors, out_errors, fcs_errors, alignment_errors, late_collisions } = port;
  return [in_errors, out_errors, fcs_errors, alignment_errors, late_collisions].reduce<number>(
    (sum, value) => sum + (value ?? 0),
    0,
  );
}

function namer(poll: DevicePoll): (index: number) => string {
  const ports = poll.identity?.ok === true ? poll.identity.ports : undefined;
  return (index) => {
    const texts = ports?.get(index);
    return texts?.if_name?.text || texts?.if_descr?.text || `ifIndex ${index}`;
  };
}

function repeated(poll: DevicePoll): number {
  if (poll.identity?.ok !== true) return 0;
  const texts = [...poll.identity.ports.values()].flatMap(({ if_descr }) => if_descr?.text ?? []);
  return texts.length - new Set(texts).size;
}

function clockQuirks({ system }: DevicePoll): string[] {
  if (!system.ok) return [];
  if (system.sys_uptime_ticks === null) {
    return ['sysUpTime is not told: restarts are not seen, and counters have no epoch.'];
  }
  const up_s = system.sys_uptime_ticks / TICKS_PER_S;
  const out: string[] = [];
  const { snmpEngineTime: engine_s, hrSystemUptime: host_ticks } = system.scalars;
  if (engine_s !== undefined && apart(engine_s, up_s)) {
    out.push(`snmpEngineTime is ${days(engine_s)}, sysUpTime ${days(up_s)}: one of them is odd.`);
  }
  if (host_ticks !== undefined && apart(host_ticks / TICKS_PER_S, up_s)) {
    const host = days(host_ticks / TICKS_PER_S);
    out.push(`hrSystemUptime is ${host}, sysUpTime ${days(up_s)}: the SNMP agent restarted alone.`);
  }
  return out;
}

/** A difference of whole wraps is none. */
function apart(a_s: number, b_s: number): boolean {
  const rest_s = Math.abs(a_s - b_s) % WRAP_S;
  return Math.min(rest_s, WRAP_S - rest_s) > CLOCKS_APART_S;
}

function days(s: number): string {
  return `${(s / 86_400).toFixed(1)} d`;
}

function walkQuirks(poll: DevicePoll, session: Pick<SnmpSession, 'walk_step'>): string[] {
  const out: string[] = [];
  const parts = [poll.status, poll.traffic, poll.identity];
  if (parts.some((part) => part?.ok === true && part.truncated)) {
    out.push('The walk reached its limit of rows, requests or time: rows are missing.');
  }
  if (session.walk_step > 0) {
    out.push('The device did not take large requests: it is asked in smaller ones.');
  }
  return out;
}
