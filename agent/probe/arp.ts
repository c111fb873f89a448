import { LanProofError } from '../../shared/errors.ts';
import { type ArpSweep, createArpSweep } from './arp-sweep.ts';
import {
  type ArpTool,
  answeringMacs,
  detectArpTool,
  detectSweepTool,
  type RunTool,
  runTool,
} from './arp-tools.ts';
import type { Engine, Prober, ProbeSink } from './prober.ts';
import { createTickedEngine, type EngineClock } from './ticked-engine.ts';

/** One question "who has this address?". */
export interface ArpTarget {
  /** IPv4 address on an own subnet. */
  readonly address: string;
  /** Expected MAC, lower case with colons; any other one is `x`. */
  readonly mac: string | undefined;
  /** How long to wait for the answer, ms. */
  readonly timeout_ms: number;
}

export interface ArpDetail {
  /** MAC that answered, lower case with colons. */
  readonly mac: string;
}

/** Sends real ARP requests; it never reads the neighbour cache (RFC 826, accounting §1). */
export interface ArpProber {
  /** Name and version for the batch header. */
  readonly tool: string;
  readonly probe: Prober<ArpTarget, ArpDetail>;
}

/** Also tells who else answers, and who is where on the own subnets. */
export interface ArpAsker extends ArpProber {
  /**
   * Asks once and waits `timeout_ms` for every answer: more than one MAC is a duplicate address.
   * Null: it could not be asked.
   */
  macsAt(
    address: string,
    timeout_ms: number,
    deadline: AbortSignal,
  ): Promise<readonly string[] | null>;
  readonly sweep: ArpSweep;
}

const FOREIGN_MAC = 'foreign MAC ';
/** ARP asks each target by a process of its own; eight at once keep a small box responsive. */
export const ARP_CONCURRENCY = 8;

/** The MAC of an outcome that is `x` because another machine answered, else null. */
export function foreignMacOf(reason: string): string | null {
  return reason.startsWith(FOREIGN_MAC) ? reason.slice(FOREIGN_MAC.length) : null;
}

/**
 * Finds a tool that may send ARP requests: arping (Habets or iputils), else arp-scan. `check_nic`
 * is an own Ethernet interface on which the right is tried once; `nic_for` names the interface
 * of an address, null when it is on no own subnet. Null result: no tool or no right
 * (`arp: none` in the header).
 */
export async function createArpProber(options: {
  readonly nic_for: (address: string) => string | null;
  readonly check_nic: string | null;
  readonly check_address: string | null;
  readonly run?: RunTool;
}): Promise<ArpAsker | null> {
  const run = options.run ?? runTool;
  if (options.check_nic === null || options.check_address === null) return null;
  const tool = await detectArpTool(run, options.check_nic, options.check_address);
  if (tool === null) return null;
  const sweeper = await detectSweepTool(run, options.check_nic, options.check_address);
  const macsAt: ArpAsker['macsAt'] = async (address, timeout_ms, deadline) => {
    const nic = options.nic_for(address);
    if (nic === null || deadline.aborted) return null;
    const { exit, stdout } = await run(tool.path, tool.argsAll(nic, address, timeout_ms), deadline);
    const macs = answeringMacs(tool, stdout);
    return macs.length === 0 && exit !== 0 && exit !== tool.silent_exit ? null : macs;
  };
  return {
    tool: tool.name,
    probe: (target, deadline) => ask(tool, run, options.nic_for(target.address), target, deadline),
    macsAt,
    sweep: createArpSweep({ sweeper, run, macsAt, nic_for: options.nic_for }),
  };
}

async function ask(
  tool: ArpTool,
  run: RunTool,
  nic: string | null,
  target: ArpTarget,
  deadline: AbortSignal,
): ReturnType<Prober<ArpTarget, ArpDetail>> {
  if (nic === null) return { code: 'x', reason: 'not on an own subnet' };
  if (deadline.aborted) return { code: 'x', reason: 'overrun' };
  const result = await run(tool.path, tool.args(nic, target.address, target.timeout_ms), deadline);
  const answer = tool.parse(result.stdout, target.address);
  if (answer !== null) {
    if (target.mac !== undefined && answer.mac !== target.mac) {
      return { code: 'x', reason: `${FOREIGN_MAC}${answer.mac}` };
    }
    return { code: 'r', rtt_us: answer.rtt_us, detail: { mac: answer.mac } };
  }
  if (deadline.aborted || result.exit === tool.silent_exit)
    return { code: 'n', reason: 'no answer' };
  const said = result.stderr.trim().split('\n')[0] ?? '';
  return { code: 'x', reason: `${tool.name} failed (${result.exit ?? 'killed'}): ${said}` };
}

/**
 * The engine for targets with `reachability: arp`: one request per target and tick on own
 * monotonic ticks.
 * @throws LanProofError ARP_NONE when `arp` is null.
 */
export function createArpEngine(options: {
  readonly sink: ProbeSink;
  readonly clock: EngineClock;
  readonly arp: ArpProber | null;
  readonly next_id?: () => number;
  readonly onForeignMac?: (index: number, mac: string) => void;
  readonly signal?: AbortSignal;
}): Engine {
  const arp = options.arp;
  if (arp === null) {
    throw new LanProofError('ARP_NONE', 'reachability: arp needs a tool that may send ARP', {
      hint: 'apt install arping && setcap cap_net_raw+ep /usr/sbin/arping, or use icmp or tcp',
    });
  }
  return createTickedEngine({
    name: 'arp',
    version: arp.tool,
    probe: 'arp',
    concurrency: ARP_CONCURRENCY,
    sink: options.sink,
    clock: options.clock,
    ...(options.next_id === undefined ? {} : { next_id: options.next_id }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ask: async (target, deadline) => {
      const { address, mac, timeout_ms } = target;
      const outcome = await arp.probe({ address, mac, timeout_ms }, deadline);
      const foreign = outcome.code === 'r' ? null : foreignMacOf(outcome.reason);
      if (foreign !== null) options.onForeignMac?.(target.index, foreign);
      return outcome;
    },
  });
}
