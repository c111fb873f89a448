import { dirname, resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import { LanProofError } from '../shared/errors.ts';
import { parseNetwork } from '../shared/measure/address.ts';
import { ConfigError } from '../shared/node/config-error.ts';
import {
  closed,
  type HostPort,
  isLoopbackHost,
  LISTEN_PATTERN,
  LogSchema,
  splitListen,
} from '../shared/node/config-schema.ts';
import { loadYaml } from '../shared/node/yaml-file.ts';
import type { Path, Problem } from '../shared/problem.ts';
import { createAllowList } from './allow.ts';
import { readSecretFile } from './secrets.ts';

const TITLE = 'agent configuration';
const COLLECTORS_MAX = 8;
const ALLOW_ENTRIES_MAX = 256;
/** 512 MB hold far more than 30 days of a commune office (accounting of bytes: docs/formats). */
const SPOOL_BYTES_DEFAULT = 512 * 1024 * 1024;
const SPOOL_BYTES_MIN = 16 * 1024 * 1024;
const SPOOL_BYTES_MAX = 64 * 1024 * 1024 * 1024;

const Url = Type.String({
  pattern: '^https?://[^\\s/@]+(/[^\\s]*)?$',
  maxLength: 500,
  'x-form': 'https://host or https://host:port, without user name',
});
const Endpoint = (what: string) =>
  Type.Object(
    {
      listen: Type.Union([Type.Literal('off'), Type.String({ pattern: LISTEN_PATTERN })], {
        default: 'off',
        'x-form': 'off, or host:port, e.g. 127.0.0.1:9100',
        description: what,
      }),
    },
    { ...closed, default: {}, description: what },
  );

/** Schema of agent.yml: the little that cannot come from the collector (contracts §2). */
export const AgentSchema = Type.Object(
  {
    collector: Type.Union([Url, Type.Array(Url, { minItems: 1, maxItems: COLLECTORS_MAX })], {
      'x-form': 'https://host or a list of such addresses',
      description: 'Address of the collector, or several in the order of trial.',
    }),
    state_dir: Type.String({
      default: '/var/lib/lanproof-agent',
      minLength: 1,
      description: 'Key, spool, target list. Relative paths start at the folder of this file.',
    }),
    secrets_dir: Type.String({
      default: '/etc/lanproof/secrets',
      minLength: 1,
      description: 'One file of mode 0600 per secret name.',
    }),
    proxy: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s/@]+/?$',
        'x-form': 'http://host:port; with a password use proxy_file',
        description: 'HTTP proxy towards the collector. Default: none.',
      }),
    ),
    proxy_file: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'File of mode 0600 that holds http://user:password@host:port instead.',
      }),
    ),
    insecure: Type.Boolean({
      default: false,
      description: 'Allow plain http beyond loopback; the dashboard shows it.',
    }),
    allow: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
        maxItems: ALLOW_ENTRIES_MAX,
        description:
          'Networks (CIDR) and hosts that may be probed. Default: own connected private ' +
          'networks, not loopback; beyond them kind upstream by tcp, dns, http every ' +
          '60 s or more and icmp every 10 s or more.',
      }),
    ),
    max_packets_per_s: Type.Integer({
      default: 200,
      minimum: 1,
      maximum: 5_000,
      description: 'Packets sent a second, averaged over 1 s.',
    }),
    icmp: Type.Object(
      {
        engine: Type.Enum(['auto', 'fping', 'ping', 'udp-echo'], {
          default: 'auto',
          description: 'auto: fping, else ping; udp-echo is for the demo.',
        }),
      },
      { ...closed, default: {}, description: 'How echoes are sent.' },
    ),
    metrics: Endpoint('Prometheus endpoint of the agent.'),
    traps: Endpoint('Receiver of SNMP traps.'),
    spool: Type.Object(
      {
        bytes_max: Type.Integer({
          default: SPOOL_BYTES_DEFAULT,
          minimum: SPOOL_BYTES_MIN,
          maximum: SPOOL_BYTES_MAX,
          description: 'Bytes of undelivered batches; then the oldest are dropped, signed.',
        }),
      },
      { ...closed, default: {}, description: 'Batches that wait for the collector.' },
    ),
    log: LogSchema,
  },
  { ...closed, description: 'Configuration of the agent.' },
);

type AgentFile = Static<typeof AgentSchema>;

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
  const { value, locate } = loadYaml(path, AgentSchema, { title: TITLE });
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
