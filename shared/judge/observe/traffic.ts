import { speedOf } from '../counters/facts.ts';
import { isPhysical, type PortLook } from './ports.ts';
import { type FactDraft, POLL_GAP_MS } from './rows.ts';
import { MEMOS_MAX, type Polled } from './state.ts';
import type { TableStep } from './tables.ts';

/** Fewer damaged frames between two looks may be one moved cord. */
const ERRORS_MIN = 3;
/** A sound cable loses less than one frame of 10^6; from 10^-4 on people begin to feel it. */
const RATIO_MIN = 1e-4;
/** Broadcasts a second of one port: 100 busy machines make some 50, a loop > 10,000. */
const SURGE_PPS = 1_000;
/** Damage that comes back within this is one fact, ms. */
const HARM_JOIN_MS = 600_000;
/** Octets a second from a machine that works; a sleeping one answers some ARP, 64 octets each. */
const BUSY_BPS = 1_000;
/** What a port carries tells of a silence that began at most this long before, ms. */
const SILENT_MAX_MS = 15 * 60_000;
const HALF = 2;
const UP = 1;
const MS_PER_S = 1_000;

const OCTETS = ['ifHCInOctets', 'ifInOctets'] as const;
const UNICAST = ['ifHCInUcastPkts', 'ifInUcastPkts'] as const;
const BROADCAST = ['ifHCInBroadcastPkts', 'ifInBroadcastPkts'] as const;
const ERRORS = [
  'ifInErrors',
  'dot3StatsFCSErrors',
  'dot3StatsAlignmentErrors',
  'dot3StatsLateCollisions',
] as const;

/** Devices of one agent that its slots say are silent. */
export interface Silent {
  /** By device code, UTC ms. */
  readonly since: ReadonlyMap<string, number>;
  /** The latest of these; null: nobody is silent. */
  readonly newest_ms: number | null;
}

export interface TrafficLook extends PortLook {
  /** What people switch off, by ifIndex of this device. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly silent: () => Silent;
}

/** What the counters of a poll show against those of the poll before. */
export function feedTraffic(look: TrafficLook, step: TableStep): void {
  const span_ms = spanOf(look, step);
  if (span_ms !== null) feedErrors(look, step);
  if (UNICAST.some((name) => step.has(name))) feedRatios(look, step, span_ms !== null);
  if (span_ms === null) return;
  feedSurge(look, step, span_ms);
  feedEndpoints(look, step, span_ms);
}

/** Time between the two polls; null: counters of the two cannot be held against each other. */
function spanOf({ polled, at_ms }: PortLook, { before }: TableStep): number | null {
  if (before === null || before.at_ms >= at_ms || at_ms - before.at_ms > POLL_GAP_MS) return null;
  const { restarted_ms } = polled;
  return restarted_ms !== null && restarted_ms > before.at_ms ? null : at_ms - before.at_ms;
}

/** Null also where the device says that the port's counters began anew. */
function grown(step: TableStep, names: readonly string[], place: number): number | null {
  const name = names.find((one) => step.value(one, place) !== null);
  if (name === undefined) return null;
  const moved = 'ifCounterDiscontinuityTime';
  return step.value(moved, place) === step.old(moved, place) ? step.grown(name, place) : null;
}

function feedErrors(look: TrafficLook, step: TableStep): void {
  const { device, polled, at_ms, goings } = look;
  const from_ms = step.before?.at_ms ?? at_ms;
  for (const place of step.changed(ERRORS)) {
    const index = step.now.if_index[place];
    if (index === undefined || !isPhysical(step, place)) continue;
    const port = String(index);
    const [all, fcs, alignment, late] = ERRORS.map((name) => grown(step, [name], place) ?? 0);
    // ifInErrors of most devices holds the other two already.
    const damaged = Math.max(all ?? 0, (fcs ?? 0) + (alignment ?? 0));
    if (damaged > 0) addErrors(polled.errors, port, damaged, from_ms, at_ms);
    if ((late ?? 0) === 0) continue;
    const say = (what: 'late_collisions' | 'duplex_mismatch') =>
      goings.extend(
        `${what}/${device}/${port}`,
        { what, device, port },
        from_ms,
        at_ms,
        HARM_JOIN_MS,
      );
    say('late_collisions');
    // On a cord of two ends only a full-duplex one sends so late into the other's frame.
    if (step.value('dot3StatsDuplexStatus', place) === HALF) say('duplex_mismatch');
  }
}

function addErrors(
  errors: Polled['errors'],
  port: string,
  count: number,
  from_ms: number,
  to_ms: number,
): void {
  const known = errors[port];
  if (known !== undefined) {
    known.count += count;
    known.to_ms = to_ms;
  } else if (Object.keys(errors).length < MEMOS_MAX) errors[port] = { count, from_ms, to_ms };
}

/**
 * Errors since packets were read last, held against the packets since then. Packets are read every
 * 5 minutes, errors at each poll: the fact tells of the polls between which they grew.
 */
function feedRatios(look: TrafficLook, step: TableStep, valid: boolean): void {
  const { device, polled, out, pointer } = look;
  for (const port in polled.errors) {
    const place = step.now.if_index.indexOf(Number(port));
    if (place < 0) continue;
    const errors = polled.errors[port];
    delete polled.errors[port];
    const packets = valid ? grown(step, UNICAST, place) : null;
    if (packets === null || errors === undefined || errors.count < ERRORS_MIN) continue;
    const { count, from_ms, to_ms } = errors;
    const ratio = count / (count + packets);
    if (ratio < RATIO_MIN) continue;
    const draft: FactDraft = { what: 'error_growth', device, port, ratio };
    out.fact(`error_growth/${device}/${port}/${from_ms}`, from_ms, to_ms, draft, pointer);
  }
}

function feedSurge(look: TrafficLook, step: TableStep, span_ms: number): void {
  const { device, at_ms, goings } = look;
  const most = (SURGE_PPS * span_ms) / MS_PER_S;
  const surges = step
    .changed(BROADCAST)
    .some((place) => (grown(step, BROADCAST, place) ?? 0) >= most);
  if (!surges) return;
  const draft: FactDraft = { what: 'broadcast_surge', device };
  goings.extend(`broadcast_surge/${device}`, draft, at_ms - span_ms, at_ms, HARM_JOIN_MS);
}

/** Whether the ports of silent machines go on as if they were there. */
function feedEndpoints(look: TrafficLook, step: TableStep, span_ms: number): void {
  if (!OCTETS.some((name) => step.has(name))) return;
  const { endpoints, polled, at_ms, out, pointer } = look;
  const from_ms = at_ms - span_ms;
  const { since, newest_ms } = look.silent();
  // Through a whole night machines are silent that fell so long ago: their ports need no look.
  if (newest_ms === null || from_ms - newest_ms > SILENT_MAX_MS) return;
  for (const port in endpoints) {
    const device = endpoints[port] ?? '';
    const since_ms = since.get(device);
    const fell = since_ms !== undefined && since_ms <= from_ms;
    if (!fell || from_ms - since_ms > SILENT_MAX_MS) continue;
    const place = step.now.if_index.indexOf(Number(port));
    // A port that is down, or slower than it was, says nothing against "switched off".
    if (place < 0 || !isFullSpeed(polled, Number(port))) continue;
    const traffic = (grown(step, OCTETS, place) ?? 0) >= (BUSY_BPS * span_ms) / MS_PER_S;
    const draft: FactDraft = { what: 'port_traffic', device, full_speed: true, traffic };
    out.fact(`port_traffic/${device}/${from_ms}`, from_ms, at_ms, draft, pointer);
  }
}

/** Up, and as fast as it ever was, by the newest poll of the ports' state. */
function isFullSpeed(polled: Polled, port: number): boolean {
  for (const number in polled.tables) {
    const table = polled.tables[number];
    if (table === undefined) continue;
    const { if_index, names, values } = table;
    const place = if_index.indexOf(port);
    const cell = (name: string) => values[names.indexOf(name)]?.[place] ?? null;
    const oper = place < 0 ? null : cell('ifOperStatus');
    if (oper === null) continue;
    const wide = [cell('ifSpeed'), cell('ifHighSpeed')].map((it) =>
      it === null ? null : BigInt(it),
    );
    const mbps = speedOf(wide[0] ?? null, wide[1] ?? null);
    return oper === UP && mbps !== null && mbps >= (polled.best[port] ?? 0);
  }
  return false;
}
