import { fromUtf8, isBase64 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import { isCode } from './inventory-defaults.ts';

/** Printable ASCII without spaces: origins of logs, boot and run ids. */
export const TOKEN = /^[!-~]{1,255}$/;
/** Names and versions of programs: `fping 5.1`. No room for free text. */
export const PROGRAM = /^[!-~]([ -~]{0,62}[!-~])?$/;
/** UTC epoch ms of the year 9999: beyond it no calendar of ours reaches. */
export const TIME_MS_MAX = 253_402_300_799_999;
/** Count, epoch, seq, version: what 32-bit readers can hold as well. */
export const COUNT_MAX = 2 ** 31 - 1;

/**
 * Hand validation of JSON that came from outside: each method returns the value with its type or
 * throws the LanProofError that the instance was made for. `place` is the member's path.
 */
export class Strict {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, hint: string) {
    this.code = code;
    this.hint = hint;
  }

  fail(place: string, what: string, code = this.code): never {
    throw new LanProofError(code, `${place === '' ? 'it' : place} ${what}`, {
      hint: this.hint,
      ...(place === '' ? {} : { place }),
    });
  }

  /** One JSON object in UTF-8 without a byte order mark; a member that stands twice counts last. */
  parse(bytes: Uint8Array, bytesMax: number): Record<string, unknown> {
    if (bytes.length > bytesMax) return this.fail('', `is longer than ${bytesMax} bytes`);
    if (bytes[0] !== 0x7b) return this.fail('', 'does not begin with {');
    let value: unknown;
    try {
      value = JSON.parse(fromUtf8(bytes));
    } catch {
      return this.fail('', 'is not JSON in UTF-8');
    }
    return this.object(value, '');
  }

  object(value: unknown, place: string): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.fail(place, 'is not an object');
    }
    // The value is a plain JSON object here; its members are looked at one by one.
    return value as Record<string, unknown>;
  }

  list(value: unknown, place: string, max: number): readonly unknown[] {
    if (!Array.isArray(value)) return this.fail(place, 'is not a list');
    if (value.length > max) return this.fail(place, `has more than ${max} members`);
    return value;
  }

  integer(value: unknown, place: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
    if (!Number.isSafeInteger(value)) return this.fail(place, 'is not an integer');
    const number = Number(value);
    if (number < min || number > max) return this.fail(place, `is not between ${min} and ${max}`);
    return number;
  }

  boolean(value: unknown, place: string): boolean {
    return typeof value === 'boolean' ? value : this.fail(place, 'is not true or false');
  }

  text(value: unknown, place: string, pattern: RegExp): string {
    if (typeof value !== 'string') return this.fail(place, 'is not a text');
    return pattern.test(value) ? value : this.fail(place, `does not match ${pattern.source}`);
  }

  assetCode(value: unknown, place: string): string {
    if (typeof value === 'string' && isCode(value)) return value;
    return this.fail(place, 'is not a code');
  }

  oneOf<T extends string>(value: unknown, place: string, words: readonly T[]): T {
    const known = words.find((word) => word === value);
    return known ?? this.fail(place, `is not one of ${words.join(' ')}`);
  }

  base64(value: unknown, place: string, bytes: number): string {
    if (typeof value === 'string' && isBase64(value, bytes)) return value;
    return this.fail(place, `is not base64 of ${bytes} bytes`);
  }
}
