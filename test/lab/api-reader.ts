import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Lan } from './lan.ts';
import { labEnv } from './shell.ts';
import { addressOf } from './topology.ts';

/** Answers one question a line: [method, path, body]; it lives in the collector's namespace, where the API is reachable. */
const SCRIPT = `
import { createInterface } from 'node:readline';
import { request as open } from 'node:https';
const base = process.argv[1];
const headers = { authorization: 'Bearer ' + process.argv[2] };
const json = { ...headers, 'content-type': 'application/json' };
const ask = ([method, path, body]) => new Promise((done) => {
  const fail = (error) => done({ status: 0, body: String(error) });
  const how = { method, headers: body === null ? headers : json };
  const options = { ...how, rejectUnauthorized: false, timeout: 10000 };
  const request = open(base + path, options, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part) => { text += part; });
    answer.on('end', () => done({ status: answer.statusCode, body: text })).on('error', fail);
  });
  request.on('timeout', () => request.destroy(new Error('timeout'))).on('error', fail);
  request.end(body ?? '');
});
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await ask(JSON.parse(line))) + '\\n');
}
`;

export interface ApiAnswer {
  /** HTTP status; 0 when nobody answered. */
  readonly status: number;
  readonly body: string;
}

export interface ApiReader {
  ask(path: string): Promise<ApiAnswer>;
  /** Sends a JSON body; throws unless the status is 2xx. */
  send(method: 'PUT' | 'POST', path: string, body: object): Promise<string>;
  /** The parsed answer; throws unless the status is 200. */
  json<T>(path: string): Promise<T>;
}

/** Asks the collector's API from its own namespace, as a person in the office of the department. */
export function startApiReader(lan: Lan, base: string, token: string): ApiReader {
  const args = ['netns', 'exec', lan.ns('col'), process.execPath];
  const child = spawn('ip', [...args, '--input-type=module', '-e', SCRIPT, base, token], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: labEnv(),
  });
  lan.processes.adopt(child, join(lan.dir, 'reader.log'));
  const waiting: ((answer: ApiAnswer) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) =>
    waiting.shift()?.(JSON.parse(line)),
  );
  const say = (method: string, path: string, body: string | null): Promise<ApiAnswer> =>
    new Promise((done) => {
      waiting.push(done);
      child.stdin.write(`${JSON.stringify([method, path, body])}\n`);
    });
  const ask = (path: string): Promise<ApiAnswer> => say('GET', path, null);
  return {
    ask,
    async send(method, path, content) {
      const { status, body } = await say(method, path, JSON.stringify(content));
      if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${body}`);
      return body;
    },
    async json(path) {
      const { status, body } = await ask(path);
      if (status !== 200) throw new Error(`GET ${path}: ${status} ${body}`);
      return JSON.parse(body);
    },
  };
}

export const collectorUrl = (): string => `https://${addressOf('col')}:8443`;
