import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FpingLines } from './fping-lines.ts';

const run = promisify(execFile);

/** How a process ended; `error` when it could not be started at all. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error: string | null;
}

/** A running fping whose output waits in a pipe until `poll` takes it. */
export interface FpingProcess {
  readonly pid: number | undefined;
  /** Takes everything that was printed since the last poll; never blocks. */
  poll(): void;
  kill(): void;
  readonly ended: Promise<ProcessEnd>;
}

/** A pipe between fping and us, both ends open here. */
export interface Pipe {
  readonly reader: number;
  readonly writer: number;
}

/**
 * A named pipe whose name is gone at once. Node's own stdio "pipe" is a socket pair: it wakes the
 * loop for each line (about as much CPU as fping itself), and it holds only some 170 lines
 * (measured) before a stalled loop blocks fping; a real pipe holds 64 KiB, some 800 lines, and is
 * read when we like.
 */
export async function openPipe(): Promise<Pipe> {
  const dir = await mkdtemp(join(tmpdir(), 'lanproof-fping-'));
  try {
    const path = join(dir, 'lines');
    await run('mkfifo', ['-m', '600', path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      // Blocking for fping: glibc's stdio would drop what a full pipe refuses.
      return { reader, writer: openSync(path, constants.O_WRONLY) };
    } catch (error) {
      closeSync(reader);
      throw error;
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * Starts fping on `pipe` (stdout and stderr: one thread writes both, so lines stay whole) and
 * owns both ends from now on. No shell ever sees an address.
 */
export function startFping(
  path: string,
  args: readonly string[],
  pipe: Pipe,
  lines: FpingLines,
): FpingProcess {
  let child: ChildProcess;
  try {
    const env = { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
    child = spawn(path, args, { stdio: ['ignore', pipe.writer, pipe.writer], env });
  } catch (error) {
    closeSync(pipe.reader);
    throw error;
  } finally {
    closeSync(pipe.writer);
  }
  let open = true;
  const poll = (): void => {
    if (open) drain(pipe.reader, lines);
  };
  const ended = new Promise<ProcessEnd>((resolve) => {
    const end = (result: ProcessEnd): void => {
      if (!open) return;
      poll();
      open = false;
      closeSync(pipe.reader);
      resolve(result);
    };
    child.once('error', (error) => {
      // `error` also reports a failed kill; only a child without a pid never began.
      if (child.pid === undefined) end({ code: null, signal: null, error: error.message });
    });
    child.once('exit', (code, signal) => end({ code, signal, error: null }));
  });
  return { pid: child.pid, poll, kill: () => void child.kill('SIGKILL'), ended };
}

function drain(reader: number, lines: FpingLines): void {
  for (;;) {
    const room = lines.buffer.length - lines.filled;
    let bytes: number;
    try {
      bytes = readSync(reader, lines.buffer, lines.filled, room, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
      throw error;
    }
    if (bytes === 0) return;
    lines.take(bytes);
    if (bytes < room) return;
  }
}
