/** What decides whose a device is in an overlap: when each agent's list with it began and ended. */
interface Owned {
  readonly agent: string;
  readonly from_ms: number;
  /** Null: not given up. */
  readonly to_ms: number | null;
}

/**
 * Windows of one device, cut so that every moment has one owner (accounting §1), ascending. The
 * agent whose list with the device began last has it: one that died, or is cut off, never says
 * that it gave a device up, and expecting it of two agents would count its time twice.
 */
export function ownWindows<Window extends Owned>(windows: readonly Window[]): Window[] {
  const endOf = ({ to_ms }: Owned) => to_ms ?? Number.POSITIVE_INFINITY;
  const edges = [...new Set(windows.flatMap((window) => [window.from_ms, endOf(window)]))];
  edges.sort((a, b) => a - b);
  const out: Window[] = [];
  let before: Window | undefined;
  for (const [k, from_ms] of edges.entries()) {
    const to_ms = edges[k + 1];
    if (to_ms === undefined) break;
    let owner: Window | undefined;
    for (const window of windows) {
      if (window.from_ms > from_ms || endOf(window) < to_ms) continue;
      if (owner === undefined || isLater(window, owner)) owner = window;
    }
    const end = to_ms === Number.POSITIVE_INFINITY ? null : to_ms;
    const last = out.at(-1);
    if (owner !== undefined && owner === before && last !== undefined) {
      out[out.length - 1] = { ...last, to_ms: end };
    } else if (owner !== undefined) out.push({ ...owner, from_ms, to_ms: end });
    before = owner;
  }
  return out;
}

/** Of two that began in the same minute the one with the later code: any fixed order will do. */
export function isLater(a: Omit<Owned, 'to_ms'>, b: Omit<Owned, 'to_ms'>): boolean {
  return a.from_ms > b.from_ms || (a.from_ms === b.from_ms && a.agent > b.agent);
}
