import { appendRun, type HourRun, slotRun } from './chunk.ts';
import { cut } from './place.ts';
import { itemClass } from './slots.ts';
import { type AgentState, type DeviceState, ITEMS_MAX, type Item } from './state.ts';
import { type EndedSpan, feed, finish, type Machine } from './states.ts';
import type { SlotClass, SlotRun, State, StateInterval, UnknownReason } from './types.ts';
import { isLost, sentAt, ticksBefore, type Vantage } from './vantage.ts';

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

interface Judged {
  readonly item: Item;
  readonly cls: SlotClass;
}

/**
 * Says what the closed slots of a device are. Those that nothing can change any more are fed to
 * its state machine and kept for their hour's chunk; the rest is said as it stands now and will be
 * said again, over what was said before.
 */
export function sayDevice(agent: AgentState, device: DeviceState, now: Vantage, out: Said): void {
  const { final, open } = judgeItems(device, now);
  const ended: EndedSpan[] = [];
  for (const { item, cls } of final) {
    appendRun(device, item, cls);
    ended.push(...feedItem(device, device.machine, item, cls));
    out.slots?.push(slotRun(agent.agent, device, asRun(item, cls)));
    device.done = item.s + item.n;
  }
  for (const { item, cls } of open) {
    out.slots?.push(slotRun(agent.agent, device, asRun(item, cls)));
  }
  // A window that ends where everything was said already still has to be closed.
  const ends = device.until_ms !== null && device.said.at(-1)?.to_ms === null;
  if (final.length > 0 || open.length > 0 || ends) sayStates(agent, device, ended, open, out);
}

/** Splits off what is final; `device.items` keeps the rest and what is not closed. */
function judgeItems(device: DeviceState, now: Vantage): { final: Judged[]; open: Judged[] } {
  const final: Judged[] = [];
  const open: Judged[] = [];
  const kept: Item[] = [];
  const all = device.items.length > ITEMS_MAX;
  for (const item of device.items) {
    if (item.s >= device.next) {
      // A silence may end before the slots in it are closed; what it was is found only now.
      if (!isLost(item)) kept.push(item);
      else for (const part of splitLost(device, item, now)) kept.push(part.item);
    } else if (!isLost(item)) {
      const judged = { item, cls: itemClass(item) };
      if (kept.length === 0) final.push(judged);
      else {
        kept.push(item);
        open.push(judged);
      }
    } else {
      for (const part of splitLost(device, item, now)) {
        const isFinal = part.isFinal || all;
        if (isFinal && kept.length === 0) final.push(part);
        else {
          kept.push(part.item);
          open.push(part);
        }
      }
    }
  }
  // A list that grew keeps room for 17: in 50,000 devices that is more than all that they hold.
  device.items = kept.slice();
  return { final, open };
}

/** Cuts an item of losses at the edges of the silences; ascending. */
function splitLost(
  device: DeviceState,
  item: Item,
  now: Vantage,
): (Judged & { readonly isFinal: boolean })[] {
  const out: (Judged & { readonly isFinal: boolean })[] = [];
  let used = 0;
  const take = (upTo: number, cls: SlotClass, isFinal: boolean) => {
    if (upTo <= used) return;
    const part = cut(item, item.s + used, upTo - used);
    const isolated = isFinal && cls === 'vantage_isolated';
    out.push({ item: isolated ? { ...part, cls } : part, cls, isFinal });
    used = upTo;
  };
  const { answered_ms } = now;
  // Ticks of one item are 0 … n−1; those sent up to an instant are counted, not searched.
  const upTo = (ms: number) => ticksBefore(device, item, ms);
  for (const [from_ms, to_ms] of now.isolated) {
    take(upTo(from_ms + 1), 'no_reply', true);
    take(upTo(to_ms), 'vantage_isolated', true);
  }
  if (answered_ms === null) take(item.n, 'no_reply', true);
  else take(upTo(answered_ms + 1), 'no_reply', true);
  take(item.n, now.open ? 'vantage_isolated' : 'no_reply', now.settled);
  return out;
}

function asRun(item: Item, cls: SlotClass): HourRun {
  const { s, n, code, epoch, seq } = item;
  return { s, n, cls, code, epoch, seq };
}

function feedItem(device: DeviceState, machine: Machine, item: Item, cls: SlotClass): EndedSpan[] {
  const from_ms = Math.max(device.from_ms, item.s * device.interval_ms);
  const first_sent_ms = sentAt(device, item, 0);
  const last_sent_ms = sentAt(device, item, item.n - 1);
  return feed(machine, { class: cls, from_ms, slots: item.n, first_sent_ms, last_sent_ms });
}

function sayStates(
  agent: AgentState,
  device: DeviceState,
  ended: readonly EndedSpan[],
  open: readonly Judged[],
  out: Said,
): void {
  const { machine } = device;
  const unsure = open.length > 0 || machine.lost > 0;
  const view = unsure ? { ...machine } : machine;
  const later: EndedSpan[] = [];
  for (const { item, cls } of open) later.push(...feedItem(device, view, item, cls));
  if (unsure) later.push(...finish(view));
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
