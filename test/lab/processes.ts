import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { labEnv } from './shell.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output and error are appended to this file. */
  readonly log: string;
  readonly cwd?: string;
}

/** A program that the lab started; only such are ever ended. */
export interface Started {
  readonly pid: number;
  readonly log: string;
  readonly running: boolean;
  /** Settles when the process has gone. */
  readonly ended: Promise<Exit>;
  /** Sends the signal and waits until the process has gone. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  /** What it printed so far. */
  output(): string;
}

const GRACE_MS = 15_000;

/** The children of one lab, so that its end can end them all by their own pid. */
export class Processes {
  readonly #children = new Set<ChildProcess>();

  start(command: string, args: readonly string[], options: StartOptions): Started {
    const out = openSync(options.log, 'a');
    const child = spawn(command, args, {
      stdio: ['ignore', out, out],
      env: labEnv(options.env),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    closeSync(out);
    return this.adopt(child, options.log);
  }

  adopt(child: ChildProcess, log: string): Started {
    const { pid } = child;
    if (pid === undefined) throw new Error(`cannot start ${child.spawnfile}`);
    this.#children.add(child);
    const ended = once(child, 'exit').then(([code, signal]): Exit => {
      this.#children.delete(child);
      return { code, signal };
    });
    const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
    return {
      pid,
      log,
      get running() {
        return isRunning();
      },
      ended,
      stop: async (signal = 'SIGTERM') => {
        if (isRunning()) child.kill(signal);
        const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
        try {
          return await ended;
        } finally {
          clearTimeout(timer);
        }
      },
      output: () => readFileSync(log, 'utf8'),
    };
  }

  /** Ends whatever still runs. */
  async stopAll(): Promise<void> {
    await Promise.all(
      [...this.#children].map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
  }
}
