import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LanProofError } from '../shared/errors.ts';
import { parseNetwork } from '../shared/measure/address.ts';
import { type HostPort, isLoopbackHost, splitListen } from '../shared/node/host-port.ts';
import { checkPlain } from '../shared/node/plain-schema.ts';
import type { Locate, SchemaNode } from '../shared/node/schema-explain.ts';
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
  const meaning = (sound: Partial<AgentFile>) => meaningOf(sound, locate);
  const value = checkPlain(schema, raw, { title: TITLE, locate, meaning }) as AgentFile;
  const base = dirname(resolve(path));
  const listen = (text: string) => (text === 'off' ? undefined : splitListen(text));
  return Object.freeze({
    collectors: listOf(value.collector).map((text) => text.replace(/\/+$/, '')),
    state_dir: resolve(base, value.state_dir),
    secrets_dir: resolve(base, value.secrets_dir),
    proxy: value.proxy ?? proxyFromFile(value.proxy_file, base, env),
    insecure: value.insecure,
    allow: value.allow,
    max_packets_per_s: value.max_packets_per_s,
    icmp: value.icmp,
    metrics: listen(value.metrics.listen),
    spool: value.spool,
    log: value.log,
  });
}

/** What the schema cannot say; a key that is absent here has a wrong shape or was not given. */
function meaningOf(sound: Partial<AgentFile>, locate: Locate): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (code: string, at: Path, message: string, fix: string) => {
    problems.push({ severity: 'error', code, at, place: locate(at, 'value'), message, fix });
  };
  const { collector, insecure } = sound;
  listOf(collector ?? []).forEach((text, index) => {
    const at = typeof collector === 'string' ? ['collector'] : ['collector', index];
    // A misspelt `insecure` has its own line; this one would be its consequence.
    checkCollector(text, at, insecure ?? true, add);
  });
  checkAllow(sound.allow, add);
  if (sound.proxy !== undefined && sound.proxy_file !== undefined) {
    add('CONFIG_CONFLICT', ['proxy_file'], 'proxy is given twice', 'keep proxy or proxy_file');
  }
  if (sound.traps !== undefined && sound.traps.listen !== 'off') {
    const message = 'receiving traps comes in a later release';
    add('CONFIG_NOT_YET', ['traps', 'listen'], message, 'remove `traps:`, or write `listen: off`');
  }
  return problems;
}

function listOf(collector: AgentFile['collector']): readonly string[] {
  return typeof collector === 'string' ? [collector] : collector;
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
