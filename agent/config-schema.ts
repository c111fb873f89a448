import Type, { type Static } from 'typebox';
import { closed, LogSchema } from '../shared/node/config-schema.ts';
import { LISTEN_PATTERN } from '../shared/node/host-port.ts';

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
    traps: Endpoint('Receiver of SNMP traps. Comes in a later release: only off is accepted.'),
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

/** agent.yml with its defaults. */
export type AgentFile = Static<typeof AgentSchema>;
