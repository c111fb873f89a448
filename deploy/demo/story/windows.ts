/** A stretch of time that comes back; `every_ms` infinite: it comes once. */
export interface Window {
  readonly every_ms: number;
  /** Start inside the cycle, which began at 1970; of a single window: UTC epoch ms. */
  readonly at_ms: number;
  readonly for_ms: number;
  /** While it lasts: on and off again in this rhythm, on first. */
  readonly flap_ms?: number;
}

/** What holds at an instant, and until when nothing changes. */
export interface Phase {
  readonly on: boolean;
  /** UTC epoch ms, may be infinite. */
  readonly until_ms: number;
}

/** A window that comes once. */
export function once(at_ms: number, for_ms: number): Window {
  return { every_ms: Number.POSITIVE_INFINITY, at_ms, for_ms };
}

/** A window that counts from `from_ms` on only, UTC epoch ms. */
export interface Timed<W extends Window = Window> {
  readonly window: W;
  readonly from_ms: number;
}

export function timed<W extends Window>(window: W, from_ms = 0): Timed<W> {
  return { window, from_ms };
}

/** As phaseOf; closed before the window counts. */
export function timedPhase({ window, from_ms }: Timed, at_ms: number): Phase {
  return at_ms < from_ms ? { on: false, until_ms: from_ms } : phaseOf(window, at_ms);
}

/** The same window, open so much longer. */
export function longer<W extends Window>({ window, from_ms }: Timed<W>, by_ms: number): Timed<W> {
  return { window: { ...window, for_ms: window.for_ms + by_ms }, from_ms };
}

/** Whether the window is open at an instant. */
export function phaseOf(window: Window, at_ms: number): Phase {
  const into = (at_ms % window.every_ms) - window.at_ms;
  if (into < 0) return { on: false, until_ms: at_ms - into };
  if (into >= window.for_ms) return { on: false, until_ms: at_ms + window.every_ms - into };
  const end_ms = at_ms + window.for_ms - into;
  if (window.flap_ms === undefined) return { on: true, until_ms: end_ms };
  const on = Math.floor(into / window.flap_ms) % 2 === 0;
  const turn_ms = at_ms + window.flap_ms - (into % window.flap_ms);
  return { on, until_ms: Math.min(end_ms, turn_ms) };
}

/** Open while one of the windows is; `until_ms` may come early, never late. */
export function anyOf(windows: readonly Timed[], at_ms: number): Phase {
  let on = false;
  let until_ms = Number.POSITIVE_INFINITY;
  for (const window of windows) {
    const phase = timedPhase(window, at_ms);
    on ||= phase.on;
    until_ms = Math.min(until_ms, phase.until_ms);
  }
  return { on, until_ms };
}
