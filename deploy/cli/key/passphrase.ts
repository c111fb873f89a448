import { checkPassphrase } from '../../../collector/key-export.ts';
import { readSecretFile } from '../../../collector/secret-file.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { askHidden, isTerminal } from '../agent/hidden-prompt.ts';
import { type Arguments, type Io, usage } from '../command.ts';

export const PASSPHRASE_USAGE = `  --passphrase-file FILE  its first line is the passphrase, mode 0600; else it is asked for, not
                          shown. White space at its end counts in neither way`;

/** Gives the passphrase; undefined after Ctrl-C. Throws PASSPHRASE_SHORT or PASSPHRASE_DIFFERS. */
export type AskPassphrase = () => Promise<string | undefined>;

/**
 * Where the passphrase comes from: a file or the terminal, never the command line, where other
 * users would see it. What needs no person is checked at once, before any other work. A `fresh` one
 * must be long enough, and is typed twice. Throws LanProofError PASSPHRASE_UNREADABLE,
 * PASSPHRASE_SHORT, SECRET_RIGHTS, SECRET_UNREADABLE or USAGE.
 */
export function passphraseFrom(
  parsed: Arguments,
  io: Io,
  { fresh }: { readonly fresh: boolean },
): AskPassphrase {
  const file = parsed.text('passphrase-file');
  if (file !== undefined) {
    const passphrase = firstLine(file);
    if (fresh) checkPassphrase(passphrase);
    return async () => passphrase;
  }
  const input = io.in ?? process.stdin;
  if (!isTerminal(input)) {
    throw usage('there is no terminal to ask for the passphrase', 'give --passphrase-file FILE');
  }
  return async () => {
    const first = (await askHidden(input, 'passphrase (not shown): '))?.trimEnd();
    if (first === undefined || !fresh) return first;
    checkPassphrase(first);
    const again = (await askHidden(input, 'once more: '))?.trimEnd();
    if (again === undefined || again === first) return again;
    throw new LanProofError('PASSPHRASE_DIFFERS', 'the two passphrases are not the same', {
      hint: 'nothing was written; run the command again',
    });
  };
}

function firstLine(file: string): string {
  const text = readSecretFile(file);
  if (text === undefined) {
    throw new LanProofError('PASSPHRASE_UNREADABLE', 'the file of the passphrase is not there', {
      hint: 'check the path',
      place: file,
    });
  }
  return (text.replace(/^\uFEFF/, '').split(/\r?\n/)[0] ?? '').trimEnd();
}
