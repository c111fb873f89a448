/** The names of a bundle's files. */
import { dayOf, isDay } from './lines.ts';
import { LOGS_MAX } from './types.ts';

export const MANIFEST_NAME = 'manifest.dsse.json';
export const POLICY_NAME = 'policy.txt';
export const DOCUMENTS_NAME = 'documents.ndjson';
export const FIGURES_NAME = 'figures.json';
export const README_NAMES = ['readme.en.txt', 'readme.vi.txt'] as const;
export const VERIFIER_NAMES = ['verify.html', 'verify.mjs'] as const;

export const LOG_FILES = ['checkpoint', 'leaves', 'inclusion', 'consistency', 'daily'] as const;
export type LogFile = (typeof LOG_FILES)[number];

const NAME = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/;
/** The longest name that any file of the list has, with room; names are ASCII. */
export const NAME_BYTES_MAX = 100;

/** What a file of a bundle is. */
export type EntryKind =
  | { readonly kind: 'batches'; readonly day: string }
  | { readonly kind: 'log'; readonly log: number; readonly file: LogFile }
  | { readonly kind: 'one'; readonly name: string };

const SINGLE: readonly string[] = [
  ...[MANIFEST_NAME, POLICY_NAME, DOCUMENTS_NAME, FIGURES_NAME],
  ...[...README_NAMES, ...VERIFIER_NAMES],
];

/** Files without which nothing can be verified, beside those of each log. */
export const REQUIRED_NAMES: readonly string[] = SINGLE.filter(
  (name) => !VERIFIER_NAMES.some((verifier) => verifier === name),
);

/** `batches/<UTC day of the time>.bin`. */
export function batchesName(at_ms: number): string {
  return `batches/${dayOf(at_ms)}.bin`;
}

/** `logs/<n>/<file>.txt`, of hashes `.bin`; `log` counts from 1. */
export function logFileName(log: number, file: LogFile): string {
  return `logs/${log}/${file}.${file === 'inclusion' ? 'bin' : 'txt'}`;
}

/** What a name stands for; null: no file of a bundle has it. */
export function entryKind(name: string): EntryKind | null {
  if (name.length > NAME_BYTES_MAX || !NAME.test(name) || name.includes('..')) return null;
  if (SINGLE.includes(name)) return { kind: 'one', name };
  const day = /^batches\/(\d{4}-\d\d-\d\d)\.bin$/.exec(name)?.[1];
  if (day !== undefined && isDay(day)) return { kind: 'batches', day };
  const log = Number(/^logs\/([1-9]\d{0,3})\//.exec(name)?.[1]);
  if (log > LOGS_MAX) return null;
  const file = LOG_FILES.find((known) => logFileName(log, known) === name);
  return file === undefined ? null : { kind: 'log', log, file };
}
