import { isIP } from 'node:net';
import { LanProofError } from '../../shared/errors.ts';

/** RFC 7860 and RFC 3414 names as people write them in a site file. MD5 is refused on purpose. */
export const AUTH_PROTOCOLS = ['sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
export type AuthProtocol = (typeof AUTH_PROTOCOLS)[number];
/** `aes` is AES-128 (RFC 3826); the two 256-bit forms are vendors' (Blumenthal, Reeder). */
export const PRIV_PROTOCOLS = ['aes', 'aes256b', 'aes256r'] as const;
export type PrivProtocol = (typeof PRIV_PROTOCOLS)[number];

/** Whom to ask and with which credentials. Never logged and never part of an error. */
export type SnmpTarget = { readonly address: string; readonly port: number } & SnmpCredentials;

export type SnmpCredentials =
  /** v1 has no Counter64 and no GETBULK; it is for devices that speak nothing newer. */
  { readonly version: '1' | '2c'; readonly community: string } | UserCredentials;

export type UserCredentials = {
  readonly version: '3';
  readonly user: string;
  /** RFC 3411 §3.3.1; some switches keep one per VLAN. Absent: the default context. */
  readonly context?: string;
} & (
  | { readonly level: 'noAuthNoPriv' }
  | { readonly level: 'authNoPriv'; readonly auth: AuthProtocol; readonly auth_key: string }
  | {
      readonly level: 'authPriv';
      readonly auth: AuthProtocol;
      readonly auth_key: string;
      readonly priv: PrivProtocol;
      readonly priv_key: string;
    }
);

/** What the private target list says of one device; secrets are names there. */
export type SnmpSettings =
  | { readonly version: '1' | '2c'; readonly port: number; readonly secret: string }
  | {
      readonly version: '3';
      readonly port: number;
      readonly user: string;
      readonly level: 'noAuthNoPriv' | 'authNoPriv' | 'authPriv';
      readonly auth?: string;
      readonly auth_secret?: string;
      readonly priv?: string;
      readonly priv_secret?: string;
      readonly context?: string;
    };

/** RFC 3414 §11.2: shorter passphrases are refused by agents, so refuse them with a fix. */
export const PASSPHRASE_CHARS_MIN = 8;

function refuse(code: string, message: string, hint: string): LanProofError {
  return new LanProofError(code, message, { hint, fatal: true });
}

function passphrase(name: string | undefined, secret_of: (name: string) => string): string {
  if (name === undefined) {
    throw refuse('SNMP_SECRET_MISSING', 'no secret is named for this security level', 'name it');
  }
  const secret = secret_of(name);
  if (secret.length < PASSPHRASE_CHARS_MIN) {
    throw refuse(
      'SNMP_SECRET_SHORT',
      `the SNMPv3 passphrase "${name}" has fewer than ${PASSPHRASE_CHARS_MIN} characters`,
      'set a longer one on the device and with `lanproof agent secret set`',
    );
  }
  return secret;
}

function oneOf<T extends string>(allowed: readonly T[], value: string | undefined, key: string): T {
  const found = allowed.find((name) => name === value);
  if (found === undefined) {
    throw refuse(
      'SNMP_PROTOCOL_UNKNOWN',
      `SNMPv3 ${key} "${value ?? ''}" is not supported`,
      `use one of ${allowed.join(', ')}`,
    );
  }
  return found;
}

/**
 * Puts settings and secrets together. `secret_of` looks a secret up by name and throws when there
 * is none. Throws LanProofError SNMP_SECRET_MISSING, SNMP_SECRET_SHORT, SNMP_PROTOCOL_UNKNOWN or
 * SNMP_ADDRESS; none of them shows a secret.
 */
export function snmpTarget(
  address: string,
  settings: SnmpSettings,
  secret_of: (name: string) => string,
): SnmpTarget {
  const { port } = settings;
  if (isIP(address) === 0) {
    throw refuse(
      'SNMP_ADDRESS',
      `"${address}" is not an IP address`,
      'give an IPv4 or IPv6 address',
    );
  }
  if (settings.version !== '3') {
    return { address, port, version: settings.version, community: secret_of(settings.secret) };
  }
  const { user, level, context } = settings;
  const common = {
    ...{ address, port, version: settings.version, user },
    ...(context === undefined ? {} : { context }),
  };
  if (level === 'noAuthNoPriv') return { ...common, level };
  const auth = oneOf(AUTH_PROTOCOLS, settings.auth ?? 'sha', 'auth');
  const auth_key = passphrase(settings.auth_secret, secret_of);
  if (level === 'authNoPriv') return { ...common, level, auth, auth_key };
  const priv = oneOf(PRIV_PROTOCOLS, settings.priv ?? 'aes', 'priv');
  const priv_key = passphrase(settings.priv_secret, secret_of);
  return { ...common, level, auth, auth_key, priv, priv_key };
}
