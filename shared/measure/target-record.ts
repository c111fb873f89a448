import { utf8 } from '../bytes.ts';
import { parseAddress, parseMac } from './address.ts';
import { CHECKS_MAX } from './codes.ts';
import { isSecretName } from './secret-name.ts';
import { isHttpUrl, isSnmpName } from './service-names.ts';
import { Strict } from './strict.ts';
import { RECORD_CHARS_MAX } from './target-list.ts';
import type { SnmpRecord, TargetRecord } from './targets.ts';

/** Names as people write them, without control characters. */
const NAME = /^[^\p{C}]{1,200}$/u;
/** RFC 1123 §2.1. */
const HOSTNAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_-]+)*\.?$/;
const ALGORITHM = /^[a-z0-9]{1,16}$/;
const PORT_MAX = 65_535;
/** UTF-8 needs at most 3 bytes for a character of a JavaScript string. */
const RECORD_BYTES_MAX = 3 * RECORD_CHARS_MAX;

type Member = Readonly<Record<string, unknown>>;

const strict = new Strict('TARGETS_RECORD', 'mend the inventory of the site and import it again');

/**
 * The record text of a target, after {@link checkCommitments} held it against the signed list.
 * Throws LanProofError TARGETS_RECORD with the member's path as place; a secret is a name here,
 * never a path, so that no list can make an agent read a file of another place.
 */
export function parseTargetRecord(text: string): TargetRecord {
  const record = strict.parse(utf8(text), RECORD_BYTES_MAX);
  const { address, mac, hostname, snmp } = record;
  const many = <T>(name: 'tcp' | 'dns' | 'http', read: (check: Member, place: string) => T) =>
    record[name] === undefined
      ? undefined
      : strict
          .list(record[name], name, CHECKS_MAX)
          .map((item, k) => read(strict.object(item, `${name}[${k}]`), `${name}[${k}]`));
  const tcp = many('tcp', ({ port }, at) => ({
    port: strict.integer(port, `${at}.port`, 1, PORT_MAX),
  }));
  const dns = many('dns', ({ name }, at) => ({ name: strict.text(name, `${at}.name`, HOSTNAME) }));
  const http = many('http', ({ url }, at) => ({
    url:
      typeof url === 'string' && isHttpUrl(url)
        ? url
        : strict.fail(`${at}.url`, 'is no http or https address'),
  }));
  if (address !== undefined && (typeof address !== 'string' || !parseAddress(address))) {
    strict.fail('address', 'is no IP address');
  }
  if (mac !== undefined && (typeof mac !== 'string' || parseMac(mac) !== mac)) {
    strict.fail('mac', 'is no MAC in the form aa:bb:cc:dd:ee:ff');
  }
  return {
    name: strict.text(record.name, 'name', NAME),
    ...(typeof address === 'string' ? { address } : {}),
    ...(typeof mac === 'string' ? { mac } : {}),
    ...(hostname === undefined ? {} : { hostname: strict.text(hostname, 'hostname', HOSTNAME) }),
    ...(snmp === undefined ? {} : { snmp: readSnmp(snmp) }),
    ...(tcp && { tcp }),
    ...(dns && { dns }),
    ...(http && { http }),
  };
}

function readSnmp(value: unknown): SnmpRecord {
  const snmp = strict.object(value, 'snmp');
  const port = strict.integer(snmp.port, 'snmp.port', 1, PORT_MAX);
  const version = strict.oneOf(snmp.version, 'snmp.version', ['1', '2c', '3']);
  if (version !== '3') return { version, port, secret: secret(snmp.secret, 'snmp.secret') };
  const { auth, auth_secret, priv, priv_secret, context } = snmp;
  return {
    version: '3',
    port,
    user: snmpName(snmp.user, 'snmp.user'),
    level: strict.oneOf(snmp.level, 'snmp.level', ['noAuthNoPriv', 'authNoPriv', 'authPriv']),
    ...(auth === undefined ? {} : { auth: strict.text(auth, 'snmp.auth', ALGORITHM) }),
    ...(auth_secret === undefined ? {} : { auth_secret: secret(auth_secret, 'snmp.auth_secret') }),
    ...(priv === undefined ? {} : { priv: strict.text(priv, 'snmp.priv', ALGORITHM) }),
    ...(priv_secret === undefined ? {} : { priv_secret: secret(priv_secret, 'snmp.priv_secret') }),
    ...(context === undefined ? {} : { context: snmpName(context, 'snmp.context') }),
  };
}

function snmpName(value: unknown, place: string): string {
  if (typeof value === 'string' && isSnmpName(value)) return value;
  return strict.fail(place, 'is no name of 1 to 32 printable characters without spaces');
}

function secret(value: unknown, place: string): string {
  if (typeof value === 'string' && isSecretName(value)) return value;
  return strict.fail(place, 'is no name of a secret');
}
