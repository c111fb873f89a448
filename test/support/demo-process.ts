import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MAIN = join(import.meta.dirname, '../../deploy/demo/main.ts');
const POLL_MS = 100;

export interface Access {
  readonly url: string;
  readonly admin_token: string;
  readonly viewer_token: string;
  readonly sites: readonly string[];
}

/** Asks again until `look` gives something; fails with `what` after `within_ms`. */
export async function until<T>(
  what: string,
  within_ms: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const end_ms = performance.now() + within_ms;
  let last: unknown;
  while (performance.now() < end_ms) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  assert.fail(`${what}: not within ${within_ms} ms${last === undefined ? '' : ` (${last})`}`);
}

/** A folder for a demo's data that is deleted afterwards. */
export function demoFolder(): { readonly data: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), 'lanproof-demo-'));
  return {
    data: join(root, 'demo'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A demo in a process of its own. */
export class DemoProcess {
  readonly child: ChildProcess;
  readonly data: string;
  output = '';
  readonly #exited: Promise<number | null>;

  /** `net` must differ between demos that run at the same time. */
  constructor(data: string, net: number, args: readonly string[]) {
    this.data = data;
    const all = [MAIN, '--port', '0', '--net', String(net), '--data', data, ...args];
    this.child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.#exited = new Promise((done) => this.child.once('exit', (code) => done(code)));
  }

  /** Waits for text on the terminal. */
  said(text: string, within_ms: number): Promise<true> {
    return until(`the terminal says ${JSON.stringify(text)}`, within_ms, () => {
      if (this.child.exitCode !== null) assert.fail(`it ended: ${this.output}`);
      return this.output.includes(text) ? true : undefined;
    });
  }

  /** Waits until the dashboard is announced; reads access.json. */
  async ready(within_ms: number): Promise<Access> {
    await this.said('/sign-in?code=', within_ms);
    const path = join(this.data, 'access.json');
    assert.ok(existsSync(path));
    return JSON.parse(readFileSync(path, 'utf8'));
  }

  get sign_in(): string {
    return /http\S+\/sign-in\?code=\S+/.exec(this.output)?.[0] ?? '';
  }

  /** As Ctrl-C does; resolves with the exit code, kills after `within_ms`. */
  async stop(within_ms = 10_000): Promise<number | null> {
    if (this.child.exitCode === null) this.child.kill('SIGINT');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), within_ms);
    const code = await this.#exited;
    clearTimeout(timer);
    return code;
  }
}

/** Reads the API as a script would. */
export function client({ url, admin_token }: Access) {
  return async <Answer>(path: string, token = admin_token): Promise<Answer> => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = await answer.text();
    assert.equal(answer.status, 200, `${path}: ${answer.status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as Answer;
  };
}
