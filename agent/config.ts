import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LanProofError } from '../shared/errors.ts';
import { parseNetwork } from '../shared/measure/address.ts';
import { ConfigError } from '../shared/node/config-error.ts';
import { type HostPort, isLoopbackHost, splitListen } from '../shared/node/host-port.ts';
import { checkPlain } from '../shared/node/plain-schema.ts';
import type { SchemaNode } from '../shared/node/schema-explain.ts';
import { readConfigBytes, readYaml } from '../shared/node/yaml-text.ts';
import type { Path, Problem } from '../shared/problem.ts';
import { createAllowList } from './allow.ts';
import type { AgentFile } from './config-schema.ts';
import { readSecretFile } from './secrets.ts';

const TITLE = 'agent configuration';
/** AgentSchema as JSON, so that a running agent needs no TypeBox (decisions/0012). */
const SCHEMA_FILE = new URL('./agent.schema.json', import.meta.url);

export interface AgentConfig {
  /** Addresses of the collector in the order of trial, without trailing slash. */
  readonly collectors: readonly string[];
  /** Absolute. */
  readonly state_dir: string;
  /** Absolute. */
  readonly secrets_dir: string;
  /** May hold a password: never printed. */
  readonly proxy: string | undefined;
  readonly insecure: boolean;
  /** Undefined: own connected private networks. */
  readonly allow: readonly string[] | undefined;
  readonly max_packets_per_s: number;
  readonly icmp: AgentFile['icmp'];
  /** Undefined: off. */
  readonly metrics: HostPort | undefined;
  /** Undefined: off. */
  readonly traps: HostPort | undefined;
  readonly spool: AgentFile['spool'];
  readonly log: AgentFile['log'];
}

/**
 * Reads agent.yml. The proxy comes from `proxy`, `proxy_file`, or the file that the environment
 * names in LANPROOF_PROXY_FILE. Throws ConfigError with every problem, or LanProofError SECRET_*.
 */
export function loadAgentConfig(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): AgentConfig {
  const schema = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as SchemaNode;
  const { raw, locate } = readYaml(readConfigBytes(path, TITLE), path, { title: TITLE });
  const value = checkPlain(schema, raw, { title: TITLE, locate }) as AgentFile;
  const problems: Problem[] = [];
  const add = (code: string, at: Path, message: string, fix: string) => {
    problems.push({ severity: 'error', code, at, place: locate(at, 'value'), message, fix });
  };
  const collectors = typeof value.collector === 'string' ? [value.collector] : value.collector;
  collectors.forEach((text, index) => {
    const at = typeof value.collector === 'string' ? ['collector'] : ['collector', index];
    checkCollector(text, at, value.insecure, add);
  });
  checkAllow(value.allow, add);
  if (value.proxy !== undefined && value.proxy_file !== undefined) {
    add('CONFIG_CONFLICT', ['proxy_file'], 'proxy is given twice', 'keep proxy or proxy_file');
  }
  if (problems.length > 0) throw new ConfigError(TITLE, problems);
  const base = dirname(resolve(path));
  const listen = (text: string) => (text === 'off' ? undefined : splitListen(text));
  return Object.freeze({
    collectors: collectors.map((text) => text.replace(/\/+$/, '')),
    state_dir: resolve(base, value.state_dir),
    secrets_dir: resolve(base, value.secrets_dir),
    proxy: value.proxy ?? proxyFromFile(value.proxy_file, base, env),
    insecure: value.insecure,
    allow: value.allow,
    max_packets_per_s: value.max_packets_per_s,
    icmp: value.icmp,
    metrics: listen(value.metrics.listen),
    traps: listen(value.traps.listen),
    spool: value.spool,
    log: value.log,
  });
}

type Add = (code: string, at: Path, message: string, fix: string) => void;

function checkCollector(text: string, at: Path, insecure: boolean, add: Add): void {
  if (!URL.canParse(text)) {
    add('CONFIG_RANGE', at, 'this is no address', 'write https://host or https://host:port');
    return;
  }
  const url = new URL(text);
  if (url.protocol === 'https:' || isLoopbackHost(url.hostname) || insecure) return;
  const fix = 'write https://, or add `insecure: true` and accept that it is shown everywhere';
  add('CONFIG_INSECURE', at, 'plain http beyond loopback', fix);
}

/** Each entry by itself, so that every wrong one has its own line. */
function checkAllow(entries: readonly string[] | undefined, add: Add): void {
  entries?.forEach((entry, index) => {
    try {
      createAllowList([entry], []);
    } catch (error) {
      if (!(error instanceof LanProofError)) throw error;
      add(error.code, ['allow', index], error.message, error.hint);
      return;
    }
    if (parseNetwork(entry)?.prefix !== 0) return;
    const fix = 'name the networks of this office';
    add('ALLOW_ENTRY', ['allow', index], 'this allows the whole Internet', fix);
  });
}

function proxyFromFile(
  proxy_file: string | undefined,
  base: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const path = proxy_file ?? env['LANPROOF_PROXY_FILE'];
  if (path === undefined || path === '') return undefined;
  const text = readSecretFile(resolve(base, path));
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return text;
  throw new LanProofError('CONFIG_RANGE', 'the proxy file holds no http address', {
    hint: 'write http://user:password@host:port into it',
    place: path,
  });
}
