import type { Readable } from 'node:stream';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { LanProofError } from '../../shared/errors.ts';
import { nearest } from '../../shared/nearest.ts';
import { counted } from './counted.ts';

/** Where a command writes; tests hand in buffers. */
export interface Io {
  /** Results, one per line. */
  out(line: string): void;
  /** What people should know; never results. */
  err(line: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a secret is read from; default standard input. */
  readonly in?: Readable;
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Printed by --help, and its first line with usage errors. */
  readonly usage: string;
  /** Returns the exit code: 0 done, 1 failed, 2 used wrongly. */
  run(args: readonly string[], io: Io): Promise<number>;
}

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** Options and the positional words of a command line. */
export interface Arguments {
  text(name: string): string | undefined;
  /** Of an option that may stand several times. */
  texts(name: string): readonly string[];
  required(name: string): string;
  flag(name: string): boolean;
  readonly words: readonly string[];
}

/** Reads a command line strictly. Throws LanProofError USAGE. */
export function readArguments(
  args: readonly string[],
  options: ParseArgsOptionsConfig,
  words: readonly string[] = [],
): Arguments {
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    throw usage(unknownOption(args, options) ?? sentence(cause), undefined, cause);
  }
  const { values, positionals } = parsed;
  if (positionals.length !== words.length) {
    const want = words.length === 0 ? 'no further words' : words.join(' ');
    throw usage(`expected ${want}, got ${counted(positionals.length, 'word')}`);
  }
  const text = (name: string) => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    text,
    texts(name) {
      const value = values[name];
      const list = Array.isArray(value) ? value : [value];
      return list.filter((one) => typeof one === 'string');
    },
    required(name) {
      const value = text(name);
      if (value === undefined || value === '') throw usage(`--${name} is missing`);
      return value;
    },
    flag: (name) => values[name] === true,
    words: positionals,
  };
}

/** A command line that cannot be run; code USAGE, exit code 2. */
export function usage(message: string, hint?: string, cause?: unknown): LanProofError {
  return new LanProofError('USAGE', message, {
    hint: hint ?? 'run the command with --help',
    cause,
  });
}

function unknownOption(
  args: readonly string[],
  options: ParseArgsOptionsConfig,
): string | undefined {
  const known = Object.keys(options);
  for (const arg of args) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name === undefined || known.includes(name)) continue;
    const near = nearest(name, known);
    return `unknown option --${name}${near === undefined ? '' : `; did you mean --${near}?`}`;
  }
  return undefined;
}

function sentence(cause: unknown): string {
  // The first sentence of Node's message; the rest is advice about parseArgs.
  return (cause instanceof Error ? cause.message : String(cause)).split('. ')[0] ?? 'unreadable';
}
