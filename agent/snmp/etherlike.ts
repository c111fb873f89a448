import { GET_VARBINDS_MAX, getCells } from './cells.ts';
import type { SnmpFailure } from './failure.ts';
import { type Columns, type PortPoll, portPoll, type Read } from './interfaces.ts';
import { isPhysical } from './port-facts.ts';
import type { SnmpSession } from './session.ts';
import { type PollFailure, readUptime, timed } from './system.ts';
import { numberOf } from './value.ts';
import { type Column, type Rows, walkColumns } from './walk.ts';

/** EtherLike-MIB (RFC 3635), dot3StatsEntry. Rows are `<column>.<ifIndex>`. */
const DOT3_STATS_ENTRY = '1.3.6.1.2.1.10.7.2.1';

function column(name: string, number: number): Column {
  return { name: `dot3Stats${name}`, oid: `${DOT3_STATS_ENTRY}.${number}` };
}

/** What tells a bad cable and a duplex mismatch: with the state of the ports, every 60 s. */
export const ETHERLIKE_MINUTE: readonly Column[] = [
  column('AlignmentErrors', 2),
  column('FCSErrors', 3),
  column('LateCollisions', 8),
  column('DuplexStatus', 19),
];

/** What explains them, or is rare: every 5 min, when all octets are read. */
export const ETHERLIKE_REST: readonly Column[] = [
  column('SingleCollisionFrames', 4),
  column('MultipleCollisionFrames', 5),
  column('DeferredTransmissions', 7),
  column('ExcessiveCollisions', 9),
  column('InternalMacTransmitErrors', 10),
  column('CarrierSenseErrors', 11),
  column('FrameTooLongs', 13),
  column('InternalMacReceiveErrors', 16),
  column('SymbolErrors', 18),
];

/** A device that lacks columns is asked for them again this often: a new firmware may have them. */
export const ASK_AGAIN_MS = 3_600_000;
/** One lost datagram must not cost an hour; an agent that hangs on the table must be spared. */
const FAILURES_MAX = 3;
/** Failures that say nothing about the device. */
const OWN_FAILURES: ReadonlySet<string> = new Set(['not_sent', 'busy', 'closed']);

/** Remembers which of some columns a device has, so that only those are asked for. */
export class ColumnMemory {
  readonly #all: readonly Column[];
  #has: readonly Column[] = [];
  #asked_ms: number | undefined;
  #failures = 0;

  constructor(all: readonly Column[]) {
    this.#all = all;
  }

  /** What to ask for at `now_ms` (monotonic); empty where the device is known to have nothing. */
  due(now_ms: number): readonly Column[] {
    const stale = this.#asked_ms === undefined || now_ms - this.#asked_ms >= ASK_AGAIN_MS;
    return stale ? this.#all : this.#has;
  }

  /** `asked` brought `columns`; those without rows are not asked for until ASK_AGAIN_MS later. */
  saw(asked: readonly Column[], columns: Read['columns'], now_ms: number): void {
    this.#failures = 0;
    if (asked.length < this.#all.length && this.#asked_ms !== undefined) return;
    this.#has = this.#all.filter(({ name }) => (columns.get(name)?.size ?? 0) > 0);
    this.#asked_ms = now_ms;
  }

  failed({ failed }: SnmpFailure, now_ms: number): void {
    if (OWN_FAILURES.has(failed)) return;
    this.#failures += 1;
    if (this.#failures < FAILURES_MAX) return;
    this.#failures = 0;
    this.#has = [];
    this.#asked_ms = now_ms;
  }

  /** After a restart the device may be another one. */
  forget(): void {
    this.#has = [];
    this.#asked_ms = undefined;
    this.#failures = 0;
  }
}

/** Ports of a status poll that EtherLike-MIB is read of. */
export function physicalPorts(status: Columns): number[] {
  return [...(status.ifType?.keys() ?? [])].filter((port) => isPhysical(status, port));
}

/**
 * Reads `columns` of the ports `physical`. Rows of other ports are dropped unread: some switches
 * fill those of their VLANs with chance memory. A device with few physical ports gets one GET.
 */
async function readRows(
  session: SnmpSession,
  columns: readonly Column[],
  physical: readonly number[],
  deadline: AbortSignal,
): Promise<Read | SnmpFailure> {
  if (columns.length * physical.length <= GET_VARBINDS_MAX) {
    return getCells(session, columns, physical, numberOf, deadline);
  }
  const walked = await walkColumns(session, columns, numberOf, deadline);
  if (!walked.ok) return walked;
  const wanted = new Set(physical);
  const kept = [...walked.columns].map(([name, rows]): [string, Rows<number | bigint>] => [
    name,
    new Map([...rows].filter(([port]) => wanted.has(port))),
  ]);
  return { ...walked, columns: new Map(kept) };
}

/**
 * One reading of what the device has of `memory`'s columns, with times and sysUpTime of its own;
 * undefined where nothing is to be asked or the device has none of them.
 */
export async function pollEtherlike(
  session: SnmpSession,
  memory: ColumnMemory,
  physical: readonly number[],
  deadline: AbortSignal,
  sys_uptime_ticks?: number | null,
): Promise<PortPoll | PollFailure | undefined> {
  const asked = memory.due(session.now_ms());
  if (physical.length === 0 || asked.length === 0) return undefined;
  const poll = await timed(session, async () => {
    const clock =
      sys_uptime_ticks === undefined
        ? await readUptime(session, deadline)
        : ({ ok: true, sys_uptime_ticks } as const);
    if (!clock.ok) return clock;
    const result = await readRows(session, asked, physical, deadline);
    if (!result.ok) return result;
    memory.saw(asked, result.columns, session.now_ms());
    return portPoll(result, clock.sys_uptime_ticks);
  });
  if (!poll.ok) memory.failed(poll, session.now_ms());
  return poll.ok && Object.keys(poll.columns).length === 0 ? undefined : poll;
}
