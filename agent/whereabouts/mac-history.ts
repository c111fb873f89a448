/** Readings are kept this long: no verdict comes later than its interval of 600 s, ms. */
const KEPT_MS = 660_000;
/** Changes kept for one address. One that changes faster for long is not believed at all. */
const RUNS_MAX = 64;

/** From the look before it was seen until the first look that did not see it. */
interface Run {
  readonly mac: string | null;
  readonly after_ms: number;
  until_ms: number;
}

interface Story {
  readonly runs: Run[];
  /** Runs that ended before this were dropped. */
  lost_ms: number;
}

/** What the neighbour table said of one address during a span. */
export interface SeenMacs {
  /** The expected MAC stood there at some look. */
  readonly own: boolean;
  /** Another one stood there at some look: its newest. */
  readonly foreign: string | null;
}

/**
 * Remembers which MAC the kernel held for watched addresses. A change happened somewhere between
 * two looks, so both values count for that gap: no span gets away with a MAC that it could have
 * met. It owns no timer; a MAC that comes and goes between two looks is not seen.
 */
export class MacHistory {
  readonly #stories = new Map<string, Story>();
  #looked_ms = Number.NEGATIVE_INFINITY;

  /** Only these addresses from now on; what is known of them stays. */
  watch(addresses: ReadonlySet<string>): void {
    for (const address of this.#stories.keys()) {
      if (!addresses.has(address)) this.#stories.delete(address);
    }
    for (const address of addresses) {
      if (!this.#stories.has(address)) {
        this.#stories.set(address, { runs: [], lost_ms: Number.NEGATIVE_INFINITY });
      }
    }
  }

  get size(): number {
    return this.#stories.size;
  }

  /** One look at the table; `at_ms` never falls. */
  look(at_ms: number, table: ReadonlyMap<string, string>): void {
    for (const [address, story] of this.#stories) {
      const mac = table.get(address) ?? null;
      const last = story.runs.at(-1);
      if (last?.mac === mac) continue;
      if (last !== undefined) last.until_ms = at_ms;
      const after_ms = last === undefined ? at_ms : this.#looked_ms;
      story.runs.push({ mac, after_ms, until_ms: Number.POSITIVE_INFINITY });
      const old = story.runs[0];
      if (old === undefined) continue;
      if (story.runs.length <= RUNS_MAX && old.until_ms >= at_ms - KEPT_MS) continue;
      story.runs.shift();
      story.lost_ms = old.until_ms;
    }
    this.#looked_ms = at_ms;
  }

  /** What stood at `address` from the last look before `from_ms` to the first after `to_ms`. */
  between(address: string, mac: string, from_ms: number, to_ms: number): SeenMacs {
    const story = this.#stories.get(address);
    if (story === undefined || from_ms < story.lost_ms) return { own: false, foreign: null };
    const met = story.runs.filter((run) => run.after_ms <= to_ms && run.until_ms >= from_ms);
    const foreign = met.findLast((run) => run.mac !== null && run.mac !== mac)?.mac ?? null;
    return { own: met.some((run) => run.mac === mac), foreign };
  }
}
