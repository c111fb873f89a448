import { HOUR_MS, hourOf } from '../chunk.ts';
import { GAP_MAX_MS } from '../counters/deltas.ts';
import type { Fact } from '../site/facts.ts';
import { GOING_MAX, type Going, type ObserveState } from './state.ts';
import type { Seen, SeenRow } from './types.ts';

const MINUTE_MS = 60_000;
/** Polls that lie further apart tell nothing of the time between, ms: as for counters. */
export const POLL_GAP_MS = GAP_MAX_MS;
/** What goes on is said again when it passes one of these UTC times: a row a minute is too much. */
const SAY_EVERY_MS = 300_000;

type Bare<F> = F extends unknown ? Omit<F, 'from_ms' | 'to_ms' | 'pointer'> : never;
/** A fact without its time and place. */
export type FactDraft = Bare<Fact>;

export interface Pointer {
  readonly agent: string;
  readonly epoch: number;
  readonly seq: number;
}

/** Takes the rows of one input; of those with one key the last one stays. */
export class Sayer {
  readonly #rows = new Map<string, SeenRow>();

  get rows(): SeenRow[] {
    return [...this.#rows.values()];
  }

  put(key: string, from_ms: number, to_ms: number, seen: Seen): void {
    this.#rows.set(key, { key, from_ms, to_ms, seen });
  }

  fact(key: string, from_ms: number, to_ms: number, draft: FactDraft, pointer: Pointer): void {
    // The draft's type is a fact's without just these three members.
    this.put(key, from_ms, to_ms, { ...draft, from_ms, to_ms, pointer } as Fact);
  }
}

/** Facts that go on from batch to batch, said an hour at a time. */
export class Goings {
  readonly #going: Record<string, Going>;
  readonly #pointer: Pointer;
  readonly #out: Sayer;

  constructor(state: ObserveState, pointer: Pointer, out: Sayer) {
    this.#going = state.going;
    this.#pointer = pointer;
    this.#out = out;
  }

  /** It was so in [from_ms, to_ms]; what was so up to `join_ms` before is the same fact. */
  extend(key: string, fact: FactDraft, from_ms: number, to_ms: number, join_ms: number): void {
    const known = this.#going[key];
    if (known !== undefined && from_ms >= known.from_ms && from_ms - known.to_ms <= known.join_ms) {
      known.to_ms = Math.max(known.to_ms, to_ms);
      const turn = (ms: number) => Math.floor(ms / SAY_EVERY_MS);
      if (turn(known.to_ms) > turn(known.said_ms)) this.#say(key, known);
      return;
    }
    this.end(key);
    const made: Going = { fact, from_ms, to_ms, said_ms: from_ms, join_ms };
    this.#say(key, made);
    if (Object.keys(this.#going).length < GOING_MAX) this.#going[key] = made;
  }

  /** It is not so any more: its last time is said. */
  end(key: string): void {
    const known = this.#going[key];
    if (known === undefined) return;
    if (known.to_ms > known.said_ms) this.#say(key, known);
    delete this.#going[key];
  }

  /**
   * Ends what was not seen for so long that nothing placed from `now_ms` on can join it: what a
   * poll shows may reach back to the poll before. So it does not matter where batches are cut.
   */
  sweep(now_ms: number): void {
    for (const key in this.#going) {
      const known = this.#going[key];
      if (known !== undefined && now_ms - known.to_ms > known.join_ms + POLL_GAP_MS) this.end(key);
    }
  }

  /** A row for each hour from the one that was last said on. */
  #say(key: string, going: Going): void {
    const { fact, from_ms, to_ms, said_ms } = going;
    for (let hour = hourOf(said_ms); hour <= hourOf(to_ms); hour += HOUR_MS) {
      const first_ms = Math.max(from_ms, hour);
      const last_ms = Math.min(to_ms, hour + HOUR_MS);
      // An end on the hour belongs to the hour that it ends.
      if (last_ms < first_ms || (last_ms === first_ms && first_ms > from_ms)) continue;
      const draft = timed(fact, first_ms, last_ms);
      this.#out.fact(`${key}/${first_ms}`, first_ms, last_ms, draft, this.#pointer);
    }
    going.said_ms = to_ms;
  }
}

function timed(fact: FactDraft, from_ms: number, to_ms: number): FactDraft {
  if (fact.what !== 'large_echo_loss') return fact;
  const minutes = Math.floor(to_ms / MINUTE_MS) - Math.floor(from_ms / MINUTE_MS) + 1;
  return { ...fact, minutes };
}
