import { type Path, quote } from '../problem.ts';
import { CHECKS_MAX, type DeviceKind, INTERVALS_S } from './codes.ts';
import {
  defaultIntervalMs,
  defaultTimeoutMs,
  type ProbeName,
  SNMP_PORT,
  TIMEOUT_MARGIN_MS,
  TIMEOUT_MIN_MS,
} from './inventory-defaults.ts';
import type { Reader } from './inventory-reader.ts';
import type { Probes, Timing } from './inventory-types.ts';
import { isSecretName, SECRET_NAME_FORM } from './secret-name.ts';
import { isDnsName, isHttpUrl, isSnmpName } from './service-names.ts';
import type { SnmpRecord } from './targets.ts';

export const SNMP_LEVELS = ['noAuthNoPriv', 'authNoPriv', 'authPriv'] as const;
/** RFC 3414 and RFC 7860. */
export const SNMP_AUTHS = ['sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
/** RFC 3414, RFC 3826, and the two ways of 256-bit keys (Blumenthal, Reeder). */
export const SNMP_PRIVS = ['aes', 'aes256b', 'aes256r'] as const;

/** Reads `probes:`; intervals and timeouts get the defaults of probe and kind. */
export function readProbes(reader: Reader, raw: unknown, at: Path, kind: DeviceKind): Probes {
  if (raw === undefined) return { tcp: [], dns: [], http: [] };
  const value = reader.record(raw, at);
  const timing = (name: ProbeName, probe: Readonly<Record<string, unknown>>, where: Path) =>
    readTiming(reader, name, probe, where, kind);
  const single = (name: 'icmp' | 'arp') => {
    if (value[name] === undefined) return undefined;
    const where = [...at, name];
    return timing(name, reader.record(value[name], where), where);
  };
  const many = <T>(
    name: 'tcp' | 'dns' | 'http',
    read: (probe: Readonly<Record<string, unknown>>, where: Path) => T,
  ) =>
    reader.list(value[name], [...at, name], CHECKS_MAX).map((item, i) => {
      const where = [...at, name, i];
      const probe = reader.record(item, where);
      return { ...timing(name, probe, where), ...read(probe, where) };
    });
  const icmp = single('icmp');
  const arp = single('arp');
  const snmp = readSnmp(reader, value['snmp'], [...at, 'snmp'], kind);
  return {
    ...(icmp === undefined ? {} : { icmp }),
    ...(arp === undefined ? {} : { arp }),
    ...(snmp === undefined ? {} : { snmp }),
    tcp: many('tcp', (probe, where) => ({ port: readPort(reader, probe['port'], where) })),
    dns: many('dns', (probe, where) => ({ name: readDnsName(reader, probe['name'], where) })),
    http: many('http', (probe, where) => ({ url: readUrl(reader, probe['url'], where) })),
  };
}

function readTiming(
  reader: Reader,
  name: ProbeName,
  value: Readonly<Record<string, unknown>>,
  at: Path,
  kind: DeviceKind,
): Timing {
  const interval_s = value['interval_s'] ?? defaultIntervalMs(name, kind) / 1_000;
  const onGrid = INTERVALS_S.find((allowed) => allowed === interval_s);
  if (onGrid === undefined) {
    const message = `interval ${JSON.stringify(interval_s)} is not on the UTC grid`;
    const fix = `write one of: ${INTERVALS_S.join(', ')} (seconds)`;
    reader.error('INVENTORY_INTERVAL', [...at, 'interval_s'], message, fix);
  }
  const interval_ms = (onGrid ?? 60) * 1_000;
  const timeout_ms = value['timeout_ms'] ?? defaultTimeoutMs(name, interval_ms);
  const most = interval_ms - TIMEOUT_MARGIN_MS;
  const fits =
    Number.isSafeInteger(timeout_ms) &&
    Number(timeout_ms) >= TIMEOUT_MIN_MS &&
    Number(timeout_ms) <= most;
  if (fits || onGrid === undefined) return { interval_ms, timeout_ms: Number(timeout_ms) };
  const message = `timeout ${JSON.stringify(timeout_ms)} does not fit an interval of ${onGrid} s`;
  const fix = `write ${TIMEOUT_MIN_MS} to ${most} (the interval less ${TIMEOUT_MARGIN_MS} ms)`;
  reader.error('INVENTORY_TIMEOUT', [...at, 'timeout_ms'], message, fix);
  return { interval_ms, timeout_ms: most };
}

function readSnmp(reader: Reader, raw: unknown, at: Path, kind: DeviceKind) {
  if (raw === undefined) return undefined;
  const value = reader.record(raw, at);
  const timing = readTiming(reader, 'snmp', value, at, kind);
  const port = value['port'] === undefined ? SNMP_PORT : readPort(reader, value['port'], at);
  const version = String(value['version']);
  const secret = (key: string) => readSecretName(reader, value[key], [...at, key]);
  if (version === '1' || version === '2c') {
    onlyKeys(reader, value, at, ['secret']);
    const record: SnmpRecord = { version, port, secret: secret('secret') };
    return { ...timing, ...record };
  }
  if (version !== '3') reader.oneOf(version, [...at, 'version'], ['1', '2c', '3'], '2c');
  const level = reader.oneOf(value['level'], [...at, 'level'], SNMP_LEVELS, 'noAuthNoPriv');
  const user = readSnmpName(reader, value['user'], [...at, 'user']);
  const given = value['context'];
  const context = given === undefined ? '' : readSnmpName(reader, given, [...at, 'context']);
  const auth = level !== 'noAuthNoPriv';
  const priv = level === 'authPriv';
  const record: SnmpRecord = {
    version: '3',
    port,
    user,
    level,
    ...(auth
      ? {
          auth: reader.oneOf(value['auth'], [...at, 'auth'], SNMP_AUTHS, 'sha256'),
          auth_secret: secret('auth_secret'),
        }
      : {}),
    ...(priv
      ? {
          priv: reader.oneOf(value['priv'], [...at, 'priv'], SNMP_PRIVS, 'aes'),
          priv_secret: secret('priv_secret'),
        }
      : {}),
    ...(context === '' ? {} : { context }),
  };
  const allowed = ['user', 'level', 'context', ...(auth ? ['auth', 'auth_secret'] : [])];
  onlyKeys(reader, value, at, priv ? [...allowed, 'priv', 'priv_secret'] : allowed);
  return { ...timing, ...record };
}

/** A key that belongs to another version or level would be silently ignored: it is refused. */
function onlyKeys(
  reader: Reader,
  value: Readonly<Record<string, unknown>>,
  at: Path,
  allowed: readonly string[],
): void {
  const always = ['version', 'interval_s', 'timeout_ms', 'port'];
  for (const key of Object.keys(value)) {
    if (always.includes(key) || allowed.includes(key)) continue;
    const message = `${quote(key)} does not belong to this SNMP version and level`;
    const fix = `remove it; the keys here are: ${[...always, ...allowed].join(', ')}`;
    reader.error('INVENTORY_SNMP', [...at, key], message, fix);
  }
}

function readSnmpName(reader: Reader, raw: unknown, at: Path): string {
  const name = reader.text(raw, at);
  if (name !== '' && !isSnmpName(name)) {
    const message = `${quote(name)} is no SNMP name`;
    const fix = 'write 1 to 32 printable ASCII characters without spaces, as on the device';
    reader.error('INVENTORY_SNMP', at, message, fix);
  }
  return name;
}

function readSecretName(reader: Reader, raw: unknown, at: Path): string {
  if (typeof raw === 'string' && isSecretName(raw)) return raw;
  const fix = `write the name of a secret on the agent: ${SECRET_NAME_FORM}`;
  reader.error('INVENTORY_SECRET_NAME', at, 'this is no name of a secret', fix);
  return '';
}

function readPort(reader: Reader, raw: unknown, at: Path): number {
  return reader.integer(raw, [...at, 'port'], 1, 65_535);
}

function readDnsName(reader: Reader, raw: unknown, at: Path): string {
  const name = reader.text(raw, [...at, 'name']);
  if (name !== '' && !isDnsName(name)) {
    const message = `${quote(name)} is no DNS name`;
    reader.error('INVENTORY_DNS_NAME', [...at, 'name'], message, 'e.g. dichvucong.gov.vn');
  }
  return name;
}

function readUrl(reader: Reader, raw: unknown, at: Path): string {
  const text = reader.text(raw, [...at, 'url']);
  if (text !== '' && !isHttpUrl(text)) {
    const fix = 'write https://host/path, without spaces, user name or password';
    reader.error('INVENTORY_URL', [...at, 'url'], 'this is no http or https address', fix);
  }
  return text;
}
