import { cut } from './place.ts';
import { itemClass } from './slots.ts';
import { type DeviceState, ITEMS_MAX, type Item } from './state.ts';
import type { SlotClass } from './types.ts';
import { isLost, ticksBefore, type Vantage } from './vantage.ts';

/** Slots and what they are, for good or as it stands now. */
export interface Judged {
  readonly item: Item;
  readonly cls: SlotClass;
}

/** Splits off what is final from item `first` on; `device.items` keeps the rest. */
export function judgeItems(
  device: DeviceState,
  first: number,
  now: Vantage,
): { final: Judged[]; open: Judged[] } {
  const final: Judged[] = [];
  const open: Judged[] = [];
  const kept: Item[] = [];
  const all = device.items.length > ITEMS_MAX;
  for (const item of device.items.slice(first)) {
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
  const { answered_ms, isolated } = now;
  const over = answered_ms === null || ticksBefore(device, item, answered_ms + 1) === item.n;
  if (isolated.length === 0 && over) return [{ item, cls: 'no_reply', isFinal: true }];
  const out: (Judged & { readonly isFinal: boolean })[] = [];
  let used = 0;
  const take = (upTo: number, cls: SlotClass, isFinal: boolean) => {
    if (upTo <= used) return;
    const part = cut(item, item.s + used, upTo - used);
    const silent = isFinal && cls === 'vantage_isolated';
    out.push({ item: silent ? { ...part, cls } : part, cls, isFinal });
    used = upTo;
  };
  // Ticks of one item are 0 … n−1; those sent up to an instant are counted, not searched.
  const upTo = (ms: number) => ticksBefore(device, item, ms);
  for (const [from_ms, to_ms] of isolated) {
    take(upTo(from_ms + 1), 'no_reply', true);
    take(upTo(to_ms), 'vantage_isolated', true);
  }
  if (answered_ms === null) take(item.n, 'no_reply', true);
  else take(upTo(answered_ms + 1), 'no_reply', true);
  take(item.n, now.open ? 'vantage_isolated' : 'no_reply', now.settled);
  return out;
}
