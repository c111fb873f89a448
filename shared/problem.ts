/**
 * One thing that is wrong (`error`) or doubtful (`warning`) in what a person wrote. All problems
 * of a file are collected, so that a person mends the file once and not line by line.
 */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** Stable, upper case; scripts and tests rely on it. */
  readonly code: string;
  /** Where in the value: keys and array positions from the root. */
  readonly at: Path;
  /** `file:line:column` when the value came from a text file, else the JSON path. */
  readonly place: string;
  readonly message: string;
  /** What to write instead. */
  readonly fix: string;
}

export type Path = readonly (string | number)[];

/** `['devices', 2, 'address']` → `devices[2].address`; the root is `(root)`. */
export function jsonPath(at: Path): string {
  let out = '';
  for (const step of at) {
    if (typeof step === 'number') out += `[${step}]`;
    else out += out === '' ? step : `.${step}`;
  }
  return out === '' ? '(root)' : out;
}

/** A text that came from a file, shortened and escaped so that it cannot disturb a terminal. */
export function quote(text: string): string {
  const QUOTE_CHARS_MAX = 60;
  const short = text.length > QUOTE_CHARS_MAX ? `${text.slice(0, QUOTE_CHARS_MAX)}…` : text;
  return JSON.stringify(short);
}
