import { readFileSync } from 'node:fs';
import { LanProofError } from '../../../shared/errors.ts';
import { askHidden, isTerminal } from '../agent/hidden-prompt.ts';
import { type Arguments, type Io, usage } from '../command.ts';

export const PASSPHRASE_USAGE = `  --passphrase-file FILE  its first line is the passphrase; else it is asked for, not shown`;

/**
 * Reads the passphrase from a file or from the terminal; undefined after Ctrl-C. It never stands on
 * the command line, where other users would see it. Throws LanProofError PASSPHRASE_UNREADABLE,
 * PASSPHRASE_DIFFERS or USAGE.
 */
export async function readPassphrase(
  parsed: Arguments,
  io: Io,
  how: { readonly twice: boolean },
): Promise<string | undefined> {
  const file = parsed.text('passphrase-file');
  if (file !== undefined) return firstLine(file);
  const input = io.in ?? process.stdin;
  if (!isTerminal(input)) {
    throw usage('there is no terminal to ask for the passphrase', 'give --passphrase-file FILE');
  }
  const first = await askHidden(input, 'passphrase (not shown): ');
  if (first === undefined || !how.twice) return first;
  const again = await askHidden(input, 'once more: ');
  if (again === undefined || again === first) return again;
  throw new LanProofError('PASSPHRASE_DIFFERS', 'the two passphrases are not the same', {
    hint: 'nothing was written; run the command again',
  });
}

function firstLine(file: string): string {
  try {
    return (
      readFileSync(file, 'utf8')
        .replace(/^\uFEFF/, '')
        .split(/\r?\n/)[0] ?? ''
    ).trimEnd();
  } catch (cause) {
    throw new LanProofError('PASSPHRASE_UNREADABLE', 'the file of the passphrase cannot be read', {
      hint: 'check the path and its rights',
      place: file,
      cause,
    });
  }
}
