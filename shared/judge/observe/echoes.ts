import type { ResultSection, SeriesPart } from '../../measure/batch.ts';
import { decodeRuns } from '../../measure/runs.ts';
import { limitUs, type PlanState } from './plan.ts';
import type { Goings, Pointer, Sayer } from './rows.ts';
import { MEMOS_MAX, type ObserveState } from './state.ts';

const MINUTE_MS = 60_000;
/** So many of the newest large echoes are looked at, and so many lost alone are a fact. */
const LARGE_LOOKED = 10;
const LARGE_LOST_MIN = 3;

export interface EchoLook {
  readonly state: ObserveState;
  readonly pointer: Pointer;
  readonly offset_ms: number;
  readonly plan: PlanState | null;
  readonly codes: readonly string[];
  readonly out: Sayer;
  readonly goings: Goings;
}

/** Series that observing reads: round trips of minutes, and large echoes with the small ones. */
export function feedEchoes(look: EchoLook, sections: readonly ResultSection[]): void {
  for (const { series } of sections) {
    for (const part of series) {
      if (part.probe === 'icmp' && part.rtt !== undefined) feedMinute(look, part);
      if (part.probe === 'echo_large') feedLarge(look, part, sections);
    }
  }
}

/** The minute is that of the newest tick: its round trips stand in the batch that ends it. */
function feedMinute(look: EchoLook, part: SeriesPart): void {
  const { plan, codes, out, offset_ms } = look;
  const sent_ms = part.t0 + (part.n0 + part.n - 1) * part.i + offset_ms;
  const at_ms = Math.floor(sent_ms / MINUTE_MS) * MINUTE_MS;
  const p95 = part.rtt?.p95 ?? [];
  for (let k = 0; k < p95.length; k++) {
    const p95_us = p95[k] ?? null;
    const device = codes[part.targets[k] ?? -1];
    if (p95_us === null || device === undefined) continue;
    const limit_us = limitUs(plan, device);
    if (limit_us === null || p95_us <= limit_us) continue;
    const seen = { what: 'slow', device, at_ms, p95_us } as const;
    out.put(`slow/${device}/${at_ms}`, at_ms, at_ms + MINUTE_MS, seen);
  }
}

function feedLarge(look: EchoLook, part: SeriesPart, sections: readonly ResultSection[]): void {
  const { state, codes } = look;
  const calm = `r${part.n}`;
  for (const [k, target] of part.targets.entries()) {
    const text = part.s[k] ?? '';
    const device = codes[target];
    if (device === undefined) continue;
    const before = state.large[device];
    if (text === calm && before === undefined) continue;
    let known = before ?? [];
    let tick = part.n0;
    for (const { code, ticks } of decodeRuns(text)) {
      for (let m = 0; m < ticks && code === 'n'; m++) {
        const mono_ms = part.t0 + (tick + m) * part.i;
        if (smallCode(sections, target, mono_ms) !== 'r') continue;
        known = lostAlone(look, device, known, mono_ms + look.offset_ms, part.i);
      }
      tick += ticks;
    }
    const over_ms = part.t0 + tick * part.i + look.offset_ms - LARGE_LOOKED * part.i;
    if ((known.at(-1) ?? 0) <= over_ms) {
      delete state.large[device];
      look.goings.end(`large_echo_loss/${device}`);
    } else if (before !== undefined || Object.keys(state.large).length < MEMOS_MAX) {
      state.large[device] = known;
    }
  }
}

/** Takes one lost large echo in, and forgets those that lie too far back. */
function lostAlone(
  { goings }: EchoLook,
  device: string,
  known: readonly number[],
  at_ms: number,
  interval_ms: number,
): number[] {
  const reach_ms = LARGE_LOOKED * interval_ms;
  // As at the end of a batch: what is over is said to its end, wherever batches are cut.
  if (at_ms - (known.at(-1) ?? at_ms) >= reach_ms) goings.end(`large_echo_loss/${device}`);
  const near = [...known.filter((ms) => ms < at_ms && at_ms - ms < reach_ms), at_ms];
  const [from_ms] = near;
  if (near.length >= LARGE_LOST_MIN && from_ms !== undefined) {
    const draft = { what: 'large_echo_loss', device, minutes: 1 } as const;
    goings.extend(`large_echo_loss/${device}`, draft, from_ms, at_ms, reach_ms - 1);
  }
  return near.slice(-LARGE_LOOKED);
}

/** Code of the small echo that was sent next to an instant; null: none in this batch. */
function smallCode(
  sections: readonly ResultSection[],
  target: number,
  mono_ms: number,
): string | null {
  for (const { series } of sections) {
    for (const { probe, targets, t0, i, n0, n, s } of series) {
      if (probe !== 'icmp') continue;
      const at = targets.indexOf(target);
      const tick = Math.round((mono_ms - t0) / i) - n0;
      // The neighbour of an echo at the batch's edge may stand in the batch beside it.
      if (at < 0 || tick < -1 || tick > n) continue;
      return codeAt(s[at] ?? '', Math.min(Math.max(tick, 0), n - 1));
    }
  }
  return null;
}

function codeAt(text: string, tick: number): string | null {
  let left = tick;
  for (const { code, ticks } of decodeRuns(text)) {
    if (left < ticks) return code;
    left -= ticks;
  }
  return null;
}
