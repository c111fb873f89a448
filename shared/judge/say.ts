import { appendRun, type HourRun, slotRun } from './chunk.ts';
import { type Judged, judgeItems } from './final-items.ts';
import { itemClass } from './slots.ts';
import type { AgentState, DeviceState, Item } from './state.ts';
import { type EndedSpan, feed, finish, isShortRun, type Machine } from './states.ts';
import type { SlotClass, SlotRun, State, StateInterval, UnknownReason } from './types.ts';
import { isLost, sentAt, type Vantage } from './vantage.ts';

/** What a viewer sees of a device changed. */
export interface LiveChange {
  readonly device: string;
  readonly agent: string;
  readonly state: State;
  readonly reason: UnknownReason | null;
  readonly since_ms: number;
  /** Placed send time of the newest answered tick; null: never answered (`pending`). */
  readonly last_reply_ms: number | null;
}

/** Where the judge puts what it finds while an input is folded. */
export interface Said {
  /** Null: nobody wants them. */
  readonly slots: SlotRun[] | null;
  readonly states: StateInterval[];
  readonly live: LiveChange[];
}

const NOTHING: readonly Judged[] = [];

/**
 * Says what the closed slots of a device are. Those that nothing can change any more are fed to
 * its state machine and kept for their hour's chunk; the rest is said as it stands now and will be
 * said again, over what was said before.
 */
export function sayDevice(agent: AgentState, device: DeviceState, now: Vantage, out: Said): void {
  const { done } = device;
  const ended: EndedSpan[] = [];
  let plain = 0;
  // Closed and no loss: final as it is. Nearly always that is all, so no lists are made for it.
  for (const item of device.items) {
    if (item.s >= device.next || isLost(item)) break;
    conclude(agent, device, item, itemClass(item), ended, out);
    plain += 1;
  }
  let open = NOTHING;
  if (plain === device.items.length) device.items = [];
  else {
    const rest = judgeItems(device, plain, now);
    for (const { item, cls } of rest.final) conclude(agent, device, item, cls, ended, out);
    open = rest.open;
    for (const { item, cls } of open) {
      out.slots?.push(slotRun(agent.agent, device, asRun(item, cls)));
    }
  }
  // A window that ends where everything was said already still has to be closed.
  const ends = device.until_ms !== null && device.said.at(-1)?.to_ms === null;
  if (device.done > done || open.length > 0 || ends) sayStates(agent, device, ended, open, out);
}

/** Takes in what nothing can change any more. */
function conclude(
  agent: AgentState,
  device: DeviceState,
  item: Item,
  cls: SlotClass,
  ended: EndedSpan[],
  out: Said,
): void {
  appendRun(device, item, cls);
  feedItem(device, device.machine, item, cls, ended);
  out.slots?.push(slotRun(agent.agent, device, asRun(item, cls)));
  device.done = item.s + item.n;
}

function asRun(item: Item, cls: SlotClass): HourRun {
  const { s, n, code, epoch, seq } = item;
  return { s, n, cls, code, epoch, seq };
}

function feedItem(
  device: DeviceState,
  machine: Machine,
  item: Item,
  cls: SlotClass,
  ended: EndedSpan[],
): void {
  const from_ms = Math.max(device.from_ms, item.s * device.interval_ms);
  const first_sent_ms = sentAt(device, item, 0);
  const last_sent_ms = sentAt(device, item, item.n - 1);
  feed(machine, { class: cls, from_ms, slots: item.n, first_sent_ms, last_sent_ms }, ended);
}

function sayStates(
  agent: AgentState,
  device: DeviceState,
  ended: readonly EndedSpan[],
  open: readonly Judged[],
  out: Said,
): void {
  const { machine } = device;
  const unsure = open.length > 0 || isShortRun(machine);
  const view = unsure ? { ...machine } : machine;
  const later: EndedSpan[] = [];
  for (const { item, cls } of open) feedItem(device, view, item, cls, later);
  if (unsure) finish(view, later);
  if (ended.length === 0 && later.length === 0 && goesOn(device, view)) {
    show(agent, device, view, device.said, out);
    return;
  }
  const said: StateInterval[] = [];
  for (const span of [...ended, ...later]) said.push(interval(device, span, span.to_ms));
  if (view.now !== null) {
    // The window's end is known once a list without the device is in force.
    const over = device.until_ms !== null && device.next * device.interval_ms >= device.until_ms;
    said.push(interval(device, view.now, over ? device.until_ms : null));
  }
  let same = 0;
  while (same < said.length && sameInterval(said[same], device.said[same])) same++;
  if (same < said.length) {
    for (let k = same; k < said.length; k++) {
      const entry = said[k];
      if (entry !== undefined) out.states.push(entry);
    }
  }
  device.said = said.slice(ended.length);
  show(agent, device, view, said, out);
}

/** Nothing ended and the open state is the one that was said: so it is nearly always. */
function goesOn(device: DeviceState, { now }: Machine): boolean {
  const [said] = device.said;
  return (
    device.until_ms === null &&
    now !== null &&
    device.said.length === 1 &&
    said !== undefined &&
    said.to_ms === null &&
    said.from_ms === now.from_ms &&
    said.state === now.state &&
    said.reason === now.reason &&
    said.earliest_ms === now.earliest_ms
  );
}

/** An open run of 1 or 2 losses shows nothing yet: a lost packet would flicker on every screen. */
function show(
  agent: AgentState,
  device: DeviceState,
  machine: Machine,
  said: readonly StateInterval[],
  out: Said,
): void {
  const last = said.at(-1)?.reason === 'short_run' ? said.at(-2) : said.at(-1);
  if (last === undefined) return;
  const { shown } = device;
  if (shown?.state === last.state && shown.reason === last.reason) return;
  device.shown = { state: last.state, reason: last.reason };
  out.live.push({
    device: device.device,
    agent: agent.agent,
    state: last.state,
    reason: last.reason,
    since_ms: last.from_ms,
    last_reply_ms: machine.last_reply_ms,
  });
}

function interval(
  device: DeviceState,
  span: Omit<EndedSpan, 'to_ms'>,
  to_ms: number | null,
): StateInterval {
  const { from_ms, state, reason, earliest_ms } = span;
  return { device: device.device, from_ms, to_ms, state, reason, earliest_ms };
}

function sameInterval(a: StateInterval | undefined, b: StateInterval | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.from_ms === b.from_ms &&
    a.to_ms === b.to_ms &&
    a.state === b.state &&
    a.reason === b.reason &&
    a.earliest_ms === b.earliest_ms
  );
}
