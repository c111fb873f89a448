import { readSecret, readSecretFile } from '../../../agent/secrets.ts';
import { openSession, type SnmpSession } from '../../../agent/snmp/session.ts';
import {
  AUTH_PROTOCOLS,
  PRIV_PROTOCOLS,
  type SnmpSettings,
  type SnmpTarget,
  snmpTarget,
} from '../../../agent/snmp/target.ts';
import { secretsDir } from '../agent/agent-secret.ts';
import { type Arguments, type Io, usage } from '../command.ts';
import type { ProbeContext } from './probe-context.ts';

const SNMP_PORT = 161;
const PORT_MAX = 65_535;
const LEVELS = ['noAuthNoPriv', 'authNoPriv', 'authPriv'] as const;
const COMMUNITY_OPTIONS = ['secret', 'community-file'] as const;
const AUTH_OPTIONS = ['auth', 'auth-secret'] as const;
const PRIV_OPTIONS = ['priv', 'priv-secret'] as const;
const USER_OPTIONS = ['user', 'level', 'context', ...AUTH_OPTIONS, ...PRIV_OPTIONS] as const;
/** Stands for the file of --community-file where settings name a secret. */
const COMMUNITY_FILE = 'community-file';

export const SNMP_OPTIONS = {
  version: { type: 'string' },
  port: { type: 'string' },
  secret: { type: 'string' },
  'community-file': { type: 'string' },
  'secrets-dir': { type: 'string' },
  user: { type: 'string' },
  level: { type: 'string' },
  auth: { type: 'string' },
  'auth-secret': { type: 'string' },
  priv: { type: 'string' },
  'priv-secret': { type: 'string' },
  context: { type: 'string' },
} as const;

export const SNMP_USAGE = `  --version V       1, 2c (default) or 3
  --port N          default 161
  --secret NAME     1, 2c: the community, a file of mode 0600 in secrets_dir
  --community-file FILE   the same, any file of mode 0600
  --secrets-dir DIR default: that of --config, else /etc/lanproof/secrets
  --user U --level noAuthNoPriv|authNoPriv|authPriv
  --auth sha|sha224|sha256|sha384|sha512 --auth-secret NAME
  --priv aes|aes256b|aes256r --priv-secret NAME
  --context C       3: the user, how it is secured (default authPriv: all of these options but
                    the context), and the names of its pass phrases`;

/** Whom to ask. Throws LanProofError USAGE, SECRET_*, SNMP_*; none shows a secret. */
export function snmpTargetOf(parsed: Arguments, io: Io, address: string): SnmpTarget {
  const settings = settingsOf(parsed);
  const file = parsed.text('community-file');
  const dir = secretsDir(parsed, io);
  const secretOf = (name: string): string =>
    file !== undefined && name === COMMUNITY_FILE ? readSecretFile(file) : readSecret(dir, name);
  return snmpTarget(address, settings, secretOf);
}

/** The session of one command; the caller closes it. */
export function sessionOf(context: ProbeContext, target: SnmpTarget): SnmpSession {
  return openSession(target, { now_ms: context.now_ms });
}

function settingsOf(parsed: Arguments): SnmpSettings {
  const version = parsed.text('version') ?? '2c';
  const port = whole(parsed.text('port') ?? String(SNMP_PORT), 'port', 1, PORT_MAX);
  if (version === '1' || version === '2c') {
    refuseOptions(
      parsed,
      USER_OPTIONS,
      `SNMP version ${version}`,
      'add --version 3, or leave it out',
    );
    const file = parsed.text('community-file');
    const secret = parsed.text('secret') ?? (file === undefined ? undefined : COMMUNITY_FILE);
    if (secret !== undefined && file === undefined) return { version, port, secret };
    if (secret === COMMUNITY_FILE) return { version, port, secret };
    throw usage('name the community by --secret NAME or by --community-file FILE');
  }
  if (version !== '3') throw usage('--version is 1, 2c or 3');
  const level = parsed.text('level') ?? 'authPriv';
  const known = LEVELS.find((one) => one === level);
  if (known === undefined) throw usage(`--level is one of ${LEVELS.join(', ')}`);
  refuseOptions(parsed, COMMUNITY_OPTIONS, 'SNMP version 3', 'give --user and its pass phrases');
  const more = 'choose a higher --level, or leave it out';
  const secured = known !== 'noAuthNoPriv';
  const hidden = known === 'authPriv';
  if (!secured) refuseOptions(parsed, AUTH_OPTIONS, `--level ${known}`, more);
  if (!hidden) refuseOptions(parsed, PRIV_OPTIONS, `--level ${known}`, more);
  const context = parsed.text('context');
  const needs = (name: string): string => needed(parsed, name, known);
  return {
    ...{ version, port, user: parsed.required('user'), level: known },
    ...(secured
      ? { auth: protocol(AUTH_PROTOCOLS, needs('auth'), 'auth'), auth_secret: needs('auth-secret') }
      : {}),
    ...(hidden
      ? { priv: protocol(PRIV_PROTOCOLS, needs('priv'), 'priv'), priv_secret: needs('priv-secret') }
      : {}),
    ...(context === undefined ? {} : { context }),
  };
}

/** An option that is not used would seem to be: it is refused. Throws LanProofError USAGE. */
export function refuseOptions(
  parsed: Arguments,
  names: readonly string[],
  where: string,
  hint: string,
): void {
  const given = names.find((name) => parsed.text(name) !== undefined);
  if (given !== undefined) throw usage(`--${given} does not go with ${where}`, hint);
}

function needed(parsed: Arguments, name: string, level: string): string {
  const value = parsed.text(name);
  if (value !== undefined && value !== '') return value;
  throw usage(
    `--${name} is missing: --level ${level} needs it`,
    'add it, or write a lower --level',
  );
}

function protocol(known: readonly string[], name: string, option: string): string {
  if (known.includes(name)) return name;
  throw usage(`--${option} is one of ${known.join(', ')}`, 'set one of these on the device, too');
}

/** A whole number of the command line. Throws LanProofError USAGE. */
export function whole(text: string, option: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value;
  throw usage(`--${option} is a whole number from ${min} to ${max}`);
}
