import { jsonPath, type Path, type Problem, quote } from '../problem.ts';
import { CODE_FORM, isCode } from './inventory-defaults.ts';

/** Longer names do not fit a line of any document. */
const TEXT_CHARS_MAX = 200;
const LIST_ENTRIES_MAX = 64;
/** A file with more mistakes than this is the wrong file. */
const PROBLEMS_MAX = 1_000;

/**
 * Reads values of unknown shape and collects problems instead of throwing. After a problem each
 * method returns a harmless value of its type, so that reading goes on and finds the next one.
 */
export class Reader {
  readonly problems: Problem[] = [];
  failed = false;

  error(code: string, at: Path, message: string, fix: string): void {
    this.failed = true;
    this.#add('error', code, at, message, fix);
  }

  warning(code: string, at: Path, message: string, fix: string): void {
    this.#add('warning', code, at, message, fix);
  }

  record(raw: unknown, at: Path): Readonly<Record<string, unknown>> {
    if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) {
      return { ...raw };
    }
    this.#shape(at, 'must be a map (key: value)');
    return {};
  }

  /** Absent means empty. */
  list(raw: unknown, at: Path, entries_max: number): readonly unknown[] {
    if (raw === undefined) return [];
    if (!Array.isArray(raw)) {
      this.#shape(at, 'must be a list');
      return [];
    }
    if (raw.length > entries_max) {
      const message = `${jsonPath(at)} has ${raw.length} entries, at most ${entries_max} are read`;
      this.error('INVENTORY_TOO_MANY', at, message, 'split it over several sites');
      return [];
    }
    return raw;
  }

  text(raw: unknown, at: Path): string {
    if (typeof raw === 'string' && raw.trim() !== '' && raw.length <= TEXT_CHARS_MAX) return raw;
    this.#shape(at, `must be a text of 1 to ${TEXT_CHARS_MAX} characters`);
    return '';
  }

  optionalText(raw: unknown, at: Path): string | undefined {
    return raw === undefined ? undefined : this.text(raw, at);
  }

  texts(raw: unknown, at: Path): string[] {
    return this.list(raw, at, LIST_ENTRIES_MAX).map((item, i) => this.text(item, [...at, i]));
  }

  codes(raw: unknown, at: Path): string[] {
    return this.list(raw, at, LIST_ENTRIES_MAX).map((item, i) => this.code(item, [...at, i]));
  }

  /** A code of a unit, site, agent, device, group or secret; empty after a problem. */
  code(raw: unknown, at: Path): string {
    if (typeof raw !== 'string') {
      this.#shape(at, 'must be a code');
      return '';
    }
    if (isCode(raw)) return raw;
    this.error('INVENTORY_CODE', at, `${quote(raw)} is no code`, `write ${CODE_FORM}`);
    return '';
  }

  optionalCode(raw: unknown, at: Path): string | undefined {
    return raw === undefined ? undefined : this.code(raw, at);
  }

  integer(raw: unknown, at: Path, min: number, max: number): number {
    if (Number.isSafeInteger(raw) && Number(raw) >= min && Number(raw) <= max) return Number(raw);
    this.#shape(at, `must be a whole number from ${min} to ${max}`);
    return min;
  }

  boolean(raw: unknown, at: Path): boolean {
    if (typeof raw !== 'boolean') this.#shape(at, 'must be true or false');
    return raw === true;
  }

  oneOf<T extends string>(raw: unknown, at: Path, allowed: readonly T[], fallback: T): T {
    const found = allowed.find((item) => item === raw);
    if (found !== undefined) return found;
    this.#shape(at, `must be one of ${allowed.join(', ')}`);
    return fallback;
  }

  #shape(at: Path, message: string): void {
    this.error('INVENTORY_TYPE', at, `${jsonPath(at)} ${message}`, `correct ${jsonPath(at)}`);
  }

  #add(severity: Problem['severity'], code: string, at: Path, message: string, fix: string): void {
    if (this.problems.length >= PROBLEMS_MAX) return;
    this.problems.push({ severity, code, at, place: jsonPath(at), message, fix });
  }
}
