import { LanProofError } from '../../shared/errors.ts';
import { classify, parseAddress } from '../../shared/measure/address.ts';
import type { DeviceKind } from '../../shared/measure/codes.ts';
import type { PublicTarget, TargetRecord } from '../../shared/measure/targets.ts';
import {
  type AllowList,
  checkPackets,
  type Permit,
  type PlannedProbe,
  type ProbeKind,
} from '../allow.ts';
import type { CheckPlan } from '../probe/checks.ts';
import type { ProbeTarget } from '../probe/prober.ts';
import { type SnmpTarget, snmpTarget } from '../snmp/target.ts';
import { wantedChecks } from './plan-checks.ts';
import type { CheckedList } from './targets.ts';

/** ARP in the slot of a silent echo needs room behind the echo's timeout (accounting §1). */
const ARP_INTERVAL_MS_MIN = 5_000;
/** A neighbour answers ARP within milliseconds; sleepy Wi-Fi takes longer. */
const ARP_TIMEOUT_MS = 1_000;
/** A verdict must stand before the next tick (contracts: timeout ≤ interval − 100 ms). */
const TIMEOUT_MARGIN_MS = 100;

/** One device that is polled by SNMP. */
export interface SnmpPlan {
  readonly index: number;
  readonly code: string;
  readonly kind: DeviceKind;
  readonly interval_ms: number;
  /** Whether its reachability is decided by SNMP, in slots of the same interval. */
  readonly decides: boolean;
  readonly target: SnmpTarget;
  /** Ports that lead to other network devices, as people named them. */
  readonly uplinks: readonly string[];
}

/** What the engines are told; targets that are not in it get no ticks, which counts not_sent. */
export interface Plan {
  /** Small echoes, and large ones (`bytes`) beside them. */
  readonly icmp: readonly ProbeTarget[];
  readonly arp: readonly ProbeTarget[];
  readonly snmp: readonly SnmpPlan[];
  /** TCP, DNS and HTTP; absent: none. */
  readonly checks?: readonly CheckPlan[];
  /** Targets or probes that this agent does not measure, and why. */
  readonly refused: readonly Refused[];
  /** Mean packets a second. */
  readonly packets_per_s: number;
}

export interface Refused {
  readonly index: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface PlanDeps {
  readonly allow: AllowList;
  readonly max_packets_per_s: number;
  /** Whether ARP requests can reach the address: an own subnet, and the right to send. */
  readonly arpReaches: (address: string) => boolean;
  /** Where the target is asked now; undefined while it must be found first. */
  readonly addressOf: (record: TargetRecord) => string | undefined;
  /** Throws LanProofError SECRET_*. */
  readonly secretOf: (name: string) => string;
}

/**
 * Turns a list into work inside the agent's own limits. A target outside `allow`, without an
 * address or without its secret is left out and named; its index stays its own, because indexes
 * are the names that batches use. Throws LanProofError PACKETS_TOO_MANY for the whole list.
 */
export function planList(checked: CheckedList, deps: PlanDeps): Plan {
  const icmp: ProbeTarget[] = [];
  const arp: ProbeTarget[] = [];
  const snmp: SnmpPlan[] = [];
  const checks: CheckPlan[] = [];
  const refused: Refused[] = [];
  const planned: PlannedProbe[] = [];
  const { targets } = checked.list;
  for (const [index, target] of targets.entries()) {
    const record = checked.records[index];
    if (record === undefined || Object.keys(target.probes).length === 0) continue;
    const take: Take = (probe, interval_ms, add, host) => {
      if (host === undefined && isSought(record, deps)) return false;
      const problem = permitted(target, record, probe, interval_ms, deps, add, host);
      if (problem === undefined) planned.push({ probe, interval_ms });
      else refused.push({ index, code: problem.code, ...said(target, problem) });
      return problem === undefined;
    };
    const { icmp: echo, echo_large: large, arp: ask, snmp: poll } = target.probes;
    if (echo !== undefined) {
      const taken = take('icmp', echo.interval_ms, (address) => {
        const near = echo.interval_ms >= ARP_INTERVAL_MS_MIN && deps.arpReaches(address);
        icmp.push({ index, address, ...echo, arp_on_silence: near, mac: record.mac });
      });
      // Beside a small echo that is refused the large one would only be refused a second time.
      if (taken && large !== undefined) {
        take('echo_large', large.interval_ms, (address) => {
          icmp.push({ index, address, ...large, arp_on_silence: false, mac: record.mac });
        });
      }
    }
    if (ask !== undefined) {
      take('arp', ask.interval_ms, (address) => {
        const timeout_ms = Math.min(ARP_TIMEOUT_MS, ask.interval_ms - TIMEOUT_MARGIN_MS);
        const own = { arp_on_silence: false, mac: record.mac };
        arp.push({ index, address, interval_ms: ask.interval_ms, timeout_ms, ...own });
      });
    }
    if (poll !== undefined) {
      take('snmp', poll.interval_ms, (address) => {
        snmp.push(snmpPlan(index, target, record, address, poll.interval_ms, targets, deps));
      });
    }
    for (const { probe, interval_ms, host, plan } of wantedChecks(
      index,
      target,
      record,
      deps.allow,
    )) {
      take(probe, interval_ms, (address) => checks.push(plan(address)), host);
    }
  }
  const packets_per_s = checkPackets(planned, deps.max_packets_per_s);
  return { icmp, arp, snmp, checks, refused, packets_per_s };
}

/** Takes one probe into the plan, against the target's address or `host`; false: refused. */
type Take = (
  probe: ProbeKind,
  interval_ms: number,
  add: (address: string) => void,
  host?: string,
) => boolean;

function permitted(
  target: PublicTarget,
  record: TargetRecord,
  probe: ProbeKind,
  interval_ms: number,
  deps: PlanDeps,
  add: (address: string) => void,
  host: string | undefined,
): LanProofError | undefined {
  const address = host ?? deps.addressOf(record);
  if (address === undefined) {
    return new LanProofError('TARGET_NO_ADDRESS', `${target.code} has no address`, {
      hint: 'give the device an `address` in the inventory',
    });
  }
  const permit =
    host === undefined
      ? permitOf(target, record, address, probe, interval_ms, deps.allow)
      : deps.allow.permits(host, target.kind, probe, interval_ms);
  if (!permit.ok) {
    const message = `${target.code} is not probed by ${probe}`;
    return new LanProofError(permit.code, message, { hint: permit.hint });
  }
  try {
    add(address);
    return undefined;
  } catch (error) {
    if (error instanceof LanProofError) return error;
    throw error;
  }
}

/** It is known by its MAC or name, and was not found yet: it gets no ticks, and no complaint. */
function isSought(record: TargetRecord, deps: PlanDeps): boolean {
  const known = record.mac !== undefined || record.hostname !== undefined;
  return known && deps.addressOf(record) === undefined;
}

/** An address that its name led to may also be permitted by that name; a listed one may not. */
function permitOf(
  { kind }: PublicTarget,
  record: TargetRecord,
  address: string,
  probe: ProbeKind,
  interval_ms: number,
  allow: AllowList,
): Permit {
  const permit = allow.permits(address, kind, probe, interval_ms);
  const { hostname, mac } = record;
  if (permit.ok || hostname === undefined || mac !== undefined) return permit;
  const led = address !== record.address && permit.code === 'TARGET_NOT_ALLOWED';
  const byName = led && !isLoopback(address);
  if (byName && allow.permits(hostname, kind, probe, interval_ms).ok) return { ok: true };
  return permit;
}

/** Whoever answers for a name must not lead the agent to its own machine. */
function isLoopback(address: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && classify(parsed) === 'loopback';
}

function snmpPlan(
  index: number,
  target: PublicTarget,
  record: TargetRecord,
  address: string,
  interval_ms: number,
  targets: readonly PublicTarget[],
  deps: PlanDeps,
): SnmpPlan {
  if (record.snmp === undefined) {
    throw new LanProofError('TARGET_NO_SNMP', `${target.code} has no SNMP settings`, {
      hint: 'give the device `probes: { snmp: … }` in the inventory',
    });
  }
  return {
    index,
    code: target.code,
    kind: target.kind,
    interval_ms,
    decides: target.reachability === 'snmp',
    target: snmpTarget(address, record.snmp, deps.secretOf),
    uplinks: targets
      .filter(({ kind, link }) => link?.device === target.code && LEADS_ON.has(kind))
      .flatMap(({ link }) => link?.port ?? []),
  };
}

/** Behind such a device there are others: its port is an uplink. */
const LEADS_ON: ReadonlySet<DeviceKind> = new Set([
  'gateway',
  'switch',
  'unmanaged-switch',
  'access-point',
]);

function said(target: PublicTarget, problem: LanProofError): { message: string; hint: string } {
  const named = problem.message.includes(target.code);
  return {
    message: named ? problem.message : `${target.code}: ${problem.message}`,
    hint: problem.hint,
  };
}
