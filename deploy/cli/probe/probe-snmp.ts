import type { Columns } from '../../../agent/snmp/interfaces.ts';
import { type DevicePoll, pollDevice } from '../../../agent/snmp/poll.ts';
import type { PortFacts } from '../../../agent/snmp/port-facts.ts';
import { portFacts } from '../../../agent/snmp/port-facts.ts';
import type { SnmpSession } from '../../../agent/snmp/session.ts';
import { probeSnmp } from '../../../agent/snmp/snmp-reachability.ts';
import type { SnmpTarget } from '../../../agent/snmp/target.ts';
import { isPortClosed } from './closed-port.ts';
import { deadlineOf, type ProbeContext, type Verdict } from './probe-context.ts';
import { quirksOf } from './snmp-quirks.ts';
import { textTable } from './text-table.ts';

/** Ports of a stack of eight; a longer table helps nobody on a terminal. */
const ROWS_MAX = 512;
const NAME_CHARS_MAX = 24;
const TICKS_PER_S = 100;
const S_PER_DAY = 86_400;

/**
 * One reachability request as an agent sends it, then one whole poll with what is odd about it.
 * `table` gets the ports, one line each.
 */
export async function explainSnmp(
  context: ProbeContext,
  session: SnmpSession,
  target: SnmpTarget,
  timeout_ms: number,
  table: (line: string) => void,
): Promise<Verdict> {
  const deadline = deadlineOf(context, timeout_ms);
  const { say } = context;
  say(`Asking ${target.address} port ${target.port} by SNMPv${target.version} for sysUpTime.`);
  const outcome = await probeSnmp(session, deadline);
  sayCounts(context, session);
  if (outcome.code !== 'r') {
    const { address, port } = target;
    const silent = outcome.code === 'n' && session.counts.received === 0;
    if (silent && (await isPortClosed(address, port, deadline))) {
      say(`${address} answered by ICMP: UDP port ${port} is closed, no SNMP agent listens there.`);
      return { code: 'n', outcome: outcome.reason, detail: `UDP port ${port} is closed` };
    }
    say(ADVICE);
    return { code: outcome.code, outcome: outcome.reason };
  }
  const rtt = `${(outcome.rtt_us / 1_000).toFixed(1)} ms`;
  const ticks = outcome.detail.sys_uptime_ticks;
  say(`Answered after ${rtt}; sysUpTime ${ticks === null ? 'is not told' : uptime(ticks)}.`);
  const wants = { status: true, traffic: 'all', identity: true } as const;
  const poll = await pollDevice(session, wants, deadline);
  sayPoll(context, poll);
  sayCounts(context, session);
  const columns = columnsOf(poll);
  const facts = portFacts(columns);
  if (facts.size > 0) for (const line of portTable(facts, poll)) table(line);
  for (const quirk of quirksOf(facts, poll, session, target.version)) say(quirk);
  const failed = [poll.system, poll.status, poll.traffic, poll.identity].find(
    (part) => part !== undefined && !part.ok,
  );
  const detail = failed === undefined || failed.ok ? rtt : `${rtt}; ${failed.detail}`;
  return { code: 'r', outcome: 'SNMP answered', detail };
}

/** Devices do not say which of these it is: they drop what they do not accept. */
const ADVICE =
  'No usable answer. Look at: the community or the user and its keys, the version, the ' +
  'access list of the device (is this machine in it?), the port, a firewall in between.';

/** Traffic after status, so that a column that both have is that of the fuller reading. */
function columnsOf(poll: DevicePoll): Columns {
  return {
    ...(poll.status?.ok === true ? poll.status.columns : {}),
    ...(poll.traffic?.ok === true ? poll.traffic.columns : {}),
  };
}

function sayCounts({ say }: ProbeContext, session: SnmpSession): void {
  const { sent, received, foreign, garbage, retries } = session.counts;
  const odd = [
    retries > 0 ? `${retries} repeated` : '',
    foreign > 0 ? `${foreign} from another address dropped` : '',
    garbage > 0 ? `${garbage} unreadable dropped` : '',
  ].filter((text) => text !== '');
  const tail = odd.length === 0 ? '' : `, ${odd.join(', ')}`;
  say(`Datagrams so far: ${sent} sent, ${received} received${tail}.`);
}

function sayPoll({ say }: ProbeContext, poll: DevicePoll): void {
  const { system, identity } = poll;
  const parts = { Clocks: system, Status: poll.status, Traffic: poll.traffic, Names: identity };
  for (const [name, part] of Object.entries(parts)) {
    if (part === undefined) continue;
    const took = `${part.response_ms.toFixed(1)} ms`;
    say(part.ok ? `${name}: ok in ${took}.` : `${name}: ${part.failed} (${part.detail}), ${took}.`);
  }
  if (system.ok) {
    for (const [name, value] of Object.entries(system.scalars)) say(`  ${name} = ${value}`);
  }
  if (identity?.ok === true) {
    say(`  sysName = ${identity.system.sys_name?.text ?? '(not told)'}`);
    say(`  sysDescr = ${identity.system.sys_descr?.text ?? '(not told)'}`);
  }
}

function portTable(facts: ReadonlyMap<number, PortFacts>, poll: DevicePoll): string[] {
  const names = poll.identity?.ok === true ? poll.identity.ports : undefined;
  const number = (value: number | null): string => (value === null ? '-' : String(value));
  const rows = [...facts].slice(0, ROWS_MAX).map(([index, port]) => {
    const text = names?.get(index);
    const name = text?.if_name?.text ?? text?.if_descr?.text ?? '';
    return [
      String(index),
      name.slice(0, NAME_CHARS_MAX),
      port.physical ? 'port' : '-',
      port.admin,
      port.oper,
      port.speed_mbps === null ? '?' : String(port.speed_mbps),
      port.duplex ?? '-',
      port.has_64_bit ? '64' : '32',
      ...[port.in_errors, port.out_errors, port.in_discards, port.out_discards].map(number),
      ...[port.fcs_errors, port.alignment_errors, port.late_collisions].map(number),
    ];
  });
  const lines = textTable([HEAD, ...rows]);
  return facts.size > ROWS_MAX ? [...lines, `… and ${facts.size - ROWS_MAX} more`] : lines;
}

const HEAD = [
  ...['ifIndex', 'name', 'kind', 'admin', 'oper', 'Mb/s', 'duplex', 'bits'],
  ...['in err', 'out err', 'in disc', 'out disc', 'FCS', 'align', 'late'],
];

/** TimeTicks of 1/100 s as days and hours. */
export function uptime(ticks: number): string {
  const s = Math.floor(ticks / TICKS_PER_S);
  const days = Math.floor(s / S_PER_DAY);
  const clock = new Date((s % S_PER_DAY) * 1_000).toISOString().slice(11, 19);
  return `${days} d ${clock}`;
}
