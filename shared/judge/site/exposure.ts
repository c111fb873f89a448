import { intersect, type Span, subtract, union } from '../spans.ts';
import type { SiteSettings } from './settings.ts';
import { gridAt, type Silence, type Track } from './tracks.ts';

/** What is left of a device's silences outside its maintenance. */
export interface Exposure {
  /** Maintenance on the device's slot grid: a slot belongs to the window in which it starts. */
  readonly maintenance: readonly Span[];
  /** Remains of at least three slots: outages, or off. */
  readonly bad: readonly Span[];
  /** Shorter remains beside an answer: lost packets. */
  readonly up: readonly Span[];
  /** Shorter remains beside no answer. */
  readonly short: readonly Span[];
}

/** Takes maintenance out of silences; a remain is judged like any run of lost slots (§2). */
export function exposureOf(track: Track, settings: SiteSettings): Exposure {
  const { grids } = track.material;
  const snap = (ms: number) => {
    const step_ms = gridAt({ ...(grids && { grids }), interval_ms: track.interval_ms }, ms);
    return step_ms === 0 ? ms : Math.ceil(ms / step_ms) * step_ms;
  };
  const maintenance = union(
    track.material.maintenance.map(({ from_ms, to_ms }) => ({
      from_ms: snap(from_ms),
      to_ms: snap(to_ms),
    })),
  );
  const bad: Span[] = [];
  const up: Span[] = [];
  const short: Span[] = [];
  const answered = track.base.filter((piece) => piece.state === 'up');
  const starts = new Set(answered.map((piece) => piece.from_ms));
  const ends = new Set(answered.map((piece) => piece.to_ms));
  for (const silence of track.silences) {
    for (const left of subtract([silence], maintenance)) {
      const whole = left.from_ms === silence.from_ms && left.to_ms === silence.to_ms;
      if (whole || left.to_ms - left.from_ms >= settings.down_slots * silence.interval_ms)
        bad.push(left);
      else if (ends.has(left.from_ms) || starts.has(left.to_ms)) up.push(left);
      else short.push(left);
    }
  }
  return { maintenance, bad: union(bad), up: union(up), short: union(short) };
}

/** The part of a silence that counts as bad in [from_ms, to_ms). */
export function badPart(exposure: Exposure, span: Span): Span[] {
  return intersect(exposure.bad, [span]);
}

/** Whether the whole of a silence lies in the device's maintenance. */
export function isHidden(exposure: Exposure, silence: Silence): boolean {
  return subtract([silence], exposure.maintenance).length === 0;
}
