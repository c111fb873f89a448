import { RETRIES_DEFAULT, TIMEOUT_MS_DEFAULT } from '../../../agent/snmp/session.ts';
import { parseAddress, parseMac } from '../../../shared/measure/address.ts';
import type { RawCode } from '../../../shared/measure/codes.ts';
import {
  type Arguments,
  type Command,
  EXIT_FAILED,
  EXIT_OK,
  type Io,
  readArguments,
  usage,
} from '../command.ts';
import { stopSignal } from '../stop-signal.ts';
import { explainDns, explainHttp, explainTcp } from './probe-checks.ts';
import {
  ALLOW_OPTIONS,
  ALLOW_USAGE,
  createContext,
  type ProbeContext,
  type Verdict,
} from './probe-context.ts';
import { ECHO_BYTES_DEFAULT, probeArp, probeIcmp, type ReachTarget } from './probe-reach.ts';
import { explainSnmp } from './probe-snmp.ts';
import {
  refuseOptions,
  SNMP_OPTIONS,
  SNMP_USAGE,
  sessionOf,
  snmpTargetOf,
  whole,
} from './snmp-options.ts';

/** What inventories use by default; a service answers within seconds or is useless. */
const TIMEOUT_MS = { icmp: 800, arp: 1_000, snmp: 30_000, tcp: 3_000, dns: 3_000, http: 10_000 };
type Kind = keyof typeof TIMEOUT_MS;
const SNMP_SILENT_MS = TIMEOUT_MS_DEFAULT * (1 + RETRIES_DEFAULT);
const TIMEOUT_MS_MIN = 50;
const TIMEOUT_MS_MAX = 60_000;
/** The largest payload in one unbroken Ethernet frame: 1500 − 20 (IPv4) − 8 (ICMP). */
const ECHO_BYTES_MAX = 1_472;

/** What each code says of one tick (docs/formats/batch.md). */
const MEANING: Readonly<Record<RawCode, string>> = {
  r: 'answered in time',
  n: 'asked, no good answer in time',
  a: 'no echo, but ARP was answered',
  x: 'not asked, or nothing can be said',
  l: 'the own interface has no carrier',
};

export const probeCommand: Command = {
  summary: 'one probe of one address, explained step by step',
  usage: `lanproof probe icmp|arp|snmp|tcp|dns|http TARGET [--debug]
  Probes once, as an agent would (icmp by \`icmp.engine\` of --config, without it by fping, else
  by the system's ping), and prints the code and outcome that a batch would hold.
  --debug shows before that what was done and seen, with the time since the start.

  icmp 10.77.0.2    arp 10.77.0.2     snmp 10.77.0.2     tcp 10.77.0.5:443
  dns dichvucong.gov.vn@10.77.0.1     (name@server, or name@server:port)
  http https://dichvucong.gov.vn/

  --timeout MS      default ${Object.entries(TIMEOUT_MS)
    .map(([kind, ms]) => `${kind} ${ms}`)
    .join(', ')}
                    snmp: of the whole poll; a device that does not answer its first question is
                    given up after ${SNMP_SILENT_MS} ms at most
  --mac AA:BB:…     icmp, arp: the device's MAC; another one that answers makes x
  --bytes N         icmp: payload, default ${ECHO_BYTES_DEFAULT}; 1400 is the large echo
${ALLOW_USAGE}
snmp:
${SNMP_USAGE}

  r ${MEANING.r}; n ${MEANING.n}; a ${MEANING.a};
  x ${MEANING.x}; l ${MEANING.l}
  Exit codes: 0 the code is r, 1 any other code or not allowed, 2 used wrongly`,
  async run(args, io) {
    const parsed = readArguments(
      args,
      {
        ...ALLOW_OPTIONS,
        ...SNMP_OPTIONS,
        debug: { type: 'boolean' },
        timeout: { type: 'string' },
        mac: { type: 'string' },
        bytes: { type: 'string' },
      },
      ['icmp|arp|snmp|tcp|dns|http', 'TARGET'],
    );
    const stop = stopSignal();
    try {
      const verdict = await probe(parsed, io, createContext(parsed, io, stop.signal));
      if (stop.signal.aborted) {
        io.err('stopped before it was clear');
        return EXIT_FAILED;
      }
      const detail = verdict.detail === undefined ? '' : ` (${verdict.detail})`;
      io.out(`${verdict.code}  ${verdict.outcome}${detail}`);
      io.err(`code ${verdict.code}: ${MEANING[verdict.code]}`);
      return verdict.code === 'r' ? EXIT_OK : EXIT_FAILED;
    } finally {
      stop.release();
    }
  },
};

function probe(parsed: Arguments, io: Io, context: ProbeContext): Promise<Verdict> {
  const [kind = '', target = ''] = parsed.words;
  if (!isKind(kind)) throw usage(`write one of ${Object.keys(TIMEOUT_MS).join(', ')}`);
  checkOptions(parsed, kind);
  const given = parsed.text('timeout');
  const timeout_ms =
    given === undefined
      ? TIMEOUT_MS[kind]
      : whole(given, 'timeout', TIMEOUT_MS_MIN, TIMEOUT_MS_MAX);
  if (kind === 'tcp') return explainTcp(context, target, timeout_ms);
  if (kind === 'dns') return explainDns(context, target, timeout_ms);
  if (kind === 'http') return explainHttp(context, target, timeout_ms);
  const address = checkedAddress(target);
  if (kind === 'snmp') return snmp(parsed, io, context, address, timeout_ms);
  const asked: ReachTarget = {
    ...{ address, timeout_ms, mac: macOf(parsed.text('mac')) },
    bytes: whole(parsed.text('bytes') ?? String(ECHO_BYTES_DEFAULT), 'bytes', 0, ECHO_BYTES_MAX),
  };
  return kind === 'icmp' ? probeIcmp(context, asked) : probeArp(context, asked);
}

async function snmp(
  parsed: Arguments,
  io: Io,
  context: ProbeContext,
  address: string,
  timeout_ms: number,
): Promise<Verdict> {
  const target = snmpTargetOf(parsed, io, address);
  context.permit(address, 'snmp');
  const session = sessionOf(context, target);
  const table = (line: string): void => {
    if (parsed.flag('debug')) io.err(line);
  };
  try {
    return await explainSnmp(context, session, target, timeout_ms, table);
  } finally {
    session.close();
  }
}

/** Options of another probe would change nothing, and nobody would know. */
function checkOptions(parsed: Arguments, kind: Kind): void {
  const refuse = (names: readonly string[], hint: string): void =>
    refuseOptions(parsed, names, `probe ${kind}`, hint);
  if (kind !== 'snmp') {
    refuse(['port'], PORT_HINT[kind]);
    refuse(Object.keys(SNMP_OPTIONS), 'it belongs to probe snmp');
  }
  if (kind !== 'icmp' && kind !== 'arp') refuse(['mac'], 'it belongs to probe icmp and arp');
  if (kind !== 'icmp') refuse(['bytes'], 'it belongs to probe icmp');
}

const PORT_HINT: Readonly<Record<Exclude<Kind, 'snmp'>, string>> = {
  icmp: 'echoes have no ports: perhaps probe tcp HOST:PORT',
  arp: 'ARP has no ports: perhaps probe tcp HOST:PORT',
  tcp: 'write the port in TARGET: HOST:PORT',
  dns: 'write the port in TARGET: name@server:port',
  http: 'write the port in TARGET: http://host:port/',
};

function isKind(text: string): text is Kind {
  return Object.hasOwn(TIMEOUT_MS, text);
}

function checkedAddress(text: string): string {
  if (parseAddress(text) !== undefined) return text;
  throw usage('TARGET is no IP address', 'a name is not enough here: write e.g. 10.77.0.2');
}

function macOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const mac = parseMac(text);
  if (mac === undefined) throw usage('--mac is no MAC', 'e.g. aa:bb:cc:dd:ee:ff');
  return mac;
}
