import type { SlotRun, StateInterval } from '../../../../shared/judge/types.ts';
import { at } from '../site/world.ts';

/** Raw codes as in accounting §1, and `o`: nothing came from the agent. */
export type Code = 'r' | 'n' | 'a' | 'x' | 'o';
export type Change = readonly [from_s: number, to_s: number, code: Code | 'lossy', every?: number];

const REASONS = { x: 'not_sent', o: 'agent_off' } as const;
const CLASSES = {
  r: 'reply',
  n: 'no_reply',
  a: 'arp_only',
  x: 'not_sent',
  o: 'agent_off',
} as const;

/** Naive level 1: accounting §2 slot by slot. */
export function statesOf(
  device: string,
  codes: readonly Code[],
  step_s: number,
  begin_s: number,
  end_ms: number | null,
): StateInterval[] {
  const says = codes.map((code, k): Pick<StateInterval, 'state' | 'reason'> => {
    if (code === 'r' || code === 'a') return { state: 'up', reason: null };
    if (code !== 'n') return { state: 'unknown', reason: REASONS[code] };
    let first = k;
    let last = k;
    while (codes[first - 1] === 'n') first -= 1;
    while (codes[last + 1] === 'n') last += 1;
    const answers = (other: Code | undefined) => other === 'r' || other === 'a';
    if (last - first >= 2) return { state: 'down', reason: null };
    if (answers(codes[first - 1]) || answers(codes[last + 1])) return { state: 'up', reason: null };
    return { state: 'unknown', reason: 'short_run' };
  });
  const out: StateInterval[] = [];
  let reply_ms: number | null = null;
  says.forEach((now, k) => {
    const from_ms = at(begin_s + k * step_s);
    const last = out.at(-1);
    if (last === undefined || last.state !== now.state || last.reason !== now.reason) {
      if (last !== undefined) out[out.length - 1] = { ...last, to_ms: from_ms };
      const after = now.state === 'up' && last?.state === 'down' ? from_ms + 100 : null;
      const earliest_ms = now.state === 'down' ? reply_ms : after;
      out.push({ device, from_ms, to_ms: end_ms, ...now, earliest_ms });
    }
    if (codes[k] === 'r' || codes[k] === 'a') reply_ms = from_ms + 100;
  });
  return out;
}

export function runsOf(device: string, codes: readonly Code[], step_s: number): SlotRun[] {
  const out: SlotRun[] = [];
  codes.forEach((code, k) => {
    const last = out.at(-1);
    const kind = CLASSES[code];
    if (last !== undefined && last.class === kind) {
      out[out.length - 1] = { ...last, slots: last.slots + 1 };
      return;
    }
    const from_ms = at(k * step_s);
    const batch = { agent: 'do-1', epoch: 1, seq: 1 };
    const raw = code === 'o' ? null : code;
    out.push({
      device,
      from_ms,
      interval_ms: step_s * 1000,
      slots: 1,
      class: kind,
      code: raw,
      ...batch,
    });
  });
  return out;
}
