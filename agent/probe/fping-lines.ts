/** Room for one full pipe (64 KiB) and a line cut in two. */
const BUFFER_BYTES = 128 * 1024;
/** More of a foreign line tells a reader nothing new. */
const TEXT_CHARS_MAX = 200;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const LOWER_B = 0x62;
const LOWER_M = 0x6d;
const LOWER_T = 0x74;

/** What a line of `fping -l -D` says. */
export interface FpingLineHandler {
  /**
   * An echo was answered. `host` is the address's position in the argument list, `n` fping's own
   * count of the probe, `wall_ms` when the reply came (settable clock, 10 µs steps).
   */
  reply(host: number, n: number, wall_ms: number, rtt_us: number): void;
  /** fping's own timeout passed at `wall_ms`. */
  timeout(host: number, n: number, wall_ms: number): void;
  /** Any other line: warnings, ICMP errors, garbage. Cut at 200 characters. */
  text(line: string): void;
}

interface Host {
  readonly bytes: Uint8Array;
  readonly position: number;
}

/**
 * Reads fping's lines byte by byte out of one buffer that is used again and again. At 500 lines a
 * second the strings and regular expressions of a plain reader cost as much as fping itself.
 */
export class FpingLines {
  readonly buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  readonly #hosts = new Map<number, Host[]>();
  readonly #handler: FpingLineHandler;
  #filled = 0;
  #at = 0;
  #decimals = 0;

  constructor(addresses: readonly string[], handler: FpingLineHandler) {
    this.#handler = handler;
    for (const [position, address] of addresses.entries()) {
      const bytes = Buffer.from(address, 'latin1');
      const hash = hashOf(bytes, 0, bytes.length);
      const same = this.#hosts.get(hash);
      if (same === undefined) this.#hosts.set(hash, [{ bytes, position }]);
      else same.push({ bytes, position });
    }
  }

  /** Where the next bytes go in `buffer`; there is always room. */
  get filled(): number {
    return this.#filled;
  }

  /** `bytes` were put into `buffer` at `filled`; calls the handler for every whole line. */
  take(bytes: number): void {
    const end = this.#filled + bytes;
    let start = 0;
    let newline = this.buffer.indexOf(NEWLINE, this.#filled);
    while (newline !== -1 && newline < end) {
      if (newline > start) this.#line(start, newline);
      start = newline + 1;
      newline = start < end ? this.buffer.indexOf(NEWLINE, start) : -1;
    }
    if (start === 0 && end === this.buffer.length) {
      // A line as long as the buffer is no line of fping: say so and start afresh.
      this.#handler.text(this.buffer.toString('latin1', 0, TEXT_CHARS_MAX));
      start = end;
    }
    if (start > 0) this.buffer.copyWithin(0, start, end);
    this.#filled = end - start;
  }

  #line(start: number, end: number): void {
    if (!this.#verdict(start, end)) {
      this.#handler.text(
        this.buffer.toString('latin1', start, Math.min(end, start + TEXT_CHARS_MAX)),
      );
    }
  }

  /** `[1795413295.46878] 127.0.1.1 : [0], 64 bytes, 0.973 ms (…)` or `…: [0], timed out (…)`. */
  #verdict(start: number, end: number): boolean {
    const b = this.buffer;
    if (b[start] !== OPEN) return false;
    this.#at = start + 1;
    const wall_s = this.#number(end);
    if (wall_s < 0 || b[this.#at] !== CLOSE || b[this.#at + 1] !== SPACE) return false;
    const host = this.#host(this.#at + 2, end);
    if (host < 0) return false;
    while (b[this.#at] === SPACE && this.#at < end) this.#at += 1;
    if (b[this.#at] !== COLON || b[this.#at + 2] !== OPEN) return false;
    this.#at += 3;
    const n = this.#number(end);
    if (n < 0 || this.#decimals > 0 || b[this.#at] !== CLOSE) return false;
    this.#at += 3;
    const wall_ms = wall_s * 1000;
    if (b[this.#at] === LOWER_T && b[this.#at + 6] === 0x6f && this.#at + 9 <= end) {
      this.#handler.timeout(host, n, wall_ms);
      return true;
    }
    if (this.#number(end) < 0 || b[this.#at + 1] !== LOWER_B) return false;
    this.#at += ' bytes, '.length;
    const rtt_ms = this.#number(end);
    if (rtt_ms < 0 || b[this.#at] !== SPACE || b[this.#at + 1] !== LOWER_M) return false;
    this.#handler.reply(host, n, wall_ms, Math.round(rtt_ms * 1000));
    return true;
  }

  /** An unsigned decimal at #at, moved past it; −1 when there is none. */
  #number(end: number): number {
    const from = this.#at;
    let value = 0;
    let scale = 0;
    for (; this.#at < end; this.#at += 1) {
      const byte = this.buffer[this.#at] ?? 0;
      if (byte >= ZERO && byte <= NINE) {
        value = value * 10 + (byte - ZERO);
        scale *= 10;
      } else if (byte === DOT && scale === 0) scale = 1;
      else break;
    }
    this.#decimals = scale;
    if (this.#at === from) return -1;
    return scale > 1 ? value / scale : value;
  }

  /** Position of the address that stands at `start`, −1 if it is none of ours. */
  #host(start: number, end: number): number {
    let stop = start;
    while (stop < end && this.buffer[stop] !== SPACE) stop += 1;
    this.#at = stop;
    const same = this.#hosts.get(hashOf(this.buffer, start, stop));
    if (same === undefined) return -1;
    for (const host of same) {
      if (host.bytes.length !== stop - start) continue;
      let i = 0;
      while (i < host.bytes.length && host.bytes[i] === this.buffer[start + i]) i += 1;
      if (i === host.bytes.length) return host.position;
    }
    return -1;
  }
}

/** FNV-1a, cut to 30 bits so that V8 keeps it as a small integer. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 2;
}
