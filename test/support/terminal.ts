/** The command line on a real terminal, where a person types. */
import { spawn, spawnSync } from 'node:child_process';
import { BIN } from './programs.ts';

/** For tests that type: `script` opens a terminal for the command that it runs. */
export const needsTerminal = {
  skip: spawnSync('script', ['--version']).status === 0 ? false : 'needs script (bsdutils)',
} as const;

const ENTER = '\r';
const DONE_MS_MAX = 60_000;

/** Runs the words and answers each prompt in turn; what the terminal showed, and the exit code. */
export async function typed(
  words: readonly string[],
  answers: readonly { readonly prompt: string; readonly answer: string }[],
): Promise<{ readonly code: number | null; readonly shown: string }> {
  const quoted = [process.execPath, BIN, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-q', '-e', '-c', quoted, '/dev/null'], {
    timeout: DONE_MS_MAX,
  });
  let shown = '';
  let read = 0;
  const waiting = [...answers];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    const [next] = waiting;
    const at = next === undefined ? -1 : shown.indexOf(next.prompt, read);
    if (next === undefined || at < 0) return;
    waiting.shift();
    read = at + next.prompt.length;
    child.stdin.write(next.answer + ENTER);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, shown };
}
