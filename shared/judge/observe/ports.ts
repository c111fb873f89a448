import { speedOf } from '../counters/facts.ts';
import { FLAP_MS } from '../counters/findings.ts';
import { TICK_MS } from '../counters/ticks.ts';
import { type FactDraft, type Goings, POLL_GAP_MS, type Pointer, type Sayer } from './rows.ts';
import { type Cell, MEMOS_MAX, type Polled } from './state.ts';
import type { TableStep } from './tables.ts';

/** A poll whose table is looked at. */
export interface PortLook {
  readonly device: string;
  readonly polled: Polled;
  readonly at_ms: number;
  readonly response_ms: number;
  readonly uptime_ticks: number | null;
  readonly pointer: Pointer;
  readonly out: Sayer;
  readonly goings: Goings;
}

/** ifLastChange and sysUpTime are read a moment apart and may be in whole seconds, ms. */
const EVENT_MS = 1_000;
/** IF-MIB ifOperStatus, ifAdminStatus: up(1), down(2); EtherLike-MIB: halfDuplex(2). */
const UP = 1;
const DOWN = 2;
const HALF = 2;
/** IANAifType of copper ports, obsolete ones included; TruthValue false(2). */
const ETHERNET: ReadonlySet<Cell> = new Set([6, 62, 69, 117]);
const FALSE = 2;
const STATUS = [
  'ifOperStatus',
  'ifLastChange',
  'ifAdminStatus',
  'ifSpeed',
  'ifHighSpeed',
  'ifType',
  'ifConnectorPresent',
  'dot3StatsDuplexStatus',
] as const;
const POOR = ['half_duplex', 'speed_fall'] as const;

/** What a poll of the state of ports shows: link, flaps, speed and duplex. */
export function feedStatus(look: PortLook, step: TableStep): void {
  if (!step.has('ifOperStatus')) return;
  for (const place of step.changed(STATUS)) {
    const index = step.now.if_index[place];
    if (index === undefined) continue;
    const port = String(index);
    feedLink(look, step, place, port);
    feedQuality(look, step, place, port);
  }
  const { device, polled, at_ms, goings } = look;
  for (const port in polled.poor) {
    for (const what of polled.poor[port] ?? []) {
      const key = `${what}/${device}/${port}`;
      goings.extend(key, { what, device, port }, at_ms, at_ms, POLL_GAP_MS);
    }
  }
}

/** Values of other types than a socket for a cable come and go with configuration, not cables. */
export function isPhysical(step: TableStep, place: number): boolean {
  const type = step.value('ifType', place);
  return ETHERNET.has(type) && step.value('ifConnectorPresent', place) !== FALSE;
}

function feedLink(look: PortLook, step: TableStep, place: number, port: string): void {
  const { before } = step;
  const [was, is] = [step.old('ifOperStatus', place), step.value('ifOperStatus', place)];
  if (before === null || was === null || is === null) return;
  if (step.value('ifType', place) !== null && !isPhysical(step, place)) return;
  const moved_ms = lastChange(look, step, place);
  if (was === is && (moved_ms === null || Number(is) > DOWN)) return;
  const [from_ms, to_ms] = bounds(look, before.at_ms, moved_ms);
  const say = (up: boolean) => {
    const key = `link/${look.device}/${port}/${up ? 'up' : 'down'}/${from_ms}`;
    const draft: FactDraft = { what: 'link', device: look.device, port, up };
    look.out.fact(key, from_ms, to_ms, draft, look.pointer);
  };
  // What an operator switched off did not lose its link to a bad cord.
  const counts = (step.value('ifAdminStatus', place) ?? UP) === UP;
  if (is !== UP) {
    if (was !== UP && was !== is) return;
    if (was === is) say(true);
    say(false);
    if (was === is) cameBack(look, port, to_ms);
    const { lost } = look.polled;
    if (counts && Object.keys(lost).length < MEMOS_MAX) lost[port] = [from_ms, to_ms];
    return;
  }
  if (was === UP) {
    say(false);
    if (counts) look.polled.lost[port] = [from_ms, to_ms];
  }
  say(true);
  cameBack(look, port, to_ms);
}

/** A flap: a link that was lost and is back within the time in which flaps are counted. */
function cameBack(look: PortLook, port: string, to_ms: number): void {
  const lost = look.polled.lost[port];
  if (lost === undefined) return;
  delete look.polled.lost[port];
  const [from_ms] = lost;
  if (to_ms - from_ms > FLAP_MS) return;
  const draft: FactDraft = { what: 'flap', device: look.device, port };
  look.out.fact(`flap/${look.device}/${port}/${from_ms}`, from_ms, to_ms, draft, look.pointer);
}

/** UTC ms of the port's newest change, where ifLastChange moved within one run of the device. */
function lastChange(look: PortLook, step: TableStep, place: number): number | null {
  const { polled, uptime_ticks, at_ms } = look;
  const [old, now] = [step.old('ifLastChange', place), step.value('ifLastChange', place)];
  if (typeof old !== 'number' || typeof now !== 'number' || uptime_ticks === null) return null;
  if (old === 0 || now <= old || now > uptime_ticks + EVENT_MS / TICK_MS) return null;
  if (polled.restarted_ms !== null && polled.restarted_ms > (step.before?.at_ms ?? 0)) return null;
  return at_ms - Math.max(0, uptime_ticks - now) * TICK_MS;
}

function bounds(look: PortLook, before_ms: number, moved_ms: number | null): [number, number] {
  const end_ms = look.at_ms + look.response_ms;
  const begin_ms = Math.min(before_ms, look.at_ms);
  if (moved_ms === null) return [begin_ms, end_ms];
  const from_ms = Math.max(begin_ms, moved_ms - EVENT_MS);
  const to_ms = Math.min(end_ms, moved_ms + look.response_ms + EVENT_MS);
  return from_ms <= to_ms ? [from_ms, to_ms] : [begin_ms, end_ms];
}

/** Half duplex, and slower than this port was before; both only while it is up. */
function feedQuality(look: PortLook, step: TableStep, place: number, port: string): void {
  const { device, polled, goings } = look;
  const up = step.value('ifOperStatus', place) === UP && isPhysical(step, place);
  const mbps = up ? speedAt(step, place) : null;
  if (mbps !== null) polled.best[port] = Math.max(polled.best[port] ?? 0, mbps);
  const now = {
    half_duplex: up && step.value('dot3StatsDuplexStatus', place) === HALF,
    speed_fall: mbps !== null && mbps < (polled.best[port] ?? 0),
  };
  const poor = POOR.filter((what) => now[what]);
  for (const what of polled.poor[port] ?? []) {
    if (!now[what]) goings.end(`${what}/${device}/${port}`);
  }
  if (poor.length > 0) polled.poor[port] = poor;
  else delete polled.poor[port];
}

function speedAt(step: TableStep, place: number): number | null {
  return speedOf(big(step.value('ifSpeed', place)), big(step.value('ifHighSpeed', place)));
}

function big(cell: Cell): bigint | null {
  return cell === null ? null : BigInt(cell);
}
