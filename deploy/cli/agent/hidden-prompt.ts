import type { Readable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { LanProofError } from '../../../shared/errors.ts';

const ENTER = new Set(['\r', '\n', '\u0004']);
const CTRL_C = '\u0003';
const ERASE = new Set(['\u007f', '\b']);
/** No secret is longer; more than this is a file pasted by mistake. */
const CHARS_MAX = 5_000;

export function isTerminal(input: Readable): input is ReadStream {
  return 'isTTY' in input && input.isTTY === true;
}

/**
 * Asks on the terminal without showing what is typed; undefined after Ctrl-C. Throws LanProofError
 * TYPED_TOO_LONG once all of it was read: its end must not reach the shell.
 */
export function askHidden(input: ReadStream, prompt: string): Promise<string | undefined> {
  input.setRawMode(true);
  // Only now: who types as soon as this stands there must not see it either.
  process.stderr.write(prompt);
  input.setEncoding('utf8');
  input.resume();
  return new Promise((resolve, reject) => {
    let typed = '';
    let too_long = false;
    const finish = (value: string | undefined): void => {
      input.off('data', hear);
      input.setRawMode(false);
      input.pause();
      process.stderr.write('\n');
      if (too_long && value !== undefined) reject(tooLong());
      else resolve(value);
    };
    const hear = (text: string | Buffer): void => {
      for (const char of String(text)) {
        if (char === CTRL_C || ENTER.has(char)) {
          finish(char === CTRL_C ? undefined : typed);
          return;
        }
        if (ERASE.has(char)) typed = [...typed].slice(0, -1).join('');
        else if (typed.length < CHARS_MAX) typed += char;
        else too_long = true;
      }
    };
    input.on('data', hear);
  });
}

function tooLong(): LanProofError {
  return new LanProofError('TYPED_TOO_LONG', `more than ${CHARS_MAX} characters were typed`, {
    hint: 'nothing was written; was a file pasted by mistake?',
  });
}
