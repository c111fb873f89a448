import { createArpProber, foreignMacOf } from '../../../agent/probe/arp.ts';
import { runTool } from '../../../agent/probe/arp-tools.ts';
import { pingOnce } from '../../../agent/probe/icmp-ping.ts';
import { classify, parseAddress } from '../../../shared/measure/address.ts';
import { deadlineOf, type ProbeContext, type Verdict } from './probe-context.ts';

/** What fping sends by itself: 84 bytes on the wire with the IPv4 header. */
export const ECHO_BYTES_DEFAULT = 56;
/** fping ends by its own timeout; this is for one that does not, ms. */
const TOOL_MARGIN_MS = 2_000;
const ARP_TIMEOUT_MS = 1_000;

export interface ReachTarget {
  readonly address: string;
  readonly timeout_ms: number;
  /** ICMP payload. */
  readonly bytes: number;
  /** The MAC that the device is known by, lower case with colons. */
  readonly mac: string | undefined;
}

/** One echo, and where it stays silent one ARP request, as in a slot of an agent. */
export async function probeIcmp(context: ProbeContext, target: ReachTarget): Promise<Verdict> {
  const { address } = target;
  // The system forgets the addresses of an interface without carrier, so this is looked at first.
  if (!hasCarrier(context, address)) return NO_CARRIER;
  context.permit(address, 'icmp');
  const echo = await echoOnce(context, target);
  const near = context.platform.onLink(address) !== null;
  if (echo.code === 'x') return echo;
  if (echo.code === 'r' && target.mac === undefined) return echo;
  if (!near) {
    context.say('The address is on no own subnet: ARP cannot reach it, and its MAC is not known.');
    return echo;
  }
  const arp = await askArp(context, target);
  if (arp.code === 'x' && arp.foreign) return arp;
  if (echo.code === 'r') return echo;
  if (arp.code !== 'r') return echo;
  return {
    code: 'a',
    outcome: 'no echo, but ARP was answered: it is there and drops echoes',
    detail: 'where its interval is 5 s or more; else n',
  };
}

/** One ARP request. */
export async function probeArp(context: ProbeContext, target: ReachTarget): Promise<Verdict> {
  if (!hasCarrier(context, target.address)) return NO_CARRIER;
  context.permit(target.address, 'arp');
  return askArp(context, target);
}

const NO_CARRIER: Verdict = {
  code: 'l',
  outcome: 'the own interface has no carrier: nothing was sent, and nothing is said of the target',
};

function hasCarrier({ platform, say }: ProbeContext, address: string): boolean {
  const parsed = parseAddress(address);
  if (parsed !== undefined && classify(parsed) === 'loopback') {
    say(`${address} is this machine itself (loopback).`);
    return true;
  }
  const direct = platform.onLink(address);
  const name = direct ?? platform.defaultNic();
  const nic = platform.nics().find((one) => one.name === name);
  if (nic === undefined) {
    const carriers = platform.nics().flatMap((one) => one.carrier ?? []);
    const dead = carriers.length > 0 && !carriers.includes(true);
    say(dead ? 'No own interface has a carrier.' : 'No own interface leads there.');
    return !dead;
  }
  const way = direct === null ? 'through the default router by' : 'on the own subnet of';
  const speed = nic.speed_mbps === null ? 'speed unknown' : `${nic.speed_mbps} Mb/s`;
  const duplex = nic.duplex === null ? '' : `, ${nic.duplex} duplex`;
  const carrier = nic.carrier === false ? 'no carrier' : 'carrier';
  say(`${address} is reached ${way} ${nic.name}: ${carrier}, ${speed}${duplex}.`);
  return nic.carrier !== false;
}

/** By the engine that agent.yml names. */
async function echoOnce(context: ProbeContext, target: ReachTarget): Promise<Verdict> {
  const engine = context.config?.icmp.engine ?? 'auto';
  if (engine === 'ping') {
    context.say('agent.yml says `icmp: { engine: ping }`.');
    return systemPing(context, target);
  }
  if (engine === 'udp-echo') {
    context.say('fix: for a real device leave --config out, or name one with another icmp.engine');
    return { code: 'x', outcome: 'not sent: icmp.engine is udp-echo, which asks the demo alone' };
  }
  return fpingOnce(context, target, engine);
}

async function fpingOnce(
  context: ProbeContext,
  target: ReachTarget,
  engine: 'auto' | 'fping',
): Promise<Verdict> {
  const { address, timeout_ms, bytes } = target;
  const args = ['-c', '1', '-t', String(timeout_ms), '-b', String(bytes), address];
  context.say(`Running fping ${args.join(' ')}`);
  const deadline = deadlineOf(context, timeout_ms + TOOL_MARGIN_MS);
  const { stdout, stderr, missing, exit } = await runTool('fping', args, deadline);
  if (missing) {
    context.say('fping is not installed; fix: apt install fping');
    if (engine === 'auto') return systemPing(context, target);
    return { code: 'x', outcome: 'not sent: icmp.engine is fping, and it is not installed' };
  }
  for (const line of printable(`${stdout}\n${stderr}`)) context.say(`fping: ${line}`);
  const ms = /, \d+ bytes, ([0-9.]+) ms/.exec(stdout)?.[1];
  if (ms !== undefined) return { code: 'r', outcome: 'echo answered', detail: `${ms} ms` };
  if (/must run as root|not permitted|permission denied/i.test(stderr)) {
    context.say('fix: setcap cap_net_raw+ep "$(command -v fping)"');
    return { code: 'x', outcome: 'fping may not send' };
  }
  const unsent = /network is unreachable|no buffer space|cannot assign|no route/i.exec(stderr)?.[0];
  if (unsent !== undefined) return { code: 'x', outcome: `not sent: ${unsent.toLowerCase()}` };
  const router = /ICMP (.+?) from (\S+)/.exec(stderr);
  if (router !== null) return { code: 'n', outcome: `${router[2]} says: ${router[1]}` };
  if (exit === null) return { code: 'x', outcome: 'fping did not end in time' };
  if (!stdout.includes('timed out')) {
    // Without a route fping ends at once and says nothing of it.
    return { code: 'x', outcome: 'not sent: no route to it, or this machine may not send' };
  }
  return { code: 'n', outcome: `no echo within ${timeout_ms} ms` };
}

async function systemPing(context: ProbeContext, target: ReachTarget): Promise<Verdict> {
  const { address, timeout_ms, bytes } = target;
  const size = bytes === ECHO_BYTES_DEFAULT ? '' : '; it cannot choose the payload, so not --bytes';
  context.say(`Using the ping command of the system${size}.`);
  const outcome = await pingOnce({ address, timeout_ms }, deadlineOf(context, timeout_ms));
  if (outcome.code !== 'r') return { code: outcome.code, outcome: outcome.reason };
  return { code: 'r', outcome: 'echo answered', detail: `${outcome.rtt_us / 1_000} ms` };
}

async function askArp(
  context: ProbeContext,
  { address, mac }: ReachTarget,
): Promise<Verdict & { readonly foreign?: true }> {
  const { platform, say } = context;
  const nic = platform.onLink(address);
  if (nic === null) {
    return { code: 'x', outcome: 'not on an own subnet: no ARP request can reach it' };
  }
  const own = platform.nics().find(({ name }) => name === nic);
  const arp = await createArpProber({
    nic_for: () => nic,
    check_nic: nic,
    check_address: own?.cidrs.find((cidr) => !cidr.includes(':'))?.split('/')[0] ?? null,
  });
  if (arp === null) {
    say('fix: apt install arping && setcap cap_net_raw+ep /usr/sbin/arping');
    return { code: 'x', outcome: 'no tool that may send ARP requests' };
  }
  say(`Asking by ${arp.tool} on ${nic}: who has ${address}?`);
  const deadline = deadlineOf(context, ARP_TIMEOUT_MS);
  const answer = await arp.probe({ address, mac, timeout_ms: ARP_TIMEOUT_MS }, deadline);
  if (answer.code === 'r') {
    const took = answer.rtt_us < 0 ? '' : ` after ${(answer.rtt_us / 1_000).toFixed(2)} ms`;
    say(`${answer.detail.mac} answered${took}.`);
    return { code: 'r', outcome: 'ARP answered', detail: `by ${answer.detail.mac}` };
  }
  const foreign = foreignMacOf(answer.reason);
  say(foreign === null ? `ARP: ${answer.reason}.` : `${foreign} answered, expected is ${mac}.`);
  if (foreign === null) return { code: answer.code, outcome: answer.reason };
  return { code: 'x', outcome: `another machine answers for it: ${foreign}`, foreign: true };
}

function printable(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\p{Cc}/gu, ' ').trim())
    .filter((line) => line !== '');
}
