/** Where a fact was signed. */
interface Pointer {
  readonly agent: string;
  readonly epoch: number;
  readonly seq: number;
}

interface Seen {
  /** It happened in [from_ms, to_ms]: polls see a change only between two looks. */
  readonly from_ms: number;
  readonly to_ms: number;
  readonly pointer: Pointer;
}

/** What agents saw beside the slots: a closed union. `device` is always a code of the inventory. */
export type Fact = Seen &
  (
    | { readonly what: 'restart'; readonly device: string; readonly evidence: string }
    | {
        readonly what: 'link';
        readonly device: string;
        readonly port: string;
        readonly up: boolean;
      }
    | { readonly what: 'flap'; readonly device: string; readonly port: string | null }
    | { readonly what: 'ac_line'; readonly agent: string; readonly on: boolean }
    | { readonly what: 'ups_on_battery'; readonly device: string; readonly on: boolean }
    | { readonly what: 'agent_stop'; readonly agent: string }
    | { readonly what: 'agent_start'; readonly agent: string; readonly new_boot: boolean }
    | { readonly what: 'carrier'; readonly agent: string; readonly up: boolean }
    | { readonly what: 'disk_full'; readonly agent: string }
    | { readonly what: 'large_echo_loss'; readonly device: string; readonly minutes: number }
    | {
        readonly what: 'error_growth';
        readonly device: string;
        readonly port: string;
        readonly ratio: number;
      }
    | {
        readonly what: 'duplex_mismatch' | 'late_collisions' | 'half_duplex' | 'speed_fall';
        readonly device: string;
        readonly port: string;
      }
    | {
        readonly what:
          | 'mac_move'
          | 'broadcast_surge'
          | 'stp_change'
          | 'duplicate_address'
          | 'snmp_silent';
        readonly device: string;
      }
    | { readonly what: 'dns_fail' | 'app_fail'; readonly target: string }
    | {
        /** Of a silent endpoint's port, over the whole of [from_ms, to_ms]. */
        readonly what: 'port_traffic';
        readonly device: string;
        readonly full_speed: boolean;
        readonly traffic: boolean;
      }
  );

export type FactName = Fact['what'];
export type FactOf<N extends FactName> = Fact & { readonly what: N };

/** What a fact is about: a device, an agent, or a target. */
export function subjectOf(fact: Fact): string {
  if ('device' in fact) return fact.device;
  return 'agent' in fact ? fact.agent : fact.target;
}

export function portOf(fact: Fact): string | null {
  return 'port' in fact ? fact.port : null;
}

/** Total order of facts that does not depend on how they came. */
function compareFacts(a: Fact, b: Fact): number {
  if (a.from_ms !== b.from_ms) return a.from_ms - b.from_ms;
  if (a.to_ms !== b.to_ms) return a.to_ms - b.to_ms;
  const left = JSON.stringify(sortedEntries(a));
  const right = JSON.stringify(sortedEntries(b));
  return left < right ? -1 : left > right ? 1 : 0;
}

function sortedEntries(fact: Fact): unknown[] {
  const { agent, epoch, seq } = fact.pointer;
  const own = Object.entries(fact).filter(([name]) => name !== 'pointer');
  return [...own.sort(([a], [b]) => (a < b ? -1 : 1)), agent, epoch, seq];
}

interface Shelf {
  readonly facts: Fact[];
  /** Longest fact on it: how far before a span one may begin that reaches into it. */
  longest_ms: number;
}

/** Facts by name, looked up by time. */
export class FactIndex {
  readonly all: readonly Fact[];
  readonly #shelves = new Map<FactName, Shelf>();

  constructor(facts: readonly Fact[]) {
    this.all = [...facts].sort(compareFacts);
    for (const fact of this.all) {
      const shelf = this.#shelves.get(fact.what) ?? { facts: [], longest_ms: 0 };
      shelf.facts.push(fact);
      shelf.longest_ms = Math.max(shelf.longest_ms, fact.to_ms - fact.from_ms);
      this.#shelves.set(fact.what, shelf);
    }
  }

  /** Facts of a name that may have happened in [from_ms, to_ms], in order. */
  within<N extends FactName>(what: N, from_ms: number, to_ms: number): FactOf<N>[] {
    const shelf = this.#shelves.get(what);
    if (shelf === undefined) return [];
    const out: FactOf<N>[] = [];
    for (let k = firstFrom(shelf.facts, from_ms - shelf.longest_ms); ; k++) {
      const fact = shelf.facts[k];
      if (fact === undefined || fact.from_ms > to_ms) return out;
      if (fact.to_ms >= from_ms && isNamed(fact, what)) out.push(fact);
    }
  }

  of<N extends FactName>(what: N): FactOf<N>[] {
    return this.within(what, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  }
}

function isNamed<N extends FactName>(fact: Fact, what: N): fact is FactOf<N> {
  return fact.what === what;
}

/** Index of the first fact that begins at or after `at_ms`. */
function firstFrom(facts: readonly Fact[], at_ms: number): number {
  let low = 0;
  let high = facts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((facts[middle]?.from_ms ?? Number.POSITIVE_INFINITY) < at_ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
