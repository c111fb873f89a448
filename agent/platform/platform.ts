/** How well the settable clock is known. */
export interface ClockSync {
  /** Who said so: chrony, the kernel's own NTP state, or nobody. */
  readonly source: 'kernel' | 'chrony' | 'none';
  readonly synchronised: boolean;
  /** Bound of the error of the settable clock, ms; null when nobody states one. */
  readonly error_ms: number | null;
}

/** One own network interface. */
export interface Nic {
  readonly name: string;
  /** Own addresses with prefix length, e.g. `192.0.2.2/24`. */
  readonly cidrs: readonly string[];
  /** Lower case with colons, null where the interface has none. */
  readonly mac: string | null;
  /** Mbit/s, null when unknown or without carrier. */
  readonly speed_mbps: number | null;
  readonly duplex: 'full' | 'half' | null;
  /** Null when the interface is down or its driver cannot tell. */
  readonly carrier: boolean | null;
  /** Ups and downs since boot. */
  readonly carrier_changes: number | null;
  readonly rx_packets: number | null;
}

/** Who the kernel takes for the owner of an address on an own subnet. */
export interface Neighbour {
  /** IPv4 */
  readonly address: string;
  /** Lower case with colons. */
  readonly mac: string;
  readonly nic: string;
}

/** What the clocks did; both in ms. */
export type ClockEvent =
  /** The settable clock was moved against the monotonic one; negative: back. */
  | { readonly kind: 'step'; readonly by_ms: number }
  /** The machine slept: time passed that CLOCK_MONOTONIC did not count. */
  | { readonly kind: 'suspend'; readonly for_ms: number };

/** The only place that knows the operating system. */
export interface Platform {
  readonly name: 'linux';
  /** CLOCK_MONOTONIC, ms since boot without sleep, with fractions. */
  monotonic_ms(): number;
  /** The settable clock, UTC epoch ms. */
  wall_ms(): number;
  /** Time since boot with sleep, ms, in 10 ms steps. */
  boottime_ms(): number;
  /** Changes with every boot. */
  bootId(): string;
  clockSync(): Promise<ClockSync>;
  nics(): readonly Nic[];
  /** Interface of the default route (IPv4, else IPv6), null without one. */
  defaultNic(): string | null;
  /** Whether the machine runs on line power; null when it cannot tell (no battery, no UPS). */
  onAcLine(): boolean | null;
  /** The interface on whose own subnet the address lies; null behind a router and on loopback. */
  onLink(address: string): string | null;
  /**
   * The kernel's neighbour table, complete IPv4 entries only; null where it cannot be read. It
   * tells who is asked at an address, never whether somebody is there: entries outlive hosts.
   */
  neighbours(): readonly Neighbour[] | null;
  /**
   * What one interface says of its carrier now: two small files, where `nics` reads a dozen of each
   * interface. It is asked at least once a second.
   */
  carrier(nic: string): Pick<Nic, 'carrier' | 'carrier_changes'>;
  /** Tells the carrier's state now and at each change, until `signal` aborts. */
  watchCarrier(nic: string, changed: (carrier: boolean | null) => void, signal: AbortSignal): void;
  /** Tells steps of the settable clock above 100 ms and sleeps, until `signal` aborts. */
  watchClock(happened: (event: ClockEvent) => void, signal: AbortSignal): void;
}
