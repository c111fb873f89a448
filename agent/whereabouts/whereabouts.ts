import type { TargetRecord } from '../../shared/measure/targets.ts';
import type { AllowList } from '../allow.ts';
import type { CheckedList } from '../lists/targets.ts';
import type { Neighbour } from '../platform/platform.ts';
import { SWEEP_PER_S } from '../probe/arp-sweep.ts';
import type { Seeker } from '../probe/seek.ts';
import { type IdentityEvent, MacAudit } from './mac-audit.ts';
import { identityKey, type Sought, soughtOf } from './sought.ts';
import { isWithin, sweepAddresses } from './sweep-range.ts';

/** How often is looked whether somebody is missing, ms. */
const STEP_MS = 1_000;
/** Names asked in one step: the resolver's threads are few. */
const AT_ONCE = 2;
/** Names are asked for again this often, and while the device is silent, ms. */
const NAME_MS = 300_000;
const NAME_SILENT_MS = 30_000;
/** An address at which a device was not found is not tried again for this long, ms. */
const TRIED_MS = 10_000;
/** A sweep is no service probe: its interval only has to be harmless, ms. */
const SEARCH_INTERVAL_MS = 600_000;

export interface Limits {
  readonly allow: AllowList;
  /** What the list in force leaves of `max_packets_per_s`. */
  readonly spare_packets_per_s: number;
}

export interface WhereaboutsDeps {
  readonly monotonic_ms: () => number;
  readonly neighbours: () => readonly Neighbour[] | null;
  /** Null where no ARP can be sent: then only names are followed. */
  readonly seeker: Seeker | null;
  readonly resolve: (hostname: string) => Promise<readonly string[]>;
  /** The list is about to change: indexes mean two things. */
  readonly changing: () => boolean;
  /** Series that begin from then on are about these targets where they are now. */
  readonly watch: (targets: readonly Sought[], from_mono_ms: number) => void;
  readonly onEvent: (code: IdentityEvent, target: number) => void;
  /** A target was found at this address. */
  readonly onAddress: (target: number, address: string) => void;
  /** Some targets have another address now; probes must follow. */
  readonly onMoves: () => void;
}

interface InForce {
  readonly version: number;
  readonly targets: readonly Sought[];
  limits: Limits;
}

/** Owns where each target is now: the list's address is a hint where a MAC or a name is known. */
export class Whereabouts {
  readonly #deps: WhereaboutsDeps;
  /** By MAC or name, so that it outlives a list: where it was found, and the hint at that time. */
  readonly #known = new Map<string, { readonly hint: string | undefined; address: string }>();
  readonly #audit: MacAudit | undefined;
  #moved = false;
  readonly #tried = new Map<string, number>();
  #now: InForce = { version: 0, targets: [], limits: { allow: NOTHING, spare_packets_per_s: 0 } };
  #next: { readonly list: InForce; readonly from_mono_ms: number } | undefined;

  constructor(deps: WhereaboutsDeps) {
    this.#deps = deps;
    const { seeker, monotonic_ms, onEvent } = deps;
    if (seeker === null) return;
    const permits = (address: string): boolean => this.#permits(address);
    this.#audit = new MacAudit({ seeker, permits, monotonic_ms, onEvent });
  }

  /** Where the target of this record is asked; undefined while it must be found first. */
  addressOf(record: TargetRecord): string | undefined {
    const key = identityKey(record);
    const known = key === undefined ? undefined : this.#known.get(key);
    // A new hint is a person's word that the device is there now.
    return known !== undefined && known.hint === record.address ? known.address : record.address;
  }

  /** A list holds from `from_mono_ms` on; call it before its series begin, also after a move. */
  use({ list, records }: CheckedList, limits: Limits, from_mono_ms: number): void {
    const held = [this.#now, this.#next?.list].find((one) => one?.version === list.version);
    const targets = held?.targets ?? soughtOf(list.targets, records, (one) => this.addressOf(one));
    if (held !== undefined) held.limits = limits;
    else {
      this.#audit?.spread(targets);
      const next = { version: list.version, targets, limits };
      this.#next = { list: next, from_mono_ms };
      this.#switch();
    }
    this.#deps.watch(targets, from_mono_ms);
  }

  /** Another machine answered for the target at its address. */
  foreign(sought: Sought, mac: string): void {
    const now_ms = this.#deps.monotonic_ms();
    if (sought.foreign === undefined) sought.audit_ms = Number.NEGATIVE_INFINITY;
    if (sought.conflict(mac, now_ms)) this.#deps.onEvent('mac_conflict', sought.index);
  }

  /** The same by the index that an engine knows. */
  foreignAt(index: number, mac: string): void {
    const sought = this.#now.targets.find((one) => one.index === index);
    if (sought !== undefined) this.foreign(sought, mac);
  }

  /** Asks who answers where, follows names, looks for the missing; ms until the next step. */
  async step(signal: AbortSignal): Promise<number> {
    this.#switch();
    if (this.#deps.changing()) return STEP_MS;
    const asking = this.#audit?.step(this.#now.targets, signal);
    await Promise.all([asking, this.#names(signal), this.#lookNear(signal)]);
    if (this.#moved) {
      this.#moved = false;
      this.#deps.onMoves();
    }
    return STEP_MS;
  }

  /** Sweeps the own subnets while a device known by its MAC is missing; ms until the next. */
  async sweep(signal: AbortSignal): Promise<number> {
    const { seeker, monotonic_ms, changing } = this.#deps;
    if (seeker === null || changing()) return STEP_MS;
    const due = this.#missing().filter((one) => one.sweepDue(monotonic_ms()));
    const lost: Sought[] = [];
    for (const one of due) {
      if (!(await this.#isHere(one, seeker, signal))) lost.push(one);
    }
    const per_s = Math.min(SWEEP_PER_S, Math.floor(this.#now.limits.spare_packets_per_s));
    if (lost.length === 0 || per_s < 1 || signal.aborted) return STEP_MS;
    const hints = lost.flatMap(({ hint, address }) => address ?? hint ?? []);
    const networks = seeker.networks(hints);
    const addresses = sweepAddresses(networks, hints, (address) => this.#permits(address));
    const heard = (address: string, mac: string): void => {
      const one = this.#missing().find((other) => other.mac === mac);
      if (one !== undefined && address !== one.address) this.#move(one, address);
    };
    await seeker.sweep(addresses, per_s, heard, signal);
    for (const one of lost) if (one.missing(monotonic_ms())) one.swept(monotonic_ms());
    return STEP_MS;
  }

  #switch(): void {
    const next = this.#next;
    if (next === undefined) return;
    const first = this.#now.version === 0;
    const due = this.#deps.monotonic_ms() >= next.from_mono_ms && !this.#deps.changing();
    if (!first && !due) return;
    this.#now = next.list;
    this.#next = undefined;
    this.#tried.clear();
  }

  /** Those that ARP may find: known by MAC, and not thought to be in another network. */
  #missing(): Sought[] {
    const { seeker, monotonic_ms } = this.#deps;
    if (seeker === null) return [];
    const now_ms = monotonic_ms();
    return this.#now.targets.filter((one) => {
      if (one.mac === undefined || !one.missing(now_ms)) return false;
      const near = one.address ?? one.hint;
      return near === undefined || isWithin(near, seeker.networks([near]));
    });
  }

  async #isHere(one: Sought, seeker: Seeker, signal: AbortSignal): Promise<boolean> {
    const { address, mac = '' } = one;
    if (address === undefined || one.foreign !== undefined || signal.aborted) return false;
    if (!this.#permits(address)) return false;
    const here = (await seeker.macsAt(address, signal))?.includes(mac) === true;
    if (here) one.here();
    return here;
  }

  async #names(signal: AbortSignal): Promise<void> {
    const now_ms = this.#deps.monotonic_ms();
    const due = this.#now.targets.filter((one) => {
      if (one.hostname === undefined) return false;
      const pause_ms = one.missing(now_ms) ? NAME_SILENT_MS : NAME_MS;
      return now_ms - one.resolve_ms >= pause_ms;
    });
    await Promise.all(due.slice(0, AT_ONCE).map((one) => this.#name(one, now_ms, signal)));
  }

  async #name(one: Sought, now_ms: number, signal: AbortSignal): Promise<void> {
    const { hostname = '', kind, mac } = one;
    one.resolve_ms = now_ms;
    const { allow } = this.#now.limits;
    const may = (host: string) => allow.permits(host, kind, 'icmp', SEARCH_INTERVAL_MS).ok;
    const found = (await this.#deps.resolve(hostname)).filter(
      (address) => may(address) || may(hostname),
    );
    const [address] = found;
    if (address === undefined || signal.aborted) return;
    if (one.address !== undefined && found.includes(one.address)) return;
    // A name only says where to ask; the MAC says who is there.
    if (mac === undefined) this.#move(one, address);
    else if (one.missing(now_ms)) await this.#tryAt(one, address, signal);
  }

  /** The kernel's table may know where the missing are: no packet is needed to look there. */
  async #lookNear(signal: AbortSignal): Promise<void> {
    const missing = this.#missing();
    if (missing.length === 0) return;
    const table = this.#deps.neighbours() ?? [];
    for (const one of missing) {
      for (const { address, mac } of table) {
        if (mac === one.mac && address !== one.address) await this.#tryAt(one, address, signal);
      }
    }
  }

  async #tryAt(one: Sought, address: string, signal: AbortSignal): Promise<void> {
    const { seeker, monotonic_ms } = this.#deps;
    if (seeker === null || !this.#permits(address) || signal.aborted) return;
    if (!isWithin(address, seeker.networks([address]))) return;
    const key = `${one.key} ${address}`;
    if (monotonic_ms() - (this.#tried.get(key) ?? Number.NEGATIVE_INFINITY) < TRIED_MS) return;
    this.#tried.set(key, monotonic_ms());
    const macs = await seeker.macsAt(address, signal);
    if (macs?.length === 1 && macs[0] === one.mac) this.#move(one, address);
  }

  #permits(address: string): boolean {
    return this.#now.limits.allow.permits(address, 'pc', 'arp', SEARCH_INTERVAL_MS).ok;
  }

  #move(one: Sought, address: string): void {
    if (this.#deps.changing() || one.address === address || !this.#now.targets.includes(one))
      return;
    const before = one.address;
    this.#known.set(one.key, { hint: one.hint, address });
    one.moveTo(address);
    if (before !== undefined) this.#deps.onEvent('address_moved', one.index);
    this.#moved = true;
    this.#deps.onAddress(one.index, address);
  }
}

const NOTHING: AllowList = {
  permits: () => ({ ok: false, code: 'TARGET_NOT_ALLOWED', hint: 'no list is in force yet' }),
};
