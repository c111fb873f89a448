import { asMs, type CheckResult } from '../../../agent/probe/check.ts';
import { probeDns } from '../../../agent/probe/dns.ts';
import { probeHttp } from '../../../agent/probe/http.ts';
import { probeTcp } from '../../../agent/probe/tcp.ts';
import { describeError } from '../../../shared/errors.ts';
import { CHECK_PHASES, type CheckProbe } from '../../../shared/measure/codes.ts';
import { usage } from '../command.ts';
import { addressOf, deadlineOf, type ProbeContext, type Verdict } from './probe-context.ts';

const PORT_MAX = 65_535;

/** `host:port` or `[v6]:port`. */
export async function explainTcp(
  context: ProbeContext,
  target: string,
  timeout_ms: number,
): Promise<Verdict> {
  const { host, port } = hostPort(target);
  if (port === undefined) throw usage('TARGET of tcp is host:port', 'e.g. 10.77.0.5:443');
  const address = await addressOf(context, host, 'tcp');
  if (address === undefined) return { code: 'x', outcome: 'not_sent', detail: 'no address' };
  const deadline = deadlineOf(context, timeout_ms);
  return verdictOf('tcp', await probeTcp({ address, port }, deadline, context.say));
}

/** `name@server` or `name@server:port`. */
export async function explainDns(
  context: ProbeContext,
  target: string,
  timeout_ms: number,
): Promise<Verdict> {
  const [name = '', server = '', ...rest] = target.split('@');
  if (name === '' || server === '' || rest.length > 0) {
    throw usage('TARGET of dns is name@server', 'e.g. dichvucong.gov.vn@10.77.0.1');
  }
  const { host, port } = hostPort(server);
  const address = await addressOf(context, host, 'dns');
  if (address === undefined) return { code: 'x', outcome: 'not_sent', detail: 'no address' };
  const asked = { address, name, ...(port === undefined ? {} : { port }) };
  const deadline = deadlineOf(context, timeout_ms);
  return verdictOf('dns', await probeDns(asked, deadline, context.say));
}

/** An http or https URL. */
export async function explainHttp(
  context: ProbeContext,
  target: string,
  timeout_ms: number,
): Promise<Verdict> {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw usage('TARGET of http is a URL', 'e.g. https://dichvucong.gov.vn/');
  }
  if (url.username !== '' || url.password !== '') {
    throw usage('a URL with a user name is not probed: lists and logs would show it');
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  context.permit(host, 'http');
  const refused = new Set<string>();
  // A name may lead back to this machine or to a network that nobody allowed.
  const permits = (address: string): boolean => {
    const ok = permitted(context, address);
    if (!ok) refused.add(address);
    return ok;
  };
  const deadline = deadlineOf(context, timeout_ms);
  const seen = await probeHttp({ url: target, permits }, deadline, context.say);
  const verdict = verdictOf('http', seen);
  const why = unasked(host, verdict.outcome, refused);
  return why === undefined ? verdict : { ...verdict, detail: why };
}

/** What a person must know of a page that was not even asked. */
function unasked(host: string, outcome: string, refused: ReadonlySet<string>): string | undefined {
  if (outcome === 'name_failed') {
    return `the name servers of this machine give no address of ${host}; /etc/hosts is not read`;
  }
  if (outcome !== 'not_sent' || refused.size === 0) return undefined;
  return `${host} is ${[...refused].join(', ')}, and neither --allow nor agent.yml permits that`;
}

function permitted(context: ProbeContext, address: string): boolean {
  try {
    context.permit(address, 'http');
    return true;
  } catch (error) {
    context.say(describeError(error).replace(/\n\s*/g, ' '));
    return false;
  }
}

function verdictOf(probe: CheckProbe, result: CheckResult): Verdict {
  const phases = CHECK_PHASES[probe].flatMap((name, at) => {
    const us = result.phases_us[at];
    return us === undefined || us === null ? [] : [`${name} ${asMs(us)}`];
  });
  const status = result.status === undefined ? [] : [`${STATUS[probe]} ${result.status}`];
  const detail = [...status, ...phases].join(', ');
  return { code: result.code, outcome: result.outcome, ...(detail === '' ? {} : { detail }) };
}

const STATUS: Readonly<Record<CheckProbe, string>> = { tcp: '', dns: 'RCODE', http: 'status' };

function hostPort(text: string): { host: string; port: number | undefined } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  const plain = /^([^:]+)(?::(\d+))?$/.exec(text);
  const [, host = text, digits] = bracketed ?? plain ?? [];
  if (digits === undefined) return { host, port: undefined };
  const port = Number(digits);
  if (port >= 1 && port <= PORT_MAX) return { host, port };
  throw usage('a port is a number from 1 to 65535');
}
