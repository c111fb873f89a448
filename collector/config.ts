import { dirname, resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import { parseNetwork } from '../shared/measure/address.ts';
import { closed, LogSchema } from '../shared/node/config-schema.ts';
import {
  type HostPort,
  isLoopbackHost,
  LISTEN_PATTERN,
  splitListen,
} from '../shared/node/host-port.ts';
import type { Locate } from '../shared/node/schema-explain.ts';
import { loadYaml } from '../shared/node/yaml-file.ts';
import type { Path, Problem } from '../shared/problem.ts';
import { AnchorsSchema, anchorsConfig, checkAnchors } from './config-anchors.ts';
import type { AnchorsConfig } from './ledger/anchors/types.ts';

const TITLE = 'collector configuration';
/** Evidence §11: bodies 36 months by default, `endpoints` sections 180 days. */
const BODIES_MONTHS_DEFAULT = 36;
const ENDPOINTS_DAYS_DEFAULT = 180;
const BODIES_MONTHS_WARN = 24;

const later = (what: string) =>
  Type.Optional(
    Type.Unknown({
      description: `${what} Comes in a later release; a value is refused until then.`,
    }),
  );

/** Schema of collector.yml (contracts §2). */
export const CollectorSchema = Type.Object(
  {
    listen: Type.String({
      default: '127.0.0.1:8080',
      pattern: LISTEN_PATTERN,
      'x-form': 'host:port, e.g. 0.0.0.0:8443 or [::]:8443',
      description: 'Where the collector listens.',
    }),
    data_dir: Type.String({
      default: './data',
      minLength: 1,
      description: 'SQLite store and ledger. Relative paths start at the folder of this file.',
    }),
    database: later('PostgreSQL address instead of data_dir.'),
    public_url: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s/@?#]+(/[^\\s?#]*)?$',
        'x-form': 'https://host or https://host/path; http on this machine only',
        description: 'How browsers and agents reach it. Default: made from listen.',
      }),
    ),
    tls: Type.Optional(
      Type.Union(
        [
          Type.Literal('self-signed'),
          Type.Literal(false),
          Type.Object(
            {
              cert: Type.String({ minLength: 1, description: 'PEM file of the chain.' }),
              key: Type.String({ minLength: 1, description: 'PEM file of the key, mode 0600.' }),
            },
            closed,
          ),
        ],
        {
          'x-form': 'self-signed, false, or { cert: FILE, key: FILE }',
          description: 'TLS. Default: false on loopback, else self-signed.',
        },
      ),
    ),
    trust_proxy: Type.Union(
      [Type.Boolean(), Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 32 })],
      {
        default: false,
        'x-form': 'true, false, or a list of networks of the proxies',
        description: 'Believe X-Forwarded-For of these proxies.',
      },
    ),
    retention: Type.Object(
      {
        bodies_months: Type.Integer({
          default: BODIES_MONTHS_DEFAULT,
          minimum: 1,
          maximum: 240,
          description: 'Months that measured bodies are kept; warning below 24.',
        }),
        endpoints_days: Type.Integer({
          default: ENDPOINTS_DAYS_DEFAULT,
          minimum: 1,
          maximum: 7_300,
          description: 'Days that the results of PCs are kept.',
        }),
      },
      {
        ...closed,
        default: {},
        description: 'What is pruned, each time by a signed leaf. Headers and documents stay.',
      },
    ),
    timezone: Type.String({
      default: 'Asia/Ho_Chi_Minh',
      minLength: 1,
      'x-form': 'an IANA name, e.g. Asia/Ho_Chi_Minh',
      description: 'Time zone of calendars and documents.',
    }),
    mail: later('Alerts by mail.'),
    telegram: later('Alerts by Telegram.'),
    webhooks: later('Alerts to other systems.'),
    anchors: AnchorsSchema,
    log: LogSchema,
  },
  { ...closed, description: 'Configuration of the collector.' },
);

type CollectorFile = Static<typeof CollectorSchema>;
const LATER = ['database', 'mail', 'telegram', 'webhooks'] as const;

export interface CollectorConfig {
  readonly listen: HostPort;
  /** Absolute. */
  readonly data_dir: string;
  /** Without trailing slash; undefined: made from `listen` and `tls`. */
  readonly public_url: string | undefined;
  /** Paths are absolute. */
  readonly tls: 'self-signed' | false | { readonly cert: string; readonly key: string };
  readonly trust_proxy: boolean | readonly string[];
  readonly retention: CollectorFile['retention'];
  readonly timezone: string;
  readonly anchors: AnchorsConfig;
  readonly log: CollectorFile['log'];
  /** Accepted, but a person should know; written to the log at the start. */
  readonly warnings: readonly Problem[];
}

/** Reads collector.yml. Throws ConfigError with every problem. */
export function loadCollectorConfig(path: string): CollectorConfig {
  const warnings: Problem[] = [];
  const { value } = loadYaml(path, CollectorSchema, {
    title: TITLE,
    meaning(sound, locate) {
      const problems = meaningOf(sound, locate);
      warnings.push(...problems.filter(({ severity }) => severity === 'warning'));
      return problems;
    },
  });
  const base = dirname(resolve(path));
  const listen = splitListen(value.listen);
  const tls = value.tls ?? (isLoopbackHost(listen.host) ? false : 'self-signed');
  return Object.freeze({
    listen,
    data_dir: resolve(base, value.data_dir),
    public_url: value.public_url?.replace(/\/+$/, ''),
    tls:
      typeof tls === 'object'
        ? { cert: resolve(base, tls.cert), key: resolve(base, tls.key) }
        : tls,
    trust_proxy: value.trust_proxy,
    retention: value.retention,
    timezone: value.timezone,
    anchors: anchorsConfig(value.anchors, base),
    log: value.log,
    warnings,
  });
}

/** What the schema cannot say; a key that is absent here has a wrong shape or was not given. */
function meaningOf(sound: Partial<CollectorFile>, locate: Locate): readonly Problem[] {
  const problems: Problem[] = [];
  const add: Add = (severity, code, at, message, fix) => {
    problems.push({ severity, code, at, place: locate(at, 'value'), message, fix });
  };
  for (const key of LATER) {
    if (!isGiven(sound[key])) continue;
    add('error', 'CONFIG_NOT_YET', [key], `${key} comes in a later release`, `remove \`${key}:\``);
  }
  if (sound.timezone !== undefined && !isTimeZone(sound.timezone)) {
    const fix = 'write an IANA name, e.g. Asia/Ho_Chi_Minh';
    add('error', 'CONFIG_RANGE', ['timezone'], 'this time zone is not known', fix);
  }
  checkPublicUrl(sound.public_url, add);
  checkAnchors(sound.anchors, (...found) => add('error', 'CONFIG_RANGE', ...found));
  if (Array.isArray(sound.trust_proxy)) {
    sound.trust_proxy.forEach((entry, index) => {
      if (parseNetwork(entry) !== undefined) return;
      const at = ['trust_proxy', index];
      add('error', 'CONFIG_RANGE', at, 'this is no network or address', 'e.g. 10.0.0.5/32');
    });
  }
  const { listen, retention } = sound;
  const beyond = listen !== undefined && !isLoopbackHost(splitListen(listen).host);
  if (sound.tls === false && beyond) {
    const fix = 'remove `tls: false`, unless a proxy on this machine does TLS';
    add('warning', 'CONFIG_INSECURE', ['tls'], 'plain http beyond loopback', fix);
  }
  if (retention !== undefined && retention.bodies_months < BODIES_MONTHS_WARN) {
    const at = ['retention', 'bodies_months'];
    const age = `${retention.bodies_months} months`;
    const message = `evidence older than ${age} cannot be recomputed`;
    add('warning', 'CONFIG_RETENTION_SHORT', at, message, `write ${BODIES_MONTHS_WARN} or more`);
  }
  return problems;
}

type Add = (
  severity: Problem['severity'],
  code: string,
  at: Path,
  message: string,
  fix: string,
) => void;

/** Browsers and agents send tokens there. */
function checkPublicUrl(text: string | undefined, add: Add): void {
  if (text === undefined) return;
  const at = ['public_url'];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) {
    add('error', 'CONFIG_RANGE', at, 'this is no address', 'write https://host');
  } else if (url.protocol !== 'https:' && !isLoopbackHost(url.hostname)) {
    const fix = 'write https://; the collector or a proxy in front of it does TLS';
    add('error', 'CONFIG_INSECURE', at, 'plain http beyond this machine', fix);
  }
}

/** `mail:` with nothing behind it asks for nothing. */
function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
