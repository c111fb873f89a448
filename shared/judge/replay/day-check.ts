import { shortDay } from '../../papers/day-write.ts';
import type { DayDevice, DayPaper } from '../../papers/types.ts';
import type { DeviceCarry } from '../site/material.ts';
import { type Difference, firstDifference } from './differences.ts';
import type { ReplayedDay } from './site-replay.ts';

/**
 * Whether a ledgered day says what was computed again; null: it does, else the first place where it
 * does not. When a device answered last is asked of no other time than this day's own: older
 * answers are carried in, so these two members are left out.
 */
export function dayDifference(paper: DayPaper, replayed: ReplayedDay): Difference | null {
  const own: DayPaper = { ...paper, carry: withoutReplies(replayed.carry) };
  const said: DayPaper = { ...paper, carry: withoutReplies(paper.carry) };
  return firstDifference(shortDay(said), shortDay(own));
}

function withoutReplies(carry: ReplayedDay['carry']): DayPaper['carry'] {
  const devices = Object.entries(carry.devices).map(([code, device]): [string, DayDevice] => {
    const told: DeviceCarry = device;
    return [code, { ...told, last_reply_ms: null, ever_answered: false }];
  });
  return { ...carry, devices: Object.fromEntries(devices) };
}
