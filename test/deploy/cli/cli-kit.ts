import { Readable } from 'node:stream';
import { run } from '../../../deploy/cli/cli.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process, with its output kept. */
export async function ran(argv: readonly string[], input = ''): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    env: {},
    in: Readable.from([Buffer.from(input)]),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}
