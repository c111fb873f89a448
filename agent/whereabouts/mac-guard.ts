import type { RawCode } from '../../shared/measure/codes.ts';
import type { Neighbour } from '../platform/platform.ts';
import type { EngineProblem, ProbeSink, Row, Series } from '../probe/prober.ts';
import { MacHistory } from './mac-history.ts';
import type { Sought } from './sought.ts';

/**
 * The neighbour table is read every 400 ms while a target on an own subnet has a MAC. Linux
 * believes a second ARP answer only a second after the first (locktime), so no change stays unseen.
 */
export const LOOK_BEATS = 2;
/** Plans whose series may still have rows to come. */
const PLANS_MAX = 8;
/** ARP requests need no neighbour entry. */
const NO_ENTRY: ReadonlySet<string> = new Set(['arp']);
/** A page may stand at another address than the target. */
const ELSEWHERE: ReadonlySet<string> = new Set(['http']);

/** A target whose address on an own subnet must belong to its MAC. */
interface Watched {
  readonly sought: Sought;
  readonly address: string;
  /** Undefined: it is only listened to. */
  readonly mac: string | undefined;
}

interface Guarded {
  readonly series: Series;
  readonly watched: readonly (Watched | undefined)[];
}

interface PlanWatch {
  readonly from_mono_ms: number;
  readonly watched: ReadonlyMap<number, Watched>;
}

export interface MacGuardDeps {
  readonly sink: ProbeSink;
  readonly monotonic_ms: () => number;
  readonly neighbours: () => readonly Neighbour[] | null;
  readonly onLink: (address: string) => string | null;
  /** The table shows another MAC at a target's address; at each such verdict. */
  readonly onForeign: (sought: Sought, mac: string) => void;
}

/**
 * Stands between engines and recorder: a verdict whose question may have gone to another machine
 * than the listed one becomes `x` (contracts §2). The table tells whom the kernel asks; it is
 * looked at before the question, and again when the verdict is there.
 */
export class MacGuard implements ProbeSink {
  readonly #deps: MacGuardDeps;
  readonly #history = new MacHistory();
  readonly #series = new Map<number, Guarded>();
  #plans: PlanWatch[] = [];
  /** Interfaces on which the kernel keeps neighbours at all: not so on a tunnel. */
  readonly #speaking = new Set<string>();

  constructor(deps: MacGuardDeps) {
    this.#deps = deps;
  }

  /** Whether there is anything to look at. */
  get watches(): boolean {
    return this.#history.size > 0;
  }

  /** Series that begin at or after `from_mono_ms` are about these targets. */
  use(targets: readonly Sought[], from_mono_ms: number): void {
    const { onLink } = this.#deps;
    const watched = new Map(
      targets.flatMap((sought): [number, Watched][] => {
        const { address, index, mac } = sought;
        if (address === undefined) return [];
        const near = mac !== undefined && !address.includes(':') && onLink(address) !== null;
        return [[index, { sought, address, mac: near ? mac : undefined }]];
      }),
    );
    this.#plans = [...this.#plans, { from_mono_ms, watched }].slice(-PLANS_MAX);
    const all = this.#plans.flatMap((plan) => [...plan.watched.values()]);
    const addresses = all.flatMap(({ mac, address }) => (mac === undefined ? [] : [address]));
    this.#history.watch(new Set(addresses));
    this.look();
  }

  /** Reads the neighbour table once. */
  look(): void {
    if (!this.watches) return;
    const table = this.#deps.neighbours();
    if (table === null) return;
    for (const { nic } of table) this.#speaking.add(nic);
    const macs = new Map(table.map(({ address, mac }) => [address, mac]));
    this.#history.look(this.#deps.monotonic_ms(), macs);
  }

  open(series: Series): void {
    const plan =
      this.#plans.findLast(({ from_mono_ms }) => from_mono_ms <= series.t0_ms) ?? this.#plans[0];
    const watched = series.targets.map((index) => plan?.watched.get(index));
    if (watched.some((one) => one !== undefined)) this.#series.set(series.id, { series, watched });
    this.#deps.sink.open(series);
  }

  row(row: Row): void {
    const guarded = this.#series.get(row.series);
    if (guarded === undefined) {
      this.#deps.sink.row(row);
      return;
    }
    this.look();
    const { series, watched } = guarded;
    const sent_ms = series.t0_ms + row.n * series.interval_ms;
    const codes = row.codes.map((code, position) => {
      const one = watched[position];
      // What another address answers says nothing of where this device is.
      if (one === undefined || ELSEWHERE.has(series.probe)) return code;
      const judged = this.#judge(one, code, series, sent_ms);
      if (judged === 'r' || judged === 'a') one.sought.heard(true, sent_ms, series.interval_ms);
      if (judged === 'n') one.sought.heard(false, sent_ms, series.interval_ms);
      return judged;
    });
    const rtt_us = row.rtt_us.map((us, position) => (codes[position] === 'r' ? us : -1));
    // What a check saw of another machine is no detail of this one.
    const details = row.details?.map((detail, position) =>
      codes[position] === row.codes[position] ? detail : undefined,
    );
    this.#deps.sink.row({
      ...{ ...row, codes, rtt_us },
      ...(details === undefined ? {} : { details }),
    });
  }

  close(series: number): void {
    this.#series.delete(series);
    this.#deps.sink.close(series);
  }

  problem(problem: EngineProblem): void {
    this.#deps.sink.problem(problem);
  }

  #judge(
    { sought, address, mac }: Watched,
    code: RawCode,
    series: Series,
    sent_ms: number,
  ): RawCode {
    if (mac === undefined || code === 'x' || code === 'l') return code;
    const now_ms = this.#deps.monotonic_ms();
    const { own, foreign } = this.#history.between(address, mac, sent_ms, now_ms);
    if (foreign !== null) {
      this.#deps.onForeign(sought, foreign);
      return 'x';
    }
    if (own) sought.ownSeen();
    if (sought.doubledIn(sent_ms, now_ms)) return 'x';
    // An answer without any entry that it could have used: whose it was cannot be said.
    const nic = code === 'r' && !own ? this.#deps.onLink(address) : null;
    const unproven = nic !== null && this.#speaking.has(nic) && !NO_ENTRY.has(series.probe);
    return unproven ? 'x' : code;
  }
}
