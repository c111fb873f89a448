import { LanProofError } from '../../errors.ts';

const FIRST_BYTES = 256;
/** Magnitude bits of a signed number's first byte, beside its sign and "more follows". */
const SIGNED_FIRST = 64;
const MORE = 128;

/** Appends small numbers as few bytes. Numbers are integers of at most 2^53 − 1. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const wider = new Uint8Array(this.#bytes.length * 2);
      wider.set(this.#bytes);
      this.#bytes = wider;
    }
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  /** A number of 0 and above: seven bits a byte, the lowest first. */
  unsigned(value: number): void {
    let rest = value;
    while (rest >= MORE) {
      this.byte((rest % MORE) + MORE);
      rest = Math.floor(rest / MORE);
    }
    this.byte(rest);
  }

  /** The sign stands in the first byte: doubling a number would push 2^53 out of reach. */
  signed(value: number): void {
    const size = Math.abs(value);
    const first = (size % SIGNED_FIRST) * 2 + (value < 0 ? 1 : 0);
    const rest = Math.floor(size / SIGNED_FIRST);
    this.byte(rest > 0 ? first + MORE : first);
    if (rest > 0) this.unsigned(rest);
  }

  /** A part that a reader can pass over. */
  part(bytes: Uint8Array): void {
    this.unsigned(bytes.length);
    for (const byte of bytes) this.byte(byte);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Reads what a {@link ByteWriter} wrote. Throws LanProofError SERIES_FORMAT at the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw damaged('it ends too early');
    this.#at += 1;
    return value;
  }

  unsigned(): number {
    let value = 0;
    for (let weight = 1; ; weight *= MORE) {
      const byte = this.byte();
      value += (byte % MORE) * weight;
      if (byte < MORE) break;
    }
    if (!Number.isSafeInteger(value)) throw damaged('a number is too large');
    return value;
  }

  signed(): number {
    const first = this.byte();
    const rest = first >= MORE ? this.unsigned() : 0;
    const low = first % MORE;
    const size = rest * SIGNED_FIRST + Math.floor(low / 2);
    return low % 2 === 1 ? -size : size;
  }

  part(): Uint8Array {
    const length = this.unsigned();
    if (this.#at + length > this.#bytes.length) throw damaged('it ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw damaged('bytes are left over');
  }
}

export function damaged(what: string): LanProofError {
  return new LanProofError('SERIES_FORMAT', `the stored history is damaged: ${what}`, {
    hint: 'run "lanproof rebuild": history is made again from the ledger',
  });
}
