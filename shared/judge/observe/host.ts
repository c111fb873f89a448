import type { AgentEvent, HostPart } from '../../measure/batch.ts';
import { FLAP_CHANGES, FLAP_MS } from '../counters/findings.ts';
import type { PlanState } from './plan.ts';
import type { FactDraft, Goings, Pointer, Sayer } from './rows.ts';
import type { Material, ObserveState } from './state.ts';

/** Frames a second, all the time since the batch before: a download takes 8,000 at 100 Mb/s. */
const SURGE_FPS = 10_000;
/** Shorter batches count too few frames to tell a burst from a storm, ms. */
const SURGE_MS_MIN = 5_000;
const JOIN_MS = 600_000;
const HALF = 2;
const FULL = 3;

export interface HostLook {
  readonly state: ObserveState;
  readonly pointer: Pointer;
  readonly offset_ms: number;
  readonly plan: PlanState | null;
  readonly codes: readonly string[] | null;
  readonly out: Sayer;
  readonly goings: Goings;
}

/** What the agent's program and host said: starts and stops, carrier, mains, disk, addresses. */
export function feedEvents(look: HostLook, batch: Material): void {
  const before_ms = look.state.sealed_ms;
  const sealed_ms = batch.sealed_mono_ms + look.offset_ms;
  const started = batch.events.some(({ code }) => code === 'start' || code === 'suspend');
  if (batch.new_boot && !started) {
    // Its first batch is lost, but a machine that was started anew began its program anew.
    sayAgent(look, Math.min(before_ms ?? sealed_ms, sealed_ms), sealed_ms, true);
  }
  if (batch.disk_full) {
    const { agent } = look.pointer;
    const from_ms = Math.min(before_ms ?? sealed_ms, sealed_ms);
    const draft: FactDraft = { what: 'disk_full', agent };
    look.out.fact(`disk_full/${agent}/${from_ms}`, from_ms, sealed_ms, draft, look.pointer);
  }
  for (const event of batch.events) feedEvent(look, batch, event);
}

function sayAgent(look: HostLook, from_ms: number, to_ms: number, new_boot: boolean): void {
  const { agent } = look.pointer;
  const draft: FactDraft = { what: 'agent_start', agent, new_boot };
  look.out.fact(`agent_start/${agent}/${to_ms}`, from_ms, to_ms, draft, look.pointer);
}

function feedEvent(look: HostLook, batch: Material, event: AgentEvent): void {
  const { out, pointer, state } = look;
  const { agent } = pointer;
  const at_ms = event.mono_ms + look.offset_ms;
  const say = (draft: FactDraft, ms = at_ms, name = '') =>
    out.fact(`${draft.what}/${agent}${name}/${ms}`, ms, ms, draft, pointer);
  switch (event.code) {
    case 'start':
      sayAgent(look, at_ms, at_ms, batch.new_boot);
      break;
    case 'stop':
      say({ what: 'agent_stop', agent });
      break;
    case 'suspend':
      // Monotonic time stood still: the machine fell asleep so long before it said so.
      say({ what: 'agent_stop', agent }, at_ms - (event.value ?? 0));
      sayAgent(look, at_ms, at_ms, false);
      break;
    case 'link_down':
    case 'link_up':
      feedCarrier(look, event.code === 'link_up', at_ms);
      break;
    case 'ac_off':
    case 'ac_on':
      state.ac_line = event.code === 'ac_on';
      say({ what: 'ac_line', agent, on: state.ac_line });
      break;
    case 'disk_full':
      say({ what: 'disk_full', agent });
      break;
    case 'mac_conflict':
    case 'address_duplicate': {
      const device = look.codes?.[event.target ?? -1];
      if (device !== undefined) say({ what: 'duplicate_address', device }, at_ms, `/${device}`);
      break;
    }
    default:
  }
}

function feedCarrier(look: HostLook, up: boolean, at_ms: number): void {
  const { state, out, pointer, plan } = look;
  const { agent } = pointer;
  const { carrier } = state;
  const key = `carrier/${agent}/${up ? 'up' : 'down'}/${at_ms}`;
  out.fact(key, at_ms, at_ms, { what: 'carrier', agent, up }, pointer);
  if (!up) {
    carrier.lost_ms = at_ms;
    return;
  }
  const { lost_ms } = carrier;
  carrier.lost_ms = null;
  if (lost_ms === null || lost_ms > at_ms) return;
  carrier.flaps = carrier.flaps.filter(([, to_ms]) => at_ms - to_ms <= FLAP_MS);
  carrier.flaps.push([lost_ms, at_ms]);
  const cord = plan?.agents[agent];
  // Somebody who moves the agent pulls its cord once; a cord that is broken goes on and on.
  if (cord === undefined || carrier.flaps.length < FLAP_CHANGES) return;
  const { device, port = null } = cord;
  for (const [from_ms, to_ms] of carrier.flaps) {
    const draft: FactDraft = { what: 'flap', device, port };
    out.fact(`flap/${device}/${port ?? ''}/${agent}/${from_ms}`, from_ms, to_ms, draft, pointer);
  }
  carrier.flaps = carrier.flaps.slice(-FLAP_CHANGES);
}

/** What the agent's host knows of itself at the end of the batch. */
export function feedHost(look: HostLook, host: HostPart, sealed_ms: number): void {
  const { state, out, pointer, plan, goings } = look;
  const { agent } = pointer;
  if (host.ac_line !== null && host.ac_line !== state.ac_line) {
    // Mains that are there are news only after they were gone.
    if (state.ac_line !== null || !host.ac_line) {
      const from_ms = Math.min(state.sealed_ms ?? sealed_ms, sealed_ms);
      const draft: FactDraft = { what: 'ac_line', agent, on: host.ac_line };
      out.fact(`ac_line/${agent}/${from_ms}`, from_ms, sealed_ms, draft, pointer);
    }
    state.ac_line = host.ac_line;
  }
  const cord = plan?.agents[agent];
  if (cord === undefined) return;
  const { device, port } = cord;
  const span_ms = state.sealed_ms === null ? 0 : sealed_ms - state.sealed_ms;
  const most = (SURGE_FPS * span_ms) / 1_000;
  if (span_ms >= SURGE_MS_MIN && host.rx_frames !== null && host.rx_frames >= most) {
    const draft: FactDraft = { what: 'broadcast_surge', device };
    const key = `broadcast_surge/${device}/${agent}`;
    goings.extend(key, draft, sealed_ms - span_ms, sealed_ms, JOIN_MS);
  }
  if (host.duplex === null || port === undefined) return;
  const other = duplexOf(state, device, Number(port));
  if (other === null || other === host.duplex) return;
  const draft: FactDraft = { what: 'duplex_mismatch', device, port };
  goings.extend(`duplex_mismatch/${device}/${port}/${agent}`, draft, sealed_ms, sealed_ms, JOIN_MS);
}

/** What the switch says of the port that the agent hangs on. */
function duplexOf(state: ObserveState, device: string, port: number): HostPart['duplex'] {
  const { tables = {} } = state.polled[device] ?? {};
  for (const number in tables) {
    const table = tables[number];
    const column = table?.values[table.names.indexOf('dot3StatsDuplexStatus')];
    if (column === undefined) continue;
    const value = column[table?.if_index.indexOf(port) ?? -1] ?? null;
    if (value === HALF) return 'half';
    if (value === FULL) return 'full';
  }
  return null;
}
