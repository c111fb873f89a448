/** Readings are kept this long: no verdict comes later than its interval of 600 s, ms. */
const KEPT_MS = 660_000;
/** A flapping cord makes two entries a second at most. */
const SPANS_MAX = 2_000;

export interface CarrierReading {
  /** Null where the interface is down or cannot tell. */
  readonly carrier: boolean | null;
  /** Ups and downs since boot; null where the driver does not count. */
  readonly changes: number | null;
}

interface Span {
  readonly from_ms: number;
  /** Undefined while the carrier is still away. */
  to_ms: number | undefined;
}

/** Remembers when the own interface had no carrier, short flaps between two looks included. */
export class CarrierWatch {
  readonly #read: () => CarrierReading;
  readonly #monotonic_ms: () => number;
  readonly #changed: (carrier: boolean, mono_ms: number) => void;
  #spans: Span[] = [];
  #last: { readonly mono_ms: number; readonly reading: CarrierReading } | undefined;
  /** Some drivers say nothing at all; only one that once said something can be believed. */
  #tells = false;

  constructor(
    read: () => CarrierReading,
    monotonic_ms: () => number,
    changed: (carrier: boolean, mono_ms: number) => void,
  ) {
    this.#read = read;
    this.#monotonic_ms = monotonic_ms;
    this.#changed = changed;
  }

  /** Takes a reading; call it at least once a second and at every change that is heard of. */
  look(): void {
    const mono_ms = this.#monotonic_ms();
    const reading = this.#read();
    const before = this.#last;
    this.#last = { mono_ms, reading };
    if (reading.carrier !== null) this.#tells = true;
    if (!this.#tells) return;
    const up = reading.carrier === true;
    const open = this.#spans.at(-1);
    const away = open !== undefined && open.to_ms === undefined;
    if (!up && !away) {
      this.#push({ from_ms: before?.mono_ms ?? mono_ms, to_ms: undefined });
      this.#changed(false, mono_ms);
    } else if (up && away) {
      open.to_ms = mono_ms;
      this.#changed(true, mono_ms);
    } else if (up && before !== undefined && flapped(before.reading, reading)) {
      this.#push({ from_ms: before.mono_ms, to_ms: mono_ms });
      this.#changed(false, mono_ms);
      this.#changed(true, mono_ms);
    }
  }

  /** Whether the carrier was away at any time from `mono_ms` until now. */
  lostSince(mono_ms: number): boolean {
    this.look();
    return this.#spans.some(({ to_ms }) => to_ms === undefined || to_ms >= mono_ms);
  }

  #push(span: Span): void {
    const old_ms = this.#monotonic_ms() - KEPT_MS;
    this.#spans = this.#spans.filter(({ to_ms }) => to_ms === undefined || to_ms >= old_ms);
    if (this.#spans.length >= SPANS_MAX) this.#spans.shift();
    this.#spans.push(span);
  }
}

function flapped(before: CarrierReading, now: CarrierReading): boolean {
  return before.changes !== null && now.changes !== null && now.changes > before.changes;
}
