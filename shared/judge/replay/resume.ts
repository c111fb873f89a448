/**
 * Going on inside a history: what a batch of long before, the lists and the `day` document at the
 * begin say of the time that is not judged again.
 */
import type { DayDevice } from '../../papers/types.ts';
import { carriersOf, type DeviceWindow, floorMinute } from '../lists.ts';
import { ticksOf } from '../pending.ts';
import type { AgentState, DeviceState, KeptList } from '../state.ts';
import { DOWN_SLOTS_MIN } from '../states.ts';
import type { JudgeInput } from '../types.ts';
import type { Level1Rows } from './rows.ts';

type Batch = Extract<JudgeInput, { kind: 'batch' }>;

export interface Resumed {
  /** Called between the two folds of an agent's first batch: before it, and after it. */
  before(agent: AgentState, batch: Batch): void;
  after(agent: AgentState, rows: Level1Rows): void;
  /** A window, from where it may have begun: whose list came last has a device that two name. */
  begun(window: DeviceWindow): DeviceWindow;
}

/** `devices`: of the `day` document at the begin. */
export function createResumed(devices: Readonly<Record<string, DayDevice>>): Resumed {
  const issued = new Map<string, ReadonlyMap<string, number>>();
  const first = new Map<string, number>();
  return {
    before(agent, batch) {
      const { header, sections, seq } = batch;
      if (header === null) return;
      // Holes of long ago were closed by batches that nobody reads again.
      agent.gap = null;
      agent.seq = seq - 1;
      agent.observe.disk_full = false;
      issued.set(agent.agent, issuedOf(agent, header.list));
      const says = header.events.some(
        ({ code, value }) => code === 'list_applied' && value === header.list.version,
      );
      if (says || ticksOf(sections, seq, carriersOf(agent, header.list)).length > 0) return;
      const { version } = header.list;
      agent.applied = { version, utc_ms: floorMinute(header.closed_to_ms) };
    },
    after(agent, rows) {
      const { closed_ms, list } = agent;
      if (closed_ms === null || list === null) return;
      agent.gap = null;
      first.set(agent.agent, list.from_ms);
      for (const device of agent.devices) {
        const told = device === null ? undefined : devices[device.device];
        if (device === null || told === undefined || !told.ever_answered) continue;
        if (device.machine.last_reply_ms !== null) continue;
        remember(device, told, closed_ms);
        rows.forget(agent.agent, device.device);
      }
      lookBack(agent, devices, closed_ms);
    },
    begun(window) {
      if (window.from_ms > (first.get(window.agent) ?? Number.NEGATIVE_INFINITY)) return window;
      const issued_ms = issued.get(window.agent)?.get(window.device) ?? window.from_ms;
      return { ...window, from_ms: Math.min(window.from_ms, issued_ms) };
    },
  };
}

/**
 * When the list that brought each target was issued, by device: the first one since which it is
 * asked alike. Lists hold from the minute in which an agent takes them, which comes soon after.
 */
function issuedOf(
  { lists }: AgentState,
  named: { readonly version: number; readonly hash: string },
): ReadonlyMap<string, number> {
  const at = lists.findIndex(({ hash }) => hash === named.hash);
  const held = lists[at];
  const out = new Map<string, number>();
  if (held === undefined) return out;
  for (const target of held.targets) {
    let issued_ms = held.issued_ms;
    for (let k = at - 1; k >= 0; k -= 1) {
      const older = lists[k];
      if (older === undefined || !holds(older, target)) break;
      issued_ms = older.issued_ms;
    }
    out.set(target.device, floorMinute(issued_ms));
  }
  return out;
}

function holds({ targets }: KeptList, target: KeptList['targets'][number]): boolean {
  return targets.some(
    ({ device, own, probe, interval_ms }) =>
      device === target.device &&
      own === target.own &&
      probe === target.probe &&
      interval_ms === target.interval_ms,
  );
}

/** What its slots said before: a device that answered once is down, not one that never answers. */
function remember(device: DeviceState, told: DayDevice, closed_ms: number): void {
  const { machine } = device;
  const { silent_since_ms, earliest_ms, last_reply_ms } = told;
  device.said = [];
  device.shown = null;
  if (silent_since_ms === null || silent_since_ms >= closed_ms) {
    machine.last_reply_ms = Math.min(last_reply_ms ?? closed_ms, closed_ms);
    return;
  }
  machine.now = { from_ms: silent_since_ms, state: 'down', reason: null, earliest_ms };
  machine.lost = DOWN_SLOTS_MIN;
  machine.lost_from_ms = silent_since_ms;
  machine.last = 'lost';
  machine.last_reply_ms = earliest_ms ?? silent_since_ms;
  machine.fell = true;
}

/** Where the first batch has no answer at all, the silence around it may be the agent’s. */
function lookBack(
  agent: AgentState,
  devices: Readonly<Record<string, DayDevice>>,
  closed_ms: number,
): void {
  if (agent.answered_ms !== null) return;
  const replies = agent.devices.flatMap((device): [DeviceState, number][] => {
    const at_ms = device === null ? null : (devices[device.device]?.last_reply_ms ?? null);
    return device === null || at_ms === null || at_ms >= closed_ms ? [] : [[device, at_ms]];
  });
  if (replies.length === 0) return;
  const answered_ms = Math.max(...replies.map(([, at_ms]) => at_ms));
  agent.answered_ms = answered_ms;
  for (const [device, at_ms] of replies) {
    device.answered_at_gap = at_ms + device.interval_ms > answered_ms;
    device.lost_in_gap = true;
  }
}
